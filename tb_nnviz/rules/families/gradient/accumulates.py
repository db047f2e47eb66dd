"""The rule of gradients that are not set to zero between steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tb_nnviz.rules.bias_sums import BIAS_READS, BiasSums
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import clip_factor, total_norm
from tb_nnviz.rules.step_values import StepValues

#: ``limit``: difference between the sum of a bias's gradient and the sum of the gradient of its layer's output, over
#: the largest sum that the bias's gradient can have. Without accumulation they are equal, up to rounding of 16 bits and
#: to clipping that was not reported, which only shrinks the gradient. ``bound``: norm of a bias's gradient over the
#: largest that the gradient of its layer's output allows: an exact bound of 1, which healthy runs reach. ``patience``:
#: logged steps, and ``share``: their share of all. ``tokens``: logged steps at which no row of an embedding loses its
#: gradient, and ``gains``: those at which more get one. Without accumulation, the rows are those of the step's tokens.
#: For logs without outputs, ``growth`` is the norm over the first one, and ``rises`` the number of logged steps in a
#: row at which it rises.
ACCUMULATES = {
    "limit": 0.05, "bound": 1.1, "patience": 3, "share": 0.3, "tokens": 8, "gains": 3, "growth": 10.0, "rises": 5,
}  # fmt: skip


class Accumulates(Rule):
    """Report gradients that contain those of earlier steps.

    A gradient that is there when a step begins does not suffice: many loops call ``zero_grad()`` after the forward
    pass.
    """

    name = "gradient/accumulates"
    title = "Gradients are not set to zero"
    reads = frozenset({("gradient", "count"), ("gradient", "norm"), ("gradient", "mean")})
    uses = BIAS_READS | {("gradient", "zero_fraction")}
    scalars = frozenset({"stale_gradient"})
    limits = ACCUMULATES
    advice = (
        "Call optimizer.zero_grad() once per step, before backward().",
        "Check that zero_grad() is called on the optimizer, or the model, that owns these parameters.",
    )
    source = "https://pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._first: float | None = None
        self._last = 0.0
        self._steps = 0  # logged steps at which gradients differ from those of the step
        self._judged = 0  # logged steps at which that is known
        self._tokens = _Tokens()
        self._rises = 0  # logged steps in a row at which the norm rises
        self._since = 0
        self._is_stale = False
        self._sums = BiasSums()
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        total = total_norm(values)
        first, last, was_stale = self._first, self._last, self._is_stale
        self._first, self._last = total if first is None else first, total
        self._is_stale = values.scalars["stale_gradient"] > 0
        self._since = self._since if was_stale else values.step
        if not self._is_stale:
            self._tokens = _Tokens()
        self._tokens.add(values)
        if self._reported or not self._is_stale or first is None or not np.isfinite(total):
            self._steps = self._judged = self._rises = 0
            return []
        differs = self._differs(values)
        self._steps, self._judged = self._steps + (differs is True), self._judged + (differs is not None)
        self._rises = self._rises + 1 if total > last else 0
        grows = differs is None and self._rises >= self.limit["rises"] and total > self.limit["growth"] * first
        is_often = self._steps >= max(self.limit["patience"], self.limit["share"] * self._judged)
        if not (is_often or grows or self._tokens.only_grow(self.limit)):
            return []
        self._reported = True
        rows, norms = values.rows["gradient"], values.get("gradient", "norm")
        place = int(np.nanargmax(norms))
        evidence = (
            f"gradients of the step before are still there when each step begins, since step {self._since}, and those "
            f"of the step are added; norm {total:.3g} at step {values.step}, {first:.3g} at the first logged step"
        )
        return [
            self.finding(
                values.step, "warning" if grows else "severe", evidence, since=self._since, row=rows[place].name,
                kind="gradient", statistic="norm", value=total, usual=first,
                quantity="gradient norm of all parameters", usual_is="at the first logged step",
            )
        ]  # fmt: skip

    def _differs(self, values: StepValues) -> bool | None:
        """Return True if biases have another gradient than the step's outputs give, None if it is unknown."""
        sums = self._sums.update(values)
        if sums is None:
            return None
        factor = clip_factor(values)
        largest = sums.largest / factor
        with np.errstate(all="ignore"):
            if (sums.sizes / factor > self.limit["bound"] * sums.bounds).any():
                return True
            given, expected = sums.given / factor, sums.expected
            difference = np.abs(given - expected) / largest
            # Sums that are 0 but for rounding, as behind a softmax, are equal in any case.
            tells = np.maximum(np.abs(given), np.abs(expected)) > self.limit["limit"] * largest
            if "clip_factor" not in values.scalars:  # unreported clipping gives a share of what is expected
                difference[(given * expected > 0) & (np.abs(given) <= np.abs(expected))] = 0
        known = np.isfinite(difference) & tells
        return bool(known.any() and (difference[known] > self.limit["limit"]).mean() > 0.5)


class _Tokens:
    """The share of rows of embeddings that have no gradient: it never rises if gradients are accumulated."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._seen = self._gains = 0  # logged steps, and those of them at which it fell. -1 if it ever rose

    def add(self, values: StepValues) -> None:
        """Record a step."""
        if self._seen < 0 or not values.has("gradient", "zero_fraction"):
            return
        rows = values.rows["gradient"]
        zeros = values.get("gradient", "zero_fraction")[rows.has_role("embedding") & rows.trainable]
        last, self._last = self._last, zeros
        is_known = zeros.size > 0 and bool(np.isfinite(zeros).all()) and (last is None or last.size == zeros.size)
        if not is_known or (last is not None and (zeros > last).any()):
            self._seen = -1
        else:
            self._gains += last is not None and bool((zeros < last).any())
            self._seen += 1

    def only_grow(self, limit: Mapping[str, float]) -> bool:
        """Return True if no row of any embedding has lost its gradient in enough steps."""
        return self._seen >= limit["tokens"] and self._gains >= limit["gains"]
