"""The registry of all rules."""

from __future__ import annotations

from tb_nnviz.rules.families import (
    clipping,
    gradient,
    learning_rate,
    loss,
    nonfinite,
    parameter,
    precision,
    update,
)
from tb_nnviz.rules.rule import Rule

#: Every rule. A family is one file, whose rules are listed in its ``RULES``.
RULES: tuple[type[Rule], ...] = (
    *gradient.RULES,
    *nonfinite.RULES,
    *update.RULES,
    *parameter.RULES,
    *learning_rate.RULES,
    *loss.RULES,
    *clipping.RULES,
    *precision.RULES,
)  # fmt: skip
