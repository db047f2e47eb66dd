"""The noise that differences are measured against: the spread of a group, or the variation from step to step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from tb_nnviz.comparison.views import View, views

#: Weights of the variance at a place, of its mean over places, and of its median over the rows of the kind and
#: statistic. A few runs tell their variance at one place too badly to rely on it alone.
_WEIGHTS = (1.0, 4.0, 4.0)
#: How much less the median counts if rows differ in the logarithm of their variance.
_UNLIKE = 2.0
#: The factor by which a difference must exceed the usual largest deviation of a run from its own group. Chosen so that
#: at most 5 % of further runs of the same configuration have any difference at all.
FACTOR = 1.3
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
    """

    classes: np.ndarray
    least: np.ndarray
    is_ratio: np.ndarray


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
    for view in views(levels, series.classes, series.is_ratio):
        classes, least = series.classes[view.columns], series.least[view.columns]
        starts = np.flatnonzero(np.diff(classes, prepend=-1))
        found.append((view, *_spread(view, 0, range(1, members + 1), starts, least)))
        if members > 2:
            others = [(i, [k for k in range(1, members + 1) if k != i]) for i in range(1, members + 1)]
            ones = [_spread(view, i, of, starts, least) for i, of in others]
            held_out.append([_largest(difference, noise) for difference, noise in ones])
    limit = FACTOR * float(np.exp(np.log(np.max(held_out, axis=0)).mean())) if held_out else PAIR_LIMIT
    return [_deviations(view, difference, noise, limit) for view, difference, noise in found]


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
    for view in views(levels, series.classes, series.is_ratio):
        base = view.name.removesuffix("change").strip() or "level"
        if view.width == 1:
            singles[view.name] = _variation(view.values)
        variance = singles[base] * (2 if view.name.endswith("change") else 1) / view.width
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


def _spread(
    view: View, run: int, group: range | list[int], starts: np.ndarray, least: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the difference of a run from the mean of a group, and its noise: float32 [windows, columns] each."""
    members = view.values[list(group)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # windows without values
        has_gaps = bool(np.isnan(members).any())
        mean_of, median = (np.nanmean, np.nanmedian) if has_gaps else (np.mean, np.median)
        mean = mean_of(members, axis=0)
        deviation = members - mean
        count = (~np.isnan(members)).sum(0) if has_gaps else len(members)
        variance = (np.nansum if has_gaps else np.sum)(deviation**2, axis=0) / np.maximum(count - 1, 1)
        over_places = mean_of(variance, axis=0)
        pooled, alike = np.empty_like(variance), np.empty(variance.shape[1], np.float32)
        for start, end in zip(starts, [*starts[1:], variance.shape[1]], strict=True):
            pooled[:, start:end] = median(variance[:, start:end], axis=1, keepdims=True)
            alike[start:end] = _likeness(over_places[start:end] + least[start:end] ** 2)
        level = view.levels[run] - mean_of(view.levels[list(group)], axis=0)
    at, over, rows = _WEIGHTS
    parts = [np.nan_to_num(part) for part in (variance, over_places, pooled)]
    shared = rows * alike
    variance = (at * parts[0] + over * parts[1] + shared * parts[2]) / (at + over + shared)
    noise = np.sqrt((variance + least**2) * (1 + 1 / len(members))).astype(np.float32)
    return _supported(view.values[run] - mean, level), noise


def _likeness(variances: np.ndarray) -> float:
    """Return a number from 0 to 1 that tells how well the variances of some rows tell that of each other."""
    logs = np.log(variances[np.isfinite(variances)])
    return 1.0 / (1.0 + _UNLIKE * float(logs.var())) if logs.size else 1.0


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
