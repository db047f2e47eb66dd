"""The event schema, version 1: the names and encodings that writer and reader agree on.

Both halves of the package know this module and nothing else of each other.
It needs numpy only, so that a machine that just views logs needs no torch.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, fields
from functools import cached_property
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

KINDS = ("parameter", "gradient", "update", "activation", "activation_gradient", "optimizer")
#: Single weights: a kind of its own with one statistic, ``value``, and rows that say where they are.
TRACKED = "tracked"
#: Kinds whose rows are parameters; the others have module calls as rows.
PARAMETER_KINDS = ("parameter", "gradient", "update", "optimizer")
ROLES = ("weight", "bias", "norm", "embedding", "other")

#: Statistics of tensors, in the order in which they are written: every kind has them but ``optimizer``.
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
#: Statistics that only one kind has; ``optimizer`` has these and ``count``.
KIND_STATISTICS = {
    "update": ("ratio",),
    "activation": ("dead_fraction", "nonpositive_unit_fraction", "saturated_fraction", "outlier_ratio"),
    "optimizer": ("first_moment_norm", "second_moment_norm", "effective_step_size"),
}

#: Calls of a module within one pass that have a row of their own; later ones merge into the last.
MAX_CALLS = 8

TAG_LOG = "nnviz/log/"
TAG_GLOBAL = "nnviz/global/"
TAG_WINDOW = "nnviz/window/"
TAG_MAP = "nnviz/map/"
TAG_MAP_INPUT = "nnviz/map_input"
TAG_WEIGHT = "nnviz/weight/"
TAG_GRAPH = "nnviz/graph"
TAG_FINDINGS = "nnviz/findings"
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
class TrackedRow(Row):
    """A single weight: ``parameter`` is the name of the parameter it is an element of, ``index`` where in it."""

    parameter: str = ""
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The table of rows that vectors of one kind are read against."""

    kind: str
    rows: tuple[Row, ...]

    @cached_property
    def id(self) -> int:
        """31-bit checksum of the rows: equal rows, equal id, in any process."""
        return layout_id(self._documents)

    @property
    def _documents(self) -> list[dict[str, Any]]:
        # dataclasses.asdict copies deeply, which nobody needs and takes six times as long.
        return [{field.name: getattr(row, field.name) for field in fields(row)} for row in self.rows]

    def encode(self) -> bytes:
        """UTF-8 JSON, the payload of ``nnviz/layout/<kind>``."""
        document = {"version": VERSION, "kind": self.kind, "id": self.id, "rows": self._documents}
        return json.dumps(document, ensure_ascii=False).encode()


def layout_id(rows: list[dict[str, Any]]) -> int:
    """31-bit checksum of a layout's rows as they stand in its JSON."""
    return zlib.crc32(json.dumps(rows, sort_keys=True).encode()) & 0x7FFFFFFF


def decode_layout(data: bytes) -> dict[str, Any]:
    """The document of ``nnviz/layout/<kind>``: version, kind, id and rows.

    Raises:
        ValueError: it is not a layout, or of a newer version than this package reads.
    """
    return _document("layout", data)


def decode_graph(data: bytes) -> dict[str, Any]:
    """The document of ``nnviz/graph``: modules, nodes and edges, as record/graph/capture.py describes it.

    Raises:
        ValueError: it is not a graph, or of a newer version than this package reads.
    """
    document = _document("graph", data)
    for part in ("modules", "nodes", "edges"):
        if not isinstance(document.get(part), list):
            raise ValueError(f"invalid graph: it has no {part}: {str(document)[:80]}")
    size = len(document["nodes"])
    for edge in document["edges"]:
        ends = (edge.get("from"), edge.get("to")) if isinstance(edge, dict) else (None, None)
        if not all(type(end) is int and 0 <= end < size for end in ends):
            raise ValueError(f"invalid graph: edge {str(edge)[:80]} of {size} nodes")
    return document


