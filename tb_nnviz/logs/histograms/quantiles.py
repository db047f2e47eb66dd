"""Quantiles of histograms, and the bounds of their bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: Bins that are no interval of the axis, in this order: NaN, -Inf, at most -2^24, at least 2^24, +Inf.
SPECIAL = (0, 1, 2, schema.BINS - 2, schema.BINS - 1)
_NAN = SPECIAL[0]


def bounds() -> np.ndarray:
    """Return the bounds of bins 2 (at most -2^24) to 518, ascending: float64 [518].

    Bin b lies between entries b - 2 and b - 1. Zero, bin 260, has no width. The outermost bins end at 2^24,
    because their elements have no known limit.
    """
    edges = schema.bin_edges()
    return np.concatenate([-edges[-1:], -edges[::-1], [0.0, 0.0], edges, edges[-1:]])


def quantiles(cells: Cells, shares: Sequence[float] = QUANTILES) -> np.ndarray:
    """Return quantiles of the elements that are numbers, infinities included: float32 [cells, shares].

    The bin is exact: it holds the smallest element that at least this share of the elements does not exceed.
    Within the bin the position is interpolated, as if the elements were spread evenly. The quantile is NaN if
    no element is a number. In the outermost bins it is 2^24 or -2^24.
    """
    at = cells.at()
    counts = np.where(cells.bins == _NAN, 0, cells.counts).astype(np.float64)
    sums = np.cumsum(counts)
    before = np.concatenate([[0.0], sums])[cells.starts[:-1]]
    totals = np.bincount(at, counts, cells.size)
    result = np.full((cells.size, len(shares)), np.nan, np.float32)
    known = np.flatnonzero(totals > 0)
    ends = bounds()
    for column, share in enumerate(shares):
        rank = before[known] + share * totals[known]
        # Rounding must not move a rank beyond the last number of its own histogram.
        found = np.searchsorted(sums, rank * (1 - 1e-15), "left")
        found = np.clip(found, cells.starts[known], cells.starts[known + 1] - 1)
        place = np.clip((rank - (sums[found] - counts[found])) / np.maximum(counts[found], 1e-300), 0, 1)
        bins = cells.bins[found].astype(np.int64)
        low, high = ends[np.clip(bins - 2, 0, 517)], ends[np.clip(bins - 1, 0, 517)]
        values = low + place * (high - low)
        values = np.where(bins == SPECIAL[1], -np.inf, np.where(bins == SPECIAL[4], np.inf, values))
        result[known, column] = values
    return result
