"""Rules of the first NaN or Inf: which of several rows and kinds is the first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from tb_nnviz.rules.families.nonfinite import RULES
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.runner import RuleRunner
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import call, joined, row, step_values

CALLS = [call(f"fc{i}", i, "Linear", numel=4) for i in range(4)]
WEIGHTS = [row(f"fc{i}", depth=i, numel=4) for i in range(4)]
ROWS = {"activation": CALLS, "activation_gradient": CALLS, "gradient": WEIGHTS, "update": WEIGHTS, "parameter": WEIGHTS}


def values(step: int, *, kinds: Iterable[str] = tuple(ROWS), skipped: bool = False, **bad: Iterable[int]) -> StepValues:
    """Return a step in which some rows of some kinds are nonfinite."""
    parts = [StepValues(step, scalars={"skipped": float(skipped)})]
    for kind in kinds:
        number = np.zeros(4)
        number[list(bad.get(kind, ()))] = 2.0
        parts.append(step_values(step, ROWS[kind], kind, nonfinite=number))
    return joined(*parts)


def found(*steps: StepValues) -> list[Finding]:
    runner = RuleRunner([rule() for rule in RULES])
    return [one for step in steps for one in runner.update(step)]


EVERYTHING = {"activation": range(4), "activation_gradient": range(4), "gradient": range(4), "update": range(4)}


@pytest.mark.parametrize(
    ("bad", "rule", "layer"),
    [
        ({**EVERYTHING, "activation": [2, 3]}, "forward", "fc2"),
        ({**EVERYTHING, "activation": [], "activation_gradient": [0, 1], "gradient": [0, 1]}, "backward", "fc1"),
        ({**EVERYTHING, "activation": []}, "loss", "fc3"),
        ({"gradient": [1, 2], "update": [1, 2]}, "backward", "fc2"),
        ({"update": [1]}, "optimizer", "fc1"),
    ],
)
def test_nonfinite_origin_is_the_first_row(bad: dict[str, Iterable[int]], rule: str, layer: str) -> None:
    (one,) = found(values(0), values(10, **bad), values(20, parameter=range(4), **EVERYTHING))
    assert (one.rule, one.layer, one.since, one.severity) == (f"nonfinite/{rule}", layer, 10, "severe")
    assert "all finite at step 0" in one.evidence and one.details["is_origin"] is True


def test_nonfinite_parameters_say_that_it_arose_before() -> None:
    (one,) = found(values(0), values(10, parameter=range(4), **EVERYTHING))
    assert one.rule == "nonfinite/forward" and one.details["is_origin"] is False and "not logged" in one.evidence


def test_nonfinite_without_activations_is_told_from_the_gradient() -> None:
    kinds = ("gradient", "update", "parameter")
    (one,) = found(values(0, kinds=kinds), values(1, kinds=kinds, gradient=range(4), update=range(4)))
    assert (one.rule, one.layer) == ("nonfinite/backward", "fc3")


def test_nonfinite_mask_in_an_output_finds_nothing() -> None:
    assert found(*(values(step, activation=[1]) for step in range(5))) == []


def test_nonfinite_skipped_step_finds_nothing() -> None:
    assert found(*(values(step, skipped=True, **EVERYTHING) for step in range(5))) == []


@pytest.mark.parametrize(("first", "second", "count"), [(np.nan, 1.0, 0), (1.0, np.nan, 0), (1.0, np.inf, 1)])
def test_nonfinite_moment_that_an_optimizer_lacks_finds_nothing(first: float, second: float, count: int) -> None:
    moments = {"first_moment_norm": np.full(4, first), "second_moment_norm": np.full(4, second)}
    steps = [joined(values(step), step_values(step, WEIGHTS, "optimizer", **moments)) for step in range(3)]
    assert [one.rule for one in found(*steps)] == ["nonfinite/optimizer"] * count
