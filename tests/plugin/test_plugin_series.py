"""`runs`, `series` and `scalars` on real event files: decoded numbers against the arrays that were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz import schema
from tests.support.event_logs import (
    AB,
    ABC,
    GAN,
    HALF,
    STEPS,
    UNICODE,
    UNICODE_RUN,
    WALL_TIME,
    Log,
    Zoo,
    layout,
    numbers,
)
from tests.support.tensorboards import TensorBoard

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


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """The one series of an answer that lacks nothing."""
    assert answer["missing"] == []
    (series,) = answer["series"]
    found: dict[str, Any] = series
    return found


def names(answer: dict[str, Any], series: dict[str, Any]) -> list[str]:
    return [row["name"] for row in answer["layouts"][str(series["layout"])]]


@pytest.mark.parametrize("run", WHOLE)
def test_every_step_once_with_default_flags(board: TensorBoard, zoo: Zoo, run: str) -> None:
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


def test_layout_rows_are_those_that_were_written(board: TensorBoard) -> None:
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


def test_many_runs_in_one_answer_share_their_layout(board: TensorBoard, zoo: Zoo) -> None:
    runs = ("resumed", "gan", "plain")
    answer = board.series(*runs)
    assert [series["run"] for series in answer["series"]] == list(runs)
    assert answer["layouts"].keys() == {str(AB.id), str(GAN.id)}
    for series in answer["series"]:
        assert_array_equal(series["values"]["norm"], zoo.values[series["run"]]["norm"])


@pytest.mark.parametrize("spelt", [int, str])
def test_known_layouts_are_not_sent_again(board: TensorBoard, spelt: type) -> None:
    answer = board.series("plain", "gan", known=[spelt(AB.id)])
    assert answer["layouts"].keys() == {str(GAN.id)}
    assert [series["layout"] for series in answer["series"]] == [AB.id, GAN.id]


def test_nan_inf_empty_and_absent_arrive_as_they_are(board: TensorBoard, zoo: Zoo) -> None:
    series, expected = only(board.series("odd", statistics=("norm", "min"))), zoo.values["odd"]
    for name in ("norm", "min"):
        assert series["values"][name].tobytes() == expected[name].tobytes()
    assert_array_equal(series["absent"], expected["count"] == 0)
    assert series["absent"][3].tolist() == [0, 0, 1, 0]  # a NaN that was measured is not absent


def test_finite_norm_is_the_norm_where_it_was_left_out(board: TensorBoard, zoo: Zoo) -> None:
    series = only(board.series("finite", statistics=("finite_norm",)))
    assert_array_equal(series["values"]["finite_norm"], zoo.values["finite"]["finite_norm"])
    assert np.isfinite(series["values"]["finite_norm"]).all()


def test_a_corrupt_tensor_leaves_the_others(board: TensorBoard, zoo: Zoo) -> None:
    answer = board.series("plain", "corrupt", statistics=("norm", "mean"))
    plain, corrupt = answer["series"]
    assert_array_equal(plain["values"]["norm"], zoo.values["plain"]["norm"])
    assert corrupt["values"].keys() == {"mean"}
    assert_array_equal(corrupt["values"]["mean"], zoo.values["corrupt"]["mean"])
    assert_array_equal(corrupt["absent"], np.zeros((5, 2)))
    (missing,) = answer["missing"]
    assert (missing["run"], missing["statistic"]) == ("corrupt", "norm")
    assert "nnviz/gradient/norm: cannot be read: ValueError" in missing["reason"]


def test_without_its_layout_a_run_is_missing(board: TensorBoard) -> None:
    answer = board.series("no_layout", "plain")
    assert [series["run"] for series in answer["series"]] == ["plain"]
    assert answer["missing"] == [
        {"run": "no_layout", "statistic": None, "reason": f"missing layout: {AB.id}, of 5 steps"}
    ]


def test_vectors_of_another_length_are_left_out_and_named(board: TensorBoard, zoo: Zoo) -> None:
    answer = board.series("wrong_length", statistics=("norm", "mean"))
    (series,) = answer["series"]
    for name in ("norm", "mean"):
        assert_array_equal(series["values"][name], zoo.values["wrong_length"][name])
    assert [(problem["statistic"], problem["reason"]) for problem in answer["missing"]] == [
        ("norm", "invalid value: 3 values for 2 rows at 2 steps, the first 3"),
        ("norm", "no value at 2 of 5 steps, the first 3"),
    ]
    (alone,) = board.series("wrong_length", statistics=("norm",))["series"]
    assert alone["steps"].tolist() == [0, 1, 2]


def test_without_counts_a_nan_is_shown_as_one(board: TensorBoard, zoo: Zoo) -> None:
    series = only(board.series("no_count"))
    assert_array_equal(series["values"]["norm"], zoo.values["no_count"]["norm"])
    assert not series["absent"].any()


def test_what_is_not_there_is_listed_as_missing(board: TensorBoard) -> None:
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


def test_runs_lists_ours_and_only_ours(board: TensorBoard, zoo: Zoo) -> None:
    runs = board.runs()
    assert list(runs) == sorted(zoo.last_wall_times)
    assert runs["plain"] == {
        "run": "plain",
        "kinds": {"gradient": ["count", "mean", "norm"]},
        "first_wall_time": WALL_TIME,
        "steps": STEPS - 1,
    }
    assert runs["grown"]["first_wall_time"] == WALL_TIME
    assert runs["odd"]["kinds"] == {"gradient": ["count", "min", "nonfinite", "norm"]}


def test_scalars_by_prefix_leave_the_users_own(board: TensorBoard) -> None:
    answer = board.scalars("scalars", "plain")
    assert [(series["run"], series["tag"]) for series in answer["series"]] == [
        ("scalars", "nnviz/log/loss"),
        ("scalars", "nnviz/log/val_loss"),
    ]
    loss, val_loss = answer["series"]
    assert loss["steps"].dtype == loss["wall_times"].dtype == np.float64
    assert_array_equal(loss["steps"], np.arange(5))
    assert_array_equal(loss["wall_times"], WALL_TIME + 1 + np.arange(5))
    assert_array_equal(loss["values"], np.arange(5, dtype=np.float32) / 8)
    assert np.isnan(val_loss["values"]).all()
    assert answer["missing"] == [
        {"run": "plain", "tag": None, "reason": "no scalars under 'nnviz/log/' in run 'plain'"}
    ]
    # TensorBoard's own tab still has the user's curve, and ours
    tags = board.client.get("/data/plugin/scalars/tags").get_json()["scalars"]
    assert tags.keys() == {"loss", "nnviz/log/loss", "nnviz/log/val_loss", "nnviz/global/gradient_norm"}
    points = board.client.get("/data/plugin/scalars/scalars?run=scalars&tag=loss").get_json()
    assert [value for _, _, value in points] == [100, 101, 102, 103, 104]


def test_scalars_by_tag_and_only_the_last(board: TensorBoard) -> None:
    tags = ["nnviz/global/gradient_norm", "nnviz/log/loss", "nnviz/log/none"]
    answer = board.scalars("scalars", tags=tags, last=True)
    assert [(series["steps"].tolist(), series["values"].tolist()) for series in answer["series"]] == [
        ([4.0], [np.inf]),
        ([4.0], [0.5]),
    ]
    assert answer["missing"] == [
        {"run": "scalars", "tag": "nnviz/log/none", "reason": "no scalars 'nnviz/log/none' in run 'scalars'"}
    ]
    assert [series["tag"] for series in board.scalars("scalars", prefix="nnviz/global/")["series"]] == tags[:1]


def test_what_optimizers_keep_and_what_happened_between_logged_steps(board: TensorBoard, zoo: Zoo) -> None:
    statistics = schema.KIND_STATISTICS["optimizer"]
    assert board.runs()["windows"]["kinds"] == {"optimizer": sorted((*statistics, "count"))}
    series = only(board.series("windows", kind="optimizer", statistics=statistics))
    for name in statistics:
        assert_array_equal(series["values"][name], zoo.values["windows"][name])
    tags = ["nnviz/window/gradient_norm_max", "nnviz/window/gradient_norm_max_step", "nnviz/global/skipped"]
    highest, places, skipped = board.scalars("windows", tags=tags)["series"]
    assert highest["steps"].tolist() == places["steps"].tolist() == [0, 10, 20, 30, 40]
    assert highest["values"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert places["values"].tolist() == [-3, 7, 17, 27, 37]
    assert (skipped["steps"].tolist(), skipped["values"].tolist()) == ([0, 10, 20, 24, 30, 40], [0, 0, 0, 1, 0, 0])


def test_a_run_that_is_still_being_written(loader: str, tmp_path: Path) -> None:
    """Steps and rows are appended, and a run appears, while TensorBoard is up."""
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


def test_a_users_own_sample_count_wins(loader: str, tmp_path: Path) -> None:
    with Log(tmp_path / "run") as log:
        last = log.table(AB, numbers(100, 2))[-1]
    with TensorBoard(loader, tmp_path, "--samples_per_plugin=nnviz=7") as board:
        board.until_written({"run": last})
        series = only(board.series("run", statistics=("norm", "mean")))
        assert len(series["steps"]) == 7
        assert series["steps"][-1] == 99
        assert np.isfinite(series["values"]["norm"]).all()


def test_sampling_keeps_statistics_together(loader: str, tmp_path: Path) -> None:
    """Beyond the budget all tags of a run keep the same steps, the last among them."""
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


def test_width_reduces_runs_of_more_steps_and_leaves_the_others_whole(board: TensorBoard, zoo: Zoo) -> None:
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


def test_columns_of_a_run_that_grew_know_where_its_row_was_absent(board: TensorBoard) -> None:
    series = only(board.series("grown", width=4))
    assert series["columns"]["norm"]["states"].tolist() == [[1, 1, 8], [1, 1, 8], [1, 1, 1], [1, 1, 1]]


def test_from_and_to_restrict_the_steps(board: TensorBoard, zoo: Zoo) -> None:
    one = only(board.series("resumed", **{"from": HALF, "to": HALF}))
    assert one["steps"].tolist() == [HALF]
    assert_array_equal(one["values"]["norm"], zoo.values["resumed"]["norm"][HALF : HALF + 1])
    some = only(board.series("grown", **{"from": HALF - 2, "to": HALF + 1}))
    assert_array_equal(some["values"]["norm"], zoo.values["grown"]["norm"][HALF - 2 : HALF + 2])
    assert some["absent"].tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert board.series("plain", **{"from": STEPS})["series"] == []


def test_rows_and_blocks_of_rows(board: TensorBoard, zoo: Zoo) -> None:
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


def test_percentiles_are_numpys_of_every_step_whatever_the_width(board: TensorBoard, zoo: Zoo) -> None:
    shares = [0.05, 0.5, 0.95]
    series = only(board.series("plain", width=3, percentiles=shares))
    made, values = series["percentiles"]["norm"], zoo.values["plain"]["norm"]
    assert len(series["starts"]) == 3
    np.testing.assert_allclose(made["values"], np.quantile(values.astype(float), shares, axis=0), rtol=1e-6)
    assert (made["finite"].tolist(), made["nonfinite"].tolist()) == ([STEPS, STEPS], [0, 0])
    # Of a zoom, and of a block: its value at each step.
    zoom = only(
        board.series("plain", rows=["b.weight", ["a.weight", "b.weight"]], percentiles=[0.25], **{"from": 7, "to": 30})
    )
    block = np.sqrt(np.square(values[7:31].astype(float)).sum(axis=1))
    expected = [[np.quantile(values[7:31, 1].astype(float), 0.25), np.quantile(block, 0.25)]]
    np.testing.assert_allclose(zoom["percentiles"]["norm"]["values"], expected, rtol=1e-6)
    # What is absent does not count, what is not finite is counted apart.
    odd = only(board.series("odd", percentiles=[0.5], width=2))["percentiles"]["norm"]
    norm = zoo.values["odd"]["norm"]
    assert odd["finite"].tolist() == [8, 10, 0, 5] and odd["nonfinite"].tolist() == [2, 0, 0, 0]
    expected = [np.median(norm[np.isfinite(norm[:, row]), row].astype(float)) for row in (0, 1, 3)]
    np.testing.assert_allclose(odd["values"][0, [0, 1, 3]], expected, rtol=1e-6, atol=1e-44)
    assert np.isnan(odd["values"][0, 2])
