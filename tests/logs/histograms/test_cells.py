"""Histograms without empty bins."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz.logs.histograms.cells import Cells, join, pack


def test_cells_packed_and_joined_are_dense_again() -> None:
    counts = np.random.default_rng(1).integers(0, 3, (7, 520)) * np.random.default_rng(2).integers(0, 2, (7, 1))
    counts[2, 300] = 1 << 30
    parts = join([pack(counts[:3]), pack(counts[3:3]), pack(counts[3:])])
    assert_array_equal(parts.dense(0, 520), counts)
    assert_array_equal(
        parts.take(np.array([6, -1, 2, 2])).dense(100, 300)[:, 200], [counts[6, 300], 0, 1 << 30, 1 << 30]
    )
    assert_array_equal(parts.totals(), counts.sum(1))


@pytest.mark.parametrize("index", [0, 3, -1])
def test_take_one_histogram_equals_it_among_others(index: int) -> None:
    counts = np.random.default_rng(3).integers(0, 3, (4, 520))
    cells = pack(counts)
    one, among = cells.take(np.array([index])), cells.take(np.array([index, 1]))
    assert one.starts.dtype == among.starts.dtype
    assert_array_equal(one.dense(0, 520), among.dense(0, 520)[:1])
    assert np.shares_memory(one.counts, cells.counts) == (index >= 0), "one histogram is a view"


def test_dense_bins_that_are_empty_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = pack(np.eye(3, 520, 260))
    monkeypatch.setattr(Cells, "at", None)
    assert_array_equal(cells.dense(0, 2), np.zeros((3, 2)))
