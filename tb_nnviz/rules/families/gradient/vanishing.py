"""The rule of gradients that fall towards the input."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import UPDATE_READS, Profile, profile, relative_updates
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row

#: ``limit``: the gradient of the first layers over that of the last ones; AUTOTRAINER has 1e-3. A plain ReLU network
#: of PyTorch's initialization falls by 0.41 per layer (sqrt(1/6)) and recovers, so that one of these must hold, too:
#: it falls below ``steep`` per layer, as with sigmoids (at most 0.25); the updates of the first layers are below
#: ``ratio`` of their weights; or it falls below ``severe`` in all. ``patience`` logged steps must span ``steps``.
VANISHING = {
    "limit": 1e-3, "steep": 0.25, "ratio": 1e-4, "severe": 3e-5, "patience": 3, "steps": 10, "depth": 4,
    "norm": 0.0,
}  # fmt: skip


class Vanishing(Rule):
    """Report gradients that fall by orders of magnitude from the loss towards the input."""

    name = "gradient/vanishing"
    title = "Gradients vanish towards the input"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})
    uses = frozenset({("activation_gradient", "count"), ("activation_gradient", "norm")}) | UPDATE_READS
    limits = VANISHING
    advice = (
        "Use ReLU or GELU in place of sigmoid and tanh.",
        "Initialize for the activation: kaiming_normal_ for ReLU, xavier_normal_ for tanh.",
        "Add residual connections, or a normalization behind each layer.",
    )
    source = "https://proceedings.mlr.press/v9/glorot10a.html"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._steps = 0
        self._since = 0
        self._first = -1
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        self._first = values.step if self._first < 0 else self._first
        found = profile(values)
        if self._reported or found is None or found.places.size < self.limit["depth"] or not self._falls(values, found):
            self._steps = 0
            return []
        self._since = self._since if self._steps else values.step
        self._steps += 1
        if self._steps < self.limit["patience"] or values.step - self._since < self.limit["steps"]:
            return []
        self._reported = True
        return [self._found(values, found)]

    def _falls(self, values: StepValues, found: Profile) -> bool:
        """Return True if the gradients of a step vanish."""
        sizes = found.sizes
        if not np.isfinite(sizes).all():  # exact zeros and NaN are problems of their own
            return False
        top = _top(sizes)
        # The second smallest of the first half, because one small layer, such as a position's, is no trend.
        low = float(np.sort(np.maximum.accumulate(sizes)[: max(2, top)])[1]) if top > 1 else float(sizes[top])
        fall = low - float(sizes[top])
        if fall > np.log10(self.limit["limit"]):
            return bool(sizes.min() < np.log10(self.limit["norm"])) if self.limit["norm"] > 0 else False
        steep = fall / max(top - 1, 1) < np.log10(self.limit["steep"])
        return bool(steep or fall < np.log10(self.limit["severe"]) or self._is_still(values, found))

    def _is_still(self, values: StepValues, found: Profile) -> bool:
        """Return True if the first layers hardly move."""
        if not values.has("update", "norm") or not values.has("parameter", "norm"):
            return False
        rows, ratio = values.rows["update"], relative_updates(values)
        names = {values.rows[found.kind][place].module for place in found.places[: found.places.size // 2].tolist()}
        first = np.array([name in names for name in rows.layers], bool)[rows.layer] & np.isfinite(ratio)
        return bool(first.any() and np.median(ratio[first]) < self.limit["ratio"])

    def _found(self, values: StepValues, found: Profile) -> Finding:
        rows, sizes = values.rows[found.kind], found.sizes
        top = _top(sizes)
        drops = np.diff(sizes[: top + 1])
        # One layer that takes half of the fall is the cause. Otherwise all are alike, and the one with the smallest
        # gradient is named, which suffers most.
        sharp = int(np.argmax(drops)) + 1
        is_sharp = drops[sharp - 1] >= 0.5 * (sizes[top] - sizes[: top + 1].min())
        lowest = int(np.argmin(sizes[: top + 1]))
        cause = sharp if is_sharp else lowest
        vanished = np.flatnonzero(sizes < sizes[top] + np.log10(self.limit["limit"]))
        layers = [rows[int(place)].module for place in found.places[vanished]]
        low, high = 10 ** float(sizes[lowest]), 10 ** float(sizes[top])
        lowest_row, cause_row = rows[int(found.places[lowest])], rows[int(found.places[cause])]
        if is_sharp:
            cause_row = self._between(values, found, sharp)
        start, named = f"from {cause_row.module} on " if is_sharp else "", name_layers(dict.fromkeys(layers))
        evidence = (
            f"{start}towards the input the gradient falls to {low / high:.1g} of its size: {low:.2g} at "
            f"{lowest_row.module} and {high:.2g} at {rows[int(found.places[top])].module} at step {values.step}; "
            f"{vanished.size} of {sizes.size} layers, {named}, are below {self.limit['limit']:g}"
        )
        severe = low / high < self.limit["severe"]
        return self.finding(
            values.step, "severe" if severe else "warning", evidence, since=self._since, layer=cause_row.module,
            row=cause_row.name, kind=found.kind, statistic="norm", value=low, limit=high * self.limit["limit"],
            usual=high, advice=self.advice if self._since == self._first else self._later(),
            quantity=f"{_size(found)} of {lowest_row.module or 'the model'}",
            usual_is=f"that of {rows[int(found.places[top])].module or 'the model'}",
            details={"layers": list(dict.fromkeys(layers)), "smallest": lowest_row.module},
        )  # fmt: skip

    def _between(self, values: StepValues, found: Profile, place: int) -> Row:
        """Return the row of the module that lets the gradient fall between a layer and the one before it.

        It is the layer itself, or a module in front of it without weights, such as an activation function.
        """
        rows = values.rows[found.kind]
        row = rows[int(found.places[place])]
        first, last = rows.depth[found.places[place - 1 : place + 1]]
        with np.errstate(invalid="ignore"):
            there = np.flatnonzero((rows.depth >= first) & (rows.depth <= last) & values.present(found.kind))
        there = there[np.argsort(rows.depth[there], kind="stable")]
        with np.errstate(all="ignore"):
            drops = np.diff(np.log10(values.get(found.kind, "norm")[there]))
        if found.kind == "gradient" or not drops.size or not np.isfinite(drops).any():
            return row
        return rows[int(there[int(np.nanargmax(drops)) + 1])]

    def _later(self) -> tuple[str, ...]:
        """Return the advice for gradients that vanish in the course of training."""
        return (
            "Lower the learning rate: units that saturate or die let nothing pass.",
            "Add residual connections, or a normalization behind each layer.",
        )


def _size(found: Profile) -> str:
    """Return what a profile measures, in words."""
    return "norm of the gradient of the output" if found.kind == "activation_gradient" else "RMS of the gradient"


def _top(sizes: np.ndarray) -> int:
    """Return the position of the largest gradient in the second half of a profile."""
    half = sizes.size // 2
    return half + int(np.argmax(sizes[half:]))
