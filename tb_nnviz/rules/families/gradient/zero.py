"""The rule of layers that no gradient reaches."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.lasting import Lasting
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import Rows, StepValues

#: Consecutive logged steps at which no gradient arrives. A zeroed last layer lets nothing pass at the first step.
ZERO = {"patience": 3}


class Zero(Rule):
    """Report layers whose gradient is exactly zero in all their parameters."""

    name = "gradient/zero"
    title = "No gradient arrives"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})
    uses = frozenset({("activation_gradient", "count"), ("activation_gradient", "norm")})
    limits = ZERO
    advice = (
        "Look at what follows the named layer: dead units, a saturated function, or a multiplication by 0.",
        "Lower the learning rate if the layer had a gradient before: large updates kill units.",
        "Look for a detached tensor, argmax, rounding or a mask between this layer and the next.",
    )
    source = "https://arxiv.org/abs/1903.06733"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]))
        self._reported = False
        self._empty, self._empty_since = 0, 0

    def update(self, values: StepValues) -> list[Finding]:
        rows, norm, present = values.rows["gradient"], values.get("gradient", "norm"), values.present("gradient")
        if not present.any():
            return self._nothing(values)
        self._empty = 0
        judged = present & rows.trainable & (rows.numel > 0)
        if not (norm[judged] == 0).any():
            self._lasting.update(values.step, np.zeros(len(rows.layers), bool))
            return []
        largest, present_layers = np.zeros(len(rows.layers)), np.zeros(len(rows.layers), bool)
        with np.errstate(invalid="ignore"):
            np.maximum.at(largest, rows.layer[judged], norm[judged])
        present_layers[rows.layer[judged]] = True
        lasting = self._lasting.update(values.step, present_layers & (largest == 0))
        if self._reported or not lasting.any():
            return []
        self._reported = True
        layers = [rows.layers[i] for i in np.flatnonzero(lasting)]
        return [self._found(values, rows, layers, int(present_layers.sum()))]

    def _found(self, values: StepValues, rows: Rows, layers: list[str], count: int) -> Finding:
        depth = {row.module: -1.0 if row.depth is None else row.depth for row in rows}
        layers = sorted(layers, key=lambda layer: -depth[layer])
        layer = layers[0]  # the first on the way back from the loss
        since = int(self._lasting.since[rows.layers.index(layer)])
        evidence = f"gradient exactly 0 since step {since} in {len(layers)} of {count} layers: {name_layers(layers)}"
        after, advice = self._after(values, depth[layer]), None
        if len(layers) == count and self._has_passed_back(values):
            evidence += "; the gradients of the outputs are not 0, so that they were zeroed after the backward pass"
            advice = ("Call zero_grad() before backward() or after step(), not between them.", *self.advice)
        elif after:
            evidence += f"; {after} behind it still has a gradient"
        row = next(row for row in rows if row.module == layer)
        return self.finding(
            values.step, "severe", evidence, since=since, layer=layer, row=row.name, kind="gradient", statistic="norm",
            value=0.0, advice=advice, details={"layers": layers, "behind": after},
        )  # fmt: skip

    def _nothing(self, values: StepValues) -> list[Finding]:
        """Return the finding of steps at which not one parameter has a gradient."""
        rows = values.rows["gradient"]
        if not (rows.trainable & rows.measured).any() or not rows.measured.all():
            return []
        self._empty_since = self._empty_since if self._empty else values.step
        self._empty += 1
        if self._empty < self.limit["patience"] or self._reported:
            return []
        self._reported = True
        evidence = f"none of {len(rows)} parameters has a gradient when the optimizer steps, since step"
        advice = (
            "Call zero_grad() before backward() or after step(), not between them.",
            "Check that backward() is called on a loss that depends on the model's parameters.",
        )
        return [
            self.finding(
                values.step, "severe", f"{evidence} {self._empty_since}", since=self._empty_since, kind="gradient",
                statistic="count", value=0.0, advice=advice, details={"layers": rows.layers},
            )
        ]  # fmt: skip

    def _after(self, values: StepValues, depth: float) -> str:
        """Return the first module behind a layer whose output has a gradient, "" if it is unknown."""
        if not values.has("activation_gradient", "norm"):
            return ""
        rows, norm = values.rows["activation_gradient"], values.get("activation_gradient", "norm")
        with np.errstate(invalid="ignore"):
            later = np.flatnonzero((rows.depth > depth) & (norm > 0))
        return rows[int(later[np.argmin(rows.depth[later])])].module if later.size else ""

    def _has_passed_back(self, values: StepValues) -> bool:
        if not values.has("activation_gradient", "norm"):
            return False
        with np.errstate(invalid="ignore"):
            return bool((values.get("activation_gradient", "norm") > 0).any())
