"""Hooks on the user's optimizers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch

from tb_nnviz.record.hooks.handles import Failed, Handles, Hook
from tb_nnviz.record.hooks.modes import is_tracing
from tb_nnviz.record.hooks.uncompiled import uncompiled
from tb_nnviz.record.hooks.unseen import may_break
from tb_nnviz.record.interrupts import is_interrupt

Optimizer = torch.optim.Optimizer


class StepHook(Hook):
    """A hook that may change the arguments of the step.

    torch.compile breaks its graph at this hook, so that a compiled step is reported like any other. In a whole graph
    (``fullgraph``) it may not, and does nothing.
    """

    @uncompiled(breaks=False)
    def __call__(self, *args: Any) -> Any:
        if torch.compiler.is_compiling():
            if may_break():
                torch._dynamo.graph_break()
            return None
        try:
            return self._function(*args)
        except Exception as error:  # an error of nnviz must not end training
            if is_interrupt(error):
                raise
            return self._failed(error)


class OptimizerObserver(Protocol):
    """The receiver of the reports of optimizer hooks."""

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        """Handle an optimizer that is about to step.

        Args:
            optimizer: the optimizer.
            closure: whether the step has a closure, which computes the gradients, perhaps several times.
        """

    def computed(self, optimizer: Optimizer) -> None:
        """Handle gradients that the optimizer's closure has computed."""

    def after(self, optimizer: Optimizer) -> None:
        """Handle an optimizer that has stepped."""


class OptimizerHooks:
    """Hooks that report each step of the watched optimizers, just before and just after it."""

    def __init__(self, optimizers: Iterable[Optimizer], observer: OptimizerObserver, failed: Failed) -> None:
        #: Number of steps that each optimizer has begun.
        self.begun: Counter[Optimizer] = Counter()
        self._observer, self._failed = observer, failed
        self._pre_hooks: list[Any] = []
        self._handles = Handles()
        for optimizer in optimizers:
            handle = optimizer.register_step_pre_hook(StepHook(self._pre, failed))
            self._pre_hooks.append(handle)
            self._handles.add(handle)
            self._handles.add(optimizer.register_step_post_hook(StepHook(self._post, failed)))

    def move_last(self) -> None:
        """Move the pre-hooks behind the user's own, which may change gradients."""
        for handle in self._pre_hooks:
            hooks = handle.hooks_dict_ref()
            if hooks and next(reversed(hooks)) != handle.id and handle.id in hooks:
                hooks.move_to_end(handle.id)

    def _pre(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        # the first argument is the optimizer itself
        if is_tracing():
            return None
        named = kwargs.get("closure")
        closure = named if named is not None else args[1] if len(args) > 1 else None
        self.begun[optimizer] += 1
        if not callable(closure):  # the step of a user's own class may have another first argument
            self._observer.before(optimizer, False)
            return None
        self._observer.before(optimizer, True)
        reported = self._reported(closure, optimizer)
        return (
            (args, {**kwargs, "closure": reported}) if named is not None else ((args[0], reported, *args[2:]), kwargs)
        )

    def _reported(self, closure: Callable[[], Any], optimizer: Optimizer) -> Callable[[], Any]:
        computed = Hook(self._observer.computed, self._failed)

        @uncompiled(breaks=True, callees=False)
        def reported() -> Any:
            loss = closure()
            computed(optimizer)
            return loss

        return reported

    def _post(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not is_tracing():
            self._observer.after(optimizer)

    def remove(self) -> None:
        """Remove all hooks."""
        self._pre_hooks.clear()
        self._handles.remove()
