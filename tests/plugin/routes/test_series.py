"""The route ``series`` on both loaders, compared with the arrays that were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz import schema
from tests.support.event_logs import (
    AB,
    ABC,
    GAN,
    HALF,
    UNICODE,
    UNICODE_RUN,
    Log,
    Zoo,
    layout,
    numbers,
)
from tests.support.tensorboards import TensorBoard, names, only

WHOLE = {
    "plain": AB,
    "nested/deep/run": AB,
    UNICODE_RUN: UNICODE,
    ".": AB,
    "gan": GAN,
    "resumed": AB,
    "grown": ABC,
    "unfinished": AB,
}


@pytest.mark.parametrize("run", WHOLE)
def test_series_default_flags_has_every_step_once(board: TensorBoard, zoo: Zoo, run: str) -> None:
    answer = board.series(run, statistics=("norm", "mean", "count"))
    series, expected = only(answer), zoo.values[run]
    assert series["run"] == run
    assert_array_equal(series["steps"], np.arange(len(expected["norm"])))
    assert_array_equal(series["wall_times"], zoo.wall_times[run])
    assert names(answer, series) == [row.name for row in WHOLE[run].rows]
    assert series["layout"] == schema.layout_id(answer["layouts"][str(series["layout"])])
    for name in ("norm", "mean", "count"):
        assert_array_equal(series["values"][name], expected[name])
    absent = np.zeros(expected["norm"].shape)
    if run == "grown":
        absent[:HALF, 2] = 1
    assert_array_equal(series["absent"], absent)


def test_series_layout_rows_are_as_written(board: TensorBoard) -> None:
    answer = board.series("gan")
    row = answer["layouts"][str(GAN.id)][1]
    assert row == {
        "name": "D.fc.weight",
        "module": "D.fc",
        "call": 0,
        "type": "Linear",
        "shape": [4, 3],
        "numel": 12,
        "dtype": "float32",
        "role": "weight",
        "trainable": True,
        "unit_axis": None,
        "depth": 1,
        "tied_to": None,
    }


def test_series_many_runs_share_layouts(board: TensorBoard, zoo: Zoo) -> None:
    runs = ("resumed", "gan", "plain")
    answer = board.series(*runs)
    assert [series["run"] for series in answer["series"]] == list(runs)
    assert answer["layouts"].keys() == {str(AB.id), str(GAN.id)}
    for series in answer["series"]:
        assert_array_equal(series["values"]["norm"], zoo.values[series["run"]]["norm"])


@pytest.mark.parametrize("spelt", [int, str])
def test_series_known_layouts_are_left_out(board: TensorBoard, spelt: type) -> None:
    answer = board.series("plain", "gan", known=[spelt(AB.id)])
    assert answer["layouts"].keys() == {str(GAN.id)}
    assert [series["layout"] for series in answer["series"]] == [AB.id, GAN.id]


def test_series_nan_inf_and_absent_rows_are_kept(board: TensorBoard, zoo: Zoo) -> None:
    series, expected = only(board.series("odd", statistics=("norm", "min"))), zoo.values["odd"]
    for name in ("norm", "min"):
        assert series["values"][name].tobytes() == expected[name].tobytes()
    assert_array_equal(series["absent"], expected["count"] == 0)
    assert series["absent"][3].tolist() == [0, 0, 1, 0]  # a NaN that was measured is not absent


def test_series_finite_norm_is_filled_from_norm(board: TensorBoard, zoo: Zoo) -> None:
    series = only(board.series("finite", statistics=("finite_norm",)))
    assert_array_equal(series["values"]["finite_norm"], zoo.values["finite"]["finite_norm"])
    assert np.isfinite(series["values"]["finite_norm"]).all()


def test_series_corrupt_tensor_keeps_the_others(board: TensorBoard, zoo: Zoo) -> None:
    answer = board.series("plain", "corrupt", statistics=("norm", "mean"))
    plain, corrupt = answer["series"]
    assert_array_equal(plain["values"]["norm"], zoo.values["plain"]["norm"])
    expected = zoo.values["corrupt"]["norm"].copy()
    expected[3] = np.nan
    assert_array_equal(corrupt["values"]["norm"], expected)
    assert_array_equal(corrupt["values"]["mean"], zoo.values["corrupt"]["mean"])
    assert_array_equal(corrupt["absent"], np.zeros((5, 2)))
    (missing,) = answer["missing"]
    assert (missing["run"], missing["statistic"]) == ("corrupt", "norm")
    assert missing["reason"] == (
        "nnviz/gradient/norm: cannot be read: invalid tensor: 4 bytes of shape [2] (expected 8 of float32), at step 3"
    )


def test_series_run_without_layout_is_missing(board: TensorBoard) -> None:
    answer = board.series("no_layout", "plain")
    assert [series["run"] for series in answer["series"]] == ["plain"]
    assert answer["missing"] == [
        {"run": "no_layout", "statistic": None, "reason": f"missing layout: {AB.id}, at 5 steps, the first 0"}
    ]


def test_series_vector_of_other_length_is_missing(board: TensorBoard, zoo: Zoo) -> None:
    answer = board.series("wrong_length", statistics=("norm", "mean"))
    (series,) = answer["series"]
    for name in ("norm", "mean"):
        assert_array_equal(series["values"][name], zoo.values["wrong_length"][name])
    assert [(problem["statistic"], problem["reason"]) for problem in answer["missing"]] == [
        ("norm", "invalid value: 3 values for 2 rows, at 2 steps, the first 3"),
        ("norm", "no value at 2 of 5 steps, the first 3"),
    ]
    (alone,) = board.series("wrong_length", statistics=("norm",))["series"]
    assert alone["steps"].tolist() == [0, 1, 2]


def test_series_without_counts_keeps_nan(board: TensorBoard, zoo: Zoo) -> None:
    series = only(board.series("no_count"))
    assert_array_equal(series["values"]["norm"], zoo.values["no_count"]["norm"])
    assert not series["absent"].any()


def test_series_unknown_run_or_statistic_is_missing(board: TensorBoard) -> None:
    answer = board.series("plain", "users", "no such run", statistics=("norm", "ratio"))
    assert [series["values"].keys() for series in answer["series"]] == [{"norm"}]
    assert answer["missing"] == [
        {
            "run": "plain",
            "statistic": "ratio",
            "reason": "unknown statistic: 'ratio' was not written for kind 'gradient'",
        },
        {"run": "users", "statistic": None, "reason": "no data of kind 'gradient' in run 'users'"},
        {"run": "no such run", "statistic": None, "reason": "no data of kind 'gradient' in run 'no such run'"},
    ]
    assert board.series("plain", kind="update")["series"] == []
    assert board.series()["series"] == []
    assert board.series("plain", statistics=())["series"] == []


def test_series_sampled_statistics_keep_the_same_steps(loader: str, tmp_path: Path) -> None:
    """Beyond the budget, all tags of a run keep the same steps, including the last."""
    values = numbers(50, 2)
    with Log(tmp_path / "run") as log:
        last = log.table(layout(["a", "b"]), values)[-1]
    with TensorBoard(loader, tmp_path, "--samples_per_plugin=nnviz=20") as board:
        board.until_written({"run": last})
        series = only(board.series("run", statistics=("norm", "mean")))
        kept = series["steps"].astype(int)
        assert (len(kept), kept[-1]) == (20, 49)
        for name in ("norm", "mean"):
            assert_array_equal(series["values"][name], values[name][kept])


def test_series_users_sample_count_wins(loader: str, tmp_path: Path) -> None:
    with Log(tmp_path / "run") as log:
        last = log.table(AB, numbers(100, 2))[-1]
    with TensorBoard(loader, tmp_path, "--samples_per_plugin=nnviz=7") as board:
        board.until_written({"run": last})
        series = only(board.series("run", statistics=("norm", "mean")))
        assert len(series["steps"]) == 7
        assert series["steps"][-1] == 99
        assert np.isfinite(series["values"]["norm"]).all()


def test_series_live_run_is_answered_to_its_end(loader: str, tmp_path: Path) -> None:
    """A run appears, and steps and rows are appended, while TensorBoard is running."""
    values = numbers(20, 2)
    grown = numbers(10, 3, seed=1)
    with TensorBoard(loader, tmp_path) as board, Log(tmp_path / "live") as log:
        assert board.runs() == {}
        wall_times = log.table(AB, {name: table[:10] for name, table in values.items()})
        board.until_written({"live": wall_times[-1]})
        assert_array_equal(only(board.series("live"))["values"]["norm"], values["norm"][:10])
        wall_times += log.table(AB, {name: table[10:] for name, table in values.items()}, range(10, 20))
        board.until_written({"live": wall_times[-1]})
        assert_array_equal(only(board.series("live"))["values"]["norm"], values["norm"])
        wall_times += log.table(ABC, grown, range(20, 30))
        board.until_written({"live": wall_times[-1]})
        series = only(board.series("live"))
        assert_array_equal(series["wall_times"], wall_times)
        assert_array_equal(series["values"]["norm"][:20, :2], values["norm"])
        assert_array_equal(series["values"]["norm"][20:], grown["norm"])
        assert_array_equal(series["absent"][:, 2], np.arange(30) < 20)
