"""More logged steps after a finding, so that the picture is sharp where it matters."""

from __future__ import annotations

from tb_nnviz.record.options import Options
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.rules.finding import Finding

#: Fewest steps from the beginning of one burst to that of the next.
REST = 200


class Burst:
    """The plans of steps: those of the options, and every step for a while after a finding.

    A burst begins with the step that opens next. Notices begin none.

    >>> from tb_nnviz.record.schedule import every
    >>> rare = every("every", 100)
    >>> burst = Burst(Options(kinds=(), logged=rare, histograms=rare, maps=rare, weights=rare, weight_bytes=0,
    ...                       tracked=None, burst=2))
    >>> burst.found(Finding("loss/spike", "warning", "", "", "", "", "", 0, 7, None, None, None, "", ()))
    >>> [burst.plan(step).logged for step in range(8, 12)]
    [True, True, False, False]

    Args:
        options: of the run.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._is_due = False
        self._first: int | None = None  # of the last burst

    def found(self, finding: Finding) -> None:
        """Take a finding, on any thread."""
        if finding.severity != "notice":
            self._is_due = True

    def plan(self, step: int) -> StepPlan:
        """Return the measurements that are due in a step. Steps increase, unless a run is resumed."""
        plan, burst = self._options.plan(step), self._options.burst
        if self._is_due:
            self._is_due = False
            if burst and (self._first is None or not 0 <= step - self._first < REST):
                self._first = step
        if self._first is not None and 0 <= step - self._first < burst:
            plan = plan._replace(statistics=True)
        return plan
