"""The registry, which makes rules by name."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.rules.registry import RULES, default_rules
from tests.support.step_values import row, step_values


def test_default_rules_makes_new_rules_each_time() -> None:
    assert [type(rule) for rule in default_rules()] == list(RULES)
    assert all(one is not other for one, other in zip(default_rules(), default_rules(), strict=True))


def test_default_rules_settings_reach_the_rule() -> None:
    rules = {rule.name: rule for rule in default_rules({"gradient_norm": {"vanishing": 1.0, "exploding": 2.0}})}
    rule = rules["gradient_norm"]
    assert sum(len(rule.update(step_values(step, [row("a")], norm=np.array([0.5])))) for step in range(3)) == 1
    assert len(default_rules({"gradient_norm": None})) == len(RULES) - 1


def test_default_rules_unknown_name_raises() -> None:
    with pytest.raises(ValueError, match=r"unknown rule: 'gradient' \(one of .*gradient_norm.*\)"):
        default_rules({"gradient": None})


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
