"""The rule of gradients that grow by orders of magnitude, over depth or over steps."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.history import History
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import clip_factor, profile, total_norm
from tb_nnviz.rules.step_values import StepValues

#: ``limit``: norm over the median of the run so far. Megatron-LM stops above 10 times the largest of the first 100
#: norms. The norms of deep plain networks grow by up to 100 when they leave their first plateau. ``largest``: the norm
#: over the largest of the run so far. ``sudden``: growth that is reported at once. ``before_nan``: growth that makes a
#: NaN at the next logged step a consequence. ``depth``: gradient of the first layers over that of the last, and
#: ``layers``, the fewest layers; AUTOTRAINER has a ratio of 70 of the first to the last. ``norm``: an absolute limit, off.
EXPLODING = {
    "limit": 100.0, "largest": 10.0, "sudden": 1e4, "before_nan": 10.0, "depth": 1e3, "layers": 4, "history": 100,
    "norm": 0.0,
}  # fmt: skip


class Exploding(Rule):
    """Report gradients that grow over the steps of a run, or from the loss towards the input."""

    name = "gradient/exploding"
    title = "Gradients explode"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})
    uses = frozenset({("activation_gradient", "count"), ("activation_gradient", "norm")})
    limits = EXPLODING
    advice = (
        "Lower the learning rate, or warm it up.",
        "Clip the gradients: monitor.clip_grad_norm_(1.0).",
        "Check the sign of the loss and of weight_decay: both grow without bound if it is wrong.",
    )
    source = "https://arxiv.org/abs/1211.5063"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        size = int(self.limit["history"])
        self._totals, self._rows = History(size), History(size)
        self._largest = 0.0
        self._high: list[tuple[int, float]] = []  # steps above the limit, which are not part of the history
        self._last: tuple[StepValues, float] | None = None
        self._is_over, self._has_depth = False, False

    def update(self, values: StepValues) -> list[Finding]:
        if self._is_over:
            return []
        found = self._over_depth(values)
        total = total_norm(values)
        if not np.isfinite(total):
            found += self._before_nan()
            self._is_over = True
        elif total > 0:
            found += self._over_steps(values, total)
        return found

    def _over_steps(self, values: StepValues, total: float) -> list[Finding]:
        usual = float(self._totals.median()[0]) if len(self._totals) else np.nan
        absolute = 0 < self.limit["norm"] < total
        grown = total > self.limit["limit"] * usual and total > self.limit["largest"] * self._largest
        self._last = values, total
        if not (grown or absolute):
            self._high.clear()
            self._totals.add(np.array([total]))
            self._rows.add(values.get("gradient", "norm") / clip_factor(values))
            self._largest = max(self._largest, total)
            return []
        self._high.append((values.step, total))
        if len(self._high) < 2 and total < self.limit["sudden"] * usual and not absolute:
            return []
        self._is_over = True
        return [self._found(values, total, usual, self._high[0][0])]

    def _before_nan(self) -> list[Finding]:
        """Return the finding of a norm that had grown when the next logged step had NaN or Inf."""
        if self._last is None or len(self._totals) < 2:
            return []
        (values, total), norms = self._last, self._totals.values[:, 0]
        earlier = norms if self._high else norms[:-1]
        usual = float(np.median(earlier))
        if total < self.limit["before_nan"] * usual or total < self.limit["before_nan"] / 2 * earlier.max():
            return []
        return [self._found(values, total, usual, values.step, "; at the next logged step it is NaN or Inf")]

    def _found(self, values: StepValues, total: float, usual: float, since: int, more: str = "") -> Finding:
        rows, norms = values.rows["gradient"], values.get("gradient", "norm") / clip_factor(values)
        before = self._rows.median()
        before = np.append(before, np.full(len(rows) - before.size, np.nan))
        with np.errstate(all="ignore"):
            growth = np.where(rows.has_role("weight", "embedding"), norms / before, np.nan)
        growth = np.where(np.isfinite(growth), growth, 0)
        place = int(np.argmax(growth)) if growth.any() else int(np.nanargmax(norms))
        evidence = (
            f"norm {total:.3g} at step {values.step}, {total / usual:.3g} times the median {usual:.3g} before; "
            f"most in {rows[place].name}: {norms[place]:.3g}, {growth[place]:.3g} times its median{more}"
        )
        return self.finding(
            values.step, "severe", evidence, since=since, layer=rows[place].module, row=rows[place].name,
            kind="gradient", statistic="norm", value=total, limit=self.limit["limit"] * usual, usual=usual,
        )  # fmt: skip

    def _over_depth(self, values: StepValues) -> list[Finding]:
        """Return the finding of gradients that grow from layer to layer on the way back."""
        found = None if self._has_depth else profile(values)
        if found is None or found.places.size < self.limit["layers"] or not np.isfinite(found.sizes).all():
            return []
        sizes, half = found.sizes, found.sizes.size // 2
        # The second largest of the first half, because one large layer is no trend.
        high = float(np.sort(sizes[:half])[-2])
        low = float(sizes[half:].min())
        if high - low < np.log10(self.limit["depth"]):
            return []
        self._has_depth = True
        rows = values.rows[found.kind]
        rises = -np.diff(sizes)
        sharp = int(np.argmax(rises)) + 1
        cause = sharp if rises[sharp - 1] >= 0.5 * (high - low) else half + int(np.argmin(sizes[half:]))
        row, first = rows[int(found.places[cause])], rows[int(found.places[int(np.argmax(sizes[:half]))])]
        layers = list(dict.fromkeys(rows[int(place)].module for place in found.places[: cause + 1]))
        evidence = (
            f"from {row.module} on towards the input the gradient grows by {10 ** (high - low):.3g} at step "
            f"{values.step}, to {10 ** sizes.max():.3g} at {first.module}, over {name_layers(layers)}"
        )
        advice = (
            "Initialize for the activation: kaiming_normal_ for ReLU, xavier_normal_ for tanh.",
            "Add a normalization behind each layer, or residual connections.",
        )
        return [
            self.finding(
                values.step, "severe", evidence, layer=row.module, row=row.name, kind=found.kind, statistic="norm",
                value=float(10 ** sizes.max()), limit=float(10**low * self.limit["depth"]), usual=float(10**low),
                advice=(*advice, *self.advice[1:2]), details={"layers": layers},
            )
        ]  # fmt: skip
