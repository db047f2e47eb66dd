"""Layouts: the tables of rows that vectors are read against."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN, layout_id_tag, layout_tag

ROLES = ("weight", "bias", "norm", "embedding", "other")

#: Calls of a module per forward pass that have a row of their own. Later calls are merged into the last of these rows.
MAX_CALLS = 8


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
        return json.dumps(document, ensure_ascii=False).encode()


def layout_id(rows: list[dict[str, Any]]) -> int:
    """Return the 31-bit checksum of the rows of a layout document."""
    return zlib.crc32(json.dumps(rows, sort_keys=True).encode()) & 0x7FFFFFFF


def decode_layout(data: bytes) -> dict[str, Any]:
    """Decode the payload of ``nnviz/layout/<kind>`` to its document: version, kind, id and rows.

    Raises:
        ValueError: ``data`` is not a JSON object, or has an unknown version. The rows are not checked.
    """
    return decode_document("layout", data)


def layout_entry(layout: Layout) -> Entry:
    """Return a layout as an entry: uint8 [bytes of JSON]."""
    return Entry(layout_tag(layout.kind), np.frombuffer(layout.encode(), np.uint8), PLUGIN)


def layout_id_entry(layout: Layout) -> Entry:
    """Return the id of the layout that this step's vectors belong to, as an entry: int64 [1]."""
    return Entry(layout_id_tag(layout.kind), np.array([layout.id], "<i8"), PLUGIN)
