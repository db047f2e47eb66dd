"""Hooks in the user's code, and handles that remove them without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import nn

from tb_nnviz.record.hooks.shared import Hooks, Uncopied, Uncopyable, is_merged, unmerge
from tb_nnviz.record.hooks.uncompiled import uncompiled
from tb_nnviz.record.interrupts import is_interrupt

#: Called with the error of a hook's function, which must not reach the training loop.
Failed = Callable[[Exception], None]


class Hook(Uncopyable):
    """A function of nnviz inside the user's code. It returns None, and raises nothing of nnviz's own."""

    def __init__(self, function: Callable[..., None], failed: Failed) -> None:
        self._function = function
        self._failed = failed

    @uncompiled(breaks=False)
    def __call__(self, *args: Any) -> None:
        try:
            self._function(*args)
        except Exception as error:  # an error of nnviz must not end training
            if is_interrupt(error):
                raise
            self._failed(error)


class Removable(Protocol):
    """The handle that torch returns for a registered hook."""

    def remove(self) -> None:
        """Remove the hook."""


class _Registered:
    """The handle of a hook on a module."""

    def __init__(self, module: nn.Module, handle: Any, name: str) -> None:
        self._module, self._name, self._handle = module, name, handle
        # torch looks hooks up in this dict by their ids, which are not negative
        self._beside: Any = vars(module)["_forward_hooks_always_called"]
        self._beside[-1 - handle.id] = Uncopied(handle.hooks_dict_ref(), handle.id)

    @property
    def is_lost(self) -> bool:
        """True if other code has removed the hook."""
        hooks: Hooks | None = self._handle.hooks_dict_ref()
        current: Any = vars(self._module).get(self._name)
        if hooks is None or current is not hooks:
            return True
        return self._handle.id not in hooks and not is_merged(self._beside, hooks, self._handle.id)

    def remove(self) -> None:
        self._handle.remove()
        unmerge(self._beside, self._handle.id)
        self._beside.pop(-1 - self._handle.id, None)


def before_call(module: nn.Module, hook: Hook, **options: bool) -> Removable:
    """Register a hook that runs before each call of a module. No copy of the module has it."""
    return _Registered(module, module.register_forward_pre_hook(hook, **options), "_forward_pre_hooks")


def after_call(module: nn.Module, hook: Hook, **options: bool) -> Removable:
    """Register a hook that runs after each call of a module. No copy of the module has it."""
    return _Registered(module, module.register_forward_hook(hook, **options), "_forward_hooks")


class Handles:
    """Handles of installed hooks. ``remove`` removes all of them, once."""

    def __init__(self) -> None:
        self._handles: list[Removable] = []

    def __len__(self) -> int:
        return len(self._handles)

    @property
    def are_lost(self) -> bool:
        """True if other code has removed one of the hooks on modules."""
        return any(getattr(handle, "is_lost", False) for handle in self._handles)

    def add(self, handle: Removable) -> None:
        self._handles.append(handle)

    def remove(self) -> None:
        while self._handles:
            self._handles.pop().remove()
