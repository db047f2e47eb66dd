"""Gradient norms that vanish, explode or are not finite: one finding per layer and problem.

By default, a norm below 1e-6 vanishes and a norm above 100 explodes. The thresholds are absolute: treat a finding as
an early warning, not as a diagnosis.
"""

from __future__ import annotations

import math

from tb_nnviz.rules.base import Finding, Rule, StepValues, layer_name
from tb_nnviz.rules.persistence import Persistence
from tb_nnviz.schema import Row

#: Consecutive logged steps at which a norm must be beyond a threshold. A nonfinite norm is reported at once.
PATIENCE = 3
#: A norm below this share of the threshold is severe, because the layer no longer learns.
SEVERE_SHARE = 1e-3

#: Severity, title and advice per problem. "zero" is a vanishing norm that is exactly 0.
TEXTS = {
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


class GradientNormRule(Rule):
    """Check the gradient norm of every layer.

    A layer's norm is the L2 norm over all its parameters together. A bias in front of a batch norm has no gradient
    by construction, which is not a problem as long as the weight of the same layer has one.

    Args:
        vanishing: a norm below this threshold vanishes.
        exploding: a norm above this threshold explodes.

    >>> import numpy as np
    >>> rule = GradientNormRule(1e-6, 100.0)
    >>> rows = {"gradient": [Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True)]}
    >>> statistics = {"gradient": {"count": np.array([2.0]), "norm": np.array([1e-9])}}
    >>> [str(finding) for step in range(5) for finding in rule.update(StepValues(step, rows, statistics, {}))]
    ['vanishing gradient in fc since step 0: norm 1e-09 at step 2']
    """

    name = "gradient_norm"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})

    def __init__(self, vanishing: float = 1e-6, exploding: float = 100.0) -> None:
        self._limits = {"vanishing": vanishing, "exploding": exploding}
        self._persistence = Persistence()

    def update(self, values: StepValues) -> list[Finding]:
        squares: dict[str, float] = {}
        shown: dict[str, Row] = {}
        for row, norm in values.present("gradient", "norm"):
            layer = layer_name(row)
            squares[layer] = squares.get(layer, 0.0) + norm * norm
            if layer not in shown or (row.role == "weight" and shown[layer].role != "weight"):
                shown[layer] = row
        findings = []
        for layer, square in squares.items():
            norm = math.sqrt(square)
            problem = self._problem(norm)
            patience = 1 if problem == "nonfinite" else PATIENCE
            since = self._persistence.observe(layer, problem, values.step, patience)
            if since is not None:
                findings.append(self._finding(problem, layer, shown[layer], since, values.step, norm))
        return findings

    def _problem(self, norm: float) -> str:
        if not math.isfinite(norm):
            return "nonfinite"
        return (
            "vanishing" if norm < self._limits["vanishing"] else "exploding" if norm > self._limits["exploding"] else ""
        )

    def _finding(self, problem: str, layer: str, row: Row, since: int, step: int, norm: float) -> Finding:
        severity, title, advice = TEXTS["zero" if problem == "vanishing" and norm == 0 else problem]
        evidence = f"norm {norm:.3g} at step {step}"
        if problem in self._limits:
            limit = self._limits[problem]
            if problem == "vanishing" and norm < SEVERE_SHARE * limit:
                severity = "severe"
            side = "below" if problem == "vanishing" else "above"
            evidence += f", {side} {limit:g} since step {since}, at {PATIENCE} logged steps in a row"
        return Finding(
            rule=f"gradient_norm/{problem}",
            severity=severity,
            title=title,
            kind="gradient",
            statistic="norm",
            row=row.name,
            layer=layer,
            depth=row.depth,
            since=since,
            step=step,
            value=norm,
            evidence=evidence,
            advice=advice,
            label=f"{problem} gradient",
        )
