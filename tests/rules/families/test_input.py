"""Rules of what a model is called with, on hand-written values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tb_nnviz.rules.families.input import Constant, Scale
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row
from tests.support.step_values import call, findings_of, joined, step_values


def layers(*types: str) -> list[Row]:
    roles = {"BatchNorm1d": "norm", "Embedding": "embedding"}
    return [
        replace(
            call(f"{type.lower()}{i}", i, type, 4), trainable=type in ("Linear", "LSTM"), role=roles.get(type, "other")
        )
        for i, type in enumerate(types)
    ]


def called(step: int, of: list[Row], first: float, rms: list[float], absmax: float | None = None) -> StepValues:
    """Return a step with the RMS of inputs and of the first layer's output. Further layers have 1."""
    inputs = [
        Row("input" if not i else f"input#{i}", "", i, "Net", (4,), 4, "float32", "other", True) for i in range(9)
    ]
    inputs = inputs[: len(rms)]
    largest = np.array([3 * one if absmax is None else absmax for one in rms])
    outputs = np.append(first, np.ones(len(of) - 1))
    return joined(
        step_values(step, of, "activation", rms=outputs),
        step_values(step, inputs, "input", rms=np.array(rms), absmax=largest),
    )


def scale(of: list[Row], first: float, *rms: float, absmax: float | None = None) -> list[tuple[str, str]]:
    found = findings_of(Scale(), [called(i, of, first, list(rms), absmax) for i in range(5)])
    return [(one.severity, one.row) for one in found]


def test_scale_images_of_bytes_are_found() -> None:
    assert scale(layers("Linear", "ReLU"), 60, 130) == [("warning", "input")]


def test_scale_normalization_behind_the_first_layer_is_a_notice() -> None:
    assert scale(layers("Linear", "BatchNorm1d"), 60, 130) == [("notice", "input")]


def test_scale_inputs_of_a_bounded_recurrent_layer_are_found() -> None:
    assert scale(layers("LSTM", "Linear"), 0.8, 130) == [("warning", "input")]


def test_scale_tiny_inputs_are_found() -> None:
    assert scale(layers("Linear", "ReLU"), 0.07, 0.002, absmax=0.004) == [("warning", "input")]


@pytest.mark.parametrize(
    ("types", "first", "rms", "absmax"),
    [
        (("Linear", "ReLU"), 0.6, [1.0], None),
        (("Linear", "ReLU"), 0.6, [130.0], None),
        (("BatchNorm1d", "Linear"), 1.0, [130.0], None),
        (("Linear", "ReLU"), 0.03, [0.01], 1.0),
        (("Linear", "ReLU"), 60, [1.0, 500.0], None),
        (("Linear", "ReLU"), 0.3, [0.0], None),
        (("Linear", "ReLU"), np.nan, [np.nan], None),
        (("Embedding", "Linear"), 1.0, [700.0], None),
    ],
    ids=["unit", "divided within", "normalized within", "sparse", "time", "zeros", "nan", "tokens"],
)
def test_scale_healthy_inputs_find_nothing(types, first, rms, absmax) -> None:
    assert scale(layers(*types), first, *rms, absmax=absmax) == []


def test_scale_of_second_model_is_named() -> None:
    of = [
        replace(row, module=f"{name}.{row.module}", name=f"{name}.{row.name}")
        for name in "GD"
        for row in layers("Linear")
    ]
    inputs = [Row(f"{name}.input", name, 0, "Net", (4,), 4, "float32", "other", True) for name in "GD"]
    steps = [
        joined(
            step_values(i, of, "activation", rms=np.array([0.6, 60])),
            step_values(i, inputs, "input", rms=np.array([1.0, 130]), absmax=np.array([3.0, 255])),
        )
        for i in range(3)
    ]
    assert [(one.layer, one.row) for one in findings_of(Scale(), steps)] == [("D", "D.input")]


def constant(spread: list[float], inputs: float | None = None, count: int = 4) -> list[str]:
    of, steps = layers("Linear", "ReLU", "Linear"), []
    for i in range(count):
        values = step_values(i, of, "activation", rms=np.ones(3), **{"batch_std~": np.array(spread)})
        if inputs is not None:
            row = Row("input", "", 0, "Net", (4,), 4, "float32", "other", True)
            given = {"rms": np.ones(1), "std": np.ones(1), "batch_std~": np.array([inputs])}
            values = joined(values, step_values(i, [row], "input", **given))
        steps.append(values)
    return [one.severity for one in findings_of(Constant(), steps)]


def test_constant_same_outputs_of_all_layers_are_severe() -> None:
    assert constant([0, 0, 0]) == constant([1e-8, 0, 0], inputs=0.0) == ["severe"]


@pytest.mark.parametrize("spread", [[0.5, 0, 0], [0, 0.5, 0.5], [np.nan] * 3, [1e-3] * 3])
def test_constant_other_outputs_find_nothing(spread: list[float]) -> None:
    assert constant(spread) == []


def test_constant_tokens_beside_positions_are_severe() -> None:
    of = layers("Embedding", "Embedding", "Linear")
    for spread, count in (([0.0, 0.4, 0.0], 1), ([0.4, 0.4, 0.0], 0)):
        given = {"rms": np.ones(3), "batch_std~": np.array(spread)}
        steps = [step_values(i, of, "activation", **given) for i in range(4)]
        assert len(findings_of(Constant(), steps)) == count


def test_constant_inputs_that_differ_find_nothing() -> None:
    assert constant([0, 0, 0], inputs=0.7) == []
    assert constant([0, 0, 0], count=2) == []
