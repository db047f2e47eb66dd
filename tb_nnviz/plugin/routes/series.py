"""``POST series``: statistics of one kind for many runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorboard import errors

from tb_nnviz import schema
from tb_nnviz.logs.alignment import Table
from tb_nnviz.logs.blocks import Line
from tb_nnviz.logs.series import Selection, TableView, read_tables, view_table
from tb_nnviz.plugin import query
from tb_nnviz.plugin.query import Body, short
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer, missing_items

MAX_STATISTICS = 50
MAX_KNOWN = 5000
MAX_PERCENTILES = 9
MAX_WIDTH = 10_000

_KEYS = ("runs", "kind", "statistics", "known", "rows", "width", "from", "to", "percentiles")


@dataclass(frozen=True)
class SeriesQuery:
    """The statistics of one kind for many runs.

    Attributes:
        runs: the names of the runs.
        selection: the kind, statistics and steps.
        known: ids of layouts that the page already has.
        rows: the lines to return. None: all rows.
        width: the largest number of columns. None: every step.
        percentiles: the percentiles to compute over steps, from 0 to 1.
    """

    runs: tuple[str, ...]
    selection: Selection
    known: frozenset[int]
    rows: tuple[Line, ...] | None
    width: int | None
    percentiles: tuple[float, ...]


def parse(data: bytes) -> SeriesQuery:
    """Parse the body of ``POST series``."""
    body = query.parse_body(data, _KEYS)
    kind = query.parse_choice(body, "kind", (*schema.KINDS, schema.TRACKED))
    runs, statistics = query.parse_runs(body), query.parse_names(body, "statistics", MAX_STATISTICS)
    known, rows, width = _parse_known(body), _parse_rows(body), _parse_width(body)
    first, last = query.parse_step(body, "from", -math.inf), query.parse_step(body, "to", math.inf)
    return SeriesQuery(runs, Selection(kind, statistics, first, last), known, rows, width, _parse_percentiles(body))


def handle(call: Call) -> Answer:
    """Return the tables of many runs."""
    requested = parse(call.body)
    tables, missing = read_tables(call.read_tags, requested.runs, requested.selection)
    layouts: dict[str, Any] = {}
    series = []
    for run, table in tables.items():
        if requested.rows is None and table.layout not in requested.known:
            layouts[str(table.layout)] = table.rows
        view = view_table(table, requested.rows, requested.width, requested.percentiles)
        series.append({"run": run, **_item(table, view, requested)})
    items = missing_items(missing, "statistic")
    return binary_answer({"kind": requested.selection.kind, "layouts": layouts, "series": series, "missing": items})


def _item(table: Table, view: TableView, requested: SeriesQuery) -> dict[str, Any]:
    item: dict[str, Any] = {
        "layout": table.layout if requested.rows is None else None,
        "steps": table.steps,
        "wall_times": table.wall_times,
    }
    if requested.percentiles:
        item["percentiles"] = {
            name: {"values": spread.values, "finite": spread.finite, "nonfinite": spread.nonfinite}
            for name, spread in view.percentiles.items()
        }
    if view.starts is None:
        return {**item, "absent": view.absent, "values": view.values}
    item["starts"] = view.starts.astype(np.float64)
    item["columns"] = {
        name: {
            "min": columns.minimum,
            "mean": columns.mean,
            "max": columns.maximum,
            "states": columns.states,
            "at": columns.at,
        }
        for name, columns in view.columns.items()
    }
    return item


def _parse_known(body: Body) -> frozenset[int]:
    """Return layout ids. They are numbers, or strings like the keys of an answer's ``layouts``."""
    known = body.get("known")
    if known is None:
        return frozenset()
    if not isinstance(known, list) or not all(type(item) is int or _is_id(item) for item in known):
        raise errors.InvalidArgumentError(f"invalid known: {short(known)} (expected a list of layout ids)")
    if len(known) > MAX_KNOWN:
        raise errors.InvalidArgumentError(f"too many known: {len(known)} (at most {MAX_KNOWN})")
    return frozenset(int(item) for item in known)


def _parse_rows(body: Body) -> tuple[Line, ...] | None:
    """Return the lines: names of rows, and blocks as tuples of names."""
    rows = body.get("rows")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, str) or _is_block(row) for row in rows):
        raise errors.InvalidArgumentError(f"invalid rows: {short(rows)} (expected names of rows, or lists of names)")
    total = sum(1 if isinstance(row, str) else len(row) for row in rows)
    if total > query.MAX_ROWS:
        raise errors.InvalidArgumentError(f"too many rows: {total} (at most {query.MAX_ROWS} in a request)")
    return tuple(row if isinstance(row, str) else tuple(dict.fromkeys(row)) for row in rows)


def _parse_width(body: Body) -> int | None:
    width = body.get("width")
    if width is None:
        return None
    if type(width) is not int or not 1 <= width <= MAX_WIDTH:
        raise errors.InvalidArgumentError(f"invalid width: {short(width)} (expected 1 to {MAX_WIDTH} columns)")
    return width


def _parse_percentiles(body: Body) -> tuple[float, ...]:
    items = body.get("percentiles")
    if items is None:
        return ()
    if not isinstance(items, list) or not all(type(item) in (int, float) and 0 <= item <= 1 for item in items):
        raise errors.InvalidArgumentError(f"invalid percentiles: {short(items)} (expected numbers from 0 to 1)")
    if len(items) > MAX_PERCENTILES:
        raise errors.InvalidArgumentError(f"too many percentiles: {len(items)} (at most {MAX_PERCENTILES})")
    return tuple(float(item) for item in items)


def _is_id(item: Any) -> bool:
    return isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= 20


def _is_block(row: Any) -> bool:
    return isinstance(row, list) and len(row) > 0 and all(isinstance(name, str) for name in row)


ROUTE = Route("/series", POST, handle)
