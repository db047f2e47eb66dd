"""Dense histograms of a history."""

from __future__ import annotations

from tb_nnviz.logs.histograms.cells import pack
from tb_nnviz.logs.histograms.history import dense_histograms
from tests.support.bins import counts_of
from tests.support.logs.histograms import SAMPLES


def test_dense_histograms_beyond_limit_is_none() -> None:
    cells = pack(counts_of(*SAMPLES[0]))
    made = dense_histograms(cells, 1, cells.size, 1 << 20)
    assert made is not None
    size = made.counts.size
    assert (
        dense_histograms(cells, 1, cells.size, size) is not None
        and dense_histograms(cells, 1, cells.size, size - 1) is None
    )
