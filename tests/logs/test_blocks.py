"""Aggregation of rows to blocks, compared with values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tb_nnviz.logs import blocks

NAN = math.nan


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("norm", math.sqrt(9 + 16 + 1)),
        ("norm~", math.sqrt(9 + 16 + 1)),
        ("first_moment_norm", math.sqrt(9 + 16 + 1)),
        ("effective_step_size", math.sqrt((9 * 1 + 16 * 2 + 1 * 5) / 8)),
        ("min", -3),
        ("absmax", 4),
        ("nonfinite", 2),
        ("rms", 2 / 3),
        ("novel", 2 / 3),
    ],
)
def test_aggregate_statistic_uses_its_aggregation(statistic: str, expected: float) -> None:
    values = np.array([[-3, 4, 1]], np.float32)
    made = blocks.aggregate(statistic, values, np.zeros((1, 3)), np.array([1, 2, 5]))
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, [expected], rtol=1e-6)


@pytest.mark.parametrize("statistic", ["norm", "effective_step_size", "min", "max", "count", "mean"])
def test_aggregate_nan_gives_nan_absent_row_does_not(statistic: str) -> None:
    values = np.array([[2, NAN], [2, NAN], [NAN, NAN], [math.inf, 1]], np.float32)
    absent = np.array([[0, 1], [0, 0], [1, 1], [0, 0]], np.uint8)
    made = blocks.aggregate(statistic, values, absent, np.ones(2))
    np.testing.assert_array_equal(made, np.array([2, NAN, NAN, NAN], np.float32))


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_aggregate_extreme_norms_do_not_overflow(size: float) -> None:
    values = np.array([[3 * size, 4 * size]], np.float32)
    np.testing.assert_allclose(blocks.aggregate("norm", values, np.zeros((1, 2)), np.ones(2)), [5 * size], rtol=1e-6)


def test_aggregate_lines_keep_the_requested_order() -> None:
    rows = [{"name": name, "numel": 1} for name in "abc"]
    norm = np.array([[3, 4, 5], [6, 8, NAN]], np.float32)
    absent = np.array([[0, 0, 0], [0, 0, 1]], np.uint8)
    wanted = ["c", ("a", "b"), "nowhere", ("nowhere",), ("b", "nowhere", "c"), "a"]
    made, lacking = blocks.aggregate_lines(wanted, rows, {"norm": norm, "max": norm}, absent)
    expected = [[5, 5, NAN, NAN, math.hypot(4, 5), 3], [NAN, 10, NAN, NAN, 8, 6]]
    np.testing.assert_allclose(made["norm"], np.array(expected, np.float32), rtol=1e-6)
    np.testing.assert_array_equal(made["max"][0], np.array([5, 4, NAN, NAN, 5, 3], np.float32))
    assert lacking.tolist() == [[0, 0, 1, 1, 0, 0], [1, 0, 1, 1, 0, 0]]


def test_aggregate_lines_leave_out_undefined_rows() -> None:
    rows = [{"name": name, "numel": 1} for name in "ab"]
    values = np.array([[NAN, 0.5], [NAN, NAN]], np.float32)
    made, _ = blocks.aggregate_lines([("a", "b")], rows, {"saturated_fraction": values}, np.zeros((2, 2), np.uint8))
    np.testing.assert_array_equal(made["saturated_fraction"][:, 0], np.array([0.5, NAN], np.float32))
