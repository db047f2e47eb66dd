"""Hooks on the user's optimizers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

import torch

from tb_nnviz.record.hooks.handles import Failed, Handles, Hook, uncompiled
from tb_nnviz.record.hooks.method_patch import MethodPatch
from tb_nnviz.record.hooks.modes import is_tracing
from tb_nnviz.record.hooks.unseen import may_break
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.optimizers import WatchedOptimizer, is_hooked

Args = tuple[tuple[Any, ...], dict[str, Any]]


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

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        """Handle an optimizer that is about to step.

        Args:
            optimizer: the optimizer.
            closure: whether the step has a closure, which computes the gradients, perhaps several times.
        """

    def computed(self, optimizer: WatchedOptimizer) -> None:
        """Handle gradients that the optimizer's closure has computed."""

    def after(self, optimizer: WatchedOptimizer) -> None:
        """Handle an optimizer that has stepped."""


class OptimizerHooks:
    """Hooks that report each step of the watched optimizers, just before and just after it.

    An optimizer of torch reports by torch's own hooks. A wrapper without hooks of its own reports by a replacement of
    its method ``step``. If it holds other optimizers, its step counts if one of them has stepped or a parameter has
    changed. Otherwise the wrapper only accumulates gradients.
    """

    def __init__(self, observer: OptimizerObserver, failed: Failed) -> None:
        self._observer, self._failed = observer, failed
        self._hooked: dict[WatchedOptimizer, _Hooked] = {}

    def add(self, optimizer: WatchedOptimizer) -> None:
        """Install the hooks of one optimizer."""
        hooked = self._hooked[optimizer] = _Hooked(optimizer, self._observer, self._failed)
        hooked.install()

    def discard(self, optimizer: WatchedOptimizer) -> None:
        """Remove the hooks of one optimizer."""
        if (hooked := self._hooked.pop(optimizer, None)) is not None:
            hooked.remove()

    def find(self, optimizer: Any) -> WatchedOptimizer | None:
        """Return the watched optimizer that is this object or holds it, or None."""
        direct = (one for one in self._hooked if optimizer is one.given or optimizer is one.stepped)
        return next(direct, None) or next((one for one in self._hooked if _holds(one, optimizer)), None)

    def steps(self, optimizer: Any) -> int:
        """Return the number of steps that an optimizer has begun, also as part of the step of a wrapper."""
        found = self.find(optimizer)
        return -1 if found is None else self._hooked[found].steps(optimizer)

    def is_running(self, optimizer: WatchedOptimizer) -> bool:
        """Return True if the replaced method of a wrapper is running."""
        return self._hooked[optimizer].running

    def skip(self, optimizer: WatchedOptimizer) -> None:
        """Count the running step of a wrapper, although no optimizer within steps."""
        self._hooked[optimizer].skipped = True

    def move_last(self) -> None:
        """Move the pre-hooks behind the user's own, which may change gradients."""
        for hooked in self._hooked.values():
            hooked.move_last()

    def restore(self) -> list[WatchedOptimizer]:
        """Put back hooks that other code has removed, and return their optimizers."""
        lost = [optimizer for optimizer, hooked in self._hooked.items() if hooked.is_lost]
        for optimizer in lost:
            self.discard(optimizer)
            self.add(optimizer)
        return lost

    def remove(self) -> None:
        """Remove all hooks."""
        for optimizer in list(self._hooked):
            self.discard(optimizer)


