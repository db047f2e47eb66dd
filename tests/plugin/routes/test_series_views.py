"""The route ``series`` reduced to lines, columns and percentiles."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from tests.support.event_logs import (
    HALF,
    STEPS,
    Zoo,
)
from tests.support.tensorboards import TensorBoard, only


def test_series_width_reduces_only_longer_runs(board: TensorBoard, zoo: Zoo) -> None:
    answer = board.series("plain", "odd", statistics=("norm", "mean"), width=64)
    plain, odd = answer["series"]
    assert_array_equal(plain["steps"], np.arange(STEPS))
    starts = plain["starts"].astype(int)
    assert len(starts) == 64
    assert plain.keys() & {"values", "absent"} == set()
    for name in ("norm", "mean"):
        for place, first in enumerate(starts):
            end = starts[place + 1] if place < 63 else STEPS
            of_column = zoo.values["plain"][name][first:end]
            column = {key: table[place] for key, table in plain["columns"][name].items()}
            assert_array_equal(column["min"], of_column.min(axis=0))
            assert_array_equal(column["max"], of_column.max(axis=0))
            np.testing.assert_allclose(column["mean"], of_column.mean(axis=0, dtype=float), rtol=1e-5)
            assert_array_equal(column["at"], np.abs(of_column).argmax(axis=0))
            assert_array_equal(column["states"], 1)
    assert odd["values"]["norm"].tobytes() == zoo.values["odd"]["norm"].tobytes()
    assert "columns" not in odd


def test_series_columns_of_grown_run_show_absence(board: TensorBoard) -> None:
    series = only(board.series("grown", width=4))
    assert series["columns"]["norm"]["states"].tolist() == [[1, 1, 8], [1, 1, 8], [1, 1, 1], [1, 1, 1]]


def test_series_from_and_to_restrict_the_steps(board: TensorBoard, zoo: Zoo) -> None:
    one = only(board.series("resumed", **{"from": HALF, "to": HALF}))
    assert one["steps"].tolist() == [HALF]
    assert_array_equal(one["values"]["norm"], zoo.values["resumed"]["norm"][HALF : HALF + 1])
    some = only(board.series("grown", **{"from": HALF - 2, "to": HALF + 1}))
    assert_array_equal(some["values"]["norm"], zoo.values["grown"]["norm"][HALF - 2 : HALF + 2])
    assert some["absent"].tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert board.series("plain", **{"from": STEPS})["series"] == []


def test_series_rows_and_blocks_are_aggregated(board: TensorBoard, zoo: Zoo) -> None:
    wanted = ["b.weight", ["a.weight", "c.weight"], "nowhere"]
    answer = board.series("grown", rows=wanted)
    series, norm = only(answer), zoo.values["grown"]["norm"].astype(float)
    assert (series["layout"], answer["layouts"]) == (None, {})
    got = series["values"]["norm"]
    assert_array_equal(got[:, 0], norm[:, 1].astype(np.float32))
    expected = np.sqrt(norm[:, 0] ** 2 + np.where(np.arange(STEPS) < HALF, 0, np.nan_to_num(norm[:, 2])) ** 2)
    np.testing.assert_allclose(got[:, 1], expected, rtol=1e-6)
    assert_array_equal(series["absent"], np.tile([0, 0, 1], (STEPS, 1)))
    reduced = only(board.series("grown", rows=wanted, width=10))["columns"]["norm"]
    np.testing.assert_allclose(reduced["max"][:, 1], expected.reshape(10, 40).max(axis=1), rtol=1e-6)
    assert (reduced["states"][:, 2] == 8).all()


def test_series_percentiles_of_every_step_equal_numpys(board: TensorBoard, zoo: Zoo) -> None:
    shares = [0.05, 0.5, 0.95]
    series = only(board.series("plain", width=3, percentiles=shares))
    made, values = series["percentiles"]["norm"], zoo.values["plain"]["norm"]
    assert len(series["starts"]) == 3
    np.testing.assert_allclose(made["values"], np.quantile(values.astype(float), shares, axis=0), rtol=1e-6)
    assert (made["finite"].tolist(), made["nonfinite"].tolist()) == ([STEPS, STEPS], [0, 0])
    # Percentiles of some steps only, and of a block's values.
    zoom = only(
        board.series("plain", rows=["b.weight", ["a.weight", "b.weight"]], percentiles=[0.25], **{"from": 7, "to": 30})
    )
    block = np.sqrt(np.square(values[7:31].astype(float)).sum(axis=1))
    expected = [[np.quantile(values[7:31, 1].astype(float), 0.25), np.quantile(block, 0.25)]]
    np.testing.assert_allclose(zoom["percentiles"]["norm"]["values"], expected, rtol=1e-6)
    # Absent values do not count. NaN and Inf are counted separately.
    odd = only(board.series("odd", percentiles=[0.5], width=2))["percentiles"]["norm"]
    norm = zoo.values["odd"]["norm"]
    assert odd["finite"].tolist() == [8, 10, 0, 5] and odd["nonfinite"].tolist() == [2, 0, 0, 0]
    expected = [np.median(norm[np.isfinite(norm[:, row]), row].astype(float)) for row in (0, 1, 3)]
    np.testing.assert_allclose(odd["values"][0, [0, 1, 3]], expected, rtol=1e-6, atol=1e-44)
    assert np.isnan(odd["values"][0, 2])
