"""One hook in place of several, for modules that have hooks of the user too.

Dynamo traces all hooks of such a module, and compares them at each call: their number, each function and each key. One
object under one key is equal on all modules, so that equal blocks share a graph. While Dynamo traces, it does nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.hooks.uncompiled import uncompiled

Hooks = OrderedDict[int, Any]

#: The keys of the shared hooks. torch counts its own from 0. ``ALWAYS`` runs even if the call raised.
BEFORE, AFTER, ALWAYS = -(2**40), -(2**40) - 1, -(2**40) - 2
#: A hook that does nothing, and whose pickle loads without this package.
_inert = nullcontext().__exit__


class Uncopyable:
    """A hook whose copies and pickles do nothing, because a copy of the user's model may carry it."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _inert

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")


class Uncopied:
    """An entry beside a module's hooks, which takes a hook out of each copy of the module.

    A copy and a loaded file then have no hook of nnviz at all, and TorchScript takes them. The entry lies in a dict
    that torch and Dynamo only search for the keys of hooks. A pickle of it loads without this package.
    """

    def __init__(self, hooks: Hooks, key: int) -> None:
        self._hooks, self._key = hooks, key

    def __deepcopy__(self, memo: dict[int, Any]) -> bool:
        deepcopy(self._hooks, memo).pop(self._key, None)  # torch's copy of the module finds this copy in the memo
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return OrderedDict.pop, (self._hooks, self._key, True)


class _Merged(Uncopied):
    """The hooks that a shared hook calls on one module, by their own keys, and whether they take keyword arguments.

    It lies in the module, and ends with it.
    """

    def __init__(self, hooks: Hooks, key: int) -> None:
        super().__init__(hooks, key)
        self.calls: dict[int, tuple[Any, bool]] = {}


class _Before(Uncopyable):
    """The shared hook before a call."""

    @uncompiled(breaks=False)
    def __call__(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling():
            return
        for hook, takes_kwargs in _calls(module, BEFORE):
            hook(module, args, kwargs) if takes_kwargs else hook(module, args)


class _After(Uncopyable):
    """The shared hook after a call."""

    def __init__(self, key: int) -> None:
        self._key = key

    @uncompiled(breaks=False)
    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        for hook, _ in _calls(module, self._key):
            hook(module, args, output)


_shared = {BEFORE: _Before(), AFTER: _After(AFTER), ALWAYS: _After(ALWAYS)}


def _calls(module: nn.Module, shared: int) -> list[tuple[Any, bool]]:
    merged = module._forward_hooks_always_called.get(-1 - shared)
    return list(merged.calls.values()) if isinstance(merged, _Merged) else []


def merge(module: nn.Module, hooks: Hooks, owned: Collection[int]) -> None:
    """Let the shared hooks call some hooks of a module, and take those out of the module's dict of hooks.

    Args:
        module: the module.
        hooks: one of its two dicts of hooks.
        owned: the keys of nnviz's hooks in it.
    """
    beside: dict[int, Any] = module._forward_hooks_always_called
    places: dict[int, Any] = {}
    for key, hook in hooks.items():
        if key not in owned:
            places[key] = hook
            continue
        shared = BEFORE if hooks is module._forward_pre_hooks else ALWAYS if key in beside else AFTER
        places.setdefault(shared, _shared[shared])
        # Dynamo compares the number of these keys too
        takes_kwargs = module._forward_pre_hooks_with_kwargs.pop(key, False)
        beside.setdefault(-1 - shared, _Merged(hooks, shared)).calls[key] = hook, takes_kwargs
        if shared == ALWAYS:
            beside[shared] = True
        elif shared == BEFORE:
            module._forward_pre_hooks_with_kwargs[shared] = True
    for key in owned:
        del hooks[key]
    hooks.update(places)
    for key in places:
        hooks.move_to_end(key)


def is_shared(hook: object) -> bool:
    """Return True for a shared hook."""
    return isinstance(hook, _Before | _After)


def is_merged(beside: dict[int, Any], hooks: Hooks, key: int) -> bool:
    """Return True if a shared hook in a dict of hooks calls the hook that had the key.

    Args:
        beside: the module's ``_forward_hooks_always_called``.
        hooks: the dict of hooks.
        key: the hook's own key.
    """
    found = [beside.get(-1 - shared) for shared in _shared if shared in hooks]
    return any(isinstance(merged, _Merged) and key in merged.calls for merged in found)


def unmerge(beside: dict[int, Any], key: int) -> None:
    """Forget a hook that a shared hook calls. The shared hook stays, since Dynamo would compile again without it.

    Args:
        beside: the module's ``_forward_hooks_always_called``.
        key: the hook's own key.
    """
    for shared in _shared:
        if isinstance(merged := beside.get(-1 - shared), _Merged):
            merged.calls.pop(key, None)


def remove_shared(module: nn.Module, owned: Callable[[Any], bool]) -> None:
    """Forget the hooks of a run that ends, and remove the shared hooks that have none left."""
    beside: dict[int, Any] = module._forward_hooks_always_called
    for shared in _shared:
        if not isinstance(merged := beside.get(-1 - shared), _Merged):
            continue
        for key in [key for key, (hook, _) in merged.calls.items() if owned(hook)]:
            del merged.calls[key]
        if not merged.calls:
            for hooks in (module._forward_pre_hooks, module._forward_hooks, module._forward_pre_hooks_with_kwargs):
                hooks.pop(shared, None)
            for key in (shared, -1 - shared):
                beside.pop(key, None)
