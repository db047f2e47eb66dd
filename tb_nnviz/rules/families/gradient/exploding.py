"""The rule of gradients that grow by orders of magnitude, over depth or over steps."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.history import History
from tb_nnviz.rules.optimizers import maximizes
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import ROW_HISTORY, clip_factor, depth_growth, profile, total_norm
from tb_nnviz.rules.step_values import StepValues

#: ``limit``: norm over the median of the run so far. Megatron-LM stops above 10 times the largest of the first 100
#: norms. The norms of deep plain networks grow by up to 100 when they leave their first plateau. ``largest``: the norm
#: over the largest of the run so far. ``early``: the norm over the largest of the first ``FIRST``, for slow growth.
#: ``sudden``: growth that is reported at once. ``before_nan``: growth that makes a NaN at the next logged step a
#: consequence. ``depth``: gradient of the first layers over that of the last, and ``layers``, the fewest layers;
#: AUTOTRAINER has a ratio of 70 of the first to the last. ``norm``: an absolute limit, off.
EXPLODING = {
    "limit": 100.0, "largest": 10.0, "early": 1e3, "sudden": 1e4, "before_nan": 10.0, "depth": 1e3, "layers": 3,
    "history": 100, "norm": 0.0,
}  # fmt: skip
#: Logged steps of the beginning, with which slow growth is compared.
FIRST = 5


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
        self._totals, self._rows = History(size), History(ROW_HISTORY)
        self._largest = 0.0
        self._early: list[float] = []  # the first norms of the run
        self._high: list[tuple[int, float]] = []  # steps above the limit, which are not part of the history
        self._last: tuple[StepValues, float] | None = None
        self._is_over, self._has_depth, self._deep = False, False, 0

    def update(self, values: StepValues) -> list[Finding]:
        if self._is_over:
            return []
        total = total_norm(values)
        if not np.isfinite(total):
            self._is_over = True
            return self._before_nan()
        found = self._over_steps(values, total) if total > 0 else []
        if found or self._high:
            return found
        return self._over_depth(values)

    def _over_steps(self, values: StepValues, total: float) -> list[Finding]:
        usual = float(self._totals.median()[0]) if len(self._totals) else np.nan
        absolute = 0 < self.limit["norm"] < total
        grown = total > self.limit["limit"] * usual and total > self.limit["largest"] * self._largest
        slowly = len(self._early) == FIRST and total > self.limit["early"] * max(self._early)
        self._early += [total] if len(self._early) < FIRST else []
        self._last = values, total
        if not (grown or slowly or absolute):
            self._high.clear()
            self._totals.add(np.array([total]))
            self._rows.add(values.get("gradient", "norm") / clip_factor(values))
            self._largest = max(self._largest, total)
            return []
        self._high.append((values.step, total))
        if len(self._high) < 2 and total < self.limit["sudden"] * usual and not absolute:
            return []
        self._is_over = True
        if slowly and not grown:
            usual, limit = max(self._early), self.limit["early"] * max(self._early)
            words = "the largest {:.3g} of the first logged steps"
        else:
            limit = self.limit["limit"] * usual if grown else self.limit["norm"]
            words = "the median {:.3g} before"
        return [self._found(values, total, usual, limit, self._high[0][0], words)]

    def _before_nan(self) -> list[Finding]:
        """Return the finding of a norm that had grown when the next logged step had NaN or Inf."""
        if self._last is None or len(self._totals) < 2:
            return []
        (values, total), norms = self._last, self._totals.values[:, 0]
        earlier = norms if self._high else norms[:-1]
        usual = float(np.median(earlier))
        if total < self.limit["before_nan"] * usual or total < self.limit["before_nan"] / 2 * earlier.max():
            return []
        limit, more = self.limit["before_nan"] * usual, "; at the next logged step it is NaN or Inf"
        # The norm may be only half of it over the largest norm, which is more than the median.
        return [self._found(values, total, usual, limit, values.step, more=more)]

    def _found(
        self, values: StepValues, total: float, usual: float, limit: float, since: int,
        words: str = "the median {:.3g} before", more: str = "",
    ) -> Finding:  # fmt: skip
        """Return the finding of a step.

        Args:
            values: of the step.
            total: the norm.
            usual: the norm that it is compared with, NaN if there is none.
            limit: the limit that the norm has crossed.
            since: the first step above a limit.
            words: what ``usual`` is.
            more: the end of the evidence.
        """
        rows, norms = values.rows["gradient"], values.get("gradient", "norm") / clip_factor(values)
        before = self._rows.median()
        before = np.append(before, np.full(len(rows) - before.size, np.nan))
        with np.errstate(all="ignore"):
            growth = np.where(rows.has_role("weight", "embedding"), norms / before, np.nan)
        growth = np.where(np.isfinite(growth), growth, 0)
        place = int(np.argmax(growth)) if growth.any() else int(np.nanargmax(norms))
        known = np.isfinite(usual)
        times = f", {total / usual:.3g} times {words.format(usual)}" if known else f", above {limit:g}"
        growing = f", {growth[place]:.3g} times its median" if growth[place] else ""
        most = f"{rows[place].name}: {norms[place]:.3g}{growing}"
        evidence = f"norm {total:.3g} at step {values.step}{times}; most in {most}{more}"
        advice: tuple[str, ...] = self.advice
        if maximizes(values):
            evidence += "; the optimizer has maximize=True"
            advice = ("Set maximize=False: the optimizer makes the loss grow.", *advice)
        return self.finding(
            values.step, "severe", evidence, since=since, layer=rows[place].module, row=rows[place].name,
            kind="gradient", statistic="norm", value=total, limit=limit,
            usual=usual if known else None, advice=advice, quantity="gradient norm of all parameters",
        )  # fmt: skip

    def _over_depth(self, values: StepValues) -> list[Finding]:
        """Return the finding of gradients that grow from layer to layer on the way back."""
        found = None if self._has_depth else profile(values)
        if found is None or found.places.size < self.limit["layers"] or not np.isfinite(found.sizes).all():
            return []
        sizes = found.sizes
        growth, cause = depth_growth(found)
        self._deep = self._deep + 1 if growth >= np.log10(self.limit["depth"]) else 0
        # At the first step it is the initialization. Later it must last.
        if not self._deep or (self._deep < 2 and len(self._totals) > 1):
            return []
        self._has_depth = True
        rows = values.rows[found.kind]
        largest = int(np.argmax(sizes[: sizes.size // 2]))
        usual = float(10 ** (sizes[largest] - growth))
        row, first = rows[int(found.places[cause])], rows[int(found.places[largest])]
        layers = list(dict.fromkeys(rows[int(place)].module for place in found.places[: cause + 1]))
        evidence = (
            f"from {row.module} on towards the input the gradient grows by {10**growth:.3g} at step "
            f"{values.step}, to {10 ** sizes.max():.3g} at {first.module}, over {name_layers(layers)}"
        )
        advice = (
            "Initialize for the activation: kaiming_normal_ for ReLU, xavier_normal_ for tanh.",
            "Add a normalization behind each layer, or residual connections.",
        )
        return [
            self.finding(
                values.step, "severe", evidence, layer=row.module, row=row.name, kind=found.kind, statistic="norm",
                value=float(10 ** sizes[largest]), limit=usual * self.limit["depth"], usual=usual,
                advice=(*advice, *self.advice[1:2]), quantity=f"gradient size at {first.module or 'the model'}",
                usual_is="that of the last layers", details={"layers": layers},
            )
        ]  # fmt: skip
