"""Percentiles of each row over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of a table [steps, rows].

    Attributes:
        values: float32 [fractions, rows], of the finite values. NaN if a row has fewer than two.
        finite: int32 [rows], the number of finite values.
        nonfinite: int32 [rows], the number of values that are NaN or Inf.
    """

    values: np.ndarray
    finite: np.ndarray
    nonfinite: np.ndarray


def percentiles(values: np.ndarray, absent: np.ndarray, fractions: Sequence[float]) -> Percentiles:
    """Return percentiles of each row over steps, interpolated as ``np.quantile`` does by default.

    They need all steps: percentiles of columns would be those of minima, means or maxima.

    Args:
        values: float32 [steps, rows].
        absent: not 0 if a row is absent at a step: [steps, rows].
        fractions: the percentiles to compute, from 0 to 1.

    >>> table = np.array([[1], [2], [4], [np.nan]], np.float32)
    >>> percentiles(table, np.zeros((4, 1)), [0.5]).values
    array([[2.]], dtype=float32)
    """
    present = absent == 0
    finite = np.isfinite(values) & present
    counts = finite.sum(axis=0)
    # Absent and nonfinite values are sorted to the end. The transpose makes each row contiguous, which is faster.
    ordered = np.sort(np.where(finite, values, np.float32(np.inf)).T, axis=1)
    row = np.arange(values.shape[1])
    result = np.full((len(fractions), values.shape[1]), np.nan, np.float32)
    enough = counts >= 2
    for i, fraction in enumerate(fractions):
        place = fraction * np.maximum(counts - 1, 0)
        below = np.floor(place).astype(np.int64)
        low = ordered[row, below].astype(np.float64)
        high = ordered[row, np.minimum(below + 1, np.maximum(counts - 1, 0))].astype(np.float64)
        with np.errstate(invalid="ignore"):  # rows without a finite value
            result[i] = np.where(enough, low + (high - low) * (place - below), np.nan)
    return Percentiles(result, counts.astype(np.int32), (present & ~np.isfinite(values)).sum(axis=0).astype(np.int32))
