"""The rule of single steps whose gradient is far above that of the steps around them."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.history import History
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import ROW_HISTORY, clip_factor, total_norm
from tb_nnviz.rules.step_values import StepValues

#: ``limit``: norm over the median of the last ``history`` logged steps, of which there must be ``warm_up``; SPAM has a
#: square of 50 times the mean square for single elements (2501.06842), and single hard samples reach 10 in healthy runs
#: that have fitted the rest. ``largest``: norm over the largest of the run, so that it is above that of the beginning.
#: ``falls``: norm of the next logged step over that of the spike. ``explodes``: growth that is an explosion, as of
#: gradient/exploding: what falls behind it is the norm of dead layers.
#: ``warning``: norm over the median, above which it is a warning.
SPIKE = {"limit": 20.0, "warning": 100.0, "largest": 3.0, "falls": 0.2, "explodes": 1e4, "history": 50, "warm_up": 5}


class Spike(Rule):
    """Report a gradient that is large at one logged step and usual again at the next."""

    name = "gradient/spike"
    title = "The gradient spikes"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})
    limits = SPIKE
    advice = (
        "Look at the batch of this step: outliers, wrong labels, or inputs that are not normalized.",
        "Clip the gradients: monitor.clip_grad_norm_(1.0).",
        "Lower Adam's beta2, so that its second moment follows faster, or warm the learning rate up for longer.",
    )
    source = "https://arxiv.org/abs/2501.06842"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        size = int(self.limit["history"])
        self._totals, self._rows = History(size), History(ROW_HISTORY)
        self._largest = 0.0
        self._spike: Finding | None = None
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        total = total_norm(values)
        if self._reported:
            return []
        if self._spike is not None:
            return self._after(total)
        if np.isfinite(total) and total > 0:
            usual = float(self._totals.median()[0]) if len(self._totals) else np.nan
            known = len(self._totals) >= self.limit["warm_up"]
            if known and total > self.limit["limit"] * usual and total > self.limit["largest"] * self._largest:
                self._spike = self._found(values, total, usual)
                return []
            self._totals.add(np.array([total]))
            self._rows.add(values.get("gradient", "norm") / clip_factor(values))
            self._largest = max(self._largest, total)
        return []

    def _after(self, total: float) -> list[Finding]:
        """Return the finding of the last step if the gradient has fallen again. Otherwise it explodes."""
        spike, self._reported = self._spike, True
        assert spike is not None and spike.value is not None
        return [spike] if total < self.limit["falls"] * spike.value and self._is_spike(spike) else []

    def finish(self) -> list[Finding]:
        spike = self._spike
        return [spike] if spike is not None and not self._reported and self._is_spike(spike) else []

    def _is_spike(self, spike: Finding) -> bool:
        return bool(spike.value and spike.usual and spike.value < self.limit["explodes"] * spike.usual)

    def _found(self, values: StepValues, total: float, usual: float) -> Finding:
        rows, norms, before = values.rows["gradient"], values.get("gradient", "norm"), self._rows.median()
        before = np.append(before, np.full(len(rows) - before.size, np.nan))
        with np.errstate(all="ignore"):
            growth = norms / clip_factor(values) / before
        growth = np.where(np.isfinite(growth) & rows.has_role("weight", "embedding"), growth, 0)
        place = int(np.argmax(growth)) if growth.any() else int(np.nanargmax(norms))
        evidence = (
            f"norm {total:.3g} at step {values.step}, {total / usual:.3g} times the median {usual:.3g} of the last "
            f"{len(self._totals)} logged steps; most in {rows[place].name}, {growth[place]:.3g} times its median"
        )
        severity = "warning" if total > self.limit["warning"] * usual else "notice"
        return self.finding(
            values.step, severity, evidence, layer=rows[place].module, row=rows[place].name, kind="gradient",
            statistic="norm", value=total, limit=self.limit["limit"] * usual, usual=usual,
            quantity="gradient norm of all parameters",
        )  # fmt: skip
