"""Tests of the scores."""

from __future__ import annotations

import math

import pytest

from tests.faults.case import Case, Fault
from tests.faults.scoring import Alarm, Score, first_of_each, score, summarize

TWIN = Case("mlp/twin", lambda: None)  # type: ignore[arg-type, return-value]


def fault(
    rules: tuple[str, ...] = ("activation/dead",),
    layers: tuple[str, ...] | None = ("act2", "blocks.1.*"),
    begins: tuple[int, int] = (50, 50),
    window: int | None = None,
) -> Fault:
    return Fault("mlp/dead", TWIN.build, rules, layers, begins, TWIN, window)


def alarm(rule: str = "activation/dead", layer: str = "act2", since: int = 50, severity: str = "severe") -> Alarm:
    return Alarm(rule, layer, since, severity)


def test_score_without_finding_is_all_wrong() -> None:
    assert score(fault(), [], 5) == Score(None, False, False, False)
    assert score(fault(layers=None), [], 5) == Score(None, False, None, False)


def test_score_of_third_finding_counts_as_missed() -> None:
    found = [alarm("loss/spike"), alarm("loss/stuck"), alarm()]
    assert score(fault(), found, 5) == Score(2, False, False, False)
    assert score(fault(), found[1:], 5) == Score(1, True, True, True)


def test_score_of_another_rule_is_wrong() -> None:
    assert score(fault(), [alarm("activation/saturated")], 5).place is None


def test_score_takes_all_rules_of_a_family() -> None:
    assert score(fault(rules=("activation/*",)), [alarm("activation/saturated")], 5).rule


@pytest.mark.parametrize(
    ("layer", "right"),
    [
        ("act2", True),
        ("act20", False),
        ("", False),
        ("blocks.1.fc", True),
        ("blocks.1", False),
        ("blocks.10.fc", False),
    ],
)
def test_score_judges_the_layer_by_patterns(layer: str, right: bool) -> None:
    assert score(fault(), [alarm(layer=layer)], 5).layer is right


@pytest.mark.parametrize(("since", "right"), [(44, False), (45, True), (50, True), (55, True), (56, False)])
def test_score_judges_the_step_to_one_window(since: int, right: bool) -> None:
    assert score(fault(), [alarm(since=since)], 5).step is right


@pytest.mark.parametrize(("since", "right"), [(-1, True), (79, True), (101, False)])
def test_score_takes_a_range_and_a_window(since: int, right: bool) -> None:
    assert score(fault(begins=(10, 80), window=20), [alarm(since=since)], 5).step is right


def test_score_joins_two_right_findings() -> None:
    found = [alarm(layer="act3"), alarm(since=90)]
    assert score(fault(), found, 5) == Score(0, True, True, True)


def test_score_ignores_what_a_wrong_finding_names() -> None:
    found = [alarm("loss/spike"), alarm(layer="act3", since=90)]
    assert score(fault(), found, 5) == Score(1, True, False, False)


def test_summary_counts_missed_faults_in_all_shares() -> None:
    scores = [Score(0, True, True, False), Score(None, False, False, False), Score(1, True, None, True)]
    healthy = [[alarm(), alarm(severity="warning")], [alarm(severity="notice")], [alarm(), alarm()], []]
    summary = summarize(scores, healthy)
    assert (summary.rule, summary.layer, summary.step) == (2 / 3, 1 / 2, 1 / 3)
    assert (summary.healthy, summary.severe_runs, summary.severe, summary.warnings) == (4, 2, 3, 1)
    assert summary.warnings_per_run == 0.25


def test_summary_of_nothing_has_no_shares() -> None:
    summary = summarize([], [])
    assert all(math.isnan(value) for value in (summary.rule, summary.layer, summary.step, summary.warnings_per_run))


def test_first_of_each_keeps_the_earliest_layer() -> None:
    found = [alarm(layer="act3", since=9), alarm("loss/spike", "", 7), alarm(layer="act1", since=3)]
    assert first_of_each(found) == [found[2], found[1]]
