"""The event schema, version 1: the names and encodings that writer and reader agree on.

Both halves of the package know this module and nothing else of each other.
It needs numpy only, so that a machine that just views logs needs no torch.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

VERSION = 1

PLUGIN = "nnviz"
PLUGIN_HISTOGRAMS = "nnviz_histograms"
PLUGIN_MAPS = "nnviz_maps"
PLUGIN_FINDINGS = "nnviz_findings"
PLUGINS = (PLUGIN, PLUGIN_HISTOGRAMS, PLUGIN_MAPS, PLUGIN_FINDINGS)

#: Content of every metadata record of ours. Constant: TensorBoard keeps the first it sees.
METADATA_CONTENT = b'{"version": 1}'

KINDS = ("parameter", "gradient", "update", "activation", "activation_gradient")
#: Kinds whose rows are parameters; the others have module calls as rows.
PARAMETER_KINDS = ("parameter", "gradient", "update")
ROLES = ("weight", "bias", "norm", "embedding", "other")

#: Statistics of every kind, in the order in which they are written.
STATISTICS = (
    "count",
    "norm",
    "rms",
    "mean",
    "std",
    "min",
    "max",
    "absmax",
    "zero_fraction",
    "nonfinite",
    "finite_norm",
    "finite_absmax",
)
#: Statistics that only one kind has.
KIND_STATISTICS = {
    "update": ("ratio",),
    "activation": ("dead_fraction", "nonpositive_unit_fraction", "saturated_fraction"),
}

#: Calls of a module within one pass that have a row of their own; later ones merge into the last.
MAX_CALLS = 8

TAG_LOG = "nnviz/log/"
TAG_GLOBAL = "nnviz/global/"
TAG_LEARNING_RATE = "nnviz/global/learning_rate/"
STOCK_HISTOGRAMS = {"parameter": "parameters/", "gradient": "gradients/"}


def statistic_tag(kind: str, statistic: str) -> str:
    """The tag of a statistic's series.

    >>> statistic_tag("gradient", "norm")
    'nnviz/gradient/norm'
    """
    return f"nnviz/{kind}/{statistic}"


def layout_tag(kind: str) -> str:
    """The tag of a kind's table of rows."""
    return f"nnviz/layout/{kind}"


def layout_id_tag(kind: str) -> str:
    """The tag that says which layout a step's statistics are read against."""
    return f"nnviz/layout_id/{kind}"


def histogram_tag(kind: str) -> str:
    """The tag of a kind's packed histograms."""
    return f"nnviz/{kind}/histogram"


def histogram_layout_id_tag(kind: str) -> str:
    """The tag that says which layout a step's histograms are read against."""
    return f"nnviz/histogram_layout_id/{kind}"


def row_name(module: str, call: int) -> str:
    """The name of an activation row: the module's, with ``#n`` from its second call on.

    >>> row_name("encoder.relu", 0), row_name("encoder.relu", 2)
    ('encoder.relu', 'encoder.relu#2')
    """
    return f"{module}#{call}" if call else module


@dataclass(frozen=True)
class Row:
    """One row of a layout: a parameter, or one call of a module.

    ``shape`` is unsharded; of an activation it lacks the batch axis and holds None where it varies.
    ``unit_axis`` is 1 (convolutions, batch norms) or -1 (the last axis); None for parameters.
    ``depth`` is the position of the owning module in order of execution, None if it was never called.
    ``tied_to`` lists the other names of a shared parameter.
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
class Layout:
    """The table of rows that vectors of one kind are read against."""

    kind: str
    rows: tuple[Row, ...]

    @property
    def id(self) -> int:
        """31-bit checksum of the rows: equal rows, equal id, in any process."""
        return layout_id([asdict(row) for row in self.rows])

    def encode(self) -> bytes:
        """UTF-8 JSON, the payload of ``nnviz/layout/<kind>``."""
        rows = [asdict(row) for row in self.rows]
        document = {"version": VERSION, "kind": self.kind, "id": layout_id(rows), "rows": rows}
        return json.dumps(document, ensure_ascii=False).encode()


def layout_id(rows: list[dict[str, Any]]) -> int:
    """31-bit checksum of a layout's rows as they stand in its JSON."""
    return zlib.crc32(json.dumps(rows, sort_keys=True).encode()) & 0x7FFFFFFF


def decode_layout(data: bytes) -> dict[str, Any]:
    """The document of ``nnviz/layout/<kind>``: version, kind, id and rows.

    Raises:
        ValueError: it is not a layout, or of a newer version than this package reads.
    """
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ValueError(f"invalid layout: {data[:80]!r} is not JSON") from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise ValueError(f"unknown layout version: {version!r} (this tb_nnviz reads {VERSION})")
    return document


@dataclass(frozen=True)
class Entry:
    """One value of an event: what a writer turns into a ``Summary.Value``.

    ``plugin`` None means a stock scalar (``value`` is a float); any other plugin's value is
    an array: float32, int64, uint8, or float64 for stock histograms.
    """

    tag: str
    value: np.ndarray | float
    plugin: str | None = None


def scalar(tag: str, value: float) -> Entry:
    """A stock scalar, which TensorBoard's own tabs show too."""
    return Entry(tag, float(value))


def vector(kind: str, statistic: str, values: np.ndarray) -> Entry:
    """One statistic of a kind: float32 [rows]."""
    return Entry(statistic_tag(kind, statistic), np.asarray(values, "<f4"), PLUGIN)


def layout_entry(layout: Layout) -> Entry:
    """The table of rows itself: uint8 [bytes of JSON]."""
    return Entry(layout_tag(layout.kind), np.frombuffer(layout.encode(), np.uint8), PLUGIN)


def layout_id_entry(layout: Layout) -> Entry:
    """The id that a step's vectors of this kind are read against: int64 [1]."""
    return Entry(layout_id_tag(layout.kind), np.array([layout.id], "<i8"), PLUGIN)
