"""Layouts of a run: decode them, join them, and find the layout of each event."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.points import Points

#: Bytes of JSON that a ``Documents`` keeps decoded, which takes some ten times as much memory.
CACHE_BYTES = 16 << 20
#: Bytes of all different layouts of one kind of a run. Later ones are left out.
MAX_LAYOUT_BYTES = 64 << 20

T = TypeVar("T")


class Rows(list[dict[str, Any]]):
    """The rows of a layout, or of several that were joined."""

    @cached_property
    def checksum(self) -> int:
        """31-bit checksum of the rows. It is the id of the layout if its writer computed it from them."""
        return schema.layout_id(self)


class Documents(Generic[T]):
    """A function that decodes bytes and keeps the results of the last ones. Most runs share one layout and one graph.

    Errors are kept too: a large document that is wrong would otherwise be parsed for every request. Threads may share
    the function.
    """

    def __init__(self, decode: Callable[[bytes], T], limit: int = CACHE_BYTES) -> None:
        self._decode = decode
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, T | str] = OrderedDict()
        self._bytes = 0

    def __call__(self, data: bytes) -> T:
        """Return the decoded document.

        Raises:
            ValueError: ``data`` cannot be decoded.
        """
        with self._lock:
            known = self._kept.get(data)
            if known is not None:
                self._kept.move_to_end(data)
        found = self._try(data) if known is None else known
        if known is None:
            self._keep(data, found)
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def _try(self, data: bytes) -> T | str:
        """Return the decoded document, or the message of the error."""
        try:
            return self._decode(data)
        except ValueError as error:
            return str(error)

    def _keep(self, data: bytes, found: T | str) -> None:
        """Keep a result. The oldest ones beyond the limit are dropped."""
        if len(data) > self._limit:
            return
        with self._lock:
            if data not in self._kept:
                self._bytes += len(data)
            self._kept[data] = found
            while self._bytes > self._limit:
                oldest, _ = self._kept.popitem(last=False)
                self._bytes -= len(oldest)


def document_bytes(value: Any) -> bytes:
    """Return the bytes of a document.

    Raises:
        ValueError: ``value`` is not a tensor of bytes.
    """
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim != 1:
        raise ValueError(f"invalid document: {describe_value(value)} (a tensor of bytes)")
    return value.tobytes()


def describe_value(value: Any) -> str:
    """Return the type and the shape of a value for a message."""
    return f"{value.dtype} {list(value.shape)}" if isinstance(value, np.ndarray) else f"{type(value).__name__}"


def decode_layouts(points: Points, report: Callable[[str], None]) -> dict[int, Rows]:
    """Return the rows by layout id. ``report`` is called with the reason why a layout is invalid."""
    layouts: dict[int, Rows] = {}
    seen: set[bytes] = set()
    size = 0
    for step, value in zip(points.steps.tolist(), points.values, strict=True):
        try:
            data = document_bytes(value)
            if data not in seen:
                seen.add(data)
                size += len(data)
            if size > MAX_LAYOUT_BYTES:
                report(f"too many layouts: {size} bytes of them (at most {MAX_LAYOUT_BYTES}), at step {step}")
                break
            layout, rows = decode_layout(data)
        except ValueError as error:
            report(f"{error}, at step {step}")
            continue
        layouts[layout] = rows
    return layouts


def merge_layouts(layouts: Iterable[Rows]) -> tuple[Rows, list[np.ndarray]]:
    """Join several tables of rows.

    Returns:
        All rows in order of appearance, and per layout the position of each of its rows among them.

    >>> merge_layouts([Rows([{"name": "a"}, {"name": "b"}]), Rows([{"name": "b"}, {"name": "c"}])])
    ([{'name': 'a'}, {'name': 'b'}, {'name': 'c'}], [array([0, 1]), array([1, 2])])
    """
    index: dict[str, int] = {}
    table = Rows()
    positions = []
    tables = list(layouts)
    for rows in tables:
        for row in rows:
            if row["name"] not in index:
                index[row["name"]] = len(table)
                table.append(row)
        positions.append(np.array([index[row["name"]] for row in rows], np.int64))
    if len(tables) == 1 and len(table) == len(tables[0]):
        table = tables[0]  # its checksum may be known
    return table, positions


def decode_layout_ids(points: Points, report: Callable[[str], None]) -> Points:
    """Return the events of a layout id tag with their ids as a table int64 [n, 1].

    ``report`` is called with the reason why an id is invalid. The event is left out then.
    """
    values = points.values
    if isinstance(values, np.ndarray) and values.dtype == np.int64 and values.shape[1:] == (1,):
        return points
    kept, ids = [], []
    for i, value in enumerate(values):
        try:
            ids.append(schema.decode_layout_id(value))
        except ValueError as error:
            report(f"{error}, at step {points.steps[i]}")
        else:
            kept.append(i)
    return Points(points.steps[kept], points.wall_times[kept], np.array(ids, np.int64).reshape(-1, 1))


def fill_layout_ids(layout_ids: Points, at: np.ndarray) -> np.ndarray:
    """Return the layout id of each event: int64 [n].

    An event whose id is missing, because the loader sampled it away, gets the id of the event before it. Events before
    the first id get that one.

    Args:
        layout_ids: the events of the layout id tag, as ``decode_layout_ids`` returns them.
        at: the index in ``layout_ids`` of each event of a timeline, -1 if it has none.
    """
    known = np.flatnonzero(at >= 0)
    if not known.size:
        return np.full(at.size, -1, np.int64)
    values: np.ndarray = np.asarray(layout_ids.values)[at[known], 0]
    return values[np.maximum(np.searchsorted(known, np.arange(at.size), "right") - 1, 0)]


def _decode_layout(data: bytes) -> tuple[int, Rows]:
    document = schema.decode_layout(data)
    return document["id"], Rows(document["rows"])


#: Decodes a layout to its id and its rows.
decode_layout = Documents(_decode_layout)
