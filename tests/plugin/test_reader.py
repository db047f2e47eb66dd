"""The reader over a provider that fails, and the pure functions behind `series`."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tensorboard import errors

from tb_nnviz.plugin import answers, reader, series_answer
from tb_nnviz.plugin.cache import Cache
from tb_nnviz.plugin.reader import Reader, UnavailableError
from tb_nnviz.plugin.series import Points, align, merge, timeline

RUNS = [f"run{i}" for i in range(20)]
TAGS = ["norm", "mean", "count"]


class RpcError(Exception):
    """What grpc raises, by name and by its methods."""

    def __init__(self, code: str) -> None:
        self.code = lambda: SimpleNamespace(name=code)
        self.details = lambda: "the details"


class Provider:
    """Answers with (run, tag) pairs; fails on those that are broken, or on too many at once."""

    def __init__(self, broken: set[tuple[str, str]], error: Exception, most: int = 10**6, times: int = 10**6) -> None:
        self.broken, self.error, self.most, self.times = broken, error, most, times
        self.calls: list[dict[str, Any]] = []

    def read_tensors(self, ctx: Any, **arguments: Any) -> dict[str, dict[str, tuple[str, str]]]:
        self.calls.append(arguments)
        pairs = [(r, t) for r in arguments["run_tag_filter"].runs for t in arguments["run_tag_filter"].tags]
        if len(pairs) > self.most or (self.times > 0 and not self.broken.isdisjoint(pairs)):
            self.times -= 1
            raise self.error
        return {run: {tag: (run, tag) for r, tag in pairs if r == run} for run, _ in pairs}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses that the reader would have made."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def read(provider: Any) -> Any:
    return Reader(provider, "context", "").tensors("nnviz", sorted(RUNS), TAGS)


def test_one_call_for_everything_and_never_zero_samples() -> None:
    provider = Provider(set(), ValueError())
    found = read(provider)
    assert len(provider.calls) == 1
    assert provider.calls[0]["downsample"] == 10**6
    assert sum(map(len, found.data.values())) == len(RUNS) * len(TAGS)


@pytest.mark.parametrize("error", [KeyError("norm"), RuntimeError("dictionary changed size during iteration")])
def test_a_race_with_the_loader_is_waited_out(error: Exception, pauses: list[float]) -> None:
    provider = Provider({("run3", "norm")}, error, times=2)
    found = read(provider)
    assert found.problems == []
    assert len(found.data) == len(RUNS)
    assert len(provider.calls) == 3
    assert pauses == [reader.PAUSE_SECONDS] * 2


@pytest.mark.parametrize("error", [ValueError("cannot reshape"), TypeError("unsupported"), KeyError("norm")])
def test_only_the_broken_series_is_lost(error: Exception) -> None:
    broken = {("run3", "norm"), ("run17", "count")}
    provider = Provider(broken, error)
    found = read(provider)
    assert {(run, tag) for run, tags in found.data.items() for tag in tags} == {
        (run, tag) for run in RUNS for tag in TAGS
    } - broken
    assert {problem[:2] for problem in found.problems} == broken
    assert all(type(error).__name__ in reason for _, _, reason in found.problems)
    assert len(provider.calls) < 30 * (reader.ATTEMPTS if isinstance(error, KeyError) else 1)


def test_an_answer_beyond_the_limit_of_grpc_is_read_in_parts() -> None:
    provider = Provider(set(), RpcError("RESOURCE_EXHAUSTED"), most=10)
    found = read(provider)
    assert found.problems == []
    assert {run: sorted(tags) for run, tags in found.data.items()} == {run: sorted(TAGS) for run in RUNS}


def test_a_dead_data_server_is_told() -> None:
    with pytest.raises(UnavailableError, match="data server does not answer: UNAVAILABLE: the details") as caught:
        read(Provider({("run1", "norm")}, RpcError("UNAVAILABLE")))
    assert caught.value.http_code == 503


def test_a_missing_provider_is_told() -> None:
    with pytest.raises(UnavailableError, match="started without a data provider"):
        read(None)


@pytest.mark.parametrize("error", [errors.PermissionDeniedError("no"), OSError("disk")])
def test_other_errors_are_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        read(Provider({("run1", "norm")}, error))
    assert caught.value is error


def test_a_run_that_cannot_be_listed_leaves_the_others() -> None:
    """The Python loader never lists a run that has metadata without a value."""
    good = SimpleNamespace(max_step=3, max_wall_time=9.0)
    tags = {"good": ["nnviz/gradient/norm"], "bad": ["nnviz/gradient/norm", "nnviz/gradient/mean"]}

    def list_tensors(ctx: Any, run_tag_filter: Any = None, **arguments: Any) -> dict[str, Any]:
        runs = tags if run_tag_filter is None else run_tag_filter.runs
        asked = None if run_tag_filter is None else run_tag_filter.tags
        listed = {run: {tag: good for tag in tags[run] if asked is None or tag in asked} for run in runs}
        if "nnviz/gradient/mean" in listed.get("bad", {}):
            raise KeyError("nnviz/gradient/mean")
        return {run: of_run for run, of_run in listed.items() if of_run}

    def list_runs(ctx: Any, **arguments: Any) -> list[Any]:
        return [SimpleNamespace(run_name="good", start_time=1.0), SimpleNamespace(run_name="bad", start_time=None)]

    provider = SimpleNamespace(list_tensors=list_tensors, list_runs=list_runs)
    answer = answers.runs_answer(Reader(provider, "context", ""), Cache("nnviz"))
    assert answer["runs"] == [
        {"run": "bad", "kinds": {"gradient": ["norm"]}, "first_wall_time": 9.0, "steps": 3},
        {"run": "good", "kinds": {"gradient": ["norm"]}, "first_wall_time": 1.0, "steps": 3},
    ]


def points(*events: tuple[int, float]) -> Points:
    return Points.of((step, wall_time, np.array([wall_time], np.float32)) for step, wall_time in events)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([[]], []),
        ([[(0, 1), (1, 2)]], [(0, 1), (1, 2)]),
        # resumed at 1, shorter than before: 2 and 3 were abandoned
        ([[(0, 1), (1, 2), (2, 3), (3, 4), (1, 9)]], [(0, 1), (1, 9)]),
        # resumed twice, the second time further on
        ([[(0, 1), (1, 2), (2, 3), (1, 9), (2, 10), (3, 11), (2, 20)]], [(0, 1), (1, 9), (2, 20)]),
        # the same step twice
        ([[(0, 1), (1, 2), (1, 3), (2, 4)]], [(0, 1), (1, 3), (2, 4)]),
        # files read in the wrong order: the later wall time wins all the same
        ([[(1, 9), (2, 10), (0, 1), (1, 2), (2, 3)]], [(0, 1), (1, 9), (2, 10)]),
        # a clock that was set back loses nothing
        ([[(0, 100), (1, 101), (2, 5), (3, 6)]], [(0, 100), (1, 101), (2, 5), (3, 6)]),
        # a statistic that only the first writer knew, as the data server keeps it
        ([[(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 9), (2, 10)]], [(0, 1), (1, 9), (2, 10)]),
    ],
)
def test_timeline(tags: list[list[tuple[int, float]]], expected: list[tuple[int, float]]) -> None:
    steps, wall_times = timeline([points(*tag) for tag in tags])
    assert list(zip(steps.tolist(), wall_times.tolist(), strict=True)) == expected


def test_timeline_against_a_plain_loop() -> None:
    """Random restarts, with an oracle that goes through events one by one as the data server does."""
    random = np.random.default_rng(0)
    for _ in range(200):
        events: list[tuple[int, float]] = []
        step = 0
        for wall_time in range(int(random.integers(1, 40))):
            step = int(random.integers(0, step + 1)) if random.random() < 0.1 else step + int(random.integers(1, 3))
            events.append((step, float(wall_time)))
        kept: list[tuple[int, float]] = []
        for event in events:
            kept = [*(earlier for earlier in kept if earlier[0] < event[0]), event]
        steps, wall_times = timeline([points(*events)])
        assert list(zip(steps.tolist(), wall_times.tolist(), strict=True)) == kept


def rows(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def test_merge_keeps_the_first_order_and_appends() -> None:
    table, columns = merge([rows("a", "b"), rows("b", "c"), rows("c", "d", "a")])
    assert [row["name"] for row in table] == ["a", "b", "c", "d"]
    assert [column.tolist() for column in columns] == [[0, 1], [1, 2], [2, 3, 0]]


def test_align_on_layouts_that_neither_extend_nor_order_each_other() -> None:
    layouts = {7: rows("a", "b"), 8: rows("c", "a"), 9: rows("never used")}
    ids = Points.of([(0, 1.0, np.array([7])), (1, 2.0, np.array([8])), (2, 3.0, np.array([7]))])
    norm = [(0, 1.0, np.array([1, 2], "f4")), (1, 2.0, np.array([3, 4], "f4")), (2, 3.0, np.array([5, 6], "f4"))]
    count = [(0, 1.0, np.array([1, 0], "f4")), (1, 2.0, np.array([1, 1], "f4"))]
    table, complaints = align({"norm": Points.of(norm), "count": Points.of(count)}, ["norm"], ids, layouts)
    assert complaints == []
    assert [row["name"] for row in table.rows] == ["a", "b", "c"]
    nan = np.nan
    assert_array_equal(table.values["norm"], np.array([[1, 2, nan], [4, nan, 3], [5, 6, nan]], "f4"))
    assert table.absent.tolist() == [[0, 1, 1], [0, 1, 0], [0, 0, 1]]


def test_align_where_the_loader_sampled_the_layout_id_away() -> None:
    """The id of the event before holds on; before the first, that of the first."""
    layouts = {7: rows("a"), 8: rows("a", "b")}
    ids = Points.of([(1, 2.0, np.array([7])), (3, 4.0, np.array([8]))])
    values = [np.arange(length, dtype="f4") for length in (1, 1, 1, 2, 2)]
    norm = Points.of([(i, i + 1.0, value) for i, value in enumerate(values)])
    table, complaints = align({"norm": norm}, ["norm"], ids, layouts)
    assert complaints == []
    assert table.absent[:, 1].tolist() == [1, 1, 1, 0, 0]


def test_align_names_steps_that_a_statistic_lacks() -> None:
    layouts = {7: rows("a")}
    ids = Points.of([(i, float(i), np.array([7])) for i in range(4)])
    norm = Points.of([(i, float(i), np.array([1], "f4")) for i in range(4)])
    mean = Points.of([(i, float(i), np.array([1], "f4")) for i in (0, 3)])
    table, complaints = align({"norm": norm, "mean": mean}, ["norm", "mean"], ids, layouts)
    assert complaints == [("mean", "no value at 2 of 4 steps, the first 1")]
    assert_array_equal(table.values["mean"][:, 0], np.array([1, np.nan, np.nan, 1], "f4"))


@pytest.mark.parametrize("value", [np.zeros((1, 1), "f4"), np.array(["x"]), np.array(1.0), np.array([b"x"], object)])
def test_align_leaves_out_what_is_no_vector(value: np.ndarray) -> None:
    ids = Points.of([(0, 0.0, np.array([7]))])
    table, complaints = align({"norm": Points.of([(0, 0.0, value)])}, ["norm"], ids, {7: rows("a")})
    assert table.steps.size == 0
    assert complaints == [("norm", "invalid value: not a vector of numbers at 1 steps, the first 0")]


def test_align_takes_any_number_of_any_width() -> None:
    ids = Points.of([(2**40, 0.0, np.array([7]))])
    table, _ = align({"new": Points.of([(2**40, 0.0, np.array([3], "i8"))])}, ["new"], ids, {7: rows("a")})
    assert table.values["new"].dtype == np.float32
    assert table.steps.tolist() == [2.0**40]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"not json", "invalid layout: b'not json' is not JSON"),
        (b'{"version": 2, "id": 1, "rows": []}', "unknown layout version: 2"),
        (b'{"version": 1, "id": 1, "rows": [{}]}', "its rows have no names"),
        (b'{"version": 1, "id": "1", "rows": []}', "invalid layout: id '1'"),
    ],
)
def test_a_layout_that_cannot_be_read_is_named(payload: bytes, message: str) -> None:
    said: list[str] = []
    data = Points.of([(0, 0.0, np.frombuffer(payload, np.uint8))])
    assert series_answer.layouts_of(data, said.append) == {}
    assert [message in text for text in said] == [True]
