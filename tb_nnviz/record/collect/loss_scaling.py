"""The scale of a GradScaler, and the steps that it skips."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.hooks.scaler import loss_scale
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class LossScaling(Collector):
    """The collector of the loss scale and of skipped optimizer steps. It does not wait for the device.

    Args:
        scaler: the GradScaler, or None if there is none.
    """

    part = "loss scaling"

    def __init__(self, scaler: Any) -> None:
        #: The scaler. Another one may take its place between steps.
        self.scaler = scaler

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged and self.scaler is not None
        self._scale: Tensor | None = None
        self._skipped: list[bool | Tensor] = []

    begin_late = begin

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if (scale := loss_scale(self.scaler)) is not None:
            self._scale = scale.detach().reshape(1).double()  # a copy: the scaler changes its own in place
            found = optimizer.attribute("found_inf")
            self._skipped.append(found.detach().reshape(1).double() if isinstance(found, Tensor) else False)

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        self._skipped.append(True)

    def close(self, pending: PendingStep) -> None:
        if self._scale is not None:
            pending.scalars["loss_scale"] = pending.copy.add(self._scale)
        pending.skipped = [x if isinstance(x, bool) else pending.copy.add(x) for x in self._skipped]
