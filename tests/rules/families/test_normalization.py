"""Rules of normalization layers, on hand-written values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tb_nnviz.rules.families.normalization import Evaluation, OneSample
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import call, findings_of, joined, row, step_values

NAN = np.nan
NET = [
    call("conv", 0, "Conv2d", 4),
    replace(call("bn", 1, "BatchNorm2d", 4), role="norm"),
    call("fc", 2, "Linear", 4),
    replace(call("ln", 3, "LayerNorm", 4), role="norm"),
]
PARAMETERS = [replace(row("bn", name, type="BatchNorm2d"), role="norm") for name in ("weight", "bias")]


def step(i: int, share: float | None, mean: float = 0.0, rms: float = 1.0, seen: bool = True) -> StepValues:
    """Return a step whose batch normalization has weight 1, bias 0, and an output of a mean and an RMS."""
    values = [step_values(i, PARAMETERS, "parameter", mean=np.array([1.0, 0.0]), rms=np.array([1.0, 0.0]))]
    if seen:
        means, sizes = np.array([0.3, mean, 0, 0]), np.array([1.0, rms, 1, 1])
        values.append(step_values(i, NET, "activation", mean=means, rms=sizes))
    scalars = {} if share is None else {"batch_norm_evaluation": share}
    return joined(*values, StepValues(i, scalars=scalars))


def evaluation(*steps: StepValues) -> list[tuple[str, str, int]]:
    return [(one.severity, one.layer, one.since) for one in findings_of(Evaluation(), steps)]


def test_evaluation_of_the_whole_model_is_a_warning() -> None:
    assert evaluation(*(step(i, 1.0, seen=False) for i in range(4))) == [("warning", "bn", 0)]


def test_evaluation_after_a_validation_is_a_warning() -> None:
    assert evaluation(step(0, 0.0), *(step(i, 1.0, 0.01) for i in range(1, 4))) == [("warning", "bn", 1)]


def test_evaluation_with_statistics_of_other_inputs_is_a_warning() -> None:
    assert evaluation(*(step(i, 1.0, 0.4, 0.3) for i in range(4))) == [("warning", "bn", 0)]


def test_evaluation_from_the_start_with_right_statistics_is_a_notice() -> None:
    assert evaluation(*(step(i, 1.0, 0.01, 1.05) for i in range(4))) == [("notice", "bn", 0)]


def test_evaluation_in_training_mode_finds_nothing() -> None:
    assert evaluation(*(step(i, 0.0) for i in range(9))) == []
    assert evaluation(*(step(i, 1.0 if i % 2 else 0.0) for i in range(9))) == []


def samples(count: int, spread: list[float] | None, share: float = 0.0, weight: float = 1.0) -> list[StepValues]:
    extra = {} if spread is None else {"batch_std~": np.array(spread)}
    activations = {"count": np.full(4, 4.0), "rms": np.ones(4), **extra}
    parameters = step_values(0, PARAMETERS, "parameter", rms=np.full(2, weight))
    scalars = StepValues(0, scalars={"batch_norm_evaluation": share})
    return [
        replace(joined(step_values(0, NET, "activation", **activations), parameters, scalars), step=i)
        for i in range(count)
    ]


def one_sample(steps: list[StepValues]) -> list[tuple[str, str]]:
    return [(one.severity, one.layer) for one in findings_of(OneSample(), steps)]


def test_one_sample_per_pass_is_a_warning() -> None:
    assert one_sample(samples(4, [NAN] * 4)) == [("warning", "bn")]
    assert one_sample(samples(4, None)) == [("warning", "bn")]


def test_one_sample_constant_norm_of_varying_input_is_severe() -> None:
    assert one_sample(samples(4, [0.5, 0.5, 0.5, 0.0])) == [("severe", "ln")]


@pytest.mark.parametrize(
    "steps",
    [
        samples(9, [0.5, 0.5, 0.5, 0.5]),
        samples(9, [NAN] * 4, share=1.0),
        samples(9, [0.5, 0.0, 0.5, 0.5], weight=0.0),
        samples(2, [NAN] * 4) + samples(1, [0.5] * 4) + samples(2, [NAN] * 4),
    ],
    ids=["several samples", "evaluation mode", "zero weight", "last batch"],
)
def test_one_sample_healthy_norms_find_nothing(steps: list[StepValues]) -> None:
    assert one_sample(steps) == []
