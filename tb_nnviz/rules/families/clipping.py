"""Rules of the clipping of gradients."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.bias_sums import BIAS_READS, BiasSums
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import UPDATE_READS, relative_updates, total_norm
from tb_nnviz.rules.step_values import StepValues

#: ``limit``: median factor of clipping. ``adaptive``: the same for optimizers that divide by the size of the gradient,
#: to which a constant factor is nothing. ``rate``: share of clipped steps, as of the table of wiring rules: 90 %.
#: ``patience``: logged steps. A factor of 0.25 at each step is how many transformers are trained: it is no problem.
#: Clipping that is not reported to nnviz shows as norms that are ``equal``. The gradients of biases then are below
#: ``hidden`` of the gradients of their outputs, and the largest update of a layer is below ``small`` of its weight.
#: Where no bias tells, it must be below ``ratio``.
ALWAYS = {
    "limit": 0.01, "adaptive": 1e-4, "rate": 0.9, "patience": 5, "equal": 1e-4, "hidden": 0.05, "small": 2e-3,
    "ratio": 5e-5,
}  # fmt: skip


class Always(Rule):
    """Report clipping that takes almost all of the gradient at almost every step."""

    name = "clipping/always"
    title = "Clipping removes almost all of the gradient"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})
    uses = UPDATE_READS | BIAS_READS | {("optimizer", "count")}
    limits = ALWAYS
    advice = (
        "Raise max_norm to about the usual gradient norm before clipping, which the evidence names.",
        "If the loss is a sum over the batch, use its mean.",
        "If the gradient norm itself is the problem, lower the learning rate and look at the layer that explodes.",
    )
    source = "https://arxiv.org/abs/1211.5063"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._factors: list[float] = []
        self._norms: list[float] = []
        self._since = 0
        self._sums = BiasSums()
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        if self._reported:
            return []
        if "clip_factor" not in values.scalars:
            return self._of_norms(values)
        factor, rate = values.scalars["clip_factor"], values.scalars.get("clip_rate", 1.0)
        limit = self._limit(values)
        if not (factor < limit and rate >= self.limit["rate"]):
            self._factors, self._norms = [], []
            return []
        self._since = self._since if self._factors else values.step
        self._factors.append(factor)
        self._norms.append(values.scalars.get("gradient_norm_before_clipping", np.nan))
        if len(self._factors) < self.limit["patience"]:
            return []
        self._reported = True
        usual = float(np.median(self._norms))
        middle = float(np.median(self._factors))
        evidence = (
            f"gradients are multiplied by {middle:.2g} at {rate:.0%} of the steps since step {self._since}; their norm "
            f"before clipping is {usual:.3g}, and max_norm about {usual * middle:.2g}"
        )
        return [
            self.finding(
                values.step, "warning", evidence, since=self._since, kind="gradient", value=middle, limit=limit,
                quantity="factor of clipping", details={
                    "norm_before_clipping": usual, "max_norm": usual * middle, "global": "clip_factor",
                },
            )
        ]  # fmt: skip

    def _limit(self, values: StepValues) -> float:
        present = values.has("optimizer", "count") and bool(values.present("optimizer").any())
        return self.limit["adaptive" if present else "limit"]

    def _hidden_factor(self, values: StepValues) -> float | None:
        """Return an upper estimate of the factor of clipping that was not reported, None if it is unknown."""
        sums = self._sums.update(values)
        known = sums.sizes[np.isfinite(sums.sizes)] if sums is not None else np.zeros(0)
        return float(known.max()) if known.size else None

    def _of_norms(self, values: StepValues) -> list[Finding]:
        """Return the finding of a norm that is the same at each step, as behind torch's own clipping."""
        total = total_norm(values)
        is_equal = bool(self._norms) and abs(total / self._norms[0] - 1) < self.limit["equal"]
        if not is_equal:
            self._norms, self._since = ([total] if total > 0 else []), values.step
            return []
        self._norms.append(total)
        if len(self._norms) < self.limit["patience"] or not values.has("update", "norm"):
            return []
        factor = self._hidden_factor(values)
        ratio = relative_updates(values)
        largest = float(np.nanmax(ratio)) if np.isfinite(ratio).any() else np.inf
        is_small = largest < self.limit["ratio"]
        if factor is not None and not is_small:
            is_small = factor < self.limit["hidden"] and largest < self.limit["small"]
        if not is_small:
            return []
        self._reported = True
        what = "as if it was clipped"
        if factor is not None:
            what += f", and the gradients of biases are at most {factor:.2g} of those of their outputs"
        evidence = (
            f"the gradient norm is {total:.3g} at {len(self._norms)} logged steps in a row, {what}; the largest update "
            f"of a layer is {largest:.2g} times its weight"
        )
        return [
            self.finding(
                values.step, "warning", evidence, since=self._since, kind="gradient", value=total,
                quantity="gradient norm of all parameters", details={"max_norm": total, "global": "gradient_norm"},
            )
        ]  # fmt: skip


RULES = (Always,)
