"""Logs of TensorBoard's own histograms as other tools write them, and what each cell must show.

The expected cells are computed from the values in the event files, in plain Python.
"""

from __future__ import annotations

import bisect
import math
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.util import tensor_util

from tests.support.bins import ends

#: One bucket of a file: the left edge, the right edge, and the number of elements.
Bucket = tuple[float, float, float]
ENDS = [ends(b) if 3 <= b < 518 else (0.0, 0.0) for b in range(520)]
LOWS = [ENDS[b][0] for b in range(3, 518)]
LARGEST = float(np.finfo(np.float32).max)


class Cell(NamedTuple):
    """The histogram of a tag at a step as it stands in the file."""

    least: float
    most: float
    buckets: list[Bucket]
    wall_time: float


def cells(run: Path) -> dict[str, dict[int, Cell]]:
    """Return the histograms of a run by tag and step. An event removes earlier ones of its step and of later steps."""
    found: dict[str, dict[int, Cell]] = {}
    for path in sorted(run.glob("*tfevents*")):
        for event in _events(path):
            for value in event.summary.value:
                cell = _cell(value, event.wall_time)
                if cell is not None:
                    steps = found.setdefault(value.tag, {})
                    for later in [step for step in steps if step >= event.step]:
                        del steps[later]
                    steps[event.step] = cell
    return found


def expected(cell: Cell) -> np.ndarray:
    """Return the counts of all 520 bins, NaN where the file does not have the number."""
    counts = np.zeros(520)
    if math.isnan(cell.least) or math.isnan(cell.most):
        counts[[0, 1, 519]] = np.nan
    if cell.least == -math.inf:
        counts[1] = np.nan
    if cell.most == math.inf:
        counts[519] = np.nan
    for left, right, count in cell.buckets:
        if count == 0:
            continue
        low = max(left, cell.least) if math.isfinite(cell.least) else left
        high = min(right, cell.most) if math.isfinite(cell.most) else right
        if low <= 0 <= high and max(-low, high) <= 2.0**-39 and (high > 0 or low == high):
            counts[260] += count
        elif low == high:
            counts[_bin_of(low)] += count
        else:
            for b in range(max(3, bisect.bisect(LOWS, low) + 2), 518):
                below, above = ENDS[b]
                if below >= high:
                    break
                counts[b] += count * max(0.0, min(above, high) - max(below, low)) / (high - low)
            counts[518] += count * max(0.0, high - max(2.0**24, low)) / (high - low)
            counts[2] += count * max(0.0, min(-(2.0**24), high) - low) / (high - low)
    return counts


def histogram_proto(
    values: np.ndarray, limits: Iterable[float], least: float | None = None, most: float | None = None
) -> summary_pb2.HistogramProto:
    """Return the proto of some values, as TensorFlow 1 makes it. A limit is the right edge of its bucket."""
    limits = list(limits)
    counts = [0.0] * len(limits)
    finite = values[np.isfinite(values)]
    for value in finite.tolist():
        counts[next(i for i, limit in enumerate(limits) if value < limit or i == len(limits) - 1)] += 1
    return summary_pb2.HistogramProto(
        min=float(values.min()) if least is None else least,
        max=float(values.max()) if most is None else most,
        num=values.size,
        sum=float(finite.sum()),
        bucket_limit=limits,
        bucket=counts,
    )


def keras_buckets(values: np.ndarray, buckets: int = 30) -> np.ndarray:
    """Return buckets of equal width, as TensorFlow 2 makes them: float64 [30, 3]."""
    least, most = float(values.min()), float(values.max())
    edges = np.linspace(least, most, buckets + 1)
    if least == most:
        return np.array([[least, most, 0.0]] * (buckets - 1) + [[least, most, values.size]])
    places = np.minimum(((values.ravel() - least) / (most - least) * buckets).astype(int), buckets - 1)
    return np.stack([edges[:-1], edges[1:], np.bincount(places, minlength=buckets)], axis=1)


def keras_constant(value: float, size: int) -> np.ndarray:
    """Return the one bucket that older versions of TensorFlow 2 make of a constant: float64 [1, 3]."""
    return np.array([[value - 0.5, value + 0.5, float(size)]])


def _cell(value: summary_pb2.Summary.Value, wall_time: float) -> Cell | None:
    if value.WhichOneof("value") == "histo":
        histo = value.histo
        lefts = [-LARGEST, *histo.bucket_limit]
        buckets = list(zip(lefts, histo.bucket_limit, histo.bucket))  # noqa: B905 (one left edge too many)
        return Cell(histo.min, histo.max, buckets, wall_time)
    if value.metadata.plugin_data.plugin_name != "histograms":
        return None
    table = tensor_util.make_ndarray(value.tensor).tolist()
    if len(table) == 1 and table[0][1] - table[0][0] == 1:
        middle = (table[0][0] + table[0][1]) / 2
        table = [[middle, middle, table[0][2]]]
    return Cell(table[0][0], table[-1][1], [tuple(one) for one in table], wall_time) if table else None


def _bin_of(x: float) -> int:
    """Return the bin of a number other than 0, by its ends."""
    if abs(x) >= 2.0**24:
        return 518 if x > 0 else 2
    for b in range(3, 518):
        low, high = ENDS[b]
        if (low <= x < high) if x > 0 else (low < x <= high):
            return b
    raise AssertionError(x)


def _events(path: Path) -> Iterator[event_pb2.Event]:
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        yield event_pb2.Event.FromString(data[at + 12 : at + 12 + length])
        at += 16 + length


def event(step: int, wall_time: float, tag: str, content: Any) -> event_pb2.Event:
    """Return an event with a HistogramProto, or with buckets [k, 3] as a tensor with the metadata of the plugin."""
    value = summary_pb2.Summary.Value(tag=tag)
    if isinstance(content, summary_pb2.HistogramProto):
        value.histo.CopyFrom(content)
    else:
        value.tensor.CopyFrom(tensor_util.make_tensor_proto(content))
        value.metadata.plugin_data.plugin_name = "histograms"
        value.metadata.data_class = summary_pb2.DATA_CLASS_TENSOR
    return event_pb2.Event(step=step, wall_time=wall_time, summary=summary_pb2.Summary(value=[value]))
