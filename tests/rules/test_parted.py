"""The place at which two runs part."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tb_nnviz.rules.parted import parted
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import call, joined, row, step_values

PARAMETERS = [row("fc1"), row("fc2")]
CALLS = [call("fc1", 0, "Linear"), call("act", 1), call("fc2", 2, "Linear")]


def run(steps: int = 5, rate: float = 0.1, **changes: dict[int, np.ndarray]) -> list[StepValues]:
    """Return a run whose values differ from 1 by what is given by kind and step."""
    found = []
    for i in range(steps):
        kinds = [
            step_values(
                i * 10,
                rows,
                kind,
                rms=1.0 + changes.get(kind, {}).get(i, np.zeros(len(rows))),
                mean=np.zeros(len(rows)),
            )
            for kind, rows in (
                ("parameter", PARAMETERS),
                ("activation", CALLS),
                ("gradient", PARAMETERS),
                ("update", PARAMETERS),
            )
        ]
        found.append(joined(*kinds, StepValues(i * 10, scalars={"learning_rate/0": rate})))
    return found


def at(step: int, *differences: float) -> dict[int, np.ndarray]:
    return {step: np.array(differences)}


def place(found) -> tuple:
    return found.step, found.kind, found.row, found.equal_until, found.rounding_since


def test_parted_equal_runs_are_none() -> None:
    assert parted(run(), run()) is None


def test_parted_rounding_alone_is_none() -> None:
    assert parted(run(), run(activation=at(1, 1e-6, 0, 2e-6))) is None


def test_parted_first_step_and_first_layer_are_named() -> None:
    found = parted(run(), run(activation=at(2, 0, 0.5, 0.9), gradient=at(2, 1.0, 1.0)))
    assert place(found) == (20, "activation", "act", 10, None)
    assert (found.value, found.other) == (1.0, 1.5) and found.layers == ("act", "fc2", "fc1")
    assert "equal until step 10: activation rms of act is 1 and 1.5" in found.evidence


def test_parted_rounding_that_grows_is_told_apart() -> None:
    found = parted(run(), run(activation=at(1, 0, 1e-6, 0) | at(3, 0, 0, 0.1)))
    assert place(found) == (30, "activation", "fc2", 20, 10) and "up to rounding" in found.evidence


def test_parted_gradients_go_backward() -> None:
    assert place(parted(run(), run(gradient=at(1, 0.5, 0.5))))[:3] == (10, "gradient", "fc2.weight")


def test_parted_parameters_precede_outputs() -> None:
    found = parted(run(parameter=at(0, 0, 0.5)), run(activation=at(0, 0.5, 0, 0)))
    assert place(found) == (0, "parameter", "fc2.weight", None, None) and "first common step" in found.evidence


def test_parted_learning_rates_precede_updates() -> None:
    found = parted(run(), run(rate=0.2, update=at(0, 1.0, 1.0)))
    assert (found.step, found.row, found.statistic, found.value) == (0, "", "learning_rate/0", 0.1)


def test_parted_nan_in_one_run_is_a_difference() -> None:
    found = parted(run(), run(activation=at(1, 0, np.nan, 0)))
    assert found.row == "act" and found.document()["other"] is None and json.dumps(found.document(), allow_nan=False)


def test_parted_half_precision_allows_its_rounding() -> None:
    def half(values: StepValues) -> StepValues:
        rows = {kind: type(of)(replace(one, dtype="bfloat16") for one in of) for kind, of in values.rows.items()}
        return replace(values, rows=rows)

    other = run(activation=at(1, 0, 1e-3, 0))
    assert parted(map(half, run()), map(half, other)) is None and parted(run(), other) is not None
    assert parted(run(), other, rounding=0.1) is None


def test_parted_compares_common_steps_and_rows() -> None:
    found = parted(run()[1:], run(8, activation=at(3, 0, 0, 1)))
    assert found.step == 30 and found.equal_until == 20
    with pytest.raises(ValueError, match="no step and row in common"):
        parted(run()[:2], run()[3:])
    # Steps without a statistic that is compared are not equal.
    with pytest.raises(ValueError, match="no step and row in common"):
        parted(map(counted, run()), map(counted, run(8, activation=at(3, 0, 0, 1))))


def counted(values: StepValues) -> StepValues:
    """Return a step with the element counts only."""
    counts = {kind: {"count": of["count"]} for kind, of in values.statistics.items() if "count" in of}
    return replace(values, statistics=counts or {kind: {} for kind in values.statistics})


def test_parted_rows_of_one_run_are_listed() -> None:
    short = [
        replace(one, rows={"activation": type(one.rows["activation"])(CALLS[:2])},
                statistics={"activation": {name: x[:2] for name, x in one.statistics["activation"].items()}})
        for one in run()
    ]  # fmt: skip
    found = parted(
        run(),
        [
            replace(
                one,
                statistics={
                    **one.statistics,
                    "activation": {**one.statistics["activation"], "rms": np.array([1.0, 3.0])},
                },
            )
            for one in short
        ],
    )
    assert (found.row, found.only, found.only_other) == ("act", ("fc2",), ())
