"""Hooks in the user's code, and handles that remove them without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import torch
from torch import nn

from tb_nnviz.record.hooks.shared import Hooks, Uncopied, Uncopyable, is_merged, unmerge
from tb_nnviz.record.interrupts import is_interrupt

Function = TypeVar("Function", bound=Callable[..., Any])

#: Called with the error of a hook's function, which must not reach the training loop.
Failed = Callable[[Exception], None]


def uncompiled(breaks: bool, callees: bool = True) -> Callable[[Function], Function]:
    """Return a decorator of functions that torch.compile must run as they are.

    Args:
        breaks: whether a graph that calls the function breaks there. Otherwise Dynamo would trace the function.
        callees: whether the functions that it calls run as they are too.
    """

    def decorated(function: Function) -> Function:
        frames = torch._C._dynamo.eval_frame  # importing torch._dynamo would take seconds
        if hasattr(frames, "set_code_exec_strategy"):  # since torch 2.7
            skip, default = frames._FrameAction.SKIP, frames._FrameAction.DEFAULT
            frames.set_code_exec_strategy(
                function.__code__, frames._FrameExecStrategy(skip, skip if callees else default)
            )
        elif hasattr(frames, "skip_code"):
            frames.skip_code(function.__code__)
        if breaks:
            function._torchdynamo_disable = True  # type: ignore[attr-defined]
            function._torchdynamo_disable_msg = "tb_nnviz reads values here"  # type: ignore[attr-defined]
        return function

    return decorated


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
        self._beside, self._key = vars(module).get("_forward_hooks_always_called"), -1 - handle.id
        if self._beside is not None:
            self._beside[self._key] = Uncopied(handle.hooks_dict_ref(), handle.id)

    @property
    def is_lost(self) -> bool:
        """True if other code has removed the hook."""
        hooks: Hooks | None = self._handle.hooks_dict_ref()
        current: Any = vars(self._module).get(self._name)
        if hooks is None or current is not hooks:
            return True
        return self._handle.id not in hooks and not is_merged(hooks, self._handle.id)

    def remove(self) -> None:
        self._handle.remove()
        if (hooks := self._handle.hooks_dict_ref()) is not None:
            unmerge(hooks, self._handle.id)
        if self._beside is not None:
            self._beside.pop(self._key, None)


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
