"""Rules of low precision: hand-written courses that trigger them, and those that must not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from tb_nnviz.rules.families.precision import SMALLEST, LossScale, Underflow
from tb_nnviz.rules.runner import RuleRunner
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import call, findings_of, joined, step_values


def scaled(skipped: Iterable[int], steps: int, every: int = 1, scale: float = 65536.0) -> list[StepValues]:
    """Return the logged and the skipped steps of a run. The scale halves at each skip."""
    skips, found = set(skipped), []
    for step in range(steps):
        if step in skips or step % every == 0:
            found.append(StepValues(step, scalars={"loss_scale": scale, "skipped": float(step in skips)}))
        scale *= 0.5 if step in skips else 1.0
    return found


def test_loss_scale_every_step_skipped_is_severe() -> None:
    (found,) = findings_of(LossScale(), scaled(range(60), 60, 10))
    assert (found.severity, found.since, found.step) == ("severe", 0, 19) and "no step was taken" in found.evidence


def test_loss_scale_every_step_skipped_is_found_by_logged_steps_alone() -> None:
    steps = [StepValues(10 * i, scalars={"loss_scale": 1.0, "skipped": 1.0}) for i in range(5)]
    (found,) = findings_of(LossScale(), steps)
    assert (found.severity, found.since) == ("severe", 0)


def test_loss_scale_skips_from_a_step_on_are_dated_to_it() -> None:
    (found,) = findings_of(LossScale(), scaled(range(60, 100), 100, 10, scale=2.0**40))
    assert (found.severity, found.since) == ("severe", 60)


def test_loss_scale_falls_below_one() -> None:
    (found,) = findings_of(LossScale(), scaled(range(30, 300, 15), 300))
    assert found.severity == "warning" and found.since == 30


def test_loss_scale_many_skips_are_found() -> None:
    (found,) = findings_of(LossScale(), scaled(range(20, 400, 4), 400, scale=2.0**200))
    assert found.severity == "warning" and "are skipped" in found.evidence


@pytest.mark.parametrize(
    ("skipped", "steps"),
    [(range(6), 400), (range(16), 400), ([], 200), ([5, 100, 200, 300], 400), (range(0, 2000, 200), 2000)],
)
def test_loss_scale_of_a_healthy_scaler_finds_nothing(skipped: Iterable[int], steps: int) -> None:
    assert findings_of(LossScale(), scaled(skipped, steps, 10)) == []


def test_loss_scale_rule_is_called_at_skipped_steps() -> None:
    runner = RuleRunner([LossScale()])
    found = [one for values in scaled(range(60), 60, 10) for one in runner.update(values)]
    assert [one.rule for one in found] == ["precision/loss_scale"]


CALLS = [replace(call(f"fc{i}", i, "Linear"), dtype="float16") for i in range(4)]


def sent_back(step: int, size: object, zeros: object, scale: float = 1.0, dtype: str = "float16") -> StepValues:
    """Return gradients of outputs, whose elements that are not 0 have some size in units of the smallest number."""
    zeros = np.broadcast_to(np.asarray(zeros, float), 4)
    rms = np.asarray(size, float) * SMALLEST / scale * np.sqrt(1 - zeros)
    rows = [replace(one, dtype=dtype) for one in CALLS]
    values = step_values(step, rows, "activation_gradient", rms=np.broadcast_to(rms, 4), zero_fraction=zeros)
    return joined(values, StepValues(step, scalars={"loss_scale": scale} if scale != 1.0 else {}))


def test_underflow_names_the_first_output_from_the_loss() -> None:
    (found,) = findings_of(Underflow(), [sent_back(step, [1, 2, 3, 1e4], [1, 0.99, 0.8, 0.1]) for step in range(4)])
    assert (found.layer, found.severity, found.since, found.step) == ("fc2", "severe", 0, 2)
    assert found.details["layers"] == ["fc0", "fc1", "fc2"]


def test_underflow_of_everything_from_the_first_step_is_found() -> None:
    (found,) = findings_of(Underflow(), [sent_back(step, 1.0, 1.0) for step in range(4)])
    assert (found.layer, found.severity, found.since) == ("fc3", "severe", 0) and "nothing is left" in found.evidence
    later = [sent_back(0, 1e4, 0.5), *(sent_back(step, 1.0, 1.0) for step in range(1, 6))]
    assert findings_of(Underflow(), later) == []  # what follows the model is at fault


@pytest.mark.parametrize(
    "values",
    [
        {"size": 1e5, "zeros": 0.75},  # ReLU and max-pooling
        {"size": 2.0, "zeros": 0.99, "dtype": "float32"},
        {"size": 2.0, "zeros": 0.99, "dtype": "bfloat16"},
        {"size": 1e4, "zeros": 0.9, "scale": 65536.0},
        {"size": 1e4, "zeros": [1.0, 1.0, 0.5, 0.5]},  # dead layers
        {"size": 2.0, "zeros": 0.1},
    ],
)
def test_underflow_healthy_gradients_find_nothing(values: dict[str, object]) -> None:
    assert findings_of(Underflow(), [sent_back(step, **values) for step in range(6)]) == []  # type: ignore[arg-type]
