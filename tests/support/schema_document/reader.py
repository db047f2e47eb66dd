"""A reader of event files that was written from docs/schema.md and nothing else."""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2

from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "schema.md"
DTYPES = {"u8": types_pb2.DT_UINT8, "i64": types_pb2.DT_INT64, "f32": types_pb2.DT_FLOAT, "f64": types_pb2.DT_DOUBLE}
NUMPY = {types_pb2.DT_UINT8: "u1", types_pb2.DT_INT64: "<i8", types_pb2.DT_FLOAT: "<f4", types_pb2.DT_DOUBLE: "<f8"}
CONTENT = b'{"version": 1}'


# The document


@lru_cache
def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading of the document, without the table's head."""
    below = re.split(rf"^#+ {re.escape(heading)}$", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines is not None, f"{heading} has no table"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()[2:]]


def names(cell: str) -> list[str]:
    """Return all texts between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


class Tag(NamedTuple):
    """One line of the document's table of tags."""

    pattern: str
    plugin: str
    type: str

    def match(self, tag: str) -> dict[str, str] | None:
        """Return the names in a tag by placeholder, or None if the tag belongs to another line."""
        found = re.fullmatch(_expression(self.pattern), tag)
        return None if found is None else found.groupdict()


@lru_cache
def _expression(pattern: str) -> str:
    kinds = "|".join(names(line[0])[0] for line in table("Rows and layouts"))
    parts = {"kind": kinds, "statistic": "[^/]+", "name": ".+", "row": "[^@]*", "group": ".+", "model": "[^/]+"}
    return re.sub(r"<(\w+)>", lambda found: f"(?P<{found[1]}>{parts[found[1]]})", re.escape(pattern))


def tags() -> list[Tag]:
    """Return the document's table of tags."""
    return [Tag(names(tag)[0], (names(plugin) or [""])[0], type.split()[0]) for tag, plugin, type, _ in table("Tags")]


def statistics() -> dict[str, set[str]]:
    """Return the statistics that the document defines, by kind."""
    of = {
        heading: {names(line[0])[0] for line in table(heading)}
        for heading in (
            "Statistics of tensors",
            "Statistics of updates",
            "Statistics of units",
            "Statistics of samples, attention and gates",
            "Statistics of the output",
            "Statistics of the optimizer",
            "Tracked weights",
        )
    }
    tensors, updates, units, samples, output, optimizer, tracked = of.values()
    found = dict.fromkeys(("parameter", "gradient", "activation_gradient"), tensors)
    return {
        **found,
        "input": tensors | {"batch_std~"},
        "update": tensors | updates,
        "activation": tensors | units | samples,
        "output": tensors | output,
        "optimizer": optimizer,
        "tracked": tracked,
    }


# Files and events


class Event(NamedTuple):
    """An event. ``values`` has a float or an array per tag, ``kinds`` its plugin and type."""

    step: int
    wall_time: float
    values: dict[str, Any]
    kinds: dict[str, tuple[str, str]]


def records(path: Path) -> Iterator[bytes]:
    """Yield the data of all whole TFRecords of a file."""
    data, at = path.read_bytes(), 0
    while at + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        if at + 16 + length > len(data):
            return
        yield data[at + 12 : at + 12 + length]
        at += 16 + length


def events(run: Path) -> Iterator[Event]:
    """Yield the events of a run in the order of writing."""
    for path in sorted(run.glob("events.out.tfevents.*")):
        for data in records(path):
            event = event_pb2.Event.FromString(data)
            values: dict[str, Any] = {}
            kinds: dict[str, tuple[str, str]] = {}
            for value in event.summary.value:
                assert value.tag not in values, "an event has each tag once"
                if value.WhichOneof("value") == "simple_value":
                    assert not value.HasField("metadata")
                    values[value.tag], kinds[value.tag] = value.simple_value, ("", "scalar")
                    continue
                tensor, plugin = value.tensor, value.metadata.plugin_data
                shape = [dim.size for dim in tensor.tensor_shape.dim]
                values[value.tag] = np.frombuffer(tensor.tensor_content, NUMPY[tensor.dtype]).reshape(shape)
                type = next(name for name, dtype in DTYPES.items() if dtype == tensor.dtype)
                kinds[value.tag] = plugin.plugin_name, type
                if plugin.plugin_name != "histograms":  # TensorBoard's own plugin has metadata of its own
                    assert value.metadata.data_class == summary_pb2.DATA_CLASS_TENSOR
                    assert plugin.content == CONTENT
            if values:
                yield Event(event.step, event.wall_time, values, kinds)


# Documents and payloads


