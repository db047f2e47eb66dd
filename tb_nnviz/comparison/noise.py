"""The noise that differences are measured against: the spread of a group, or the variation from step to step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from tb_nnviz.comparison.views import View, views

#: Weights of the variance at a place, of its mean over places, and of that of the rows of the kind and statistic. A few
#: runs tell their variance at one place too badly to rely on it alone.
_WEIGHTS = (1.0, 4.0, 4.0)
#: How much less the other rows count if rows differ in the logarithm of their variance.
_UNLIKE = 2.0
#: The factor by which a difference must exceed the usual largest deviation of a run from its own group. Chosen so that
#: at most 5 % of further runs of the same configuration have any difference at all.
FACTOR = 1.5
#: The same of a single place, beside the former: a batch that makes a spike is rare, so a group hardly knows it.
SPIKE = 1.5
#: Limits, in units of the noise, where a group is too small to deviate from itself, and where there is no group.
PAIR_LIMIT, SINGLE_LIMIT = 15.0, 6.0
#: The least difference on the scale that is listed against a single run, of which no other seed is known.
LEAST_SINGLE = 0.05
#: The least difference of levels that a relative difference or a change needs, as a share of it.
_LEVEL = 0.5


@dataclass(frozen=True)
class Deviations:
    """The deviations of a run from its reference in one view.

    Attributes:
        name, width, first, columns: as of the view.
        difference: the difference in the view: float32 [windows, columns].
        noise: the standard deviation of the difference that noise alone makes: float32 [windows, columns].
        limit: the number of standard deviations above which a difference is more than noise.
        excess: the size of each difference in units of what noise may make, 0 if unknown: float32 [windows, columns].
    """

    name: str
    width: int
    first: int
    columns: np.ndarray
    difference: np.ndarray
    noise: np.ndarray
    limit: float
    excess: np.ndarray


@dataclass(frozen=True)
class Series:
    """What the noise needs to know about series.

    Attributes:
        classes: the number of the kind and statistic of each series, ascending: int64 [series].
        least: the least noise of each series: float32 [series].
        is_ratio: True for a series whose levels are logarithms: bool [series].
        is_integral: True for a series that sums up what happened before: bool [series].
    """

    classes: np.ndarray
    least: np.ndarray
    is_ratio: np.ndarray
    is_integral: np.ndarray


def from_group(levels: np.ndarray, series: Series) -> list[Deviations]:
    """Return the deviations of a run from a group of runs, per view.

    The noise is the spread of the group at the same window. It is pooled over windows, and over the rows of the same
    kind and statistic, as in G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential
    expression", 2004. The limit comes from the group itself: each member is held out and compared with the others. The
    largest of all its deviations, over all series, windows and views, is one sample of what noise makes of a whole
    list.

    Args:
        levels: float32 [1 + members, places, series], the run first.
        series: about the series.
    """
    members = len(levels) - 1
    found, held_out = [], []
    for view in views(levels, series.classes, series.is_ratio, series.is_integral):
        spread = _Spread(view, series)
        found.append((view, *spread.of(0)))
        if members > 2:
            held_out.append([_largest(*spread.of(i)) for i in range(1, members + 1)])
    limit = FACTOR * float(np.exp(np.log(np.max(held_out, axis=0)).mean())) if held_out else PAIR_LIMIT
    spike = limit if members < 3 else limit * SPIKE
    return [
        _deviations(view, difference, noise, spike if view.width == 1 else limit) for view, difference, noise in found
    ]


def from_run(levels: np.ndarray, series: Series) -> list[Deviations]:
    """Return the deviations of a run from a single other run, per view.

    Noise between runs is unknown. The noise is each run's own variation from place to place, which a mean over a window
    reduces.

    Args:
        levels: float32 [2, places, series].
        series: about the series.
    """
    found = []
    singles: dict[str, np.ndarray] = {}
    for view in views(levels, series.classes, series.is_ratio, series.is_integral):
        base = view.name.removesuffix("change").strip() or "level"
        if view.width == 1:
            singles[view.name] = np.full(series.classes.size, np.nan)
            singles[view.name][view.columns] = _variation(view.values)
        variance = singles[base][view.columns] * (2 if view.name.endswith("change") else 1) / view.width
        least = np.maximum(series.least[view.columns], LEAST_SINGLE / SINGLE_LIMIT)
        difference = _supported(view.values[0] - view.values[1], view.levels[0] - view.levels[1])
        noise = np.broadcast_to(np.sqrt(variance + least**2).astype(np.float32), difference.shape)
        found.append(_deviations(view, difference, noise, SINGLE_LIMIT))
    return found


def _variation(values: np.ndarray) -> np.ndarray:
    """Return the variance from place to place of two runs together: float64 [columns]."""
    steps = np.diff(values, axis=1)
    if not steps.shape[1]:
        return np.zeros(values.shape[2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series without two values
        sizes = np.nanmedian(np.abs(steps), axis=1)
    # the median of a normal variable's size is 0.6745 standard deviations, and a difference has two variances
    variance: np.ndarray = np.nan_to_num((sizes / 0.6745) ** 2 / 2).sum(0)
    return variance


class _Spread:
    """The spread of a group in one view, with and without one of its members.

    Sums over all members give the mean and the variance without one of them, so that a member costs few passes.
    """

    def __init__(self, view: View, series: Series) -> None:
        self._view = view
        classes = series.classes[view.columns]
        self._starts = np.flatnonzero(np.diff(classes, prepend=-1))
        self._rows = np.diff(np.append(self._starts, classes.size))
        self._least = series.least[view.columns] ** 2
        members = view.values[1:]
        has_gaps = bool(np.isnan(members).any())
        self._count = (~np.isnan(members)).sum(0, dtype=np.float32) if has_gaps else np.float32(len(members))
        self._mean = _mean(members, self._count, has_gaps)
        centered = members - self._mean
        self._centered = np.nan_to_num(centered) if has_gaps else centered
        self._known = ~np.isnan(members) if has_gaps else None
        self._squares = np.einsum("rws,rws->ws", self._centered, self._centered)
        if view.levels is view.values:
            self._level = self._mean
        else:
            levels = view.levels[1:]
            self._level = _mean(levels, self._count, has_gaps)

    def of(self, run: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the difference of a run from the mean of the group without it, and its noise.

        Args:
            run: 0 for the run, or the number of a member.

        Returns:
            Two arrays, float32 [windows, columns].
        """
        view, count, squares = self._view, self._count, self._squares
        difference = view.values[run] - self._mean
        level = difference if view.levels is view.values else view.levels[run] - self._level
        if run:
            own = self._centered[run - 1]
            left = np.maximum(count - 1, 1) if self._known is None else count - self._known[run - 1]
            left = np.maximum(left, np.float32(1))
            # without the member, the mean moves away from it
            squares = np.maximum(squares - own**2 * (1 + 1 / left), 0)
            difference = difference * (1 + 1 / left)
            level = level * (1 + 1 / left)
            count = left
        variance = self._pool(squares / np.maximum(count - 1, 1))
        noise = np.sqrt((variance + self._least) * (1 + 1 / np.maximum(count, 1)))
        return _supported(difference, level), noise.astype(np.float32, copy=False)

    def _pool(self, variance: np.ndarray) -> np.ndarray:
        """Return variances that are pooled over places and rows: float32 [windows, columns]."""
        over_places = variance.mean(0)
        sizes = np.add.reduceat(np.sqrt(variance), self._starts, axis=1) / self._rows
        logs = np.log(over_places + self._least)
        means = np.add.reduceat(logs, self._starts) / self._rows
        spread = np.add.reduceat((logs - np.repeat(means, self._rows)) ** 2, self._starts) / self._rows
        # the rows tell the variance of each other as far as they are alike
        at, over, rows = _WEIGHTS
        shared = rows / (1 + _UNLIKE * spread)
        total = np.repeat(at + over + shared, self._rows).astype(np.float32)
        pooled = np.repeat((sizes**2 * shared).astype(np.float32), self._rows, axis=1)
        found: np.ndarray = (at * variance + over * over_places + pooled) / total
        return found


def _mean(values: np.ndarray, count: np.ndarray, has_gaps: bool) -> np.ndarray:
    """Return the mean over runs, NaN if none has a value: float32 [windows, columns]."""
    found: np.ndarray
    if not has_gaps:
        found = values.mean(0)
        return found
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(count > 0, np.nansum(values, axis=0) / count, np.nan).astype(np.float32)
    return found


def _supported(difference: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return the differences of a view that the levels have too. Others are 0: the median or the past has changed."""
    with np.errstate(invalid="ignore"):
        supported: np.ndarray = np.where(level * np.sign(difference) >= _LEVEL * np.abs(difference), difference, 0)
    return supported


def _deviations(view: View, difference: np.ndarray, noise: np.ndarray, limit: float) -> Deviations:
    excess = np.nan_to_num(np.abs(difference) / (noise * np.float32(limit)), nan=0.0, posinf=0.0)
    return Deviations(view.name, view.width, view.first, view.columns, difference, noise, limit, excess)


def _largest(difference: np.ndarray, noise: np.ndarray) -> float:
    """Return the largest deviation in units of the noise, at least 1."""
    return max(1.0, float(np.nan_to_num(np.abs(difference) / noise).max()))
