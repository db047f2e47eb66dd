"""The settings of rules, and the registry."""

from __future__ import annotations

import pytest

from tb_nnviz.rules.registry import RULES
from tb_nnviz.rules.settings import make_rules


def test_make_rules_makes_new_rules_each_time() -> None:
    assert [type(rule) for rule in make_rules()] == list(RULES)
    assert all(one is not other for one, other in zip(make_rules(), make_rules(), strict=True))


def test_make_rules_limits_reach_the_rule() -> None:
    rules = {rule.name: rule for rule in make_rules({"gradient/zero": {"patience": 7}})}
    assert rules["gradient/zero"].limit["patience"] == 7


def test_make_rules_none_switches_off() -> None:
    assert len(make_rules({"gradient/zero": None})) == len(RULES) - 1
    assert not any(rule.name.startswith("loss/") for rule in make_rules({"loss/*": None}))
    assert make_rules({"*": None}) == []
    assert [rule.name for rule in make_rules({"*": None, "loss/spike": {}})] == ["loss/spike"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gradient/zeros": None}, r"unknown rule: 'gradient/zeros' \(near: gradient/zero"),
        ({"weather": None}, r"unknown rule: 'weather' \(one of "),
        ({"grad/*": None}, r"unknown rule: 'grad/\*'"),
        ({3: None}, r"unknown rule: 3"),
        ({"gradient/zero": {"patienc": 3}}, r"unknown limit of gradient/zero: 'patienc' \(near: patience\)"),
        ({"gradient/zero": {"patience": "3"}}, r"invalid limit of gradient/zero: patience='3' \(a finite number\)"),
        ({"gradient/zero": {"patience": float("nan")}}, r"patience=nan \(a finite number\)"),
    ],
)
def test_make_rules_unknown_name_or_limit_raises(settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        make_rules(settings)


@pytest.mark.parametrize("settings", ["loss", ["gradient/zero"], {"gradient/zero": 3}])
def test_make_rules_wrong_type_raises(settings) -> None:
    with pytest.raises(TypeError, match="invalid"):
        make_rules(settings)


def test_rules_describe_themselves() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        family, name = rule.name.split("/")
        assert family and name and rule.title and rule.advice and rule.source.startswith("https://"), rule.name
        assert rule.reads or rule.takes_logged or rule.scalars or rule.takes_optimizers, rule.name
        assert all((kind, "count") in rule.reads for kind, _ in rule.reads), rule.name
