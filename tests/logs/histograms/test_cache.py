"""The cache of histograms."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cache import HistogramCache, fingerprint
from tb_nnviz.logs.histograms.packed import Packed
from tb_nnviz.logs.points import Points
from tests.support.bins import counts_of
from tests.support.logs.histograms import AB, SAMPLES


def _events(steps: range) -> tuple[Points, Points]:
    payload = schema.encode_histograms(counts_of(*SAMPLES[0]))
    ids = Points.of((step, float(step), np.array([AB.id])) for step in steps)
    return ids, Points.of((step, float(step), payload) for step in steps)


TABLES = {AB.id: [{"name": row.name} for row in AB.rows]}


def test_cache_beyond_limit_drops_the_oldest() -> None:
    ids, payloads = _events(range(4))
    size = HistogramCache().make(("", "x", "gradient"), ids, payloads, TABLES).nbytes
    cache = HistogramCache(2 * size)
    for run in "abc":
        cache.make(("", run, "gradient"), ids, payloads, TABLES)
    found = [cache.find(("", run, "gradient"), fingerprint(ids, TABLES)) is not None for run in "abc"]
    assert found == [False, True, True] and cache.nbytes == 2 * size
    small = HistogramCache(size - 1)
    assert len(small.make(("", "a", "gradient"), ids, payloads, TABLES).steps) == 4
    assert small.nbytes == 0


def test_cache_event_without_counts_is_not_found() -> None:
    """The Python loader publishes the tags of an event one after another."""
    cache, name = HistogramCache(), ("", "run", "gradient")
    ids, payloads = _events(range(4))
    _, early = _events(range(3))
    assert len(cache.make(name, ids, early, TABLES).steps) == 3
    assert cache.find(name, fingerprint(ids, TABLES)) is None
    assert len(cache.make(name, ids, payloads, TABLES).steps) == 4
    assert cache.decoded == 4 and cache.find(name, fingerprint(ids, TABLES)) is not None


def test_cache_several_threads_decode_once() -> None:
    cache, name = HistogramCache(), ("", "run", "gradient")
    ids, payloads = _events(range(50))
    threads = [threading.Thread(target=cache.make, args=(name, ids, payloads, TABLES)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.decoded == 50


def test_cache_slow_decoding_of_a_run_does_not_hold_others_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, ids, payloads = HistogramCache(), *_events(range(3))
    cache.make(("", "fast", "gradient"), ids, payloads, TABLES)
    begun, released = threading.Event(), threading.Event()
    unpack = Packed.unpack

    def slow(self: Packed, rows: int | None) -> Any:
        if threading.current_thread().name == "slow":
            begun.set()
            assert released.wait(20)
        return unpack(self, rows)

    monkeypatch.setattr(Packed, "unpack", slow)
    thread = threading.Thread(target=cache.make, args=(("", "slow", "gradient"), ids, payloads, TABLES), name="slow")
    thread.start()
    assert begun.wait(20)
    try:
        assert cache.find(("", "fast", "gradient"), fingerprint(ids, TABLES)) is not None
        assert len(cache.make(("", "other", "gradient"), ids, payloads, TABLES).steps) == 3
    finally:
        released.set()
        thread.join(20)
    assert cache.find(("", "slow", "gradient"), fingerprint(ids, TABLES)) is not None


def test_cache_event_written_during_a_load_is_not_lost() -> None:
    """A thread that read the events before it was written is late to keep them."""
    cache, name = HistogramCache(), ("", "run", "gradient")
    (old_ids, old), (ids, payloads) = _events(range(3)), _events(range(4))
    cache.make(name, ids, payloads, TABLES)
    assert len(cache.make(name, old_ids, old, TABLES).steps) == 3
    assert cache.find(name, fingerprint(ids, TABLES)) is None
    assert len(cache.make(name, ids, payloads, TABLES).steps) == 4 and cache.decoded == 5


def test_cache_threads_and_limit_keep_the_count_of_bytes() -> None:
    ids, payloads = _events(range(6))
    size = HistogramCache().make(("", "x", "gradient"), ids, payloads, TABLES).nbytes
    cache, random = HistogramCache(3 * size), np.random.default_rng(0)
    names = [("", run, "gradient") for run in "abcdefgh"]

    def work(order: np.ndarray) -> None:
        for i in order:
            if cache.find(names[i], fingerprint(ids, TABLES), None, int(i)) is None:
                cache.make(names[i], ids, payloads, TABLES, None, int(i))

    threads = [threading.Thread(target=work, args=(random.integers(0, 8, 60),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.nbytes == sum(entry.events.nbytes for entry in cache._entries.values()) <= 3 * size
    assert cache.nbytes == sum(entry.nbytes for entry in cache._entries.values())
