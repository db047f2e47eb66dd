"""Percentiles of each row over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of a table [steps, rows].

    Attributes:
        values: float32 [shares, rows], over finite values. NaN if there are fewer than two.
        finite: int32 [rows], the number of finite values.
        nonfinite: int32 [rows], the number of NaN and Inf.
    """

    values: np.ndarray
    finite: np.ndarray
    nonfinite: np.ndarray


def percentiles(values: np.ndarray, absent: np.ndarray, shares: Sequence[float]) -> Percentiles:
    """Return percentiles over steps, linear between neighbours as numpy's default.

    They are taken of all steps and not of columns, which hold the largest of several steps.

    Args:
        values: float32 [steps, rows].
        absent: not 0 if a row is absent at a step: [steps, rows].
        shares: the percentiles as shares of 1.

    >>> table = np.array([[1], [2], [4], [np.nan]], np.float32)
    >>> percentiles(table, np.zeros((4, 1)), [0.5]).values
    array([[2.]], dtype=float32)
    """
    present = absent == 0
    finite = np.isfinite(values) & present
    counts = finite.sum(axis=0)
    # Values that do not count are sorted to the end. The transpose makes each row contiguous, which is faster.
    ordered = np.sort(np.where(finite, values, np.float32(np.inf)).T, axis=1)
    row = np.arange(values.shape[1])
    made = np.full((len(shares), values.shape[1]), np.nan, np.float32)
    some = counts >= 2
    for i, share in enumerate(shares):
        place = share * np.maximum(counts - 1, 0)
        below = np.floor(place).astype(np.int64)
        low = ordered[row, below].astype(np.float64)
        high = ordered[row, np.minimum(below + 1, np.maximum(counts - 1, 0))].astype(np.float64)
        with np.errstate(invalid="ignore"):  # rows without a finite value
            made[i] = np.where(some, low + (high - low) * (place - below), np.nan)
    return Percentiles(made, counts.astype(np.int32), (present & ~np.isfinite(values)).sum(axis=0).astype(np.int32))
