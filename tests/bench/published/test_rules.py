"""Tests of other tools' rules, on runs that are written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from tb_nnviz.rules.step_values import Rows
from tb_nnviz.schema import Row
from tests.bench.published import deepchecker, sagemaker, torchmortem
from tests.bench.published.history import NAMES, History, Table

STEPS = 40
HEALTHY = {"norm": 1.0, "rms": 1e-2, "std": 1.0, "ratio": 1e-3, "mean": 0.0, "zero_fraction": 0.1, "count": 10.0}
LAYERS = {"fc1": "Linear", "act1": "ReLU", "fc2": "Linear"}


def run(
    changes: Mapping[tuple[str, str, str], object] | None = None, loss: object = None, val_loss: object = None
) -> History:
    """Return a healthy run in which the values of some kinds, statistics and layers are different."""
    tables = {}
    changes = {("parameter", "norm", layer): np.linspace(1, 1.1, STEPS) for layer in LAYERS} | dict(changes or {})
    for kind, names in NAMES.items():
        is_activation = kind == "activation"
        rows = Rows(
            Row(name if is_activation else f"{name}.weight", name, 0, type_, (4, 4), 16, "float32",
                "other" if is_activation else "weight", True, depth=i)
            for i, (name, type_) in enumerate(LAYERS.items()) if is_activation or type_ == "Linear"
        )  # fmt: skip
        values = {name: np.full((STEPS, len(rows)), HEALTHY.get(name, 0.0)) for name in names}
        for (of, name, layer), value in changes.items():
            if of == kind and layer in rows.layers:
                values[name][:, rows.layers.index(layer)] = value
        tables[kind] = Table(rows, np.arange(STEPS) * 5, values)
    falling = np.exp(-np.arange(200) / 20)
    steps = np.arange(200)
    validation = falling[::20] if val_loss is None else np.asarray(val_loss)
    return History(tables, (steps, falling if loss is None else np.asarray(loss)), (steps[::20], validation))


def alarms(tool: object, history: History) -> set[tuple[str, str, int]]:
    return {alarm[:3] for rule in tool.RULES for alarm in rule(history)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("tool", [sagemaker, deepchecker, torchmortem])
def test_published_rules_accept_their_healthy_run(tool: object) -> None:
    assert alarms(tool, run()) == set()


def late(value: float, healthy: float, start: int) -> np.ndarray:
    return np.where(np.arange(STEPS) >= start, value, healthy)


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        (("gradient", "rms", "fc1"), late(1e-8, 1e-2, 6), ("gradient/vanishing", "fc1", 30)),
        (("gradient", "nonfinite", "fc2"), late(3, 0, 4), ("nonfinite/backward", "fc2", 20)),
        (("activation", "dead_fraction", "act1"), late(0.6, 0.1, 10), ("activation/dead", "act1", 50)),
        (("update", "ratio", "fc2"), late(20.0, 1e-3, 8), ("update/too_large", "fc2", 40)),
        (("gradient", "norm", "fc1"), late(0.0, 1.0, 30), ("gradient/zero", "fc1", 150)),
    ],
)
def test_sagemaker_finds(key: tuple[str, str, str], values: np.ndarray, expected: tuple[str, str, int]) -> None:
    assert expected in alarms(sagemaker, run({key: values}))


def test_sagemaker_finds_overfitting_and_a_plateau() -> None:
    flat = np.maximum(np.exp(-np.arange(200) / 20), 0.1)
    validation = np.linspace(1, 3, 10)
    found = alarms(sagemaker, run(loss=flat, val_loss=validation))
    assert {"loss/plateau", "loss/overfit"} <= {rule for rule, _, _ in found}


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        (("gradient", "rms", "fc1"), late(1e-7, 1e-2, 6), ("gradient/vanishing", "fc1", 30)),
        (
            ("gradient", "rms", "fc2"),
            np.minimum(1e-2 * 3.0 ** np.arange(STEPS), 1e9),
            ("gradient/exploding", "fc2", 25),
        ),
        (("activation", "std", "act1"), late(3.0, 1.0, 5), ("activation/scale", "act1", 25)),
        (("update", "ratio", "fc1"), np.full(STEPS, 1e-5), ("update/too_small", "fc1", 0)),
    ],
)
def test_deepchecker_finds(key: tuple[str, str, str], values: np.ndarray, expected: tuple[str, str, int]) -> None:
    assert expected in alarms(deepchecker, run({key: values}))


def test_deepchecker_finds_a_diverging_and_a_stuck_loss() -> None:
    loss = np.concatenate([np.ones(100), np.linspace(1, 9, 100)])
    assert {("loss/stuck", "", 0)} <= alarms(deepchecker, run(loss=loss))
    assert "loss/diverges" in {rule for rule, _, _ in alarms(deepchecker, run(loss=loss))}


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        (("gradient", "norm", "fc1"), late(1e-3, 1.0, 10), ("gradient/vanishing", "fc1", 100)),
        (("gradient", "norm", "fc2"), late(2000.0, 1.0, 10), ("gradient/exploding", "fc2", 50)),
        (("gradient", "norm", "fc1"), late(0.0, 1.0, 20), ("gradient/zero", "fc1", 100)),
        (("activation", "zero_fraction", "act1"), late(0.7, 0.1, 10), ("activation/dead", "act1", 100)),
        (("update", "ratio", "fc2"), np.full(STEPS, 0.5), ("update/too_large", "fc2", 100)),
        (("parameter", "norm", "fc1"), np.linspace(1, 20, STEPS), ("parameter/growing", "fc1", 0)),
    ],
)
def test_torchmortem_finds(key: tuple[str, str, str], values: np.ndarray, expected: tuple[str, str, int]) -> None:
    assert expected in alarms(torchmortem, run({key: values}))


def test_torchmortem_finds_a_plateau() -> None:
    assert ("loss/plateau", "", 100) in alarms(torchmortem, run(loss=np.ones(200)))
