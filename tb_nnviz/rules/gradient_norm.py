"""Gradient norms that vanish, explode or turn nonfinite: one finding a layer and kind of trouble.

The limits are those of the guide this project grew from: a norm under 1e-6 vanishes, one over 100
explodes. They are absolute, so they are a word in time and not a verdict; set them to suit the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tb_nnviz.schema import Row

#: Logged steps in a row for which a norm must stay beyond a limit; nonfinite values are told at once.
PATIENCE = 3


class Finding(NamedTuple):
    """What is wrong in which layer, since which step; ``value`` is the norm at ``step``."""

    trouble: str
    layer: str
    since: int
    step: int
    value: float

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
        self._now: dict[str, tuple[str, int, int]] = {}  # by layer: its trouble, since when, for how many steps
        self._told: set[tuple[str, str]] = set()

    def update(self, step: int, rows: Sequence[Row], norms: np.ndarray) -> list[Finding]:
        """New findings at this step; ``norms`` is [rows], of parameters' gradients; NaN is nonfinite.

        Leave absent rows out.
        """
        squares: dict[str, float] = {}
        for row, norm in zip(rows, norms.tolist(), strict=True):
            layer = row.module or "the model"
            squares[layer] = squares.get(layer, 0.0) + norm * norm
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
                findings.append(Finding(trouble, layer, since, step, norm))
        return findings

    def _trouble(self, norm: float) -> str:
        if not math.isfinite(norm):
            return "nonfinite"
        return "vanishing" if norm < self._vanishing else "exploding" if norm > self._exploding else ""
