"""Views of levels in which a difference may stand out of the noise: over windows, among rows, and before and after."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tb_nnviz.comparison.windows import window_means

#: The least number of rows of which the median is common to a kind and statistic.
_LEAST_ROWS = 4
#: The widest window before a place that is compared with the one after it.
_WIDEST_CHANGE = 16
#: The names of views.
LEVEL, RELATIVE, CHANGE, RELATIVE_CHANGE = "level", "relative", "change", "relative change"


@dataclass(frozen=True)
class View:
    """Levels in one view.

    Attributes:
        name: ``level`` (means over windows), ``relative`` (the same minus the median of the rows of the kind and
            statistic), ``change`` (a mean minus that over the window before it), or ``relative change``.
        width: the number of places of a window.
        first: the index of the first window among the windows of this width.
        columns: the series of the view: int64 [columns].
        values: float32 [runs, windows, columns].
        levels: the means over the same windows: float32 [runs, windows, columns].
    """

    name: str
    width: int
    first: int
    columns: np.ndarray
    values: np.ndarray
    levels: np.ndarray


def views(levels: np.ndarray, classes: np.ndarray, is_ratio: np.ndarray, is_integral: np.ndarray) -> Iterator[View]:
    """Yield all views of the levels of several runs.

    Batches and phases of training raise or lower a statistic in all rows together. Relative to the median, a row has
    less noise. A seed that differs throughout does not change at a step, so a change has less noise too.

    Args:
        levels: float32 [runs, places, series].
        classes: the number of the kind and statistic of each series, ascending: int64 [series].
        is_integral: True for a series that sums up what happened before, such as a moment of the gradient. It hardly
            changes, except after a rare spike, so its changes are not compared: bool [series].
        is_ratio: True for a series whose levels are logarithms. Only these are compared among rows: bool [series].
    """
    rows = np.bincount(classes)[classes]
    columns = np.flatnonzero(is_ratio & (rows >= _LEAST_ROWS))
    bases = [(LEVEL, CHANGE, np.arange(classes.size), levels)]
    if columns.size:
        own = levels[:, :, columns]
        bases.append((RELATIVE, RELATIVE_CHANGE, columns, own - _medians(own, classes[columns])))
    windows = [(base, window_means(base[3])) for base in bases]
    for width, means in windows[0][1]:
        for (name, change, places, _), others in windows:
            values = means if name == LEVEL else next(others)[1]
            plain = means if name == LEVEL else means[:, :, places]
            yield View(name, width, 0, places, values, plain)
            free = np.flatnonzero(~is_integral[places])
            if 1 < width <= _WIDEST_CHANGE and values.shape[1] > width and free.size:
                values, plain = values[:, :, free], plain[:, :, free]
                changes = values[:, width:] - values[:, :-width]
                yield View(change, width, width, places[free], changes, plain[:, width:])


def _medians(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the median over the rows of each class, at each row: float32 [runs, windows, columns]."""
    found = np.empty_like(values)
    median = np.nanmedian if np.isnan(values).any() else np.median
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # places at which no row has a value
        for columns in np.split(np.arange(classes.size), np.flatnonzero(np.diff(classes)) + 1):
            part = slice(columns[0], columns[-1] + 1)
            found[:, :, part] = median(values[:, :, part], axis=2, keepdims=True)
    return found
