"""Means over windows of places, which end at each place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def window_means(levels: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the means over windows of some widths, narrow ones first: powers of four, and all places.

    A window of which more than half the values are NaN is NaN.

    Args:
        levels: float32 [runs, places, series].

    Returns:
        Widths in places, and means: float32 [runs, places - width + 1, series].

    >>> levels = np.array([1.0, 3.0, 5.0, 7.0, 9.0], np.float32).reshape(1, 5, 1)
    >>> [(width, means.ravel().tolist()) for width, means in window_means(levels)]
    [(1, [1.0, 3.0, 5.0, 7.0, 9.0]), (4, [4.0, 6.0]), (5, [5.0])]
    """
    places = levels.shape[1]
    yield 1, levels
    known = ~np.isnan(levels)
    if known.all():
        sums, counts = levels, None
    else:
        sums, counts = np.where(known, levels, np.float32(0)), known.astype(np.float32)
    width = 1
    while width * 4 <= places:
        sums, width = _joined(sums, width), width * 4
        counts = None if counts is None else _joined(counts, width // 4)
        yield width, _means(sums, counts, width)
    if width < places:
        whole = known.sum(1, keepdims=True, dtype=np.float32) if counts is not None else None
        yield places, _means(np.nansum(levels, axis=1, keepdims=True), whole, places)


def _joined(sums: np.ndarray, width: int) -> np.ndarray:
    """Return the sums over windows that join four of a width."""
    last = sums.shape[1] - 3 * width
    joined: np.ndarray = sums[:, :last] + sums[:, width : last + width]
    joined += sums[:, 2 * width : last + 2 * width]
    joined += sums[:, 3 * width : last + 3 * width]
    return joined


def _means(sums: np.ndarray, counts: np.ndarray | None, width: int) -> np.ndarray:
    found: np.ndarray = sums * np.float32(1 / width)
    if counts is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(counts >= width / 2, sums / counts, np.float32(np.nan))
    return found
