"""The measurements that are due in one step."""

from __future__ import annotations

from typing import NamedTuple


class StepPlan(NamedTuple):
    """The measurements that are due in one step.

    >>> plan = StepPlan(10, statistics=True)
    >>> plan.logged, plan.measures("update"), StepPlan(11).logged
    (True, True, False)

    Args:
        step: the optimizer step.
        statistics: the statistics of every row.
        histograms: the histograms of every row.
        activation_maps: the maps of the layers' outputs on the probe.
        weight_maps: the maps of the weights.
        gradients_only: the step is logged only because a GradScaler skipped it. Nothing but its gradients is measured.
        missed_gradients: an optimizer had applied its gradients before the step was known to be logged.
    """

    step: int
    statistics: bool = False
    histograms: bool = False
    activation_maps: bool = False
    weight_maps: bool = False
    gradients_only: bool = False
    missed_gradients: bool = False

    @property
    def logged(self) -> bool:
        """True if rows are measured."""
        return self.statistics or self.histograms

    @property
    def due(self) -> bool:
        """True if anything is measured."""
        return self.statistics or self.histograms or self.activation_maps or self.weight_maps

    @property
    def complete(self) -> bool:
        """True if the rows of all kinds are measured."""
        return self.logged and not self.gradients_only

    def measures(self, kind: str) -> bool:
        """Return whether the rows of a kind are measured."""
        return self.complete or (self.gradients_only and kind == "gradient")

    def after_skip(self, missed_gradients: bool) -> StepPlan:
        """Return the plan of an unlogged step that a GradScaler skips: the gradients that caused it are logged."""
        return self._replace(statistics=True, gradients_only=True, missed_gradients=missed_gradients)
