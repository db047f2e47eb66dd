"""Gradient norms that vanish, explode or turn nonfinite: one finding a layer and kind of trouble.

The limits are those of the guide this project grew from: a norm under 1e-6 vanishes, one over 100
explodes. They are absolute, so they are a word in time and not a verdict; set them to suit the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tb_nnviz.schema import Row

#: Logged steps in a row for which a norm must stay beyond a limit; nonfinite values are told at once.
PATIENCE = 3


#: A norm under this share of the limit, or 0, is severe: the layer stands still.
SEVERE_SHARE = 1e-3

#: What is said of each kind of trouble: severity, title, advice. "zero" is a norm that vanishes to exactly 0.
WORDS = {
    "vanishing": (
        "warning",
        "Gradient vanishes",
        "Between the loss and this layer the gradient shrinks: try ReLU or GELU for sigmoid or tanh, norm layers, "
        "residual connections, or an initialization made for the activation (He, Xavier).",
    ),
    "zero": (
        "severe",
        "No gradient arrives",
        "Nothing behind this layer passes a gradient on: look for dead units (dead fraction of the activations), "
        "a detached tensor, or a saturated loss. Try a lower learning rate, or LeakyReLU or GELU, from the start.",
    ),
    "exploding": (
        "warning",
        "Gradient explodes",
        "Clip the gradients (monitor.clip_grad_norm_), lower the learning rate or warm it up more slowly, and check "
        "the scale of inputs and initialization. Where such norms are usual, set gradient_norm_limits.",
    ),
    "nonfinite": (
        "severe",
        "Gradient is NaN or Inf",
        "Look at the steps just before: which norm or update ratio grew first? Lower the learning rate or clip the "
        "gradients; look for log(0), 0/0 or an overflow of float16 (use a GradScaler) in the forward pass.",
    ),
}


class Finding(NamedTuple):
    """What is wrong in which layer, since which step; ``value`` is the norm at ``step``.

    ``row`` is the parameter that shows it best, ``limit`` what the norm is beyond of.
    """

    trouble: str
    layer: str
    since: int
    step: int
    value: float
    row: str = ""
    depth: int | None = None
    limit: float = math.nan

    def document(self) -> dict[str, Any]:
        """What is logged: the same in words, with evidence and advice.

        >>> Finding("exploding", "fc", 4, 8, 250.0, "fc.weight", 3, 100.0).document()["evidence"]
        'norm 250 at step 8, above 100 since step 4, at 3 logged steps in a row'
        """
        severity, title, advice = WORDS["zero" if self.trouble == "vanishing" and self.value == 0 else self.trouble]
        if self.trouble == "vanishing" and self.value < SEVERE_SHARE * self.limit:
            severity = "severe"
        evidence = f"norm {self.value:.3g} at step {self.step}"
        if self.trouble != "nonfinite":
            side = "below" if self.trouble == "vanishing" else "above"
            evidence += f", {side} {self.limit:g} since step {self.since}, at {PATIENCE} logged steps in a row"
        return {
            "rule": f"gradient_norm/{self.trouble}",
            "severity": severity,
            "title": title,
            "kind": "gradient",
            "statistic": "norm",
            "row": self.row or self.layer,
            "layer": self.layer,
            "depth": self.depth,
            "since": self.since,
            "step": self.step,
            # JSON has no NaN
            "value": self.value if math.isfinite(self.value) else None,
            "evidence": evidence,
            "advice": advice,
        }

    def __str__(self) -> str:
        since = "" if self.since == self.step else f" since step {self.since}"
        return f"{self.trouble} gradient in {self.layer}{since}: norm {self.value:.3g} at step {self.step}"


class GradientNormRule:
    """Follows the gradient norm of every layer, step by step.

    A layer's norm is that of all its parameters together: a bias in front of a batch norm has no
    gradient by construction, and is no trouble while its weight has one.

    >>> rule = GradientNormRule(1e-6, 100.0)
    >>> row = Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True)
    >>> [str(finding) for step in range(5) for finding in rule.update(step, [row], np.array([1e-9]))]
    ['vanishing gradient in fc since step 0: norm 1e-09 at step 2']
    """

    def __init__(self, vanishing: float, exploding: float) -> None:
        self._vanishing, self._exploding = vanishing, exploding
        self._limits = {"vanishing": vanishing, "exploding": exploding}
        self._now: dict[str, tuple[str, int, int]] = {}  # by layer: its trouble, since when, for how many steps
        self._told: set[tuple[str, str]] = set()

    def update(self, step: int, rows: Sequence[Row], norms: np.ndarray) -> list[Finding]:
        """New findings at this step; ``norms`` is [rows], of parameters' gradients; NaN is nonfinite.

        Leave absent rows out.
        """
        squares: dict[str, float] = {}
        shows: dict[str, Row] = {}
        for row, norm in zip(rows, norms.tolist(), strict=True):
            layer = row.module or "the model"
            squares[layer] = squares.get(layer, 0.0) + norm * norm
            if layer not in shows or (row.role == "weight" and shows[layer].role != "weight"):
                shows[layer] = row
        findings = []
        for layer, square in squares.items():
            norm = math.sqrt(square)
            trouble = self._trouble(norm)
            before, since, steps = self._now.get(layer, ("", step, 0))
            since, steps = (since, steps + 1) if before == trouble else (step, 1)
            self._now[layer] = trouble, since, steps
            told = (layer, trouble)
            if trouble and told not in self._told and (trouble == "nonfinite" or steps >= PATIENCE):
                self._told.add(told)
                row, limit = shows[layer], self._limits.get(trouble, math.nan)
                findings.append(Finding(trouble, layer, since, step, norm, row.name, row.depth, limit))
        return findings

    def _trouble(self, norm: float) -> str:
        if not math.isfinite(norm):
            return "nonfinite"
        return "vanishing" if norm < self._vanishing else "exploding" if norm > self._exploding else ""
