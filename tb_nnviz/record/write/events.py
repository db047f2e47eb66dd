"""Entries of the schema -> TensorBoard's Event protos."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.histogram import metadata as histogram_metadata

from tb_nnviz import schema

_DTYPES = {
    np.dtype("<f4"): types_pb2.DT_FLOAT,
    np.dtype("<f8"): types_pb2.DT_DOUBLE,
    np.dtype("<i8"): types_pb2.DT_INT64,
    np.dtype("u1"): types_pb2.DT_UINT8,
}


def event(step: int, wall_time: float, entries: Iterable[schema.Entry]) -> event_pb2.Event:
    """One Event that holds all entries.

    Every value carries its metadata on every event: the data server loses a tag for good whose
    first event lacks it.
    """
    values = [_value(entry) for entry in entries]
    return event_pb2.Event(step=step, wall_time=wall_time, summary=summary_pb2.Summary(value=values))


def _value(entry: schema.Entry) -> summary_pb2.Summary.Value:
    if entry.plugin is None:
        return summary_pb2.Summary.Value(tag=entry.tag, simple_value=entry.value)
    array = np.asarray(entry.value)
    dtype = _DTYPES.get(array.dtype.newbyteorder("<"))
    if dtype is None:
        raise ValueError(f"unknown dtype: {array.dtype} of {entry.tag}")
    tensor = tensor_pb2.TensorProto(dtype=dtype, tensor_content=array.astype(array.dtype.newbyteorder("<")).tobytes())
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    return summary_pb2.Summary.Value(tag=entry.tag, tensor=tensor, metadata=_metadata(entry.plugin))


def _metadata(plugin: str) -> summary_pb2.SummaryMetadata:
    if plugin == "histograms":
        return histogram_metadata.create_summary_metadata(display_name="", description="")
    return summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=schema.METADATA_CONTENT),
        data_class=summary_pb2.DATA_CLASS_TENSOR,
    )
