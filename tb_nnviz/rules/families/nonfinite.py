"""Rules of the first NaN or Inf among the statistics of a run.

At the first step with one, the rows are ordered: forward, then backward, then optimizer; forward in the order of
execution, backward in the reverse order. The first row is where the value arises. The other rows only pass it on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: Kinds of values that a forward pass makes, then of those that a backward pass makes.
_FORWARD = ("input", "activation", "output")
_BACKWARD = ("activation_gradient", "gradient")
_OPTIMIZER = ("update", "optimizer")


class Origin(NamedTuple):
    """The first nonfinite row of a step.

    Attributes:
        rule: the last part of the rule's name.
        kind: the row's kind.
        place: the row's position in its kind.
        is_known: False if the parameters of the step were nonfinite before it, so that the origin is an earlier step.
    """

    rule: str
    kind: str
    place: int
    is_known: bool


class Nonfinite(Rule):
    """The base of the rules, each of which reports the origins of one sort."""

    uses = frozenset(
        (kind, statistic)
        for kind in (*_FORWARD, *_BACKWARD, "update", "parameter")
        for statistic in ("count", "nonfinite")
    ) | {("optimizer", "count"), ("optimizer", "first_moment_norm"), ("optimizer", "second_moment_norm")}
    source = "https://arxiv.org/abs/1710.03740"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._is_over = False
        self._last_finite = -1

    def update(self, values: StepValues) -> list[Finding]:
        if self._is_over:
            return []
        origin = find_origin(values)
        if origin is None:
            self._last_finite = values.step
            return []
        self._is_over = True
        return [self._found(values, origin)] if self.name == f"nonfinite/{origin.rule}" else []

    def _found(self, values: StepValues, origin: Origin) -> Finding:
        kind = origin.kind
        rows = values.rows[kind]
        row, bad = rows[origin.place], nonfinite(values, kind)
        before = f"all finite at step {self._last_finite}" if self._last_finite >= 0 else "no earlier logged step"
        number = bad[origin.place]
        count = (
            f"{number:g} of {values.get(kind, 'count')[origin.place]:g} elements" if kind != "optimizer" else "moments"
        )
        evidence = (
            f"{count} of {kind.replace('_', ' ')} {row.name} are NaN or Inf at step {values.step}; {before}; so in "
            f"{int((bad > 0).sum())} of {len(rows)} rows"
        )
        if not origin.is_known:
            evidence += ", and in the parameters before the step: the value arose at a step that is not logged"
        return self.finding(
            values.step, "severe", evidence, layer=row.module, row=row.name, kind=kind,
            statistic="first_moment_norm" if kind == "optimizer" else "nonfinite", value=float(number), limit=0.0,
            usual=0.0, quantity="moments that are NaN or Inf" if kind == "optimizer" else "",
            details={"module": row.module, "call": row.call, "is_origin": origin.is_known},
        )  # fmt: skip


class Forward(Nonfinite):
    """Report the layer whose output is the first nonfinite value."""

    name = "nonfinite/forward"
    title = "A layer's output is NaN or Inf"
    reads = frozenset({("activation", "count"), ("activation", "nonfinite")})
    advice = (
        "Look at the named layer for a division by 0, log or sqrt of 0 or less, exp of a large number, or an overflow.",
        "If its input is nonfinite, look at the data: check each batch with torch.isfinite.",
        "If the values had grown before, lower the learning rate or clip the gradients.",
    )


class Backward(Nonfinite):
    """Report the layer in whose backward pass the first nonfinite gradient arises."""

    name = "nonfinite/backward"
    title = "A layer's gradient is NaN or Inf"
    reads = frozenset({("gradient", "count"), ("gradient", "nonfinite")})
    advice = (
        "Look at the named layer for sqrt, norm or a power at 0, or a division: their derivative is infinite there.",
        "Add a small number inside of the root or the denominator, not behind it.",
        "Replace torch.where around an invalid value by a valid input of the function: its gradient is NaN otherwise.",
    )


class Loss(Nonfinite):
    """Report a loss that is the first nonfinite value, though the model's output is finite."""

    name = "nonfinite/loss"
    title = "The loss makes NaN or Inf of finite outputs"
    reads = frozenset({("activation", "count"), ("activation_gradient", "count"), ("activation_gradient", "nonfinite")})
    advice = (
        "Look at the loss function for log(0), 0/0 or exp: use cross_entropy or binary_cross_entropy_with_logits.",
        "Check the targets for NaN, and for classes out of range.",
        "Add a small number to each denominator, and clamp what a log gets.",
    )


