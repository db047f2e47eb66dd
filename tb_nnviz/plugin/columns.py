"""Many steps -> few columns of consecutive steps, in which nothing that matters is lost. Pure functions on numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: What occurs in a row of a column; a byte of `states` holds any of them.
VALUE, ZERO, NONFINITE, ABSENT = 1, 2, 4, 8


@dataclass(frozen=True)
class Columns:
    """A table [steps, rows] as columns [n, rows]."""

    minimum: np.ndarray  # float32, over finite values; NaN where there are none
    mean: np.ndarray
    maximum: np.ndarray
    states: np.ndarray  # uint8
    #: Which step of the column stands for it, counted from its first one.
    at: np.ndarray  # uint8, or float32 where a column may have more than 256 steps


def column_starts(steps: int, width: int) -> np.ndarray:
    """Index of each column's first step: at most ``width`` columns, as even as can be.

    >>> column_starts(5, 3)
    array([0, 1, 3])
    """
    columns = min(steps, width)
    return np.arange(columns, dtype=np.int64) * steps // max(1, columns)


def reduce_columns(values: np.ndarray, absent: np.ndarray, starts: np.ndarray) -> Columns:
    """The columns that begin at ``starts``, of values float32 [steps, rows] and what is absent, uint8 likewise.

    The step that stands for a column is the one that the page would draw where several share a pixel: NaN or Inf
    first, then the largest magnitude, then zero, then absent; the earliest of several alike.
    """
    ends = np.append(starts[1:], len(values)).astype(np.int64)
    shape = (starts.size, values.shape[1])
    longest = int((ends - starts).max(initial=1))
    some_absent = bool(absent.any())
    plain = not some_absent and bool(np.isfinite(values).all())

    rank = np.full(shape, -np.inf, np.float32)
    at = np.zeros(shape, np.uint8 if longest <= 256 else np.float32)
    total, count = np.zeros(shape, np.float64), np.zeros(shape, np.int64)
    minimum, maximum = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    states = np.zeros(shape, np.uint8)
    # One pass for each place within a column, over all columns and rows at once. Columns that are shorter repeat
    # their last step, which changes nothing but the mean.
    for place in range(longest):
        index = np.minimum(starts + place, ends - 1)
        inside = (starts + place < ends)[:, None]
        x = values[index]
        magnitude = np.abs(x)
        if plain:
            counted = x
            total += np.where(inside, x, 0)
            count += inside
            states |= np.where(magnitude > 0, np.uint8(VALUE), np.uint8(ZERO))
        else:
            gone = absent[index] != 0
            finite = np.isfinite(x)
            bad = ~finite & ~gone
            finite &= ~gone
            counted = np.where(finite, x, np.float32(np.nan))
            total += np.where(inside & finite, x, 0)
            count += inside & finite
            states |= gone * np.uint8(ABSENT) + bad * np.uint8(NONFINITE)
            states |= finite * np.where(magnitude > 0, np.uint8(VALUE), np.uint8(ZERO))
            magnitude[bad] = np.inf
            magnitude[gone] = -1
        np.putmask(at, magnitude > rank, place)
        np.maximum(rank, magnitude, out=rank)
        np.fmin(minimum, counted, out=minimum)
        np.fmax(maximum, counted, out=maximum)
    mean = np.full(shape, np.nan, np.float32)
    np.divide(total, count, out=mean, where=count > 0, casting="same_kind")
    return Columns(minimum, mean, maximum, states, at)
