"""The scale of a GradScaler, and the steps that it skips."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from torch import Tensor

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.hooks.scaler import loss_scale, stepping_scaler
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class LossScale:
    """The scale that losses are multiplied by, read without waiting for the device.

    If the user gave no GradScaler, it is found when it first steps an optimizer. Until then its scale is unknown.

    >>> scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    >>> scale = LossScale(scaler)
    >>> scale.current() is None, scaler.scale(torch.tensor(1.0)), scale.current()
    (True, tensor(8.), tensor([8.], dtype=torch.float64))

    Args:
        scaler: the GradScaler, or None if none was given.
    """

    def __init__(self, scaler: Any) -> None:
        #: The scaler that the user gave. Another one may take its place between steps.
        self.given = scaler
        self._found: Callable[[], Any] = lambda: None  # a weak reference
        self._copied: tuple[Tensor, int, Tensor] | None = None
        #: The scale at which the scaler was found in the open step, if it was.
        self.late: Tensor | None = None

    def begin(self) -> None:
        """Open a step."""
        self.late = None

    def current(self) -> Tensor | None:
        """Return the current scale as float64 [1], the same tensor until it changes, or None if losses have none."""
        scaler = self._found() if self.given is None else self.given
        if scaler is None or (scale := loss_scale(scaler)) is None:
            return None
        if self._copied is None or self._copied[0] is not scale or self._copied[1] != scale._version:
            # a copy, because the scaler changes its own in place
            self._copied = scale, scale._version, scale.detach().reshape(1).double()
        return self._copied[2]

    def find(self) -> None:
        """Find the GradScaler that is stepping an optimizer, unless one was given."""
        if self.given is None and (scaler := stepping_scaler()) is not None and scaler is not self._found():
            known = self.current()
            self._found = weakref.ref(scaler)
            self.late = self.current() if known is None else self.late


class LossScaling(Collector):
    """The collector of the loss scale and of skipped optimizer steps. It does not wait for the device.

    Args:
        scale: the scale of the GradScaler that the user gave. Without one, nothing is collected.
    """

    part = "loss scaling"

    def __init__(self, scale: LossScale) -> None:
        self._current = scale

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged and self._current.given is not None
        self._scale: Tensor | None = None
        self._skipped: list[bool | Tensor] = []

    begin_late = begin

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if (scale := self._current.current()) is not None:
            self._scale = scale
            found = optimizer.attribute("found_inf")
            self._skipped.append(found.detach().reshape(1).double() if isinstance(found, Tensor) else False)

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        self._skipped.append(True)

    def close(self, pending: PendingStep) -> None:
        if self._scale is not None:
            pending.scalars["loss_scale"] = pending.copy.add(self._scale)
        pending.skipped = [x if isinstance(x, bool) else pending.copy.add(x) for x in self._skipped]
