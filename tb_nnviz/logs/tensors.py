"""Tensors of event files, decoded only if they hold as many values as their shape says.

TensorBoard's decoder allocates what a tensor's shape claims: 60 bytes of an event can ask for a terabyte. For a tensor
that it cannot decode it raises, and TensorBoard's data providers then lose all runs and tags of the call. The decoder
here returns the reason instead.
"""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import tensor_pb2, types_pb2
from tensorboard.util import tensor_util

from tb_nnviz.logs.points import Invalid

#: Largest number of values that a tensor may have if it stores one value for all of them.
MAX_REPEATED = 4096
MAX_AXES = 8
#: Largest number of values: those of a protobuf of 2 GiB.
MAX_SIZE = 1 << 31

#: Numpy's types of the tensors that nnviz and TensorBoard's scalars and histograms have.
_DTYPES: dict[int, np.dtype[Any]] = {
    types_pb2.DT_FLOAT: np.dtype("<f4"),
    types_pb2.DT_DOUBLE: np.dtype("<f8"),
    types_pb2.DT_HALF: np.dtype("<f2"),
    types_pb2.DT_UINT8: np.dtype("u1"),
    types_pb2.DT_INT8: np.dtype("i1"),
    types_pb2.DT_UINT16: np.dtype("<u2"),
    types_pb2.DT_INT16: np.dtype("<i2"),
    types_pb2.DT_UINT32: np.dtype("<u4"),
    types_pb2.DT_INT32: np.dtype("<i4"),
    types_pb2.DT_UINT64: np.dtype("<u8"),
    types_pb2.DT_INT64: np.dtype("<i8"),
    types_pb2.DT_BOOL: np.dtype("?"),
}
#: The field with the values of a tensor without ``tensor_content``, by dtype. All other dtypes have ``int_val``.
_FIELDS: dict[int, str] = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_HALF: "half_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_BOOL: "bool_val",
}


def decode_tensor(proto: tensor_pb2.TensorProto) -> np.ndarray | Invalid:
    """Decode a tensor of numbers.

    >>> decode_tensor(tensor_util.make_tensor_proto([1.0, 2.0]))
    array([1., 2.], dtype=float32)
    """
    shape = [dim.size for dim in proto.tensor_shape.dim]
    dtype = _DTYPES.get(proto.dtype)
    if dtype is None:
        return Invalid(f"invalid tensor: dtype {_dtype_name(proto.dtype)} (expected numbers)")
    content = proto.tensor_content
    if content and len(shape) == 1 and len(content) == shape[0] * dtype.itemsize:  # almost all, and there are many
        return np.frombuffer(content, dtype)
    # Numpy refuses a large shape even if one axis is empty.
    if len(shape) > MAX_AXES or min(shape, default=0) < 0 or math.prod(size or 1 for size in shape) > MAX_SIZE:
        return Invalid(f"invalid tensor: shape {_short(shape)} (at most {MAX_AXES} axes and {MAX_SIZE} values)")
    size = math.prod(shape)
    if content:
        if len(content) != size * dtype.itemsize:
            expected = f"{size * dtype.itemsize} of {dtype.name}"
            return Invalid(f"invalid tensor: {len(content)} bytes of shape {_short(shape)} (expected {expected})")
        whole: np.ndarray = np.frombuffer(content, dtype).reshape(shape)
        return whole
    values = getattr(proto, _FIELDS.get(proto.dtype, "int_val"), ())
    if len(values) != size and not (len(values) == 1 and size <= MAX_REPEATED):
        return Invalid(f"invalid tensor: {len(values)} values of shape {_short(shape)} (expected {size})")
    if proto.dtype == types_pb2.DT_HALF:  # their bits, as integers
        numbers = np.array(values, np.int64).astype("<u2").view(dtype)
    else:
        with np.errstate(over="ignore"):
            numbers = np.array(values).astype(dtype)
    return (numbers if len(values) == size else np.repeat(numbers, size)).reshape(shape)


def decode_number(proto: tensor_pb2.TensorProto) -> float | Invalid:
    """Decode a tensor with one number.

    >>> decode_number(tensor_util.make_tensor_proto(0.5))
    0.5
    """
    values = proto.float_val
    if len(values) == 1 and proto.dtype == types_pb2.DT_FLOAT and not (proto.tensor_shape.dim or proto.tensor_content):
        value: float = values[0]  # almost all scalars, several times faster
        return value
    tensor = decode_tensor(proto)
    if isinstance(tensor, Invalid):
        return tensor
    if tensor.size != 1:
        return Invalid(f"invalid scalar: shape {_short(list(tensor.shape))} (expected one number)")
    return float(tensor.reshape(())[()])


@contextlib.contextmanager
def decoding(provider: Any, decode: Callable[[tensor_pb2.TensorProto], Any]) -> Iterator[None]:
    """Make a data provider decode tensors with ``decode`` while the block runs in this thread.

    TensorBoard's providers have no option for it. They look ``tensor_util.make_ndarray`` up in their module, so a
    stand-in that passes on all that does not come from within such a block is put there. A provider whose module has no
    ``tensor_util`` decodes as it always does.
    """
    module = sys.modules.get(type(provider).__module__)
    if getattr(module, "tensor_util", None) is tensor_util:
        module.tensor_util = _STAND_IN  # type: ignore[union-attr]
    before = getattr(_thread, "decode", None)
    _thread.decode = decode
    try:
        yield
    finally:
        _thread.decode = before


class _Item(NamedTuple):
    """A decoded value in place of an array, of which the Python loader takes the only item."""

    value: Any

    def item(self) -> Any:
        return self.value


class _StandIn:
    """Stand-in for the module ``tensor_util`` in the modules of TensorBoard's data providers."""

    def __getattr__(self, name: str) -> Any:
        return getattr(tensor_util, name)

    @staticmethod
    def make_ndarray(proto: tensor_pb2.TensorProto) -> Any:
        """Decode with the decoder of this thread's block, outside of blocks with TensorBoard's."""
        decode = getattr(_thread, "decode", None)
        if decode is None:
            return tensor_util.make_ndarray(proto)
        return _Item(decode(proto)) if decode is decode_number else decode(proto)


_STAND_IN = _StandIn()
_thread = threading.local()


def _dtype_name(number: int) -> str:
    names: dict[int, str] = {value: name for name, value in types_pb2.DataType.items()}
    return names.get(number, str(number))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
