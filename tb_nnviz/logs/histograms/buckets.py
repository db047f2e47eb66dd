"""The buckets of TensorBoard's own histograms, and their elements on nnviz's bins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.quantiles import bounds

#: Largest number of buckets of one histogram. TensorFlow and torch write at most 1550.
MAX_BUCKETS = 1 << 16
#: A bucket about zero whose ends are not farther from zero than this counts as exact zeros. The innermost buckets of
#: torch's SummaryWriter end at 1e-12, and that of nnviz, which joins the three bins about zero, at 2^-40.
_ABOUT_ZERO = 2.0**-39
#: An edge of this magnitude or beyond, such as TensorFlow's -DBL_MAX and DBL_MAX, stands for no limit.
_LARGEST = float(np.finfo(np.float32).max)
#: The limits of the buckets of TensorFlow, torch and tensorboardX by default: 0 and +-1e-12 x 1.1^k.
_FIRST_LIMIT, _GROWTH = 1e-12, 1.1
#: Number of buckets that are spread at a time, so that overlapping ones do not fill the memory.
_CHUNK = 4096

_NAN, _NEGATIVE_INFINITY, _POSITIVE_INFINITY = 0, 1, schema.BINS - 1
_EDGES = bounds().copy()
_EDGES[0], _EDGES[-1] = -_LARGEST, _LARGEST


def rebin(value: Any) -> np.ndarray:
    """Convert buckets [k, 3] of left, right, count to counts of nnviz's bins: float64 [520].

    - The elements of a bucket are assumed to be spread evenly over it.
    - The left edge of the first bucket and the right edge of the last are the minimum and the maximum, so they limit
      all buckets. Buckets without elements may have any edges.
    - If one of these two edges is NaN or infinite, the tensor has such elements, and their number was not written. The
      counts of NaN, -Inf or +Inf are then NaN.
    - A bucket with only one finite edge ends at the next of TensorFlow's default limits. If its edge is none of them,
      all its elements are at this edge.

    >>> counts = rebin(np.array([[-1.0, 0.0, 2.0], [1.0, 1.0, 5.0]]))
    >>> counts[422], counts.sum()
    (5.0, 7.0)

    Raises:
        ValueError: ``value`` is not such a table, or has elements without a place, because both edges of a bucket are
            NaN or infinite.
    """
    buckets = _check(value)
    counts = np.zeros(schema.BINS)
    used = buckets[buckets[:, 2] > 0]
    if not buckets.size:
        return counts
    least, most = buckets[0, 0], buckets[-1, 1]
    counts[_unknown(least, most)] = np.nan
    if not used.size:
        if np.isnan(counts).any():
            raise ValueError("invalid histogram: no element has a place (its edges are NaN or infinite)")
        return counts
    left, right = _close(used[:, 0].copy(), used[:, 1].copy())
    left, right = np.minimum(left, right), np.maximum(left, right)
    if _is_single_value(value):
        left = right = (left + right) / 2
    if abs(least) < _LARGEST and not least > most:
        left = np.where(right >= least, np.maximum(left, least), left)
    if abs(most) < _LARGEST and not least > most:
        right = np.where(left <= most, np.minimum(right, most), right)
    _spread(counts, left, right, used[:, 2])
    return counts


def _check(value: Any) -> np.ndarray:
    """Return buckets as float64 [k, 3]."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise ValueError(f"invalid histogram: {getattr(value, 'dtype', type(value).__name__)} (expected numbers)")
    if value.size == 0:
        return np.zeros((0, 3))
    if value.ndim != 2 or value.shape[1] != 3:
        raise ValueError(f"invalid histogram: shape {list(value.shape)} (expected [buckets, 3])")
    if len(value) > MAX_BUCKETS:
        raise ValueError(f"too many buckets: {len(value)} (at most {MAX_BUCKETS} in a histogram)")
    buckets = value.astype(np.float64)
    mass = buckets[:, 2]
    if not (np.isfinite(mass) & (mass >= 0)).all():
        wrong = mass[~(np.isfinite(mass) & (mass >= 0))][0]
        raise ValueError(f"invalid histogram: a bucket with {wrong:g} elements (expected 0 or more)")
    return buckets


def _unknown(least: float, most: float) -> list[int]:
    """Return the bins whose number of elements was not written, by the smallest and the largest element."""
    if math.isnan(least) or math.isnan(most):
        return [_NAN, _NEGATIVE_INFINITY, _POSITIVE_INFINITY]
    infinite = {least, most}
    return [b for b, value in ((_NEGATIVE_INFINITY, -math.inf), (_POSITIVE_INFINITY, math.inf)) if value in infinite]


def _close(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Replace the edges that are not finite."""
    open_left, open_right = (~(np.abs(edge) < _LARGEST) for edge in (left, right))
    if (open_left & open_right).any():
        raise ValueError("invalid histogram: elements without a place (both edges of a bucket are NaN or infinite)")
    for i in np.flatnonzero(open_left):
        left[i] = _next_limit(right[i], -1)
    for i in np.flatnonzero(open_right):
        right[i] = _next_limit(left[i], 1)
    return left, right


def _next_limit(edge: float, direction: int) -> float:
    """Return TensorFlow's default limit above (1) or below (-1) another one. Return any other edge itself."""
    size = abs(edge)
    if size == 0:
        return direction * _FIRST_LIMIT
    place = math.log(size / _FIRST_LIMIT) / math.log(_GROWTH)
    if abs(place - round(place)) > 1e-4 or place < -0.5:
        return edge
    if (edge > 0) == (direction > 0):
        return edge * _GROWTH
    return edge / _GROWTH if round(place) else 0.0


def _is_single_value(value: np.ndarray) -> bool:
    """Return True for the one bucket [v - 0.5, v + 0.5] that older versions of Keras write for a constant v.

    It is float64. Of a HistogramProto with one bucket of this width, the Python loader makes float32, and the data
    server makes float64, so that there the two cannot be told apart.
    """
    return value.dtype == np.float64 and len(value) == 1 and bool(value[0, 1] - value[0, 0] == 1)


def _spread(counts: np.ndarray, left: np.ndarray, right: np.ndarray, mass: np.ndarray) -> None:
    """Add the elements of buckets to the bins that the buckets overlap."""
    inner = _EDGES[1:-1]
    zero = (left <= 0) & ((right > 0) | (left == right)) & (right >= 0) & (np.maximum(-left, right) <= _ABOUT_ZERO)
    counts[schema.BINS // 2] += mass[zero].sum()
    point = ~zero & (left == right)
    # Bins are half-open in magnitude: an element on an edge belongs to the bin of larger magnitudes.
    above, below = np.searchsorted(inner, left, "right") + 2, np.searchsorted(inner, left, "left") + 2
    counts += np.bincount(np.where(left > 0, above, below)[point], mass[point], schema.BINS)

    wide = np.flatnonzero(~zero & ~point)
    for part in (wide[i : i + _CHUNK] for i in range(0, wide.size, _CHUNK)):
        low, high = left[part], right[part]
        first = np.searchsorted(inner, low, "right") + 2
        sizes = np.searchsorted(inner, high, "left") + 3 - first
        of = np.repeat(np.arange(part.size), sizes)
        bins = np.arange(of.size) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[of]
        overlap = np.minimum(high[of], _EDGES[bins - 1]) - np.maximum(low[of], _EDGES[bins - 2])
        counts += np.bincount(bins, mass[part][of] * (overlap / (high - low)[of]), schema.BINS)