def _document(what: str, data: bytes) -> dict[str, Any]:
    """The JSON object of a version that this package reads; ``what`` it should be is said where it is not."""
    try:
        document = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"invalid {what}: {data[:80]!r} is not JSON") from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise ValueError(f"unknown {what} version: {version!r} (this tb_nnviz reads {VERSION})")
    decoded: dict[str, Any] = document
    return decoded


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")  # though Python reads and writes it


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
    """One statistic of a kind: float32 [rows]; what is beyond float32 becomes Inf."""
    with np.errstate(over="ignore"):
        return Entry(statistic_tag(kind, statistic), np.asarray(values, "<f4"), PLUGIN)


def layout_entry(layout: Layout) -> Entry:
    """The table of rows itself: uint8 [bytes of JSON]."""
    return Entry(layout_tag(layout.kind), np.frombuffer(layout.encode(), np.uint8), PLUGIN)


def layout_id_entry(layout: Layout) -> Entry:
    """The id that a step's vectors of this kind are read against: int64 [1]."""
    return Entry(layout_id_tag(layout.kind), np.array([layout.id], "<i8"), PLUGIN)


# Histograms: fixed signed-log bins, the same for every tensor of every run.

BINS = 520
_ZERO_BIN = BINS // 2
_LOWEST_OCTAVE, _HIGHEST_OCTAVE = -40, 24


def bin_edges() -> np.ndarray:
    """Upper edges of the magnitudes of bins 261 to 517, and so the lower ones of 262 to 518: [257].

    >>> bin_edges()[-5:].tolist()
    [8388608.0, 10485760.0, 12582912.0, 14680064.0, 16777216.0]
    """
    octaves = np.ldexp(1.0, np.arange(_LOWEST_OCTAVE, _HIGHEST_OCTAVE))
    return np.append((octaves[:, None] * [1, 1.25, 1.5, 1.75]).ravel(), 2.0**_HIGHEST_OCTAVE)


def encode_histograms(counts: np.ndarray) -> np.ndarray:
    """Counts [rows, 520] as the payload of a histogram tag: uint8 [bytes], zlib of little-endian int32."""
    if counts.ndim != 2 or counts.shape[1] != BINS:
        raise ValueError(f"invalid histogram counts: shape {counts.shape} (rows, {BINS})")
    return np.frombuffer(zlib.compress(np.ascontiguousarray(counts, "<i4").tobytes(), 2), np.uint8)


def decode_histograms(payload: np.ndarray | bytes) -> np.ndarray:
    """Counts, int32 [rows, 520], from the payload of a histogram tag."""
    return np.frombuffer(zlib.decompress(bytes(payload)), "<i4").reshape(-1, BINS)


