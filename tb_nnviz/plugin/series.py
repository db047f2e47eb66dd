"""Events of one run -> one table of steps by rows. Pure functions on numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz import schema

#: Written only where they differ from their whole counterpart (schema.md): elsewhere that one is their value.
COUNTERPARTS = {"finite_norm": "norm", "finite_absmax": "absmax"}

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Points:
    """One tag's events as TensorBoard holds them: in order of arrival, steps perhaps repeated or going back."""

    steps: np.ndarray  # int64 [n]
    wall_times: np.ndarray  # float64 [n]
    values: Sequence[Any] | np.ndarray  # n arrays or numbers, or all of them as one table [n, length]

    @classmethod
    def of(cls, events: Iterable[tuple[int, float, Any]]) -> Points:
        """From (step, wall time, value) triples."""
        steps, wall_times, values = tuple(zip(*events, strict=True)) or ((), (), ())
        return cls(np.array(steps, np.int64), np.array(wall_times, np.float64), values)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        if isinstance(self.values, np.ndarray):
            # of a table whose vectors are all alike only one is there
            values = self.values[:1].nbytes if self.values.strides[0] == 0 else self.values.nbytes
        else:
            values = sum(getattr(value, "nbytes", 8) for value in self.values)
        return int(values + self.steps.nbytes + self.wall_times.nbytes)


@dataclass(frozen=True)
class Table:
    """Statistics of one kind of one run on one table of rows."""

    layout: int
    rows: Rows
    steps: np.ndarray  # float64 [n]
    wall_times: np.ndarray  # float64 [n]
    absent: np.ndarray  # uint8 [n, rows]
    values: dict[str, np.ndarray]  # float32 [n, rows] each


#: What could not be shown, by statistic (None: all of them).
Complaints = list[tuple[str | None, str]]


def timeline(tags: Sequence[Points]) -> tuple[np.ndarray, np.ndarray]:
    """Steps (ascending, each once) and wall times of the events that count.

    A run that was resumed at an earlier step abandons what had been written from that step on, as on
    TensorBoard's data server; its Python loader keeps both. Of the same step the later wall time wins.

    >>> timeline([Points.of([(0, 1.0, 0), (1, 2.0, 0), (2, 3.0, 0), (1, 9.0, 0)])])
    (array([0, 1]), array([1., 9.]))
    """
    steps = np.concatenate([tag.steps for tag in tags])
    wall_times = np.concatenate([tag.wall_times for tag in tags])
    backwards = [np.flatnonzero(np.diff(tag.steps) <= 0) + 1 for tag in tags]
    restart_steps = np.concatenate([tag.steps[at] for tag, at in zip(tags, backwards, strict=True)])
    if restart_steps.size:
        restart_walls = np.concatenate([tag.wall_times[at] for tag, at in zip(tags, backwards, strict=True)])
        order = np.argsort(restart_steps, kind="stable")
        # The latest restart at or before each event's step; what is older than it was abandoned.
        latest = np.concatenate([[-np.inf], np.maximum.accumulate(restart_walls[order])])
        kept = wall_times >= latest[np.searchsorted(restart_steps[order], steps, "right")]
        steps, wall_times = steps[kept], wall_times[kept]
    order = np.lexsort((wall_times, steps))
    steps, wall_times = steps[order], wall_times[order]
    last = np.append(np.diff(steps) != 0, True)[: steps.size]
    return steps[last], wall_times[last]


def locate(points: Points, steps: np.ndarray, wall_times: np.ndarray) -> np.ndarray:
    """For each event of a timeline the index of this tag's value, -1 where it has none; int64 [n]."""
    found = np.full(steps.size, -1, np.int64)
    if steps.size:
        position = np.minimum(np.searchsorted(steps, points.steps), steps.size - 1)
        matches = np.flatnonzero((steps[position] == points.steps) & (wall_times[position] == points.wall_times))
        found[position[matches]] = matches
    return found


def merge(layouts: Iterable[Rows]) -> tuple[Rows, list[np.ndarray]]:
    """One table for several layouts, rows in order of appearance; and the columns of each in it."""
    index: dict[str, int] = {}
    table: Rows = []
    columns = []
    for rows in layouts:
        for row in rows:
            if row["name"] not in index:
                index[row["name"]] = len(table)
                table.append(row)
        columns.append(np.array([index[row["name"]] for row in rows], np.int64))
    return table, columns


