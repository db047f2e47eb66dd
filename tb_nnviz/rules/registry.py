"""The registry of all rules."""

from __future__ import annotations

from tb_nnviz.rules.families import (
    activation,
    attention,
    clipping,
    gradient,
    input,
    learning_rate,
    loss,
    nonfinite,
    normalization,
    output,
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
    *activation.RULES,
    *input.RULES,
    *output.RULES,
    *attention.RULES,
    *normalization.RULES,
    *clipping.RULES,
    *precision.RULES,
)  # fmt: skip
