"""The route ``maps`` on both loaders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.context import RequestContext

from tb_nnviz import schema
from tb_nnviz.logs import maps as maps_module
from tb_nnviz.plugin.loader import SAMPLES
from tests.support.event_logs import Log
from tests.support.logs import map_payloads as maps
from tests.support.logs.maps import HEAD, IMAGE, INPUT, STEM, STEPS, WEIGHT, stem, write
from tests.support.tensorboards import TensorBoard


@pytest.fixture(scope="module")
def map_board(loader: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoard]:
    logdir = tmp_path_factory.mktemp("maps")
    last = write(logdir)
    with TensorBoard(loader, logdir) as board:
        board.until(lambda: all(written(board).get(run, 0) >= wall_time for run, wall_time in last.items()))
        yield board


def written(board: TensorBoard) -> dict[str, float]:
    """Return the wall time of each run's newest map."""
    listed = board.provider.list_tensors(RequestContext(), experiment_id="", plugin_name=schema.PLUGIN_MAPS)
    return {run: max(series.max_wall_time for series in tags.values()) for run, tags in listed.items()}


def ask(board: TensorBoard, *runs: str, **more: Any) -> Any:
    return board._binary("maps", {"runs": runs, "prefix": "nnviz/map/", **more})


def steps_of(board: TensorBoard, *runs: str) -> dict[str, list[float]]:
    return {one["run"]: one["steps"].tolist() for one in ask(board, *runs, tag=STEM, steps=[])["steps"]}


QUERY = {"runs": ["a"], "prefix": "nnviz/map/", "tag": STEM, "steps": [0]}


def test_maps_listing_is_in_order_of_execution(map_board: TensorBoard) -> None:
    answer = ask(map_board, "b", "a")
    found = [(one["run"], one["tag"], one["step"], one["row"]["name"]) for one in answer["maps"]]
    assert found == [("b", STEM, 16, "stem"), ("a", STEM, 30, "stem"), ("a", HEAD, 30, "a.head")]
    assert answer["missing"] == []
    header = answer["maps"][1]["header"]
    assert (header["shape"], header["axes"], header["mode"]) == ([2, 3, 4, 5], IMAGE, "eval")
    assert "units" not in header
    assert answer["maps"][1]["row"]["type"] == "Linear"


@pytest.mark.parametrize(("prefix", "tags"), [("nnviz/map_input", [INPUT]), ("nnviz/weight/", [WEIGHT])])
def test_maps_other_prefixes_are_listed_apart(map_board: TensorBoard, prefix: str, tags: list[str]) -> None:
    answer = ask(map_board, "a", "b", prefix=prefix)
    assert [(one["run"], one["tag"]) for one in answer["maps"]] == [("a", tag) for tag in tags]
    assert answer["maps"][0]["header"].get("labels") == (["4", "7"] if prefix == "nnviz/map_input" else None)


@pytest.mark.parametrize(
    ("requested", "a", "b"),
    [([10], [10], [4]), ([24], [20], [16]), ([15], [10], [16]), ([2**53], [30], [16]), ([0, 1, 11], [0, 10], [4, 16])],
)
def test_maps_of_each_run_are_at_its_nearest_step(
    map_board: TensorBoard, requested: list[int], a: list[int], b: list[int]
) -> None:
    answer = ask(map_board, "a", "b", tag=STEM, steps=requested)
    assert [(one["run"], one["step"]) for one in answer["maps"]] == [("a", s) for s in a] + [("b", s) for s in b]
    assert {one["run"]: one["steps"].tolist() for one in answer["steps"]} == {"a": [0, 10, 20, 30], "b": [4, 16]}


