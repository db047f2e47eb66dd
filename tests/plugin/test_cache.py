"""Series that are kept: read again when they have changed, whichever way, and never more than the bytes that may be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz.plugin import cache as cache_module
from tb_nnviz.plugin.cache import Cache, tensor_points
from tb_nnviz.plugin.reader import Reader
from tests.support.event_logs import AB, Log, numbers
from tests.support.tensorboards import TensorBoard


class Provider:
    """A provider of series that tests change, and of how often it was called."""

    def __init__(self) -> None:
        self.series: dict[str, dict[str, list[Any]]] = {}
        self.lists = self.reads = 0

    def put(self, run: str, tag: str, steps: int, wall_time: float = 100.0, length: int = 3) -> None:
        self.series.setdefault(run, {})[tag] = [
            SimpleNamespace(step=i, wall_time=wall_time + i, numpy=np.full(length, i, np.float32)) for i in range(steps)
        ]

    def _chosen(self, filter_: Any) -> dict[str, dict[str, list[Any]]]:
        return {
            run: {tag: data for tag, data in tags.items() if tag in filter_.tags}
            for run, tags in self.series.items()
            if run in filter_.runs
        }

    def list_tensors(self, ctx: Any, run_tag_filter: Any, **more: Any) -> Any:
        self.lists += 1
        return {
            run: {
                tag: SimpleNamespace(max_step=data[-1].step, max_wall_time=max(one.wall_time for one in data))
                for tag, data in tags.items()
            }
            for run, tags in self._chosen(run_tag_filter).items()
        }

    def read_tensors(self, ctx: Any, run_tag_filter: Any, **more: Any) -> Any:
        self.reads += 1
        return self._chosen(run_tag_filter)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that goes on by a millisecond with each look at it."""
    now = SimpleNamespace(at=0.0)

    def tick() -> float:
        now.at += 0.001
        return now.at

    monkeypatch.setattr(cache_module.time, "monotonic", tick)
    return now


def test_what_has_not_changed_is_read_once_and_what_has_is_read_again(clock: SimpleNamespace) -> None:
    provider, kept = Provider(), Cache("nnviz")
    provider.put("a", "x", 5)
    reader = Reader(provider, "context", "")
    for _ in range(3):
        clock.at += 10
        assert kept.read(reader, ["a"], ["x", "not there"]).data["a"].keys() == {"x"}
    assert (provider.reads, provider.lists) == (1, 2)
    provider.put("a", "x", 6)
    clock.at += 10
    assert kept.read(reader, ["a"], ["x"]).data["a"]["x"].steps.tolist() == list(range(6))
    # a run that was resumed at an earlier step has no later one, but a later time
    provider.put("a", "x", 6, wall_time=500)
    clock.at += 10
    assert kept.read(reader, ["a"], ["x"]).data["a"]["x"].wall_times[0] == 500
    provider.put("a", "not there", 2)
    clock.at += 10
    assert kept.read(reader, ["a"], ["not there"]).data["a"]["not there"].steps.size == 2
    del provider.series["a"]
    clock.at += 10
    assert kept.read(reader, ["a"], ["x"]).data.get("a", {}) == {}


def test_the_provider_is_not_asked_each_time(clock: SimpleNamespace) -> None:
    provider, kept = Provider(), Cache("nnviz")
    provider.put("a", "x", 5)
    reader = Reader(provider, "context", "")
    kept.read(reader, ["a"], ["x"])
    kept.read(reader, ["a"], ["x"])
    lists = provider.lists
    for _ in range(3):
        kept.read(reader, ["a"], ["x"])
    assert (provider.reads, provider.lists) == (1, lists)


def test_no_more_bytes_than_the_limit_the_last_used_stay(clock: SimpleNamespace) -> None:
    provider, kept = Provider(), Cache("nnviz", limit=50_000)
    for run in "abc":
        provider.put(run, "x", 100, length=50)
    reader = Reader(provider, "context", "")
    for run in "aba":
        kept.read(reader, [run], ["x"])
    assert provider.reads == 2
    kept.read(reader, ["c"], ["x"])
    assert 40_000 < kept.bytes <= 50_000
    kept.read(reader, ["a"], ["x"])
    assert provider.reads == 3
    kept.read(reader, ["b"], ["x"])
    assert provider.reads == 4


def test_vectors_that_are_all_alike_take_the_bytes_of_one() -> None:
    data = [SimpleNamespace(step=i, wall_time=i, numpy=np.array([1, np.nan], np.float32)) for i in range(1000)]
    points = tensor_points(data)
    assert points.nbytes < 20_000
    assert_array_equal(points.values, np.tile(np.array([1, np.nan], np.float32), (1000, 1)))
    data[500].numpy = np.array([1, 2], np.float32)
    assert tensor_points(data).values[500].tolist() == [1, 2]


def test_series_of_a_run_that_grows_are_answered_to_the_end(loader: str, tmp_path: Path) -> None:
    values = numbers(30, 2)
    with Log(tmp_path / "run") as log, TensorBoard(loader, tmp_path) as board:
        for end in (10, 20, 30):
            part = {name: table[end - 10 : end] for name, table in values.items()}
            board.until_written({"run": log.table(AB, part, range(end - 10, end))[-1]})
            for _ in range(2):
                board.runs()
                (series,) = board.series("run")["series"]
                assert_array_equal(series["values"]["norm"], values["norm"][:end])
