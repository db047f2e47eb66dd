"""Means over windows of places, which end at each place."""

from __future__ import annotations

import numpy as np


def widths(places: int) -> tuple[int, ...]:
    """Return the widths of windows for some number of places: powers of four, and all places.

    >>> widths(100), widths(1)
    ((1, 4, 16, 64, 100), (1,))
    """
    found = [1]
    while found[-1] * 4 <= places:
        found.append(found[-1] * 4)
    return tuple(found if found[-1] >= places else [*found, places])


def window_means(levels: np.ndarray, width: int) -> np.ndarray:
    """Return the means over windows: [runs, places - width + 1, series].

    A window of which more than half the values are NaN is NaN.

    Args:
        levels: [runs, places, series].
        width: the number of places of a window.

    >>> window_means(np.array([1.0, 3.0, 5.0]).reshape(1, 3, 1), 2).ravel().tolist()
    [2.0, 4.0]
    """
    if width == 1:
        return levels
    known = ~np.isnan(levels)
    sums = _window_sums(np.where(known, levels, 0), width)
    if known.all():
        return (sums / width).astype(levels.dtype)
    counts = _window_sums(known, width)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(counts >= width / 2, sums / counts, np.nan)
    return means.astype(levels.dtype)


def _window_sums(values: np.ndarray, width: int) -> np.ndarray:
    sums = np.cumsum(values, axis=1, dtype=np.float64)
    sums[:, width:] -= sums[:, :-width].copy()
    return sums[:, width - 1 :]
