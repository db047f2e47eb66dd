"""What `series` answers: statistics of a kind for many runs, all of them or what a screen can show of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin import blocks
from tb_nnviz.plugin.cache import Cache
from tb_nnviz.plugin.columns import column_starts, reduce_columns
from tb_nnviz.plugin.percentiles import percentiles
from tb_nnviz.plugin.query import SeriesQuery
from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import COUNTERPARTS, Complaints, Points, Rows, Table, align

VERSION = 1

Miss = Callable[[str, "str | None", str], None]


def series_answer(reader: Reader, cache: Cache, query: SeriesQuery) -> dict[str, Any]:
    """Statistics of a kind for many runs; one call of the provider where nothing is known of them."""
    kind = query.kind
    header: dict[str, Any] = {"version": VERSION, "kind": kind, "layouts": {}, "series": [], "missing": []}

    def miss(run: str, statistic: str | None, reason: str) -> None:
        header["missing"].append({"run": run, "statistic": statistic, "reason": reason})

    names = [*query.statistics, *(COUNTERPARTS[s] for s in query.statistics if s in COUNTERPARTS)]
    tags = [schema.statistic_tag(kind, name) for name in dict.fromkeys(names)]
    found = cache.read(reader, query.runs, [*tags, schema.layout_tag(kind)])
    simple = {run: table for run in query.runs if (table := _simple_table(found, run, query)) is not None}
    others = [run for run in query.runs if run not in simple]
    if others:
        more = [schema.statistic_tag(kind, "count"), schema.layout_id_tag(kind)]
        found.add(cache.read(reader, others, [tag for tag in more if tag not in tags]))
    for run, tag, reason in found.problems:
        miss(run, _statistic_of(tag, kind, [*names, "count"]), f"{tag}: {reason}")
    for run in query.runs:
        table = simple.get(run) or _table(found, run, query, miss)
        if table is None or not table.steps.size:
            continue
        if query.rows is None and table.layout not in query.known:
            header["layouts"][str(table.layout)] = table.rows
        header["series"].append({"run": run, **_shown(table, query)})
    return header


def _simple_table(found: Found, run: str, query: SeriesQuery) -> Table | None:
    """The table of a run that has one layout and no NaN: neither counts nor layouts' ids would say more of it.

    None where they might: a row is absent where its count is 0, and its other values are then NaN (schema.md).
    """
    kind, data = query.kind, found.data.get(run, {})
    documents = data.get(schema.layout_tag(kind), _NONE)
    if not query.statistics or "count" in query.statistics or len(documents.values) != 1:
        return None
    if any(problem[0] == run for problem in found.problems):
        return None
    statistics = _statistics(data, query)
    if any(name not in statistics for name in query.statistics):
        return None
    layouts = layouts_of(documents, lambda reason: None)
    if len(layouts) != 1:
        return None
    ((layout, rows),) = layouts.items()
    for points in statistics.values():
        if not isinstance(points.values, np.ndarray) or points.values.shape[1] != len(rows):
            return None
    table, complaints = align(statistics, query.statistics, layout, layouts, query.first, query.last)
    if complaints or any(np.isnan(values).any() for values in table.values.values()):
        return None
    return table


def _table(found: Found, run: str, query: SeriesQuery, miss: Miss) -> Table | None:
    """The table of any run, and complaints about what is not in it."""
    kind, data = query.kind, found.data.get(run, {})
    unreadable = {tag for problem_run, tag, _ in found.problems if problem_run == run}
    statistics = _statistics(data, query)
    asked = []
    for name in query.statistics:
        if name in statistics or COUNTERPARTS.get(name) in statistics:
            asked.append(name)
        elif statistics and schema.statistic_tag(kind, name) not in unreadable:
            miss(run, name, f"unknown statistic: {name!r} was not written for kind {kind!r}")
    if not statistics and not unreadable:
        miss(run, None, f"no data of kind {kind!r} in run {run!r}")
    if not asked:
        return None
    layouts = layouts_of(data.get(schema.layout_tag(kind), _NONE), functools.partial(miss, run, None))
    complaints: Complaints
    ids = data.get(schema.layout_id_tag(kind), _NONE)
    table, complaints = align(statistics, asked, ids, layouts, query.first, query.last)
    for statistic, reason in complaints:
        miss(run, statistic, reason)
    return table


def _shown(table: Table, query: SeriesQuery) -> dict[str, Any]:
    """A table as it is answered: of the lines and in the width that were asked for."""
    values, absent, layout = table.values, table.absent, table.layout
    if query.rows is not None:
        values, absent = blocks.lines(query.rows, table.rows, values, absent)
    answer: dict[str, Any] = {
        "layout": layout if query.rows is None else None,
        "steps": table.steps,
        "wall_times": table.wall_times,
    }
    if query.percentiles:
        answer["percentiles"] = {}
        for name, one in values.items():
            spread = percentiles(one, absent, query.percentiles)
            of_name = {"values": spread.values, "finite": spread.finite, "nonfinite": spread.nonfinite}
            answer["percentiles"][name] = of_name
    if query.width is None or table.steps.size <= query.width:
        return {**answer, "absent": absent, "values": values}
    starts = column_starts(table.steps.size, query.width)
    answer["starts"] = starts.astype(np.float64)
    answer["columns"] = {}
    for name, one in values.items():
        made = reduce_columns(one, absent, starts)
        answer["columns"][name] = {
            "min": made.minimum,
            "mean": made.mean,
            "max": made.maximum,
            "states": made.states,
            "at": made.at,
        }
    return answer


_NONE = Points.of([])


def _statistics(data: Mapping[str, Points], query: SeriesQuery) -> dict[str, Points]:
    """What is there of what was asked for, of its counterparts, and the counts."""
    names = [*query.statistics, "count", *(COUNTERPARTS[s] for s in query.statistics if s in COUNTERPARTS)]
    tags = {name: schema.statistic_tag(query.kind, name) for name in names}
    return {name: data[tag] for name, tag in tags.items() if tag in data}


def _statistic_of(tag: str | None, kind: str, names: list[str]) -> str | None:
    return next((name for name in names if schema.statistic_tag(kind, name) == tag), None)


def layouts_of(points: Points, miss: Callable[[str], None]) -> dict[int, Rows]:
    """Tables of rows by id."""
    layouts: dict[int, Rows] = {}
    for value in points.values:
        try:
            document = _decode_layout(np.asarray(value).tobytes())
        except ValueError as error:
            miss(str(error))
            continue
        layouts[document["id"]] = document["rows"]
    return layouts


@functools.lru_cache(maxsize=64)
def _decode_layout(data: bytes) -> dict[str, Any]:
    """A layout's document, checked for what we rely on; kept, since runs mostly share one and ask often."""
    document = schema.decode_layout(data)
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
        raise ValueError(f"invalid layout: its rows have no names: {str(rows)[:80]}")
    if type(document.get("id")) is not int:
        raise ValueError(f"invalid layout: id {document.get('id')!r}")
    return document
