"""Alignment of events on one table."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz.logs import alignment
from tb_nnviz.logs.alignment import align
from tb_nnviz.logs.layouts import Rows
from tb_nnviz.logs.points import Points


def rows(*names: str) -> Rows:
    return Rows({"name": name} for name in names)


def test_align_unordered_layouts_gives_one_table() -> None:
    layouts = {7: rows("a", "b"), 8: rows("c", "a"), 9: rows("never used")}
    ids = Points.of([(0, 1.0, np.array([7])), (1, 2.0, np.array([8])), (2, 3.0, np.array([7]))])
    norm = [(0, 1.0, np.array([1, 2], "f4")), (1, 2.0, np.array([3, 4], "f4")), (2, 3.0, np.array([5, 6], "f4"))]
    count = [(0, 1.0, np.array([1, 0], "f4")), (1, 2.0, np.array([1, 1], "f4"))]
    table, problems = align({"norm": Points.of(norm), "count": Points.of(count)}, ["norm"], ids, layouts)
    assert problems == []
    assert [row["name"] for row in table.rows] == ["a", "b", "c"]
    nan = np.nan
    assert_array_equal(table.values["norm"], np.array([[1, 2, nan], [4, nan, 3], [5, 6, nan]], "f4"))
    assert table.absent.tolist() == [[0, 1, 1], [0, 1, 0], [0, 0, 1]]


def test_align_sampled_layout_ids_are_filled() -> None:
    """An event without an id has that of the event before it, or else the first id."""
    layouts = {7: rows("a"), 8: rows("a", "b")}
    ids = Points.of([(1, 2.0, np.array([7])), (3, 4.0, np.array([8]))])
    values = [np.arange(length, dtype="f4") for length in (1, 1, 1, 2, 2)]
    norm = Points.of([(i, i + 1.0, value) for i, value in enumerate(values)])
    table, problems = align({"norm": norm}, ["norm"], ids, layouts)
    assert problems == []
    assert table.absent[:, 1].tolist() == [1, 1, 1, 0, 0]


def test_align_lacking_statistic_gives_nan_and_reason() -> None:
    layouts = {7: rows("a")}
    ids = Points.of([(i, float(i), np.array([7])) for i in range(4)])
    norm = Points.of([(i, float(i), np.array([1], "f4")) for i in range(4)])
    mean = Points.of([(i, float(i), np.array([1], "f4")) for i in (0, 3)])
    table, problems = align({"norm": norm, "mean": mean}, ["norm", "mean"], ids, layouts)
    assert problems == [("mean", "no value at 2 of 4 steps, the first 1")]
    assert_array_equal(table.values["mean"][:, 0], np.array([1, np.nan, np.nan, 1], "f4"))
    assert align({"norm": norm, "mean": mean}, ["norm", "mean"], ids, layouts, rare=["mean"])[1] == []
    anchored, problems = align({"norm": norm, "mean": mean}, ["norm", "mean"], ids, layouts, anchors=["mean"])
    assert anchored.steps.tolist() == [0, 3] and problems == []


@pytest.mark.parametrize("value", [np.zeros((1, 1), "f4"), np.array(["x"]), np.array(1.0), np.array([b"x"], object)])
def test_align_value_not_a_vector_is_left_out(value: np.ndarray) -> None:
    ids = Points.of([(0, 0.0, np.array([7]))])
    table, problems = align({"norm": Points.of([(0, 0.0, value)])}, ["norm"], ids, {7: rows("a")})
    assert table.steps.size == 0
    assert problems == [("norm", "invalid value: not a vector of numbers, at step 0")]


def test_align_int64_and_large_step_are_converted() -> None:
    ids = Points.of([(2**40, 0.0, np.array([7]))])
    table, _ = align({"new": Points.of([(2**40, 0.0, np.array([3], "i8"))])}, ["new"], ids, {7: rows("a")})
    assert table.values["new"].dtype == np.float32
    assert table.steps.tolist() == [2.0**40]


def test_align_layouts_without_common_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MAX_VALUES", 1000)
    layouts = {i: rows(*(f"{i}.{j}" for j in range(10))) for i in range(100)}
    ids = Points.of((i, i, np.array([i])) for i in range(100))
    norm = Points.of((i, i, np.full(10, i, "f4")) for i in range(100))
    table, ((statistic, reason),) = align({"norm": norm}, ["norm"], ids, layouts)
    assert statistic is None
    assert reason.startswith("too many rows: 210 rows in 21 layouts (at most 4000 values per statistic)")
    assert table.values["norm"].shape == (20, 200)
    assert_array_equal(table.values["norm"][7, 70:80], 7)
    of_one, reasons = align({"norm": norm}, ["norm"], ids, layouts, first=50, last=50)
    assert reasons == []
    assert_array_equal(of_one.values["norm"], np.full((1, 10), 50))
