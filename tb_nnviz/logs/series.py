"""Series: the statistics of one kind for many runs, in full or reduced to what a screen can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.alignment import COUNTERPARTS, Table, align
from tb_nnviz.logs.blocks import Line, aggregate_lines
from tb_nnviz.logs.columns import Columns, column_starts, reduce_columns
from tb_nnviz.logs.layouts import decode_layout_ids, decode_layouts
from tb_nnviz.logs.percentiles import Percentiles, percentiles
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.reader import Missing, ReadResult
from tb_nnviz.logs.resumed.guides import ReadTags


@dataclass(frozen=True)
class Selection:
    """The statistics of one kind at the steps ``first`` to ``last``.

    Attributes:
        kind: the kind.
        statistics: their names.
        first, last: the steps.
        anchors: some of the statistics. Steps without any of them are left out. Empty: no step is.
    """

    kind: str
    statistics: Sequence[str]
    first: float = -np.inf
    last: float = np.inf
    anchors: Sequence[str] = ()

    @property
    def rare(self) -> list[str]:
        """The statistics that are not written at the steps of a window, of which only norms are kept."""
        return [name for name in self.statistics if self.kind == "gradient" and name not in schema.WINDOW_STATISTICS]

    @property
    def with_counterparts(self) -> list[str]:
        """The statistics and their counterparts, each once."""
        counterparts = (COUNTERPARTS[name] for name in self.statistics if name in COUNTERPARTS)
        return list(dict.fromkeys([*self.statistics, *counterparts]))


def read_tables(read: ReadTags, runs: Sequence[str], selection: Selection) -> tuple[dict[str, Table], list[Missing]]:
    """Read the tables of many runs with at most two reads.

    The second read gets counts and layout ids. It leaves out runs with one layout and no NaN, which do not need them.

    Args:
        read: reads tags of ``schema.PLUGIN``.
        runs: the names of the runs.
        selection: the kind, statistics and steps.

    Returns:
        The tables by run, in the order of ``runs``, and the items that are missing from them.
    """
    kind = selection.kind
    tags = [schema.statistic_tag(kind, name) for name in selection.with_counterparts]
    result = read(runs, [*tags, schema.layout_tag(kind)])
    simple = {run: table for run in runs if (table := _simple_table(result, run, selection)) is not None}
    others = [run for run in runs if run not in simple]
    if others:
        more = [schema.statistic_tag(kind, "count"), schema.layout_id_tag(kind)]
        result.add(read(others, [tag for tag in more if tag not in tags]))
    missing = [
        Missing(run, f"{tag}: {reason}", statistic=_statistic_of(tag, kind, [*selection.with_counterparts, "count"]))
        for run, tag, reason, _ in result.problems
    ]
    tables = {}
    for run in runs:
        table = simple.get(run)
        if table is None:
            table, more_missing = _table(result, run, selection)
            missing += more_missing
        if table is not None and table.steps.size:
            tables[run] = table
    return tables, missing


@dataclass(frozen=True)
class TableView:
    """A table reduced to lines and columns.

    Attributes:
        absent: uint8 [n, lines].
        values: float32 [n, lines] per statistic.
        percentiles: the percentiles over all steps, per statistic.
        starts: the index of each column's first step. None if the table was not reduced to columns.
            Then ``values`` are shown, else ``columns``.
        columns: the columns per statistic.
    """

    absent: np.ndarray
    values: dict[str, np.ndarray]
    percentiles: dict[str, Percentiles]
    starts: np.ndarray | None
    columns: dict[str, Columns]


def view_table(
    table: Table, lines: Sequence[Line] | None = None, width: int | None = None, fractions: Sequence[float] = ()
) -> TableView:
    """Reduce a table to the lines, columns and percentiles that are shown.

    Args:
        table: the table.
        lines: rows by name, and blocks by the names of their rows. None: all rows.
        width: the largest number of columns. None: one per step.
        fractions: the percentiles to compute over steps, from 0 to 1.
    """
    values, absent = table.values, table.absent
    if lines is not None:
        values, absent = aggregate_lines(lines, table.rows, values, absent)
    spreads = {name: percentiles(one, absent, fractions) for name, one in values.items()} if fractions else {}
    if width is None or table.steps.size <= width:
        return TableView(absent, values, spreads, None, {})
    starts = column_starts(table.steps.size, width)
    columns = {name: reduce_columns(one, absent, starts) for name, one in values.items()}
    return TableView(absent, values, spreads, starts, columns)


def _simple_table(result: ReadResult[Points], run: str, selection: Selection) -> Table | None:
    """Return the table of a run that has one layout and no NaN, else None.

    Such a run needs neither counts nor layout ids: an absent row has a count of 0 and NaN in all other statistics.
    """
    kind, data = selection.kind, result.data.get(run, {})
    documents = data.get(schema.layout_tag(kind), NO_POINTS)
    if not selection.statistics or "count" in selection.statistics or len(documents.values) != 1:
        return None
    if any(problem.run == run for problem in result.problems):
        return None
    statistics = _statistics(data, selection)
    if any(name not in statistics for name in selection.statistics):
        return None
    layouts = decode_layouts(documents, lambda reason: None)
    if len(layouts) != 1:
        return None
    ((layout, rows),) = layouts.items()
    for points in statistics.values():
        if not isinstance(points.values, np.ndarray) or points.values.shape[1] != len(rows):
            return None
    how = selection.first, selection.last, selection.anchors, selection.rare
    table, reasons = align(statistics, selection.statistics, layout, layouts, *how)
    if reasons or any(np.isnan(values).any() for values in table.values.values()):
        return None
    return table


def _table(result: ReadResult[Points], run: str, selection: Selection) -> tuple[Table | None, list[Missing]]:
    """Return the table of a run, None if the run has none of the statistics, and the items that are missing."""
    kind, data = selection.kind, result.data.get(run, {})
    unreadable = {problem.tag for problem in result.problems if problem.run == run}
    statistics = _statistics(data, selection)
    missing: list[Missing] = []
    requested = []
    for name in selection.statistics:
        if name in statistics or COUNTERPARTS.get(name) in statistics:
            requested.append(name)
        elif statistics and schema.statistic_tag(kind, name) not in unreadable:
            reason = f"unknown statistic: {name!r} was not written for kind {kind!r}"
            missing.append(Missing(run, reason, statistic=name))
    if not statistics and not unreadable:
        missing.append(Missing(run, f"no data of kind {kind!r} in run {run!r}"))
    if not requested:
        return None, missing
    layout_tag, id_tag = schema.layout_tag(kind), schema.layout_id_tag(kind)
    documents = data.get(layout_tag, NO_POINTS)
    layouts = decode_layouts(documents, lambda reason: missing.append(Missing(run, f"{layout_tag}: {reason}")))
    found_ids = data.get(id_tag, NO_POINTS).stacked()
    ids = decode_layout_ids(found_ids, lambda reason: missing.append(Missing(run, f"{id_tag}: {reason}")))
    how = selection.first, selection.last, selection.anchors, selection.rare
    table, reasons = align(statistics, requested, ids, layouts, *how)
    missing += [Missing(run, reason, statistic=statistic) for statistic, reason in reasons]
    return table, missing


def _statistics(data: Mapping[str, Points], selection: Selection) -> dict[str, Points]:
    """Return the events of the selected statistics, of their counterparts, and of the counts, as far as they exist."""
    names = dict.fromkeys([*selection.statistics, "count", *selection.with_counterparts])
    tags = {name: schema.statistic_tag(selection.kind, name) for name in names}
    return {name: data[tag].stacked() for name, tag in tags.items() if tag in data}


def _statistic_of(tag: str | None, kind: str, names: Sequence[str]) -> str | None:
    return next((name for name in names if schema.statistic_tag(kind, name) == tag), None)