def test_maps_values_and_unit_statistics_arrive(map_board: TensorBoard) -> None:
    answer = ask(map_board, "a", tag=STEM, steps=None)
    assert [one["step"] for one in answer["maps"]] == list(STEPS)
    for one in answer["maps"]:
        expected = stem(one["step"])
        if one["step"] == 20:
            expected[1, 2, 0, 0] = np.nan
        assert one["header"]["nonfinite"] == int(np.isnan(expected).sum())
        shown = one["header"]["offset"] + one["header"]["scale"] * one["values"].astype(float)
        if one["header"]["nonfinite"]:
            shown[one["values"] == 255] = np.nan
        np.testing.assert_allclose(shown, expected, atol=one["header"]["scale"] * 0.501)
        for name in ("min", "max", "mean"):
            statistic = getattr(expected.transpose(1, 0, 2, 3).reshape(3, -1), name)(axis=1)
            np.testing.assert_array_equal(one["units"][name].astype(np.float32), statistic)
        assert "units" not in one["header"]


def test_maps_at_an_index_are_cut(map_board: TensorBoard) -> None:
    (whole,) = ask(map_board, "a", tag=STEM, steps=[10])["maps"]
    (sample,) = ask(map_board, "a", tag=STEM, steps=[10], at={"sample": 1})["maps"]
    np.testing.assert_array_equal(sample["values"], whole["values"][1])
    assert (sample["header"]["axes"], sample["header"]["shape"]) == (IMAGE[1:], [3, 4, 5])
    np.testing.assert_array_equal(sample["units"]["mean"], whole["units"]["mean"])
    (channel,) = ask(map_board, "a", tag=STEM, steps=[10], at={"channel": 2, "sample": 0})["maps"]
    np.testing.assert_array_equal(channel["values"], whole["values"][0, 2])
    assert channel["units"]["max"].tolist() == [whole["units"]["max"][2]]
    assert channel["header"]["axes"] == ["height", "width"]


def test_maps_at_an_index_of_every_axis_are_single_values(map_board: TensorBoard) -> None:
    (whole,) = ask(map_board, "a", tag=STEM, steps=[10])["maps"]
    at = {"width": 4, "sample": 1, "height": 3, "channel": 2}
    (value,) = ask(map_board, "a", tag=STEM, steps=[10], at=at)["maps"]
    assert (value["values"].shape, value["values"].dtype) == ((), np.uint8)
    assert value["values"] == whole["values"][1, 2, 3, 4]
    assert (value["header"]["axes"], value["header"]["shape"]) == ([], [])
    assert {name: array.tolist() for name, array in value["units"].items()} == {
        name: [array[2]] for name, array in whole["units"].items()
    }
    answer = ask(map_board, "a", tag=HEAD, steps=[0], at={"sample": 0, "unit": 0, "token": 0})
    assert [one["reason"] for one in answer["missing"]] == ["unknown axis: 'token' (expected one of sample, unit)"]


def test_maps_part_beyond_the_map_is_missing(map_board: TensorBoard) -> None:
    answer = ask(map_board, "a", "b", tag=STEM, steps=[10], at={"sample": 1})
    assert [one["run"] for one in answer["maps"]] == ["a"]
    assert answer["missing"] == [{"run": "b", "tag": STEM, "step": 4, "reason": "unknown sample: 1 (the map has 1)"}]
    answer = ask(map_board, "a", tag=HEAD, steps=[0], at={"channel": 0})
    assert [one["reason"] for one in answer["missing"]] == ["unknown axis: 'channel' (expected one of sample, unit)"]


def test_maps_unknown_tag_or_run_is_missing(map_board: TensorBoard) -> None:
    answer = ask(map_board, "a", "b", "nobody", tag=HEAD, steps=[0])
    assert [one["run"] for one in answer["maps"]] == ["a"]
    assert [(one["run"], one["reason"]) for one in answer["missing"]] == [
        (run, f"unknown tag: '{HEAD}' in run '{run}'") for run in ("b", "nobody")
    ]
    assert ask(map_board, "nobody")["maps"] == []