class Optimizer(Nonfinite):
    """Report an update that is the first nonfinite value, though the gradient is finite."""

    name = "nonfinite/optimizer"
    title = "The optimizer makes NaN or Inf of finite gradients"
    reads = frozenset({("update", "count"), ("update", "nonfinite"), ("gradient", "count")})
    advice = (
        "Raise the optimizer's eps: in float16, 1e-8 is 0 and the division is by 0.",
        "Look at the learning rate of this step, and at the optimizer's state: was it loaded from a checkpoint?",
        "Keep parameters and the optimizer's state in float32.",
    )


def find_origin(values: StepValues) -> Origin | None:
    """Return the first nonfinite row of a step, None if nothing is wrong.

    An infinity in an output whose gradients are all finite is a mask, such as that of attention, and no problem.
    """
    return values.share("nonfinite_origin", _find_origin)


def _find_origin(values: StepValues) -> Origin | None:
    suspects = [
        kind
        for kind, known in values.statistics.items()
        if kind == "optimizer" or ("nonfinite" in known and (known["nonfinite"] > 0).any())
    ]
    bad = {kind: nonfinite(values, kind) > 0 for kind in suspects}
    found = {kind for kind, mask in bad.items() if mask.any()}
    if not found:
        return None
    backward = [kind for kind in _BACKWARD if kind in values.statistics]
    optimizer = [kind for kind in _OPTIMIZER if kind in found]
    is_known = "parameter" not in found
    if is_known and backward and not found.intersection(backward) and not optimizer:
        return None
    for kind in _FORWARD:
        if kind in found:
            return Origin("forward", kind, int(np.flatnonzero(bad[kind])[0]), is_known)
    for kind in backward:
        if kind in found:
            depth = np.where(np.isnan(values.rows[kind].depth), -1.0, values.rows[kind].depth)
            present = values.present(kind)
            deepest = np.flatnonzero(present & (depth == depth[present].max()))
            first = np.flatnonzero(bad[kind])
            place = int(first[np.argmax(depth[first])])
            loss = kind == "activation_gradient" and bad[kind][deepest].any() and "activation" in values.statistics
            return Origin("loss" if loss else "backward", kind, place, is_known)
    for kind in (*optimizer, "parameter"):
        if kind in found:
            return Origin("optimizer", kind, int(np.flatnonzero(bad[kind])[0]), is_known)
    return None


def nonfinite(values: StepValues, kind: str) -> np.ndarray:
    """Return the number of nonfinite elements of each row, 0 for absent rows: float64 [rows]."""
    if kind == "optimizer":
        names = [name for name in ("first_moment_norm", "second_moment_norm") if values.has(kind, name)]
        if not names:
            return np.zeros(len(values.rows[kind]))
        moments = np.array([values.get(kind, name) for name in names])
        # An optimizer that keeps one moment only has NaN in place of the other.
        broken = np.isinf(moments).any(axis=0) | np.isnan(moments).all(axis=0)
        return np.where(values.present(kind), broken, False).astype(np.float64)
    if not values.has(kind, "nonfinite"):
        return np.zeros(len(values.rows[kind]))
    return np.where(values.present(kind), values.get(kind, "nonfinite"), 0.0)


RULES = (Forward, Backward, Loss, Optimizer)
