"""Layouts: the tables of rows that vectors are read against."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from tb_nnviz.schema.checks import (
    COUNT,
    FLAG,
    INDEX,
    INTEGER,
    SHAPE,
    TEXT,
    TEXTS,
    check_object,
    check_objects,
    list_of,
    optional,
    short,
)
from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN, layout_id_tag, layout_tag

ROLES = ("weight", "bias", "norm", "embedding", "other")

#: Calls of a module per forward pass that have a row of their own. Later calls are merged into the last of these rows.
MAX_CALLS = 8
#: Largest number of rows of a layout. Each may have 2 KB of histogram per step.
MAX_ROWS = 100_000

_LAYOUT_CHECKS = {"id": INDEX, "kind": TEXT}
_ROW_CHECKS = {
    "name": TEXT,
    "module": TEXT,
    "call": INDEX,
    "type": TEXT,
    "shape": SHAPE,
    "numel": optional(COUNT),
    "dtype": TEXT,
    "role": TEXT,
    "trainable": FLAG,
    "unit_axis": optional(INTEGER),
    "depth": optional(INDEX),
    "tied_to": optional(TEXTS),
    "parameter": TEXT,
    "index": list_of(INDEX, "a list of indices"),
}
_ROW_DEFAULTS = {
    "module": "",
    "call": 0,
    "type": "",
    "shape": [],
    "numel": None,
    "dtype": "",
    "role": "other",
    "trainable": True,
    "unit_axis": None,
    "depth": None,
    "tied_to": None,
}


def row_name(module: str, call: int) -> str:
    """Return the name of an activation row: the module's name, and ``#<call>`` after it unless the call is 0.

    >>> row_name("encoder.relu", 0), row_name("encoder.relu", 2)
    ('encoder.relu', 'encoder.relu#2')
    """
    return f"{module}#{call}" if call else module


@dataclass(frozen=True)
class Row:
    """One row of a layout: a parameter, or one call of a module.

    Attributes:
        name: the parameter's name, or ``row_name`` of the module and call.
        module: the name of the module that owns the row.
        call: the number of the call within a forward pass, from 0. 0 for parameters.
        type: the name of the module's class.
        shape: the unsharded shape. An activation's shape lacks the batch axis, if there is one, and holds None on an
            axis that varies.
        numel: the number of elements.
        dtype: the name of the data type.
        role: one of ``ROLES``.
        trainable: True if the parameter, or any parameter that the module holds itself, requires a gradient.
        unit_axis: the axis of the whole output whose indices are units, -1 if it is the last. None for every kind but
            activation.
        depth: the position of the module's first call in the first pass. None if the module was not called in it.
        tied_to: the other names of a shared parameter.
    """

    name: str
    module: str
    call: int
    type: str
    shape: tuple[int | None, ...]
    numel: int
    dtype: str
    role: str
    trainable: bool
    unit_axis: int | None = None
    depth: int | None = None
    tied_to: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TrackedRow(Row):
    """A single weight: the element at ``index`` of ``parameter``."""

    parameter: str = ""
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The table of rows that the vectors of one kind are read against."""

    kind: str
    rows: tuple[Row, ...]

    @cached_property
    def id(self) -> int:
        """31-bit checksum of the rows. Equal rows have equal ids in every process."""
        return layout_id(self._documents)

    @property
    def _documents(self) -> list[dict[str, Any]]:
        # dataclasses.asdict copies deeply, which takes six times as long.
        return [{field.name: getattr(row, field.name) for field in fields(row)} for row in self.rows]

    def encode(self) -> bytes:
        """Return the payload of ``nnviz/layout/<kind>``: UTF-8 JSON."""
        document = {"version": VERSION, "kind": self.kind, "id": self.id, "rows": self._documents}
        # a lone surrogate, which UTF-8 cannot encode, becomes an escape of JSON
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def layout_id(rows: list[dict[str, Any]]) -> int:
    """Return the 31-bit checksum of the rows of a layout document."""
    return zlib.crc32(json.dumps(rows, sort_keys=True).encode()) & 0x7FFFFFFF


def decode_layout(data: bytes) -> dict[str, Any]:
    """Decode the payload of ``nnviz/layout/<kind>`` to its document: version, kind, id and rows.

    Every row of the result has all keys of ``Row``. A key that the document lacks has a default.

    Raises:
        ValueError: ``data`` is not a layout, a value has the wrong type, or the version is unknown.
    """
    document = decode_document("layout", data)
    check_object("layout", document, _LAYOUT_CHECKS, ("id",))
    rows = check_objects("layout", document.get("rows"), _ROW_CHECKS, ("name",), "layout: row {}")
    if len(rows) > MAX_ROWS:
        raise ValueError(f"invalid layout: {len(rows)} rows (at most {MAX_ROWS})")
    document["rows"] = [{**_ROW_DEFAULTS, **row} for row in rows]
    return document


def decode_layout_id(value: Any) -> int:
    """Decode the value of ``nnviz/layout_id/<kind>``.

    >>> decode_layout_id(np.array([7]))
    7

    Raises:
        ValueError: ``value`` is not one integer, or is out of the range of ids.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu" or value.size != 1:
        raise ValueError(f"invalid layout id: {short(value)} (one integer)")
    layout = int(value.reshape(())[()])
    if not INDEX.passes(layout):
        raise ValueError(f"invalid layout id: {layout} (an integer from 0)")
    return layout


def layout_entry(layout: Layout) -> Entry:
    """Return a layout as an entry: uint8 [bytes of JSON]."""
    return Entry(layout_tag(layout.kind), np.frombuffer(layout.encode(), np.uint8), PLUGIN)


def layout_id_entry(layout: Layout) -> Entry:
    """Return the id of the layout that this step's vectors belong to, as an entry: int64 [1]."""
    return Entry(layout_id_tag(layout.kind), np.array([layout.id], "<i8"), PLUGIN)