def test_maps_malformed_map_keeps_the_others(map_board: TensorBoard) -> None:
    answer = ask(map_board, "broken", "b", tag=STEM)
    assert [(one["run"], one["step"]) for one in answer["maps"]] == [("broken", 0), ("broken", 8), ("b", 4), ("b", 16)]
    assert [(one["run"], one["step"]) for one in answer["missing"]] == [("broken", step) for step in range(1, 8)]
    reasons = [one["reason"] for one in answer["missing"]]
    for reason, words in zip(
        reasons,
        ["119 values of shape", "axes", "scale 'wide'", "version: 9", "JSON", "no header", "no header"],
        strict=True,
    ):
        assert words in reason and reason.startswith(("invalid map", "unknown map version")), reason
    assert [one["step"] for one in ask(map_board, "broken")["maps"]] == [8]


def test_maps_resumed_run_has_each_step_once(map_board: TensorBoard) -> None:
    answer = ask(map_board, "resumed", tag=STEM)
    assert [one["step"] for one in answer["maps"]] == [0, 10, 20, 30]
    for one, seed in zip(answer["maps"], [100, 110, 220, 230], strict=True):
        shown = one["header"]["offset"] + one["header"]["scale"] * one["values"].astype(float)
        np.testing.assert_allclose(shown, stem(seed), atol=one["header"]["scale"] * 0.501)


def test_maps_beyond_the_limit_are_missing(map_board: TensorBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps_module, "MAX_BYTES", 300)
    answer = ask(map_board, "a", "b", tag=STEM)
    assert sum(one["values"].size for one in answer["maps"]) <= 300
    assert [(one["run"], one["step"]) for one in answer["maps"]] == [("a", 0), ("a", 10), ("b", 4)]
    assert [one["reason"] for one in answer["missing"]] == [
        "2 of 4 maps exceed the limit of 0 MiB per answer",
        "1 of 2 maps exceed the limit of 0 MiB per answer",
    ]


def test_maps_kept_are_as_many_as_the_budget(loader: str, tmp_path: Path) -> None:
    most = SAMPLES["nnviz_maps"]
    with Log(tmp_path / "long") as log:
        for step in range(most + 30):
            log.entries(step, [maps.entry(STEM, np.full((1, 2), step, np.float32), ["sample", "unit"])])
    with TensorBoard(loader, tmp_path) as board:
        board.until(lambda: steps_of(board, "long").get("long", [-1])[-1] == most + 29)
        assert len(steps_of(board, "long")["long"]) == most


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prefix": "nnviz/"}, "unknown prefix: 'nnviz/' (expected one of nnviz/map/, nnviz/weight/, nnviz/map_input)"),
        ({"prefix": None}, "unknown prefix: None"),
        ({"tag": 3}, "invalid tag: 3"),
        ({"tag": WEIGHT}, f"unknown tag: '{WEIGHT}' (expected nnviz/map/...)"),
        ({"steps": 3}, "invalid steps: 3"),
        ({"steps": [1.5]}, "invalid steps: [1.5]"),
        ({"steps": [-1]}, "invalid steps: [-1]"),
        ({"steps": [True]}, "invalid steps: [True]"),
        ({"steps": [0] * 1001}, "too many steps: 1001 (at most 1000 in a request)"),
        ({"at": [0]}, "invalid at: [0] (expected an object of axes and indices)"),
        ({"at": {"sample": -1}}, "invalid at: {'sample': -1}"),
        ({"at": {"sample": "0"}}, "invalid at: {'sample': '0'}"),
        ({"step": 0}, "unknown key: 'step' (expected runs, prefix, tag, steps, at)"),
    ],
)
def test_maps_invalid_query_answers_400(map_board: TensorBoard, change: dict[str, Any], message: str) -> None:
    response = map_board.post("maps", {**QUERY, **change})
    assert (response.status_code, response.mimetype) == (400, "text/plain")
    assert message in response.text


@pytest.mark.parametrize("key", ["runs", "prefix"])
def test_maps_query_without_a_key_answers_400(map_board: TensorBoard, key: str) -> None:
    response = map_board.post("maps", {name: value for name, value in QUERY.items() if name != key})
    assert response.status_code == 400 and f"missing {key}" in response.text