def stock_histogram(counts: np.ndarray, most: int = 60) -> np.ndarray:
    """One row's counts as TensorBoard's own histogram: float64 [buckets, 3] of left, right, count.

    NaN and the infinities have no place there and are left out. Neighbouring bins are joined until at
    most about ``most`` remain.
    """
    edges = bin_edges()
    tiny, huge = edges[0], 2 * edges[-1]
    # bins 2 to 518 in order, 259 to 261 (zero and what is nearest to it) as one
    bounds = np.concatenate([[-huge], -edges[::-1], edges, [huge]])
    finite = np.concatenate([counts[2:259], [counts[259:262].sum()], counts[262:519]]).astype(np.float64)
    used = np.flatnonzero(finite)
    if not len(used):
        return np.array([[-tiny, tiny, 0.0]])
    first, last = int(used[0]), int(used[-1]) + 1
    width = -(-(last - first) // most)
    starts = np.arange(first, last, width)
    stops = np.append(starts[1:], last)
    return np.stack([bounds[starts], bounds[stops], np.add.reduceat(finite[first:last], starts - first)], axis=1)


# Maps: activations of the probe, and weights, as images of one byte a value.

#: What a value that is not finite is stored as, in maps whose ``nonfinite`` is not 0.
NONFINITE_CODE = 255


def encode_map(header: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """A map as the payload of its tag: uint8 [4 + bytes of the header + values].

    ``values`` are quantized already, uint8 of the header's ``shape``: a value is ``offset + scale * code``.
    """
    if values.dtype != np.uint8 or list(values.shape) != list(header["shape"]):
        raise ValueError(f"invalid map: {values.dtype} {list(values.shape)} (uint8 {header['shape']})")
    if len(header["axes"]) != values.ndim:
        raise ValueError(f"invalid map: axes {header['axes']} of {values.ndim} dimensions")
    text = json.dumps({"version": VERSION, **header}, ensure_ascii=False).encode()
    payload = struct.pack("<I", len(text)) + text + np.ascontiguousarray(values).tobytes()
    return np.frombuffer(payload, np.uint8)


def decode_map(payload: np.ndarray | bytes) -> tuple[dict[str, Any], np.ndarray]:
    """A map's header, and its values as they were quantized: uint8 of the header's ``shape``.

    >>> header = {"shape": [2], "axes": ["unit"], "scale": 0.5, "offset": 1.0}
    >>> decode_map(encode_map(header, np.array([0, 4], np.uint8)))[1].tolist()
    [0, 4]

    Raises:
        ValueError: it is not a map, or of a newer version than this package reads.
    """
    data = bytes(payload)
    try:
        (length,) = struct.unpack_from("<I", data)
        header = _document("map", data[4 : 4 + length])
        shape = [int(size) for size in header["shape"]]
    except (struct.error, TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"invalid map: {data[:80]!r} has no header with a shape") from error
    values = np.frombuffer(data, np.uint8, offset=4 + length)
    if values.size != int(np.prod(shape, dtype=np.int64)):
        raise ValueError(f"invalid map: {values.size} values of shape {shape}")
    return header, values.reshape(shape)


# Findings: what rules have found at a step.

#: From what stops a training to what is worth a look.
SEVERITIES = ("severe", "warning", "notice")
_FINDING_TEXTS = ("rule", "severity", "title", "kind", "statistic", "row", "evidence", "advice")


def encode_findings(findings: list[dict[str, Any]]) -> np.ndarray:
    """The payload of a step's findings: uint8 [bytes], UTF-8 JSON.

    Each has ``rule``, ``severity``, ``title``, ``kind``, ``statistic``, ``row``, ``evidence`` and ``advice``,
    all strings, the steps ``since`` and ``step``, and ``value``, a number or None where it is not finite.

    Raises:
        ValueError: one of them lacks something, or says what cannot be.
    """
    for finding in findings:
        _check_finding(finding)
    document = {"version": VERSION, "findings": findings}
    return np.frombuffer(json.dumps(document, ensure_ascii=False, allow_nan=False).encode(), np.uint8)


def decode_findings(payload: np.ndarray | bytes) -> list[dict[str, Any]]:
    """A step's findings.

    Raises:
        ValueError: these are no findings, or of a newer version than this package reads.
    """
    findings = _document("findings", bytes(payload)).get("findings")
    if not isinstance(findings, list):
        raise ValueError(f"invalid findings: {str(findings)[:80]} is not a list")
    for finding in findings:
        _check_finding(finding)
    return findings


def findings_entry(findings: list[dict[str, Any]]) -> Entry:
    """A step's findings as an entry of its event."""
    return Entry(TAG_FINDINGS, encode_findings(findings), PLUGIN_FINDINGS)


def _check_finding(finding: Any) -> None:
    if not isinstance(finding, dict):
        raise ValueError(f"invalid finding: {str(finding)[:80]} is not an object")
    for key in _FINDING_TEXTS:
        if not isinstance(finding.get(key), str):
            raise ValueError(f"invalid finding: {key} {str(finding.get(key))[:80]!r} is not a string")
    if finding["severity"] not in SEVERITIES:
        raise ValueError(f"unknown severity: {finding['severity'][:80]!r} (one of {', '.join(SEVERITIES)})")
    for key in ("since", "step"):
        if type(finding.get(key)) is not int:
            raise ValueError(f"invalid finding: {key} {str(finding.get(key))[:80]!r} is not a step")
    if finding.get("value") is not None and type(finding["value"]) not in (int, float):
        raise ValueError(f"invalid finding: value {str(finding['value'])[:80]!r} is not a number")
