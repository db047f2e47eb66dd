"""The cache of histograms."""

from __future__ import annotations

import threading

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cache import HistogramCache, fingerprint
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
