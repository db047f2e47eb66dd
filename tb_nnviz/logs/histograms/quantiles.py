"""Quantiles of histograms, and the bounds of their bins."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells

#: The quantiles that are answered by default, as fractions.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: Bins without two finite bounds: NaN, -Inf, at most -2^24, at least 2^24, +Inf.
SPECIAL = (0, 1, 2, schema.BINS - 2, schema.BINS - 1)
_NAN = SPECIAL[0]


@functools.cache
def bounds() -> np.ndarray:
    """Return the bounds of bins 2 (at most -2^24) to 518, ascending: float64 [518].

    Bin b lies between entries b - 2 and b - 1. Bin 260, zero, has no width. Bins 2 and 518 have none
    either: their elements have no known limit, so both bounds are -2^24 or 2^24.
    """
    edges = schema.bin_edges()
    result = np.concatenate([-edges[-1:], -edges[::-1], [0.0, 0.0], edges, edges[-1:]])
    result.flags.writeable = False  # callers share it
    return result


def quantiles(cells: Cells, fractions: Sequence[float] = QUANTILES) -> np.ndarray:
    """Return quantiles of the elements other than NaN, infinities included: float32 [histograms, fractions].

    A quantile lies in the bin of the exact one (``np.quantile`` with ``method="inverted_cdf"``). Within the bin it is
    interpolated as if the bin's elements were spread evenly. It is NaN if no element is a number. In bins 2 and 518
    it is -2^24 and 2^24. Elements of unknown number are left out.
    """
    at = cells.at()
    counts = np.where(cells.bins == _NAN, 0, cells.known()).astype(np.float64)
    sums = np.cumsum(counts)
    before = np.concatenate([[0.0], sums])[cells.starts[:-1]]
    totals = np.bincount(at, counts, cells.size)
    result = np.full((cells.size, len(fractions)), np.nan, np.float32)
    known = np.flatnonzero(totals > 0)
    ends = bounds()
    for column, fraction in enumerate(fractions):
        rank = before[known] + fraction * totals[known]
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
