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

Hooks = OrderedDict[int, Any]

#: The keys of the shared hooks. torch counts its own from 0. ``ALWAYS`` runs even if the call raised.
BEFORE, AFTER, ALWAYS = -(2**40), -(2**40) - 1, -(2**40) - 2
#: A hook that does nothing, and whose pickle loads without this package.
_inert = nullcontext().__exit__
#: By the id of a dict of hooks and the key of a shared hook: the hooks that it calls, by their own keys.
_merged: dict[tuple[int, int], dict[int, Any]] = {}


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


class _Before(Uncopyable):
    """The shared hook before a call."""

    def __call__(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling():
            return
        takes_kwargs = module._forward_pre_hooks_with_kwargs
        for key, hook in list(_merged.get((id(module._forward_pre_hooks), BEFORE), {}).items()):
            hook(module, args, kwargs) if takes_kwargs.get(key) is True else hook(module, args)


class _After(Uncopyable):
    """The shared hook after a call."""

    def __init__(self, key: int) -> None:
        self._key = key

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        for hook in list(_merged.get((id(module._forward_hooks), self._key), {}).values()):
            hook(module, args, output)


_shared = {BEFORE: _Before(), AFTER: _After(AFTER), ALWAYS: _After(ALWAYS)}


def merge(module: nn.Module, hooks: Hooks, owned: Collection[int]) -> None:
    """Let the shared hooks call some hooks of a module, and take those out of the module's dict of hooks.

    Args:
        module: the module.
        hooks: one of its two dicts of hooks.
        owned: the keys of nnviz's hooks in it.
    """
    items = list(hooks.items())
    places: dict[int, Any] = {}
    for key, hook in items:
        if key not in owned:
            places[key] = hook
            continue
        always = key in module._forward_hooks_always_called
        shared = BEFORE if hooks is module._forward_pre_hooks else ALWAYS if always else AFTER
        places.setdefault(shared, _shared[shared])
        _merged.setdefault((id(hooks), shared), {})[key] = hook
        if shared == ALWAYS:
            module._forward_hooks_always_called[shared] = True
        module._forward_hooks_always_called[-1 - shared] = Uncopied(hooks, shared)  # type: ignore[assignment]
        if shared == BEFORE:
            module._forward_pre_hooks_with_kwargs[shared] = True
    for key in owned:
        del hooks[key]
    hooks.update(places)
    for key in places:
        hooks.move_to_end(key)


def is_shared(hook: object) -> bool:
    """Return True for a shared hook."""
    return isinstance(hook, _Before | _After)


def is_merged(hooks: Hooks, key: int) -> bool:
    """Return True if a shared hook in this dict calls the hook that had the key."""
    return any(shared in hooks and key in _merged.get((id(hooks), shared), {}) for shared in _shared)


def unmerge(hooks: Hooks, key: int) -> None:
    """Forget a hook that a shared hook calls. The shared hook stays, since Dynamo would compile again without it."""
    for shared in _shared:
        _merged.get((id(hooks), shared), {}).pop(key, None)


def remove_shared(module: nn.Module, owned: Callable[[Any], bool]) -> None:
    """Forget the hooks of a run that ends, and remove the shared hooks that have none left."""
    for hooks in (module._forward_pre_hooks, module._forward_hooks):
        for shared in _shared:
            kept = _merged.get((id(hooks), shared), {})
            for key in [key for key, hook in kept.items() if owned(hook)]:
                del kept[key]
            if kept or shared not in hooks:
                continue
            _merged.pop((id(hooks), shared), None)
            del hooks[shared]
            module._forward_pre_hooks_with_kwargs.pop(shared, None)
            for key in (shared, -1 - shared):
                module._forward_hooks_always_called.pop(key, None)
