"""Columns: many steps reduced to few columns of consecutive steps, without losing an extreme or a state."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

#: Number of values that are reduced at a time, so that they stay in the processor's cache.
CHUNK_VALUES = 1 << 15
#: Bits of ``Columns.states``, one per state that occurs in a column of a row.
VALUE, ZERO, NONFINITE, ABSENT = 1, 2, 4, 8


@dataclass(frozen=True)
class Columns:
    """A table [steps, rows] as columns [n, rows].

    Attributes:
        minimum: float32, over finite values. NaN if there are none.
        mean: as ``minimum``.
        maximum: as ``minimum``.
        states: uint8, the states that occur: ``VALUE``, ``ZERO``, ``NONFINITE``, ``ABSENT``.
        at: the step that represents the column, counted from its first step. uint8, or float32 if a column may have
            more than 256 steps.
    """

    minimum: np.ndarray
    mean: np.ndarray
    maximum: np.ndarray
    states: np.ndarray
    at: np.ndarray


def column_starts(steps: int, width: int) -> np.ndarray:
    """Return the index of each column's first step: at most ``width`` columns, as even as possible.

    >>> column_starts(5, 3)
    array([0, 1, 3])
    """
    columns = min(steps, width)
    return np.arange(columns, dtype=np.int64) * steps // max(1, columns)


def reduce_columns(values: np.ndarray, absent: np.ndarray, starts: np.ndarray) -> Columns:
    """Reduce a table to columns.

    Per column and row, one step represents all: the first with NaN or Inf, else the first with the largest magnitude,
    else the first with zero, else the first. The page chooses in the same way among steps that share a pixel. The
    fixture tests/fixtures/reduction.json tests both.

    Args:
        values: float32 [steps, rows].
        absent: uint8 [steps, rows], not 0 if a row is absent at a step.
        starts: the index of each column's first step.
    """
    ends = np.append(starts[1:], len(values)).astype(np.int64)
    if absent.any() or not np.isfinite(values).all():
        return _reduce_any(values, absent, starts, ends)
    size = max(1, CHUNK_VALUES // max(1, values.shape[1]))
    chunks = [slice(i, i + size) for i in range(0, max(1, starts.size), size)]
    parts = [_reduce_finite(values, starts[chunk], ends[chunk]) for chunk in chunks]
    return Columns(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Columns)))


def _reduce_finite(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Columns:
    """Reduce a table of finite values, as nearly all are, in about half the time of ``_reduce_any``."""
    shape = (starts.size, values.shape[1])
    lengths = (ends - starts)[:, None]
    longest, shortest = int(lengths.max(initial=1)), int(lengths.min(initial=1))
    minimum = values[starts]
    maximum, total = minimum.copy(), minimum.astype(np.float64)
    greatest = np.abs(minimum)
    least = greatest.copy()
    at: np.ndarray = np.zeros(shape, _place_dtype(longest))
    for place in range(1, longest):
        x = values[np.minimum(starts + place, ends - 1)]
        np.minimum(minimum, x, out=minimum)
        np.maximum(maximum, x, out=maximum)
        total += x if place < shortest else np.where(place < lengths, x, np.float32(0))
        magnitude = np.abs(x, out=x)
        np.putmask(at, magnitude > greatest, place)
        np.maximum(greatest, magnitude, out=greatest)
        np.minimum(least, magnitude, out=least)
    states = (greatest > 0) * np.uint8(VALUE) + (least == 0) * np.uint8(ZERO)
    return Columns(minimum, (total / lengths).astype(np.float32), maximum, states, at)


def _reduce_any(values: np.ndarray, absent: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Columns:
    """Reduce a table that may have NaN, infinities and absent rows."""
    shape = (starts.size, values.shape[1])
    longest = int((ends - starts).max(initial=1))
    rank = np.full(shape, -np.inf, np.float32)
    at: np.ndarray = np.zeros(shape, _place_dtype(longest))
    total, count = np.zeros(shape, np.float64), np.zeros(shape, np.int64)
    minimum, maximum = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    states = np.zeros(shape, np.uint8)
    # One pass per place within a column, over all columns and rows at once. Shorter columns repeat their last step,
    # which would change only the mean. So the mean leaves out repeats.
    for place in range(longest):
        index = np.minimum(starts + place, ends - 1)
        inside = (starts + place < ends)[:, None]
        x = values[index]
        magnitude = np.abs(x)
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


def _place_dtype(longest: int) -> type:
    return np.uint8 if longest <= 256 else np.float32
