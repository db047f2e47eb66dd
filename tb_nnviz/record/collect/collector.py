"""The interface of a collector, which owns its measurements from the start of a step to its end."""

from __future__ import annotations

from typing import ClassVar

from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class Collector:
    """The collector of one kind of measurement, which it adds to each step that closes.

    The hooks report to all collectors that are ``active``. A collector that raises is dropped, and training and the
    other collectors go on.
    """

    #: Name in warnings. Collectors with the same name are turned off together.
    part: ClassVar[str]
    #: The kinds that it adds to a step, as notices name them.
    kinds: ClassVar[tuple[str, ...]] = ()
    #: Other parts without which it cannot measure.
    needs: ClassVar[tuple[str, ...]] = ()

    #: True if it measures anything in the open step.
    active = False

    def begin(self, plan: StepPlan) -> None:
        """Open a step. Measurements of an unfinished step are dropped."""
        raise NotImplementedError

    def begin_late(self, plan: StepPlan) -> None:
        """Continue a step that is logged after all, because a GradScaler skips it."""

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        """Read what an optimizer is about to change. With a closure, its gradients are not computed yet.

        It can run twice per ``after``: when the step raises, or calls the step of its base class. The last
        measurement counts.
        """

    def computed(self, optimizer: WatchedOptimizer) -> None:
        """Read the gradients that an optimizer's closure has computed. The last of several calls counts."""

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        """Record that a GradScaler skipped the optimizer's step. ``before`` has run and ``after`` will."""

    def after(self, optimizer: WatchedOptimizer) -> None:
        """Read what an optimizer has changed."""

    def close(self, pending: PendingStep) -> None:
        """Add the measurements to the step."""
        raise NotImplementedError

    def drop(self) -> None:
        """Stop measuring and release everything."""
        self.active = False