def document(payload: np.ndarray) -> dict[str, Any]:
    """Return a JSON document of version 1."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    found: dict[str, Any] = json.loads(payload.tobytes().decode("utf-8"), parse_constant=refuse)
    if found["version"] != 1:
        raise ValueError(f"unknown version: {found['version']}")
    return found


def layout_id(rows: list[dict[str, Any]]) -> int:
    """Return the id of a layout with these rows."""
    return zlib.crc32(json.dumps(rows, sort_keys=True).encode()) & 0x7FFFFFFF


def count_bins(x: np.ndarray) -> np.ndarray:
    """Return the count of each of the 520 bins."""
    return np.bincount([bin_of(number) for number in x.ravel().tolist()], minlength=520)


def histograms(payload: np.ndarray) -> np.ndarray:
    """Return the counts in a payload, int32 [rows, 520]."""
    return np.frombuffer(zlib.decompress(payload.tobytes()), "<i4").reshape(-1, 520)


def bin_of(x: float) -> int:
    """Return the bin of a number."""
    if math.isnan(x):
        return 0
    size = abs(x)
    if size == 0:
        return 260
    if size < 2.0**-40:
        k = 1
    elif size >= 2.0**24:
        k = 259 if math.isinf(size) else 258
    else:
        e = math.frexp(size)[1] - 1
        k = 2 + 4 * (e + 40) + int((size / 2.0**e - 1) * 4)
    return 260 + k if x > 0 else 260 - k


class Map(NamedTuple):
    """A map with its header and its codes."""

    header: dict[str, Any]
    codes: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """Return the decoded values as float64, NaN for nonfinite ones."""
        found = self.header["offset"] + self.header["scale"] * self.codes.astype(np.float64)
        return np.where((self.header["nonfinite"] > 0) & (self.codes == 255), np.nan, found)


def read_map(payload: np.ndarray) -> Map:
    """Return the map in a payload."""
    (length,) = struct.unpack("<I", payload[:4].tobytes())
    header = document(payload[4 : 4 + length])
    assert payload.size == 4 + length + math.prod(header["shape"])
    assert len(header["axes"]) == len(header["shape"])
    return Map(header, payload[4 + length :].reshape(header["shape"]))


# A run


class Log:
    """All values of a run, without those that a resumed run abandoned."""

    def __init__(self, run: Path) -> None:
        self.events = list(events(run))
        #: By kind and id.
        self.layouts: dict[tuple[str, int], dict[str, Any]] = {}
        #: By tag and step.
        self.values: dict[str, dict[int, Any]] = {}
        order: dict[tuple[str, int], int] = {}
        latest, latest_step = -1, -1  # of the newest event with statistics
        for number, event in enumerate(self.events):
            if any(tag.startswith("nnviz/layout_id/") for tag in event.values):
                if latest_step >= event.step:
                    self._abandon(event.step, {key for key, at in order.items() if at <= latest})
                latest, latest_step = number, event.step
            for tag, value in event.values.items():
                if tag.startswith("nnviz/layout/"):
                    layout = document(value)
                    self.layouts[layout["kind"], layout["id"]] = layout
                    continue
                steps = self.values.setdefault(tag, {})
                for later in [step for step in steps if step >= event.step]:
                    del steps[later]
                steps[event.step] = value
                order[tag, event.step] = number

    def _abandon(self, resumed: int, earlier: set[tuple[str, int]]) -> None:
        """Drop what a run that resumed at this step has abandoned."""
        for tag, steps in self.values.items():
            for step in list(steps) if tag != "nnviz/graph" else ():
                if step > resumed or (step == resumed and (tag, step) in earlier):
                    del steps[step]

    def steps(self, kind: str) -> list[int]:
        """Return the steps that have statistics of a kind."""
        return sorted(self.values.get(f"nnviz/layout_id/{kind}", {}))

    def rows(self, kind: str, step: int, tag: str = "nnviz/layout_id/") -> list[dict[str, Any]]:
        """Return the rows of a step."""
        rows: list[dict[str, Any]] = self.layouts[kind, int(self.values[tag + kind][step][0])]["rows"]
        return rows

    def statistics(self, kind: str, step: int) -> dict[str, dict[str, float]]:
        """Return {row: {statistic: value}} without absent rows, with the statistics that a writer may leave out."""
        found: dict[str, dict[str, float]] = {row["name"]: {} for row in self.rows(kind, step)}
        for tag, steps in self.values.items():
            if tag.startswith(f"nnviz/{kind}/") and not tag.endswith("/histogram") and step in steps:
                for one, value in zip(found.values(), steps[step].tolist(), strict=True):
                    one[tag.rpartition("/")[2]] = value
        present = {name: one for name, one in found.items() if one.get("count") != 0}
        for one in present.values():
            for finite, whole in (("finite_norm", "norm"), ("finite_absmax", "absmax")):
                if whole in one:
                    one.setdefault(finite, one[whole])
        return present

    def histograms(self, kind: str, step: int) -> dict[str, np.ndarray]:
        """Return {row: counts} of the rows that have elements."""
        rows = self.rows(kind, step, "nnviz/histogram_layout_id/")
        counts = histograms(self.values[f"nnviz/{kind}/histogram"][step])
        return {row["name"]: one for row, one in zip(rows, counts, strict=True) if one.any()}

    def maps(self, prefix: str) -> dict[str, dict[int, Map]]:
        """Return {name: {step: map}} of the tags with a prefix."""
        return {
            tag[len(prefix) :]: {step: read_map(payload) for step, payload in steps.items()}
            for tag, steps in self.values.items()
            if tag.startswith(prefix)
        }
