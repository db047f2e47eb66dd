"""The cache of series: what it holds is bounded, whatever is asked for."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tb_nnviz.plugin.cache import ENTRY_BYTES, Cache
from tb_nnviz.plugin.reader import Found


def _reader(**runs: int) -> Any:
    """A reader of runs that have so many values of the tag "known"."""

    def tensors(plugin: str, asked: list[str], tags: list[str]) -> Found:
        found = Found()
        for run in set(asked) & set(runs):
            data = [SimpleNamespace(step=i, wall_time=float(i), numpy=np.arange(8.0) + i) for i in range(runs[run])]
            found.data[run] = {tag: data for tag in tags if tag == "known"}
        return found

    return SimpleNamespace(experiment="", tensors=tensors)


def test_names_that_there_are_not_are_forgotten_too() -> None:
    cache, reader = Cache("nnviz", 20 * ENTRY_BYTES), _reader(real=3)
    assert list(cache.read(reader, ["real"], ["known"]).data) == ["real"]
    for number in range(100):
        cache.read(reader, [f"run{number}"], ["known", "other"])
    assert 0 < len(cache._kept) < 20 and cache.bytes <= 20 * ENTRY_BYTES
    for key in list(cache._kept):
        cache._drop(key)
    assert cache.bytes == 0
