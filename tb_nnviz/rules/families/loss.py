"""Rules of the loss that the user logs."""

from __future__ import annotations

import math

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues


class Nonfinite(Rule):
    """Report the first NaN or Inf among the losses that the user logs."""

    name = "loss/nonfinite"
    title = "Loss is NaN or Inf"
    takes_logged = True
    advice = (
        "Look at the first layer with a nonfinite output or gradient: it is where the values break.",
        "Lower the learning rate, or clip the gradients.",
        "Look for log(0), 0/0, or an overflow of float16 in the loss function.",
    )
    source = "https://arxiv.org/abs/1710.03740"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._reported = False
        self._last: float | None = None

    def update(self, values: StepValues) -> list[Finding]:
        losses = {name: value for name, value in values.logged.items() if is_loss(name)}
        bad = next((name for name, value in losses.items() if not math.isfinite(value)), None)
        if bad is None or self._reported:
            self._last = next(iter(losses.values()), self._last)
            return []
        self._reported = True
        before = "" if self._last is None else f", {self._last:.3g} before"
        evidence = f"{bad} is {losses[bad]} at step {values.step}{before}"
        return [self.finding(values.step, "severe", evidence, usual=self._last)]


def is_loss(name: str) -> bool:
    """Return True if a scalar of the user is a loss, by its name.

    >>> is_loss("loss"), is_loss("train/loss"), is_loss("accuracy")
    (True, True, False)
    """
    return "loss" in name.lower()


RULES = (Nonfinite,)
