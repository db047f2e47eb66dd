"""The registry of all rules."""

from __future__ import annotations

from tb_nnviz.rules.families import activation, attention, gradient, input, loss, normalization, output
from tb_nnviz.rules.rule import Rule

#: Every rule. A family is one file, whose rules are listed in its ``RULES``.
RULES: tuple[type[Rule], ...] = (
    *gradient.RULES,
    *loss.RULES,
    *activation.RULES,
    *input.RULES,
    *output.RULES,
    *attention.RULES,
    *normalization.RULES,
)  # fmt: skip
