"""Chains of cause and effect."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import permutations

import pytest

from tb_nnviz.rules.chain import EFFECTS, explain
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.registry import RULES


def finding(rule: str, since: int, severity: str = "severe", layer: str = "", kind: str = "") -> Finding:
    return Finding(rule, severity, "", layer, "", kind, "", since, since + 2, None, None, None, "", ())


def told(findings: list[Finding]) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(one.rule, one.since, one.explains) for one in explain(findings)]


def test_explain_chain_begins_with_its_cause_in_any_order() -> None:
    found = [
        finding("learning_rate/too_high", 100),
        finding("gradient/exploding", 104),
        finding("nonfinite/forward", 120),
        finding("loss/nonfinite", 121),
    ]
    for order in permutations(found):
        first, *effects = told(list(order))
        assert first == ("learning_rate/too_high", 100, ("gradient/exploding", "nonfinite/forward", "loss/nonfinite"))
        assert [rule for rule, _, _ in effects] == ["gradient/exploding", "nonfinite/forward", "loss/nonfinite"]
        assert not any(explains for _, _, explains in effects)


def test_explain_cause_that_is_noticed_later_comes_first() -> None:
    found = [finding("loss/diverges", 104), finding("learning_rate/too_high", 112)]
    assert told(found)[0] == ("learning_rate/too_high", 112, ("loss/diverges",))
    apart = [finding("loss/diverges", 104), finding("learning_rate/too_high", 150)]
    assert [explains for _, _, explains in told(apart)] == [(), ()]


def test_explain_nearest_of_several_causes() -> None:
    found = [
        finding("activation/dead", 24, "warning", "early"),
        finding("activation/dead", 80, "severe", "late"),
        finding("gradient/zero", 80),
    ]
    assert told(found) == [
        ("activation/dead", 80, ("gradient/zero",)), ("gradient/zero", 80, ()), ("activation/dead", 24, ()),
    ]  # fmt: skip


def test_explain_harmless_cause_does_not_explain_worse() -> None:
    found = [finding("activation/dead", 24, "warning"), finding("output/constant", 80)]
    assert [explains for _, _, explains in told(found)] == [(), ()]
    soon = [finding("activation/dead", 24, "warning"), finding("output/constant", 40)]
    assert told(soon)[0] == ("activation/dead", 24, ("output/constant",))


def test_explain_cause_is_the_place_of_the_chains_first() -> None:
    found = [
        finding("update/none", 3, "notice"),
        finding("activation/dead", 24, "warning"),
        finding("activation/dead", 80),
        finding("gradient/zero", 80),
        finding("loss/stuck", 0),
    ]
    for order in permutations(found):
        explained = explain([replace(one, cause=99) for one in order])
        for place, one in enumerate(explained):
            if one.cause is None:
                effects = [other.rule for other in explained if other.cause == place]
                assert one.explains == tuple(effects)
            else:
                assert one.cause < place
                assert explained[one.cause].cause is None
    assert [one.since for one in explained if one.rule == "gradient/zero" and one.cause is not None] == [80]


def test_explain_worst_chain_comes_first() -> None:
    found = [
        finding("update/too_large", 0, "warning"),
        finding("parameter/foreign", 7),
        finding("loss/plateau", 3, "notice"),
    ]
    assert told(found)[0][0] == "parameter/foreign"


def test_explain_forward_before_backward_before_optimizer() -> None:
    found = [
        finding("a/update", 5, kind="update"),
        finding("a/gradient", 5, kind="gradient"),
        finding("a/out", 5, kind="activation"),
    ]
    assert [rule for rule, _, _ in told(found)] == ["a/out", "a/gradient", "a/update"]


def test_explain_execution_order_decides_within_a_step() -> None:
    found = [finding("a/b", 5, layer="second", kind="activation"), finding("a/b", 5, layer="first", kind="activation")]
    assert [one.layer for one in explain(found, {"first": 0, "second": 1})] == ["first", "second"]


def test_explain_mutual_causes_end() -> None:
    rules = [rule for rule in EFFECTS if any(cause != rule and _explains(rule, cause) for cause in EFFECTS)]
    found = [finding(rule, 10 + place % 3) for place, rule in enumerate(rules)]
    assert sorted(one.rule for one in explain(found)) == sorted(rules)


@pytest.mark.parametrize("cause", list(EFFECTS))
def test_effects_name_rules_that_exist(cause: str) -> None:
    names = [rule.name for rule in RULES]
    assert cause in names
    for pattern in EFFECTS[cause]:
        assert any(fnmatchcase(name, pattern) for name in names), pattern


def _explains(effect: str, cause: str) -> bool:
    return any(fnmatchcase(effect, pattern) for pattern in EFFECTS[cause])
