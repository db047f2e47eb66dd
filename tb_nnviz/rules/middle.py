"""The median of few values, at less cost than NumPy's general function."""

from __future__ import annotations

import numpy as np


def middle(values: np.ndarray) -> float:
    """Return the median of some values, NaN if there are none, or if one is NaN.

    >>> middle(np.array([3.0, 1.0, 2.0])), middle(np.array([4.0, 1.0, 2.0, 3.0])), middle(np.array([]))
    (2.0, 2.5, nan)
    """
    half, is_odd = divmod(values.size, 2)
    if not values.size:
        return float("nan")
    ordered = np.sort(values)  # NaN comes last
    if ordered[-1] != ordered[-1]:
        return float("nan")
    return float(ordered[half]) if is_odd else 0.5 * float(ordered[half - 1] + ordered[half])
