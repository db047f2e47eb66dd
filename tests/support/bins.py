"""Reference for the bins of histograms, written from docs/schema.md in plain Python."""

from __future__ import annotations

import math

import numpy as np


def edge(octave: int, quarter: int) -> float:
    """Return the lower edge of one of the four bins of an octave."""
    return float((1, 1.25, 1.5, 1.75)[quarter]) * 2.0**octave


def bin_of(x: float) -> int:
    """Return the bin of a value."""
    if np.isnan(x):
        return 0
    if x == 0:
        return 260
    size = abs(x)
    if size == np.inf:
        k = 259
    elif size >= 2.0**24:
        k = 258
    elif size < 2.0**-40:
        k = 1
    else:
        octave = math.frexp(size)[1] - 1
        k = 2 + 4 * (octave + 40) + sum(size >= edge(octave, quarter) for quarter in (1, 2, 3))
    return 260 + k if x > 0 else 260 - k


def ends(b: int) -> tuple[float, float]:
    """Return the lower and upper end of a bin between -2^24 and 2^24."""
    if b < 260:
        low, high = ends(520 - b)
        return -high, -low
    k = b - 260
    if k <= 1:
        return (0.0, 0.0) if k == 0 else (0.0, 2.0**-40)
    octave, quarter = divmod(k - 2, 4)
    return edge(octave - 40, quarter), edge(octave - 40, quarter + 1) if quarter < 3 else edge(octave - 39, 0)


def counts_of(*samples: np.ndarray) -> np.ndarray:
    """Count the values of each row in the bins: int32 [rows, 520]."""
    return np.stack([np.bincount([bin_of(x) for x in row], minlength=520) for row in samples]).astype(np.int32)


def random_counts(seed: int, rows: int = 200) -> np.ndarray:
    """Return random histograms: empty ones, full ones, counts beyond 16 bits: int32 [rows, 520]."""
    random = np.random.default_rng(seed)
    found = random.integers(0, 50, (rows, 520)) * (random.random((rows, 520)) < random.random((rows, 1)))
    found[random.integers(0, rows, 3)] = 0
    found[-1, 17] = 2**31 - 1
    return found.astype(np.int32)
