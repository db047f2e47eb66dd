"""How a row's values are spread over steps. Pure functions on numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Of a table [steps, rows]."""

    values: np.ndarray  # float32 [shares, rows], over finite values; NaN where there are fewer than two
    finite: np.ndarray  # int32 [rows]
    nonfinite: np.ndarray  # int32 [rows]


def percentiles(values: np.ndarray, absent: np.ndarray, shares: Sequence[float]) -> Percentiles:
    """Percentiles over steps of float32 [steps, rows], linear between neighbours as numpy's default; ``shares`` 0 to 1.

    Exact, and not of columns: those hold the largest of a few steps, whose percentiles would be of something else.

    >>> table = np.array([[1], [2], [4], [np.nan]], np.float32)
    >>> percentiles(table, np.zeros((4, 1)), [0.5]).values
    array([[2.]], dtype=float32)
    """
    present = absent == 0
    finite = np.isfinite(values) & present
    counts = finite.sum(axis=0)
    # what does not count goes to the end; one row's values lie together, which is what takes the time
    ordered = np.sort(np.where(finite, values, np.float32(np.inf)).T, axis=1)
    row = np.arange(values.shape[1])
    made = np.full((len(shares), values.shape[1]), np.nan, np.float32)
    some = counts >= 2
    for i, share in enumerate(shares):
        place = share * np.maximum(counts - 1, 0)
        below = np.floor(place).astype(np.int64)
        low = ordered[row, below].astype(np.float64)
        high = ordered[row, np.minimum(below + 1, np.maximum(counts - 1, 0))].astype(np.float64)
        with np.errstate(invalid="ignore"):  # rows of which nothing is finite
            made[i] = np.where(some, low + (high - low) * (place - below), np.nan)
    return Percentiles(made, counts.astype(np.int32), (present & ~np.isfinite(values)).sum(axis=0).astype(np.int32))
