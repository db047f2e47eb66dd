"""Alignment: the events of one run as one table of steps by rows. Pure functions on numpy arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.logs.layouts import Rows, fill_layout_ids, merge_layouts
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.resumed.timeline import describe_steps, locate, timeline
from tb_nnviz.schema.statistics import SPARSE_STATISTICS

#: Statistics that writers leave out at steps at which they equal another statistic, their counterpart.
COUNTERPARTS = {"finite_norm": "norm", "finite_absmax": "absmax"}

#: Largest number of values of one statistic in a table whose rows come from several layouts.
MAX_VALUES = 1 << 24

#: Pairs of a statistic, or None for all statistics, and the reason why values of it are missing.
Reasons = list[tuple[str | None, str]]


@dataclass(frozen=True)
class Table:
    """Statistics of one kind and run, as one table [steps, rows] per statistic.

    Attributes:
        layout: the checksum of these ``rows``. An id that a writer did not compute from its rows may be that of other
            rows in another run.
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
    anchors: Sequence[str] = (),
    rare: Collection[str] = (),
) -> tuple[Table, Reasons]:
    """Align the requested statistics on common steps and one table of rows.

    A row is absent at a step at which its ``count`` is 0. If there are no counts, every row of the step's layout is
    present, so that a NaN shows as NaN. Values are left out if their layout is missing or has another length.

    Args:
        statistics: the events by statistic: those of ``requested``, ``count``, and counterparts, as far as they exist.
        requested: the statistics of the table.
        layout_ids: the events of the layout id tag, or the one id that holds for all steps.
        layouts: the rows by layout id.
        first: the first step of the table.
        last: the last step of the table.
        anchors: some of the requested statistics. Steps without any of them are left out. Empty: no step is.
        rare: statistics that are not written at every step.

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

    used = np.logical_or.reduce([sources[name].at >= 0 for name in anchors or requested])
    for i in dict.fromkeys(ids[used].tolist()):
        if i not in layouts:
            reasons.append((None, f"missing layout: {i}, {describe_steps(steps[used & (ids == i)])}"))
            used &= ids != i
    # A sparse statistic is not written in a step in which no row has it.
    for name in (name for name in requested if name not in SPARSE_STATISTICS and name not in rare):
        # The events that are left out for a fault have a reason of their own.
        faulty = [fault.step for fault in statistics.get(name, NO_POINTS).faults]
        if lacking := steps[used & (sources[name].at < 0) & ~np.isin(steps, faulty)].tolist():
            reason = f"no value at {len(lacking)} of {used.sum()} steps, the first {lacking[0]}"
            reasons.append((name, reason))

    used &= (steps >= first) & (steps <= last)
    used_ids = _within_limit(ids[used], layouts, reasons)
    used &= np.isin(ids, used_ids)
    steps, wall_times, ids = steps[used], wall_times[used], ids[used]
    rows, positions = merge_layouts(layouts[i] for i in used_ids)
    places = [(np.flatnonzero(ids == i), at_rows) for i, at_rows in zip(used_ids, positions, strict=True)]

    def scatter(source: _Source) -> np.ndarray:
        """Copy a statistic's vectors to their places in the table, which is NaN everywhere else."""
        at = source.at[used]
        if len(places) == 1 and (at >= 0).all() and positions[0].size == len(rows):
            return source.take(at)  # one layout, so the table has its rows in its order
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
    return Table(rows.checksum, rows, steps.astype(np.float64), wall_times, absent, values), reasons


def _within_limit(ids: np.ndarray, layouts: Mapping[int, Rows], reasons: Reasons) -> list[int]:
    """Return the first layouts whose rows fit into one table, and add a reason if not all do.

    A table has a value per step for every row of all its layouts. If the layouts have no row in common, its size grows
    with the square of what was written.

    Args:
        ids: the layout id of each step.
        layouts: the rows by layout id.
        reasons: the reasons for values that are left out.
    """
    used, counts = list(dict.fromkeys(ids.tolist())), dict(zip(*np.unique(ids, return_counts=True), strict=True))
    limit = max(MAX_VALUES, 4 * sum(len(layouts[i]) * int(counts[i]) for i in used))
    names: set[str] = set()
    steps = 0
    for place, i in enumerate(used if len(used) > 1 else ()):
        names.update(row["name"] for row in layouts[i])
        steps += int(counts[i])
        if len(names) * steps > limit:
            what = f"{len(names)} rows in {place + 1} layouts (at most {limit} values per statistic)"
            reasons.append((None, f"too many rows: {what}, only the first {place} layouts are shown"))
            return used[:place]
    return used


@dataclass(frozen=True)
class _Source:
    """The values of a statistic on a timeline.

    Attributes:
        values: the values.
        at: the index in ``values`` of each event of the timeline, -1 if the event has no value: int64 [n].
    """

    values: Sequence[Any] | np.ndarray
    at: np.ndarray

    def take(self, at: np.ndarray) -> np.ndarray:
        """Return the vectors at these indices as a table: float32 [n, length]. Consecutive vectors are not copied."""
        if not isinstance(self.values, np.ndarray):
            return np.stack([self.values[k] for k in at]).astype(np.float32, copy=False)
        (place,) = _place(at)
        table: np.ndarray = self.values[place].astype(np.float32, copy=False)
        return table


def _source(name: str, statistics: Mapping[str, Points], steps: np.ndarray, wall_times: np.ndarray) -> _Source:
    """Return the values of a statistic, and those of its counterpart for events that lack the statistic."""
    own, other = statistics.get(name, NO_POINTS), statistics.get(COUNTERPARTS.get(name, ""), NO_POINTS)
    at, at_other = locate(own, steps, wall_times), locate(other, steps, wall_times)
    if (at >= 0).all() or not len(other.values):
        return _Source(own.values, at)
    at[at < 0] = np.where(at_other >= 0, at_other + len(own.values), -1)[at < 0]
    return _Source([*own.values, *other.values], at)


def _drop_misfits(source: _Source, ids: np.ndarray, layouts: Mapping[int, Rows], steps: np.ndarray) -> list[str]:
    """Drop values that are not vectors with one number per row of their layout. Return one reason per layout."""
    if isinstance(source.values, np.ndarray):
        lengths = np.where(source.at >= 0, _length(source.values[0]) if len(source.values) else -1, -1)
    else:
        lengths = np.array([_length(source.values[k]) if k >= 0 else -1 for k in source.at], np.int64)
    reasons = []
    for i in set(ids.tolist()) & layouts.keys():
        wrong = np.flatnonzero((ids == i) & (source.at >= 0) & (lengths != len(layouts[i])))
        if wrong.size:
            length = int(lengths[wrong[0]])
            what = "not a vector of numbers" if length < 0 else f"{length} values for {len(layouts[i])} rows"
            reasons.append(f"invalid value: {what}, {describe_steps(steps[wrong])}")
            source.at[wrong] = -1
    return reasons


def _place(*indices: np.ndarray) -> tuple[Any, ...]:
    """Return an index of a table like ``np.ix_``, with slices where possible, which are several times faster."""
    consecutive = [i.size > 0 and i[-1] - i[0] == i.size - 1 and bool((np.diff(i) == 1).all()) for i in indices]
    if not any(consecutive):
        return np.ix_(*indices)
    return tuple(slice(i[0], i[-1] + 1) if whole else i for i, whole in zip(indices, consecutive, strict=True))


def _length(value: Any) -> int:
    """Return the length of a vector of numbers, -1 for any other value."""
    return value.shape[0] if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiub" else -1
