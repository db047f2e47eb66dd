"""Rules of attention, on hand-written values."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.rules.families.attention import Collapse, Logits
from tb_nnviz.rules.rule import Rule
from tests.support.step_values import call, findings_of, step_values

NAN = np.nan
ROWS = [call("a", 0, "Attention"), call("fc", 1, "Linear"), call("b", 2, "Attention"), call("c", 3, "Attention")]


def found(rule: type[Rule], *series: list[float]) -> list[tuple[str, str, int]]:
    statistic = "attention_entropy" if rule is Collapse else "attention_logit"
    steps = [step_values(i, ROWS, "activation", **{statistic: np.array(values)}) for i, values in enumerate(series)]
    return [(one.severity, one.layer, one.since) for one in findings_of(rule(), steps)]


def test_collapse_of_a_layer_is_found() -> None:
    assert found(Collapse, [0.9, NAN, 0.9, 0.9], *[[0.8, NAN, 0.02, 0.01]] * 3) == [("warning", "b", 1)]


def test_collapse_from_the_start_is_found() -> None:
    assert found(Collapse, *[[0.9, NAN, 0.02, 0.9]] * 3) == [("warning", "b", 0)]


@pytest.mark.parametrize("entropy", [[0.9, NAN, 0.3, 1.0], [0.2, NAN, 0.1, 0.06], [NAN] * 4])
def test_collapse_sharp_or_equal_weights_find_nothing(entropy: list[float]) -> None:
    assert found(Collapse, [0.95, NAN, 0.95, 0.95], *[entropy] * 9) == []


def test_logits_above_the_limit_are_found() -> None:
    assert found(Logits, *[[2, NAN, 150, 3]] * 3) == [("warning", "b", 0)]
    assert found(Logits, *[[2, NAN, 2e4, 3]] * 3) == [("severe", "b", 0)]


def test_logits_that_grow_are_found_below_the_limit() -> None:
    assert found(Logits, [2, NAN, 3, 2], [2, NAN, 40, 2], [2, NAN, 60, 2]) == [("warning", "b", 1)]


@pytest.mark.parametrize("last", [[20, NAN, 25, 29], [2, NAN, 90, 2], [NAN] * 4])
def test_logits_moderate_find_nothing(last: list[float]) -> None:
    assert found(Logits, [1, NAN, 40, 1], *[last] * 9) == []


@pytest.mark.parametrize("rule", [Collapse, Logits])
def test_all_single_step_finds_nothing(rule: type[Rule]) -> None:
    assert found(rule, [1e9 if rule is Logits else 0.0] * 4) == []
