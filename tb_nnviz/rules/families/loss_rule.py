"""The base of the rules that follow the loss that a run minimizes."""

from __future__ import annotations

from collections.abc import Mapping

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.losses import Course, Series
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues


class LossRule(Rule):
    """Follow the loss that a run minimizes."""

    takes_logged = True
    takes_rates = True

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._course = Course()
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        self._course.rate(values.step, values.scalars)
        is_new = self._course.add(values.step, values.logged)
        series = self._course.main
        if series is None or self._reported or not (is_new or values.scalars):
            return []
        return self._reporting(self._judge(values.step, series, is_new))

    def finish(self) -> list[Finding]:
        series = self._course.main
        if series is None or self._reported or not series.count:
            return []
        return self._reporting(self._conclude(int(series.recent_steps[-1]) if series.recent.size else 0, series))

    def unchecked(self) -> str | None:
        return self._course.unchecked

    def _judge(self, step: int, series: Series, is_new: bool) -> Finding | None:
        """Return the finding of a step, None if there is none.

        Args:
            step: the step.
            series: the loss.
            is_new: True if the step has a value of it, False if only learning rates are new.
        """
        return None

    def _conclude(self, step: int, series: Series) -> Finding | None:
        """Return the finding that only the end of the run shows."""
        return None

    def _reporting(self, finding: Finding | None) -> list[Finding]:
        self._reported |= finding is not None
        return [] if finding is None else [finding]

    def _loss_finding(
        self, step: int, severity: str, evidence: str, since: int, value: float, limit: float, usual: float,
        usual_is: str, scalar: str = "", details: Mapping[str, float] | None = None,
        advice: tuple[str, ...] | None = None,
    ) -> Finding:  # fmt: skip
        scalar = scalar or self._course.name
        return self.finding(
            step, severity, f"{self._course.name} {evidence}", since=since, value=value, limit=limit, usual=usual,
            quantity=scalar, usual_is=usual_is, details={"scalar": scalar, **(details or {})}, advice=advice,
        )  # fmt: skip
