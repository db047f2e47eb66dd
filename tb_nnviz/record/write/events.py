"""Conversion of the schema's entries to TensorBoard's Event protos."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2
from tensorboard.plugins.histogram import metadata as histogram_metadata

from tb_nnviz import schema

_DTYPES = {
    np.dtype("<f4"): types_pb2.DT_FLOAT,
    np.dtype("<f8"): types_pb2.DT_DOUBLE,
    np.dtype("<i8"): types_pb2.DT_INT64,
    np.dtype("u1"): types_pb2.DT_UINT8,
}


def event(step: int, wall_time: float, entries: Iterable[schema.Entry]) -> event_pb2.Event:
    """Return an Event with all entries.

    Every value of every event carries its metadata, because the data server never shows a tag whose first
    event has none.
    """
    made = event_pb2.Event(step=step, wall_time=wall_time)
    made.summary.SetInParent()
    for entry in entries:
        _add(made.summary.value, entry)
    return made


def _add(values: Any, entry: schema.Entry) -> None:
    """Append an entry to the values of a Summary, in place, since adding a finished message would copy it."""
    tag = entry.tag if entry.tag.isascii() else entry.tag.encode("utf-8", "backslashreplace").decode()
    if entry.plugin is None:
        values.add(tag=tag, simple_value=entry.value)
        return
    array = np.asarray(entry.value)
    little = array.dtype.newbyteorder("<")
    dtype = _DTYPES.get(little)
    if dtype is None:
        raise ValueError(f"unknown dtype: {array.dtype} of {entry.tag}")
    tensor = values.add(tag=tag, metadata=_metadata(entry.plugin)).tensor
    tensor.dtype = dtype
    tensor.tensor_content = array.astype(little, copy=False).tobytes()
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)


@lru_cache
def _metadata(plugin: str) -> summary_pb2.SummaryMetadata:
    if plugin == "histograms":
        return histogram_metadata.create_summary_metadata(display_name="", description="")
    return summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=schema.METADATA_CONTENT),
        data_class=summary_pb2.DATA_CLASS_TENSOR,
    )
