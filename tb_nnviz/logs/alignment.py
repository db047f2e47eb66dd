"""Alignment: the events of one run as one table of steps by rows. Pure functions on numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.layouts import Rows, fill_layout_ids, merge_layouts
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.timeline import locate, timeline

#: Statistics that are written only at steps at which they differ from another one, which has their value elsewhere.
COUNTERPARTS = {"finite_norm": "norm", "finite_absmax": "absmax"}

#: Reasons why values are missing, with the statistic that they are about. None: about all statistics.
Reasons = list[tuple[str | None, str]]


@dataclass(frozen=True)
class Table:
    """Statistics of one kind of one run on one table of rows.

    Attributes:
        layout: the id of the layout that consists of ``rows``.
        rows: the rows of the layout.
        steps: float64 [n].
        wall_times: float64 [n].
        absent: uint8 [n, rows], 1 if the row is absent at the step.
        values: float32 [n, rows] per statistic.
    """

    layout: int
    rows: Rows
    steps: np.ndarray
    wall_times: np.ndarray
    absent: np.ndarray
    values: dict[str, np.ndarray]


def align(
    statistics: Mapping[str, Points],
    requested: Sequence[str],
    layout_ids: Points | int,
    layouts: Mapping[int, Rows],
    first: float = -np.inf,
    last: float = np.inf,
) -> tuple[Table, Reasons]:
    """Align the requested statistics on common steps and one table of rows.

    A row is absent at a step at which its ``count`` is 0. If there are no counts, no row of the step's layout is
    absent, so that a NaN shows as NaN. Values without a place (their layout is missing, or has another length) are
    left out.

    Args:
        statistics: the events by statistic. May hold more statistics than ``requested``, such as ``count``.
        requested: the statistics of the table.
        layout_ids: the events of the layout id tag, or one id if it is that of all steps.
        layouts: the rows by layout id.
        first: the first step of the table.
        last: the last step of the table.

    Returns:
        The table, and the reasons for values that are not in it.
    """
    if isinstance(layout_ids, int):
        steps, wall_times = timeline(list(statistics.values()))
        ids = np.full(steps.size, layout_ids, np.int64)
    else:
        steps, wall_times = timeline([*statistics.values(), layout_ids])
        ids = fill_layout_ids(layout_ids, locate(layout_ids, steps, wall_times))
    sources = {name: _source(name, statistics, steps, wall_times) for name in {*requested, "count"}}
    reasons: Reasons = []
    for name, source in sources.items():
        reasons += [(name, reason) for reason in _drop_misfits(source, ids, layouts, steps)]

    used = np.logical_or.reduce([sources[name].at >= 0 for name in requested])
    for i in dict.fromkeys(ids[used].tolist()):
        if i not in layouts:
            reasons.append((None, f"missing layout: {i}, of {(used & (ids == i)).sum()} steps"))
            used &= ids != i
    for name in requested:
        if lacking := steps[used & (sources[name].at < 0)].tolist():
            reason = f"no value at {len(lacking)} of {used.sum()} steps, the first {lacking[0]}"
            reasons.append((name, reason))

    used &= (steps >= first) & (steps <= last)
    steps, wall_times, ids = steps[used], wall_times[used], ids[used]
    used_ids = list(dict.fromkeys(ids.tolist()))
    rows, columns = merge_layouts(layouts[i] for i in used_ids)
    places = [(np.flatnonzero(ids == i), at_rows) for i, at_rows in zip(used_ids, columns, strict=True)]

    def scatter(source: _Source) -> np.ndarray:
        """Put vectors on the table, all steps of a layout at once. NaN where there is no value."""
        at = source.at[used]
        if len(places) == 1 and (at >= 0).all() and columns[0].size == len(rows):
            return source.take(at)  # the only layout has the rows of the table, in its order
        table = np.full((steps.size, len(rows)), np.nan, np.float32)
        for at_steps, at_rows in places:
            filled = at_steps[at[at_steps] >= 0]
            if filled.size:
                table[_place(filled, at_rows)] = source.take(at[filled])
        return table

    absent = np.ones((steps.size, len(rows)), np.uint8)
    has_counts = (sources["count"].at[used] >= 0).any()
    counts = scatter(sources["count"]) if has_counts else np.zeros((0, 0), np.float32)
    for place in (_place(*pair) for pair in places):
        absent[place] = counts[place] == 0 if has_counts else 0
    values = {name: scatter(sources[name]) for name in requested}
    layout = used_ids[0] if len(used_ids) == 1 else schema.layout_id(rows)
    return Table(layout, rows, steps.astype(np.float64), wall_times, absent, values), reasons


@dataclass(frozen=True)
class _Source:
    """The values of a statistic, and the index of each timeline event's value, -1 if it has none: int64 [n]."""

    values: Sequence[Any] | np.ndarray
    at: np.ndarray

    def take(self, at: np.ndarray) -> np.ndarray:
        """Return some of the vectors as a table, float32 [n, length]. Consecutive vectors are not copied."""
        if not isinstance(self.values, np.ndarray):
            return np.stack([self.values[k] for k in at]).astype(np.float32, copy=False)
        (place,) = _place(at)
        table: np.ndarray = self.values[place].astype(np.float32, copy=False)
        return table


def _source(name: str, statistics: Mapping[str, Points], steps: np.ndarray, wall_times: np.ndarray) -> _Source:
    """Return the values of a statistic, with those of its counterpart where it was not written."""
    own, other = statistics.get(name, NO_POINTS), statistics.get(COUNTERPARTS.get(name, ""), NO_POINTS)
    at, at_other = locate(own, steps, wall_times), locate(other, steps, wall_times)
    if (at >= 0).all() or not len(other.values):
        return _Source(own.values, at)
    at[at < 0] = np.where(at_other >= 0, at_other + len(own.values), -1)[at < 0]
    return _Source([*own.values, *other.values], at)


def _drop_misfits(source: _Source, ids: np.ndarray, layouts: Mapping[int, Rows], steps: np.ndarray) -> list[str]:
    """Drop values that are no vector of their layout's length. Return one reason per layout."""
    if isinstance(source.values, np.ndarray):
        lengths = np.where(source.at >= 0, _length(source.values[0]) if len(source.values) else -1, -1)
    else:
        lengths = np.array([_length(source.values[k]) if k >= 0 else -1 for k in source.at], np.int64)
    reasons = []
    for i in set(ids.tolist()) & layouts.keys():
        wrong = np.flatnonzero((ids == i) & (source.at >= 0) & (lengths != len(layouts[i])))
        if wrong.size:
            length, first = int(lengths[wrong[0]]), int(steps[wrong[0]])
            what = "not a vector of numbers" if length < 0 else f"{length} values for {len(layouts[i])} rows"
            reasons.append(f"invalid value: {what} at {wrong.size} steps, the first {first}")
            source.at[wrong] = -1
    return reasons


def _place(*indices: np.ndarray) -> tuple[Any, ...]:
    """Return the index of a part of a table: slices where possible, which are several times as fast."""
    runs = [i.size > 0 and i[-1] - i[0] == i.size - 1 and bool((np.diff(i) == 1).all()) for i in indices]
    if not any(runs):
        return np.ix_(*indices)
    return tuple(slice(i[0], i[-1] + 1) if run else i for i, run in zip(indices, runs, strict=True))


def _length(value: Any) -> int:
    """Return the length of a vector of numbers, -1 for any other value."""
    return value.shape[0] if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiub" else -1
