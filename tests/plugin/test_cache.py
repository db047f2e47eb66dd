"""The cache of series, which notices changes and has a limit."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz import schema
from tb_nnviz.logs.points import Points
from tb_nnviz.logs.provider import ProviderReader
from tb_nnviz.logs.reader import ReadResult
from tb_nnviz.plugin import cache as cache_module
from tb_nnviz.plugin.cache import ENTRY_BYTES, SeriesCache
from tests.support.event_logs import AB, WALL_TIME, Log, numbers
from tests.support.tensorboards import TensorBoard


class Provider:
    """A provider of series that tests change. It counts its calls."""

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
    """Replace the clock by one that advances by a millisecond per reading."""
    now = SimpleNamespace(at=0.0)

    def tick() -> float:
        now.at += 0.001
        return now.at

    monkeypatch.setattr(cache_module.time, "monotonic", tick)
    return now


def test_read_changed_series_is_read_again(clock: SimpleNamespace) -> None:
    provider, kept = Provider(), SeriesCache("nnviz")
    provider.put("a", "x", 5)
    reader = ProviderReader(provider, "context", "")
    for _ in range(3):
        clock.at += 10
        assert kept.read(reader, ["a"], ["x", "not there"]).data["a"].keys() == {"x"}
    assert (provider.reads, provider.lists) == (1, 2)
    provider.put("a", "x", 6)
    clock.at += 10
    assert kept.read(reader, ["a"], ["x"]).data["a"]["x"].steps.tolist() == list(range(6))
    # A run that was resumed at an earlier step has no later step, but a later wall time.
    provider.put("a", "x", 6, wall_time=500)
    clock.at += 10
    assert kept.read(reader, ["a"], ["x"]).data["a"]["x"].wall_times[0] == 500
    provider.put("a", "not there", 2)
    clock.at += 10
    assert kept.read(reader, ["a"], ["not there"]).data["a"]["not there"].steps.size == 2
    del provider.series["a"]
    clock.at += 10
    assert kept.read(reader, ["a"], ["x"]).data.get("a", {}) == {}


def test_read_again_at_once_makes_no_call(clock: SimpleNamespace) -> None:
    provider, kept = Provider(), SeriesCache("nnviz")
    provider.put("a", "x", 5)
    reader = ProviderReader(provider, "context", "")
    kept.read(reader, ["a"], ["x"])
    kept.read(reader, ["a"], ["x"])
    lists = provider.lists
    for _ in range(3):
        kept.read(reader, ["a"], ["x"])
    assert (provider.reads, provider.lists) == (1, lists)


def test_read_beyond_limit_drops_least_recently_used(clock: SimpleNamespace) -> None:
    provider, kept = Provider(), SeriesCache("nnviz", limit=50_000)
    for run in "abc":
        provider.put(run, "x", 100, length=50)
    reader = ProviderReader(provider, "context", "")
    for run in "aba":
        kept.read(reader, [run], ["x"])
    assert provider.reads == 2
    kept.read(reader, ["c"], ["x"])
    assert 40_000 < kept.bytes <= 50_000
    kept.read(reader, ["a"], ["x"])
    assert provider.reads == 3
    kept.read(reader, ["b"], ["x"])
    assert provider.reads == 4


def test_read_growing_run_is_read_to_its_end(loader: str, tmp_path: Path) -> None:
    values = numbers(30, 2)
    with Log(tmp_path / "run") as log, TensorBoard(loader, tmp_path) as board:
        for end in (10, 20, 30):
            part = {name: table[end - 10 : end] for name, table in values.items()}
            board.until_written({"run": log.table(AB, part, range(end - 10, end))[-1]})
            for _ in range(2):
                board.runs()
                (series,) = board.series("run")["series"]
                assert_array_equal(series["values"]["norm"], values["norm"][:end])


def _reader(**runs: int) -> Any:
    """Return a reader of runs with this many values of the tag "known"."""

    def read_tensors(plugin: str, requested: list[str], tags: list[str]) -> ReadResult:
        found = ReadResult()
        for run in set(requested) & set(runs):
            points = Points.of((i, float(i), np.arange(8.0) + i) for i in range(runs[run]))
            found.data[run] = {tag: points for tag in tags if tag == "known"}
        return found

    return SimpleNamespace(experiment="", read_tensors=read_tensors, arrivals=lambda runs, tag: {})


def test_read_unknown_names_are_dropped_too() -> None:
    cache, reader = SeriesCache("nnviz", 20 * ENTRY_BYTES), _reader(real=3)
    assert list(cache.read(reader, ["real"], ["known"]).data) == ["real"]
    for number in range(100):
        cache.read(reader, [f"run{number}"], ["known", "other"])
    assert 0 < len(cache._entries) < 20 and cache.bytes <= 20 * ENTRY_BYTES
    for key in list(cache._entries):
        cache._drop(key)
    assert cache.bytes == 0


class SlowProvider(Provider):
    """A provider whose calls take a while, so that threads meet in them."""

    def list_tensors(self, ctx: Any, run_tag_filter: Any, **more: Any) -> Any:
        found = super().list_tensors(ctx, run_tag_filter, **more)
        time.sleep(0.1)
        return found

    def read_tensors(self, ctx: Any, run_tag_filter: Any, **more: Any) -> Any:
        found = super().read_tensors(ctx, run_tag_filter, **more)
        time.sleep(0.1)
        return found


def test_read_by_several_threads_reads_and_lists_once() -> None:
    provider, kept = SlowProvider(), SeriesCache("nnviz")
    for run in "ab":
        provider.put(run, "x", 5)
    reader, started = ProviderReader(provider, "context", ""), threading.Barrier(6)

    def ask() -> Any:
        started.wait()
        return kept.read(reader, ["a", "b"], ["x", "none"]).data

    for _ in range(2):
        with ThreadPoolExecutor(6) as pool:
            answers = [one.result() for one in [pool.submit(ask) for _ in range(6)]]
        assert all(answer["a"]["x"].steps.size == answer["b"]["x"].steps.size == 5 for answer in answers)
        assert (provider.reads, provider.lists) in ((1, 0), (1, 1))
        for entry in kept._entries.values():
            entry.until = 0.0  # to be checked again


def test_read_series_that_changes_during_a_read_is_noticed() -> None:
    provider, kept = SlowProvider(), SeriesCache("nnviz")
    provider.put("a", "x", 5)
    reader = ProviderReader(provider, "context", "")
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(kept.read, reader, ["a"], ["x"])
        time.sleep(0.05)
        provider.put("a", "x", 6)
        assert early.result().data["a"]["x"].steps.size == 5
    assert kept.read(reader, ["a"], ["x"]).data["a"]["x"].steps.size == 6


class Corrupt:
    """An event whose tensor cannot be decoded."""

    step, wall_time = 0, 0.0

    @property
    def numpy(self) -> np.ndarray:
        return np.frombuffer(b"abc", "<f4")


def test_read_problems_are_given_to_every_thread() -> None:
    provider, kept = SlowProvider(), SeriesCache("nnviz")
    provider.put("a", "x", 5)
    provider.series["a"]["bad"] = [Corrupt()]
    reader = ProviderReader(provider, "context", "")
    with ThreadPoolExecutor(4) as pool:
        answers = [one.result() for one in [pool.submit(kept.read, reader, ["a"], ["x", "bad"]) for _ in range(4)]]
    for answer in answers:
        assert answer.data["a"]["x"].steps.size == 5
        ((run, tag, reason, _),) = answer.problems
        assert (run, tag) == ("a", "bad") and reason.startswith("cannot be read: ValueError")


def test_read_resumed_run_whose_clock_is_behind_is_noticed(loader: str, tmp_path: Path) -> None:
    """The largest step and wall time stay the same on the Python loader, which keeps abandoned events."""
    before, after = numbers(20, 2, seed=1), numbers(5, 2, seed=2)
    overhead = [schema.scalar("nnviz/global/overhead_seconds", 0.0)]

    def write(log: Log, values: dict[str, np.ndarray], first: int) -> None:
        for i in range(len(values["norm"])):
            log.vectors(first + i, AB, {name: table[i] for name, table in values.items()}, overhead)

    with Log(tmp_path / "run", 0, WALL_TIME + 3600) as log, TensorBoard(loader, tmp_path) as board:
        write(log, before, 0)
        board.until_step(19, "run")
        assert board.series("run")["series"][0]["values"]["norm"].shape == (20, 2)
        with Log(tmp_path / "run", 1) as resumed:
            write(resumed, after, 10)
        expected = np.concatenate([before["norm"][:10], after["norm"]])

        def is_noticed() -> bool:
            (series,) = board.series("run")["series"]
            return series["steps"].size == 15 and np.array_equal(series["values"]["norm"], expected)

        assert board.until(is_noticed)


@pytest.mark.parametrize(("computed", "seconds"), [(0.01, 0.0), (0.1, 1.0), (0.3, 3.0), (9.0, 5.0)])
def test_list_all_long_listing_is_answered_again_for_a_while(
    computed: float, seconds: float, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    computing = itertools.count()
    monkeypatch.setattr(cache_module.time, "thread_time", lambda: computed * next(computing))
    listings: list[str] = []
    answers: dict[str, Any] = {
        "experiment": "",
        "list_all_tensors": lambda plugin, likely: listings.append(plugin) or ReadResult(),
        "arrivals": lambda runs, tag: {},
    }
    reader, kept = SimpleNamespace(**answers), SeriesCache("nnviz")
    kept.list_all(reader, ())  # type: ignore[arg-type]
    for later, count in [(0.9 * seconds, 1), (0.2 * seconds + 0.01, 2)]:
        clock.at += later
        kept.list_all(reader, ())  # type: ignore[arg-type]
        assert len(listings) == (count if seconds else count + 1), later
