"""The rule of gradients that are not set to zero between steps."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import clip_factor, total_norm
from tb_nnviz.rules.step_values import Rows, StepValues

#: ``limit``: difference between the sum of a bias's gradient and the sum of the gradient of its layer's output, over
#: the largest sum that the bias's gradient can have. Without accumulation they are equal, up to rounding of 16 bits.
#: ``growth``: norm over the first one, for logs without activations. ``patience``: logged steps.
ACCUMULATES = {"limit": 0.05, "growth": 3.0, "patience": 3}
#: Classes whose bias is added to each output once: the sums of both gradients are equal.
_ADDS_BIAS = ("Linear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")


class Accumulates(Rule):
    """Report gradients that contain those of earlier steps.

    A gradient that is there when a step begins does not suffice: many loops call ``zero_grad()`` after the forward
    pass.
    """

    name = "gradient/accumulates"
    title = "Gradients are not set to zero"
    reads = frozenset({("gradient", "count"), ("gradient", "norm"), ("gradient", "mean")})
    uses = frozenset({("activation_gradient", "count"), ("activation_gradient", "mean")})
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
        self._steps = 0
        self._since = 0
        self._pairs: tuple[Rows, Rows, np.ndarray, np.ndarray] | None = None
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        total = total_norm(values)
        first = self._first
        self._first = total if first is None else first
        stale, last, self._last = values.scalars["stale_gradient"] > 0, self._last, total
        if self._reported or not stale or first is None or not np.isfinite(total):
            self._steps = 0
            return []
        differs = self._differs(values)
        grows = total > last and total > 0
        if not (grows if differs is None else differs):
            self._steps = 0
            return []
        self._since = self._since if self._steps else values.step
        self._steps += 1
        if self._steps < self.limit["patience"] or not (differs or total > self.limit["growth"] * first):
            return []
        self._reported = True
        rows, norms = values.rows["gradient"], values.get("gradient", "norm")
        place = int(np.nanargmax(norms))
        evidence = (
            f"gradients of the step before are still there when each step begins, since step {self._since}; norm "
            f"{total:.3g} at step {values.step}, {first:.3g} at the first logged step"
        )
        return [
            self.finding(
                values.step, "severe", evidence, since=self._since, row=rows[place].name, kind="gradient",
                statistic="norm", value=total, usual=first,
            )
        ]  # fmt: skip

    def _differs(self, values: StepValues) -> bool | None:
        """Return True if most biases have another gradient than the step's outputs give, None if it is unknown."""
        if not values.has("activation_gradient", "mean") or values.scalars.get("loss_scale", 1.0) != 1.0:
            return None
        biases, outputs = values.rows["gradient"], values.rows["activation_gradient"]
        if self._pairs is None or self._pairs[0] is not biases or self._pairs[1] is not outputs:
            self._pairs = (biases, outputs, *_pairs(biases, outputs))
        _, _, bias, output = self._pairs
        here = values.present("gradient")[bias] & values.present("activation_gradient")[output]
        bias, output = bias[here], output[here]
        if not bias.size:
            return None
        factor, counts = clip_factor(values), values.get("gradient", "count")[bias]
        given = values.get("gradient", "mean")[bias] * counts / factor
        expected = (
            values.get("activation_gradient", "mean")[output] * values.get("activation_gradient", "count")[output]
        )
        scale = np.sqrt(counts) * values.get("gradient", "norm")[bias] / factor
        with np.errstate(all="ignore"):
            difference = np.abs(given - expected) / scale
        known = np.isfinite(difference)
        return bool((difference[known] > self.limit["limit"]).mean() > 0.5) if known.any() else None


def _pairs(biases: Rows, outputs: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of biases, and for each the row of its layer's only output."""
    calls: dict[str, list[int]] = {}
    for place, row in enumerate(outputs):
        calls.setdefault(row.module, []).append(place)
    found = [
        (place, calls[row.module][0])
        for place, row in enumerate(biases)
        if row.role == "bias" and row.type in _ADDS_BIAS and not row.tied_to and len(calls.get(row.module, ())) == 1
    ]
    bias, output = zip(*found, strict=True) if found else ((), ())
    return np.array(bias, np.int64), np.array(output, np.int64)
