"""Histograms without empty bins."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from tb_nnviz.logs.histograms.cells import join, pack


def test_cells_packed_and_joined_are_dense_again() -> None:
    counts = np.random.default_rng(1).integers(0, 3, (7, 520)) * np.random.default_rng(2).integers(0, 2, (7, 1))
    counts[2, 300] = 1 << 30
    parts = join([pack(counts[:3]), pack(counts[3:3]), pack(counts[3:])])
    assert_array_equal(parts.dense(0, 520), counts)
    assert_array_equal(
        parts.take(np.array([6, -1, 2, 2])).dense(100, 300)[:, 200], [counts[6, 300], 0, 1 << 30, 1 << 30]
    )
    assert_array_equal(parts.totals(), counts.sum(1))
