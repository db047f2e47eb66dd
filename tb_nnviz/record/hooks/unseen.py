"""Hooks that torch.compile and TorchScript do not see.

Both read the hooks of a module when they translate it. A hook in a compiled graph costs a guard per hook, so that
equal blocks share no graph and training ends at the limit of recompilations. TorchScript refuses hooks without types.
So nnviz's hooks are taken off the watched objects while either translates, and put back before anything runs.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from functools import wraps
from types import FrameType
from typing import Any
from weakref import WeakSet

import torch
from torch import nn

from tb_nnviz.record.hooks.attention import suspend
from tb_nnviz.record.hooks.handles import Hook
from tb_nnviz.record.hooks.shared import AFTER, BEFORE, Hooks, is_shared, merge
from tb_nnviz.record.model.modules import takes_hooks

_lock = threading.RLock()
#: The open runs. They are weak, because a monitor may be dropped without close.
_open: WeakSet[Unseen] = WeakSet()
#: The dicts of hooks of which entries are off now, their keys before, and those entries.
_taken: list[tuple[Hooks, list[int], dict[int, Any]]] = []
_depth = 0
#: True while a whole graph is compiled.
_whole = False


class Unseen:
    """The hooks of a run in the user's models, off while torch.compile or TorchScript translates.

    Args:
        models: the watched models. Their current modules are looked up at each translation.
    """

    def __init__(self, models: Iterable[nn.Module]) -> None:
        self._models = tuple(models)
        #: True once torch.compile has compiled anything in this process.
        self.compiled = _has_compiled()
        #: True once it has done so while this run was open.
        self.compiled_here = False
        #: True once it has compiled an optimizer's step into a whole graph, in which the step is not noticed.
        self.whole_steps = False
        with _lock:
            _open.add(self)
            _install()
        weakref.finalize(self, _uninstall_unused).atexit = False

    def remove(self) -> None:
        """Leave torch as it was, if this was the last run."""
        with _lock:
            _open.discard(self)
            _uninstall_unused()

    def modules(self) -> list[nn.Module]:
        """Return the modules that take hooks."""
        found = dict.fromkeys(module for model in self._models for module in model.modules())
        return [module for module in found if takes_hooks(module)]

    def compiled_modules(self) -> set[nn.Module]:
        """Return the modules whose own code, or that of a module that contains them, is compiled."""
        found: set[nn.Module] = set()
        waiting = [(model, False) for model in self._models]
        while waiting:
            module, within = waiting.pop()
            within = within or _has_compiled_code(module)
            if within:
                found.add(module)
            waiting += [(child, within) for child in module.children() if child not in found]
        return found

    def have_trained(self) -> bool:
        """Return True if gradients have reached the models, or may have and are removed again."""
        return self.compiled_here or any(p.grad is not None for model in self._models for p in model.parameters())


def hide(whole: bool = False) -> None:
    """Take nnviz's hooks off all watched modules, until as many calls of ``restore``.

    Args:
        whole: take them off modules that have hooks of the user too. Otherwise one shared hook replaces those for good.
    """
    global _depth
    suspend()
    with _lock:
        _depth += 1
        if _depth == 1:
            for module in dict.fromkeys(module for run in list(_open) for module in run.modules()):
                for name in ("_forward_pre_hooks", "_forward_hooks"):
                    _hide(module, vars(module)[name], whole)


def _hide(module: nn.Module, hooks: Hooks, whole: bool) -> None:
    owned = [key for key, hook in hooks.items() if isinstance(hook, Hook) or is_shared(hook)]
    if not owned:
        return
    if not whole and (len(owned) < len(hooks) or BEFORE in hooks or AFTER in hooks or _compares_empty()):
        merge(module, hooks, [key for key in owned if isinstance(hooks[key], Hook)])
        return
    _take(hooks, owned)
    if hooks is module._forward_pre_hooks:
        _take(vars(module)["_forward_pre_hooks_with_kwargs"], owned)


def _compares_empty() -> bool:
    """Return True if compiled code compares empty dicts of hooks too, which Dynamo does not by default."""
    return not getattr(sys.modules.get("torch._dynamo.config"), "skip_nnmodule_hook_guards", True)


def _take(entries: Hooks, keys: list[int]) -> None:
    before = list(entries)
    _taken.append((entries, before, {key: entries.pop(key) for key in keys if key in entries}))


def restore() -> None:
    """Put the hooks back in their places."""
    global _depth
    with _lock:
        _depth = max(_depth - 1, 0)
        while _taken and not _depth:
            entries, before, taken = _taken.pop()
            added = [key for key in entries if key not in before]
            entries.update(taken)
            for key in [*before, *added]:
                if key in entries:  # the user may have removed one
                    entries.move_to_end(key)
        _uninstall_unused()


def forget(owned: Callable[[Hook], bool]) -> None:
    """Do not put back the hooks of a run that ends."""
    with _lock:
        for _, _, taken in _taken:
            for key in [key for key, hook in taken.items() if isinstance(hook, Hook) and owned(hook)]:
                del taken[key]


def may_break() -> bool:
    """Return True if Dynamo may break the graph that it traces. It asks once, and compares nothing later."""
    if _whole:
        for run in list(_open):
            run.whole_steps = True
    return not _whole


may_break._dynamo_marked_constant = True  # type: ignore[attr-defined]  # torch._dynamo.assume_constant_result


# Where torch translates


class _Wrapped:
    """A function of torch that is replaced by one that calls it, until ``remove``."""

    def __init__(self, owner: Any, name: str, around: Callable[..., Any]) -> None:
        self._owner, self._name = owner, name
        self._own = name in vars(owner)
        self._original = original = getattr(owner, name)

        @wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return around(original, *args, **kwargs)

        self._wrapper = wrapper
        setattr(owner, name, wrapper)

    def remove(self) -> None:
        if vars(self._owner).get(self._name) is not self._wrapper:  # wrapped by somebody else since
            return
        if self._own:
            setattr(self._owner, self._name, self._original)
        else:
            delattr(self._owner, self._name)


_wrapped: list[_Wrapped] = []


def _install() -> None:
    if _wrapped:
        return
    _wrapped.append(_Wrapped(torch.jit._recursive, "create_script_module", _scripted))
    try:
        from torch._dynamo.callback import callback_handler  # every optimizer has imported it already
    except ImportError:  # before torch 2.3. Hooks in compiled graphs do nothing there.
        return
    # The handler's own list of callbacks would be emptied by torch._dynamo.reset().
    _wrapped.append(_Wrapped(callback_handler, "run_start_callbacks", _started))
    _wrapped.append(_Wrapped(callback_handler, "run_end_callbacks", _ended))
    if hasattr(torch._dynamo.utils, "nnmodule_has_hooks"):
        _wrapped.append(_Wrapped(torch._dynamo.utils, "nnmodule_has_hooks", _has_hooks))


def _uninstall_unused() -> None:
    """Leave torch as it was, if no run is open and nothing is being translated."""
    with _lock:
        while _wrapped and not (_open or _depth):
            _wrapped.pop().remove()


def _scripted(create: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    hide(whole=True)
    try:
        return create(*args, **kwargs)
    finally:
        restore()


def _started(run: Callable[..., None], *args: Any) -> None:
    global _whole
    _whole = _whole_graph()
    for open_run in list(_open):
        open_run.compiled = open_run.compiled_here = True
    hide()
    run(*args)


def _ended(run: Callable[..., None], *args: Any) -> None:
    restore()
    run(*args)


def _has_hooks(original: Callable[..., bool], module: nn.Module, *args: Any, **checks: bool) -> bool:
    """Answer without nnviz's hooks: Dynamo compiles torch's own modules by themselves if they have hooks."""
    if args or not checks.pop("check_forward_hooks", False) or not takes_hooks(module):
        return original(module, *args, **checks)
    both = (module._forward_pre_hooks, module._forward_hooks)
    owned = {key for hooks in both for key, hook in hooks.items() if isinstance(hook, Hook) or is_shared(hook)}
    if not owned:
        return original(module, check_forward_hooks=True, **checks)
    if any(key not in owned for hooks in both for key in hooks):
        return True
    return any(checks.values()) and original(module, **checks)


def _whole_graph() -> bool:
    """Return True if Dynamo, which has called this, may not break the graph that it compiles."""
    demanded = getattr(sys.modules.get("torch._dynamo.eval_frame"), "_get_error_on_graph_break", None)
    if demanded is not None and demanded():
        return True
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "one_graph" in frame.f_code.co_varnames:
            return bool(frame.f_locals.get("one_graph"))
        frame = frame.f_back
    return False


def _has_compiled_code(module: nn.Module) -> bool:
    if getattr(module, "_compiled_call_impl", None) is not None:
        return True
    entries = getattr(torch._C._dynamo.eval_frame, "_debug_get_cache_entry_list", None)
    code = getattr(getattr(module.forward, "__func__", module.forward), "__code__", None)
    return entries is None or (code is not None and bool(entries(code)))


def _has_compiled() -> bool:
    utils = sys.modules.get("torch._dynamo.utils")
    return utils is not None and any(utils.counters["frames"].values())
