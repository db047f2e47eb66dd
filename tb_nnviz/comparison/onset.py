"""The place since which a series differs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Places before and after an onset that tell if the difference came at once.
_NEAR = 3


class Onset(NamedTuple):
    """The place since which a series differs, and True if the difference came at once, not little by little."""

    place: int
    is_abrupt: bool


def onset(difference: np.ndarray, noise: np.ndarray, last: int) -> Onset:
    """Return the onset of a difference: the most likely place of a step from 0 to another level.

    This is the maximum of the likelihood under normal noise (E. S. Page, "Continuous inspection schemes", 1954).

    Args:
        difference: [places], NaN where it is unknown.
        noise: the standard deviation of each: [places].
        last: the last place at which the difference is known to exist.

    >>> onset(np.array([0.1, -0.1, 0.0, 2.1, 1.9, 2.0]), np.ones(6), 5)
    Onset(place=3, is_abrupt=True)
    """
    known = ~np.isnan(difference[: last + 1])
    weight = np.where(known, 1 / np.maximum(noise[: last + 1], 1e-12) ** 2, 0)
    weighted = np.where(known, difference[: last + 1], 0) * weight
    sums, weights = weighted[::-1].cumsum()[::-1], weight[::-1].cumsum()[::-1]
    gain = sums**2 / np.maximum(weights, 1e-30)
    place = int(gain.argmax())
    level = sums[place] / max(weights[place], 1e-30)
    before, after = difference[max(0, place - _NEAR) : place], difference[place : place + _NEAR]
    jump = _mean(after) - _mean(before)
    return Onset(place, bool(abs(jump) >= abs(level) / 2))


def change_point(difference: np.ndarray, near: int, width: int) -> int:
    """Return the most likely place of a change of level, at most ``width // 2`` from a place that is nearly right.

    Args:
        difference: [places], NaN where it is unknown.
        near: the place.
        width: the number of places before and after it that are used.

    >>> change_point(np.array([0.0, 0.1, 0.0, 0.1, 2.0, 1.9, 2.0, 2.1]), 5, 4)
    4
    """
    first, last = max(0, near - width), min(difference.size, near + width)

    def between(place: int) -> float:
        before, after = difference[first:place], difference[place:last]
        size = before.size * after.size / (last - first)
        return float(size * (_mean(after) - _mean(before)) ** 2)

    places = range(max(first + 1, near - width // 2), min(last, near + width // 2 + 1))
    return max(places, key=between) if places else near


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else 0.0
