"""Blocks and columns, compared with tests/fixtures/reduction.json, which tests the page's implementations too."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tb_nnviz.logs import blocks
from tb_nnviz.logs.columns import ABSENT, NONFINITE, VALUE, ZERO, reduce_columns
from tests.support.paths import ROOT

FIXTURE = json.loads((ROOT / "tests/fixtures/reduction.json").read_text("utf-8"))
STATES = {"value": VALUE, "zero": ZERO, "nonfinite": NONFINITE, "absent": ABSENT}


def cases(key: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in FIXTURE[key]]


def array(numbers: list[Any]) -> np.ndarray:
    """Return numbers as float32. Strings stand for NaN and the infinities."""
    return np.array([[float(x) for x in row] if isinstance(row, list) else float(row) for row in numbers], np.float32)


def test_aggregations_are_those_of_the_fixture() -> None:
    found = {name: blocks.AGGREGATIONS.get(blocks.base_name(name), "mean") for name in FIXTURE["aggregations"]}
    assert found == FIXTURE["aggregations"]
    assert blocks.AGGREGATIONS.keys() <= FIXTURE["aggregations"].keys()
    undefined = {blocks.base_name(name) for name in FIXTURE["may_be_undefined"]}
    assert undefined == set(blocks.MAY_BE_UNDEFINED)


@pytest.mark.parametrize("case", cases("blocks"))
def test_aggregate_lines_block_equals_fixture(case: dict[str, Any]) -> None:
    rows = [{"name": str(i), "numel": numel} for i, numel in enumerate(case["numel"])]
    line = tuple(row["name"] for row in rows)
    values = {case["statistic"]: array(case["values"])}
    made, _ = blocks.aggregate_lines([line], rows, values, np.array(case["absent"], np.uint8))
    np.testing.assert_allclose(made[case["statistic"]][:, 0], array(case["expected"]), rtol=1e-6)


@pytest.mark.parametrize("case", cases("columns"))
def test_reduce_columns_one_column_equals_fixture(case: dict[str, Any]) -> None:
    values, absent = array(case["values"])[:, None], np.array(case["absent"], np.uint8)[:, None]
    columns = reduce_columns(values, absent, np.array([0]))
    assert columns.at[0, 0] == case["at"]
    assert columns.states[0, 0] & STATES[case["state"]]
    step = reduce_columns(values[[case["at"]]], absent[[case["at"]]], np.array([0]))
    assert step.states[0, 0] == STATES[case["state"]]