def align(
    statistics: Mapping[str, Points],
    asked: Sequence[str],
    layout_ids: Points | int,
    layouts: Mapping[int, Rows],
    first: float = -np.inf,
    last: float = np.inf,
) -> tuple[Table, Complaints]:
    """Put all statistics asked for on common steps, from ``first`` to ``last``, and one table of rows.

    ``statistics`` may hold more than ``asked``: `count` says which rows are absent. Where it is missing
    no row of the step's layout is taken as absent, so that a NaN shows as the NaN that it may be.
    A value without a place (no layout, or of another length) is left out and complained about.
    ``layout_ids`` is one id where that is the layout of all steps.
    """
    if isinstance(layout_ids, int):
        steps, wall_times = timeline(list(statistics.values()))
        ids = np.full(steps.size, layout_ids, np.int64)
    else:
        steps, wall_times = timeline([*statistics.values(), layout_ids])
        ids = fill(layout_ids, locate(layout_ids, steps, wall_times))
    sources = {name: _source(name, statistics, steps, wall_times) for name in {*asked, "count"}}
    complaints: Complaints = []
    for name, source in sources.items():
        complaints += [(name, reason) for reason in _drop_misfits(source, ids, layouts, steps)]

    any_asked = np.logical_or.reduce([sources[name].at >= 0 for name in asked])
    for i in dict.fromkeys(ids[any_asked].tolist()):
        if i not in layouts:
            complaints.append((None, f"missing layout: {i}, of {(any_asked & (ids == i)).sum()} steps"))
            any_asked &= ids != i
    for name in asked:
        if lacking := steps[any_asked & (sources[name].at < 0)].tolist():
            reason = f"no value at {len(lacking)} of {any_asked.sum()} steps, the first {lacking[0]}"
            complaints.append((name, reason))

    any_asked &= (steps >= first) & (steps <= last)
    steps, wall_times, ids = steps[any_asked], wall_times[any_asked], ids[any_asked]
    used = list(dict.fromkeys(ids.tolist()))
    rows, columns = merge(layouts[i] for i in used)
    places = [(np.flatnonzero(ids == i), at_rows) for i, at_rows in zip(used, columns, strict=True)]

    def scatter(source: _Source) -> np.ndarray:
        """Vectors on the table, all steps of a layout at once; NaN where there is none."""
        at = source.at[any_asked]
        if len(places) == 1 and (at >= 0).all() and columns[0].size == len(rows):
            return source.take(at)  # the rows of one layout are the table's, in its order
        table = np.full((steps.size, len(rows)), np.nan, np.float32)
        for at_steps, at_rows in places:
            filled = at_steps[at[at_steps] >= 0]
            if filled.size:
                table[_place(filled, at_rows)] = source.take(at[filled])
        return table

    absent = np.ones((steps.size, len(rows)), np.uint8)
    has_counts = (sources["count"].at[any_asked] >= 0).any()
    counts = scatter(sources["count"]) if has_counts else np.zeros((0, 0), np.float32)
    for place in (_place(*pair) for pair in places):
        absent[place] = counts[place] == 0 if has_counts else 0
    values = {name: scatter(sources[name]) for name in asked}
    layout = used[0] if len(used) == 1 else schema.layout_id(rows)
    return Table(layout, rows, steps.astype(np.float64), wall_times, absent, values), complaints


@dataclass(frozen=True)
class _Source:
    """Values of a statistic, and for each event of the timeline the index of its own (-1: none)."""

    values: Sequence[Any] | np.ndarray
    at: np.ndarray  # int64 [n]

    def take(self, at: np.ndarray) -> np.ndarray:
        """Some of the vectors as a table, float32 [n, length]: without a copy where they follow each other."""
        if not isinstance(self.values, np.ndarray):
            return np.stack([self.values[k] for k in at]).astype(np.float32, copy=False)
        (place,) = _place(at)
        table: np.ndarray = self.values[place].astype(np.float32, copy=False)
        return table


def _source(name: str, statistics: Mapping[str, Points], steps: np.ndarray, wall_times: np.ndarray) -> _Source:
    """A statistic's values, from its counterpart where it was left out."""
    empty = Points.of([])
    own, other = statistics.get(name, empty), statistics.get(COUNTERPARTS.get(name, ""), empty)
    at, at_other = locate(own, steps, wall_times), locate(other, steps, wall_times)
    if (at >= 0).all() or not len(other.values):
        return _Source(own.values, at)
    at[at < 0] = np.where(at_other >= 0, at_other + len(own.values), -1)[at < 0]
    return _Source([*own.values, *other.values], at)


def _drop_misfits(source: _Source, ids: np.ndarray, layouts: Mapping[int, Rows], steps: np.ndarray) -> list[str]:
    """Forget values that are no vector of their layout's length; one reason for each layout."""
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


def fill(layout_ids: Points, at: np.ndarray) -> np.ndarray:
    """Layout of each event; where the loader has sampled its id away, that of the event before, or the first."""
    known = np.flatnonzero(at >= 0)
    if not known.size:
        return np.full(at.size, -1, np.int64)
    values: np.ndarray
    if isinstance(layout_ids.values, np.ndarray) and layout_ids.values.shape[1]:
        values = layout_ids.values[at[known], 0].astype(np.int64)
    else:
        values = np.array([np.ravel(layout_ids.values[k])[:1] for k in at[known]], np.int64).reshape(-1)
    return values[np.maximum(np.searchsorted(known, np.arange(at.size), "right") - 1, 0)]


def _place(*indices: np.ndarray) -> tuple[Any, ...]:
    """Index of a block of a table: slices where they can be, which are several times as fast."""
    runs = [i.size > 0 and i[-1] - i[0] == i.size - 1 and bool((np.diff(i) == 1).all()) for i in indices]
    if not any(runs):
        return np.ix_(*indices)
    return tuple(slice(i[0], i[-1] + 1) if run else i for i, run in zip(indices, runs, strict=True))


def _length(value: Any) -> int:
    """Number of entries of a vector of numbers; -1 for anything else."""
    return value.shape[0] if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiub" else -1
