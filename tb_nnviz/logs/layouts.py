"""Layouts of a run: decode them, join them, and find the layout of each event."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.points import Points

Rows = list[dict[str, Any]]


def decode_layouts(points: Points, report: Callable[[str], None]) -> dict[int, Rows]:
    """Return the rows by layout id. ``report`` is called with the reason why a layout is invalid."""
    layouts: dict[int, Rows] = {}
    for value in points.values:
        try:
            document = decode_layout(np.asarray(value).tobytes())
        except ValueError as error:
            report(str(error))
            continue
        layouts[document["id"]] = document["rows"]
    return layouts


def merge_layouts(layouts: Iterable[Rows]) -> tuple[Rows, list[np.ndarray]]:
    """Join several tables of rows.

    Returns:
        All rows in order of appearance, and per layout the position of each of its rows among them.

    >>> merge_layouts([[{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "c"}]])
    ([{'name': 'a'}, {'name': 'b'}, {'name': 'c'}], [array([0, 1]), array([1, 2])])
    """
    index: dict[str, int] = {}
    table: Rows = []
    positions = []
    for rows in layouts:
        for row in rows:
            if row["name"] not in index:
                index[row["name"]] = len(table)
                table.append(row)
        positions.append(np.array([index[row["name"]] for row in rows], np.int64))
    return table, positions


def fill_layout_ids(layout_ids: Points, at: np.ndarray) -> np.ndarray:
    """Return the layout id of each event: int64 [n].

    An event whose id is missing, because the loader sampled it away, gets the id of the event before it. Events before
    the first id get that one.

    Args:
        layout_ids: the events of the layout id tag.
        at: the index in ``layout_ids`` of each event of a timeline, -1 if it has none.
    """
    known = np.flatnonzero(at >= 0)
    if not known.size:
        return np.full(at.size, -1, np.int64)
    values: np.ndarray
    if isinstance(layout_ids.values, np.ndarray) and layout_ids.values.shape[1]:
        values = layout_ids.values[at[known], 0].astype(np.int64)
    else:
        values = np.array([np.ravel(layout_ids.values[k])[:1] for k in at[known]], np.int64).reshape(-1)
    return values[np.maximum(np.searchsorted(known, np.arange(at.size), "right") - 1, 0)]


@functools.lru_cache(maxsize=64)  # most runs share one layout, and it is decoded for every request
def decode_layout(data: bytes) -> dict[str, Any]:
    """Decode a layout and check that it has an id and that its rows have names.

    Raises:
        ValueError: ``data`` is not such a layout, or has an unknown version.
    """
    document = schema.decode_layout(data)
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
        raise ValueError(f"invalid layout: rows {str(rows)[:80]} (expected a list of objects with names)")
    if type(document.get("id")) is not int:
        raise ValueError(f"invalid layout: id {document.get('id')!r} (expected an integer)")
    return document