class _Hooked:
    """The hooks of one optimizer."""

    def __init__(self, optimizer: WatchedOptimizer, observer: OptimizerObserver, failed: Failed) -> None:
        self._optimizer, self._observer, self._failed = optimizer, observer, failed
        self._handles = Handles()
        self._own: list[Any] = []  # the handles of the hooks that report
        self._pre_hook: Any = None
        self._patch: StepPatch | None = None
        self._begun = self._begun_within = 0
        self._within = False  # True if the step counts only if an optimizer within has stepped
        self._at_begin = 0, 0
        # A subclass whose step calls that of its base class runs the hooks once per class.
        self._is_nested = sum("step" in vars(kind) for kind in type(optimizer.stepped).__mro__) > 2
        self._outermost: int | None = None
        self.running = self.skipped = False

    def install(self) -> None:
        """Install the hooks.

        Raises:
            AttributeError, TypeError: the method of a wrapper cannot be replaced.
        """
        target, failed = self._optimizer.stepped, self._failed
        if is_hooked(target):
            self._pre_hook = target.register_step_pre_hook(StepHook(self._pre, failed))
            self._own = [self._pre_hook, target.register_step_post_hook(StepHook(self._post, failed))]
            for handle in self._own:
                self._handles.add(handle)
        else:
            self._patch = StepPatch(target, self, failed)
            self._patch.install()
            self._handles.add(self._patch)
        for inner in self._optimizer.within:
            if inner is not target and is_hooked(inner):
                self._handles.add(inner.register_step_pre_hook(StepHook(self._pre_within, failed)))
                self._within = True

    def remove(self) -> None:
        """Remove the hooks."""
        self._own.clear()
        self._pre_hook = None
        self._handles.remove()

    @property
    def is_lost(self) -> bool:
        """True if other code has removed a hook that reports."""
        if self._patch is not None:
            # other code may have wrapped the method, which still calls it
            return not self._patch.is_installed and getattr(self._optimizer.stepped, "step", None) == self._patch.plain
        names = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
        hooks = [vars(self._optimizer.stepped).get(name, {}) for name in names]
        return any(handle.id not in found for handle, found in zip(self._own, hooks, strict=True))

    def move_last(self) -> None:
        handle = self._pre_hook
        if handle is not None:
            hooks = handle.hooks_dict_ref()
            if hooks and next(reversed(hooks)) != handle.id and handle.id in hooks:
                hooks.move_to_end(handle.id)

    def steps(self, optimizer: Any) -> int:
        own = optimizer is self._optimizer.given or optimizer is self._optimizer.stepped
        return self._begun if own else self._begun_within

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Args | None:
        """Report that the step begins. Returns its new arguments, without the optimizer itself, or None."""
        named = kwargs.get("closure")
        closure = named if named is not None else args[0] if args else None
        self._begun += 1
        self.skipped = False
        if self._within:
            self._at_begin = self._begun_within, _versions(self._optimizer)
        if not callable(closure):  # the step of a user's own class may have another first argument
            self._observer.before(self._optimizer, False)
            return None
        self._observer.before(self._optimizer, True)
        reported = self._reported(closure)
        return (args, {**kwargs, "closure": reported}) if named is not None else ((reported, *args[1:]), kwargs)

    def end(self) -> None:
        """Report that the step has ended, unless the wrapper only accumulated gradients."""
        if (
            not self._within
            or self.skipped
            or self._at_begin[0] != self._begun_within
            or self._at_begin[1] != _versions(self._optimizer)
        ):
            self._observer.after(self._optimizer)

    def _pre(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_tracing():
            return None
        if self._is_nested:
            frame = _step_frame()
            if self._outermost is None or not _on_stack(self._outermost, frame):
                self._outermost = id(frame)
        changed = self.begin(args[1:], kwargs)  # the first argument is the optimizer itself
        return None if changed is None else ((args[0], *changed[0]), changed[1])

    def _post(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if is_tracing():
            return
        if self._is_nested:
            if self._outermost != id(_step_frame()):
                return
            self._outermost = None
        self.end()

    def _pre_within(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not is_tracing():
            self._begun_within += 1

    def _reported(self, closure: Callable[[], Any]) -> Callable[[], Any]:
        computed = Hook(self._observer.computed, self._failed)

        @uncompiled(breaks=True, callees=False)
        def reported() -> Any:
            loss = closure()
            computed(self._optimizer)
            return loss

        return reported


class StepPatch(MethodPatch):
    """A replacement of the method ``step`` of a wrapper, which has no hooks."""

    def __init__(self, owner: Any, hooked: _Hooked, failed: Failed) -> None:
        super().__init__(owner, "step")
        self._hooked, self._failed = hooked, failed

    @property
    def plain(self) -> Any:
        """The method that is replaced."""
        return self._plain

    @uncompiled(breaks=True, callees=False)
    def call(self, *args: Any, **kwargs: Any) -> Any:
        hooked = self._hooked
        if hooked.running or is_tracing():
            return self._plain(*args, **kwargs)
        try:
            args, kwargs = hooked.begin(args, kwargs) or (args, kwargs)
        except Exception as error:  # an error of nnviz must not end training
            if is_interrupt(error):
                raise
            self._failed(error)
        hooked.running = True
        try:
            result = self._plain(*args, **kwargs)
        finally:
            hooked.running = False
        try:
            if self._installed:
                hooked.end()
        except Exception as error:  # as above
            if is_interrupt(error):
                raise
            self._failed(error)
        return result


def _holds(watched: WatchedOptimizer, optimizer: Any) -> bool:
    return any(one is optimizer for one in watched.within)


def _versions(optimizer: WatchedOptimizer) -> int:
    """Return a number that grows when a parameter is changed in place, without waiting for a device."""
    return sum(p._version for p in optimizer.parameters if not p.is_inference())


def _step_frame() -> FrameType | None:
    """Return the frame of torch's function that runs the hooks and the step."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") != "torch.optim.optimizer":
        frame = frame.f_back
    return frame


def _on_stack(wanted: int, frame: FrameType | None) -> bool:
    while frame is not None and id(frame) != wanted:
        frame = frame.f_back
    return frame is not None
