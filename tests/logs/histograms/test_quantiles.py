"""Quantiles of histograms."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.logs.histograms.cells import pack
from tb_nnviz.logs.histograms.quantiles import bounds, quantiles
from tests.support.bins import bin_of


def test_quantiles_within_a_bin_are_interpolated() -> None:
    counts = np.zeros((3, 520), np.int64)
    counts[0, bin_of(1.0)] = 4  # from 1 to 1.25
    counts[1, [bin_of(-1.0), 260, bin_of(1.5)]] = 1, 2, 1
    np.testing.assert_allclose(quantiles(pack(counts), (0, 0.25, 0.5, 1))[0], [1, 1.0625, 1.125, 1.25])
    assert quantiles(pack(counts), (0.5,))[1] == 0
    assert np.isnan(quantiles(pack(counts))[2]).all()
    counts[2, 0] = 7  # only NaN
    assert np.isnan(quantiles(pack(counts))[2]).all()


def test_bounds_are_made_once_and_cannot_be_changed() -> None:
    assert bounds() is bounds()
    with pytest.raises(ValueError, match="read-only"):
        bounds()[0] = 0
