"""Maps: the probe's activations, and weights, as images of one byte per value."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from tb_nnviz.schema.document import VERSION, decode_document

#: Code of NaN and Inf in a map whose header has a ``nonfinite`` above 0.
NONFINITE_CODE = 255


def encode_map(header: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """Encode a map as the payload of its tag: uint8 [4 + bytes of the header + number of values].

    Args:
        header: ``shape``, ``axes``, ``scale``, ``offset`` and any other keys. A value is ``offset + scale * code``.
        values: the codes, uint8 of the header's ``shape``.

    Raises:
        ValueError: ``values`` or the axes do not fit the header's shape.
    """
    if values.dtype != np.uint8 or list(values.shape) != list(header["shape"]):
        raise ValueError(f"invalid map: {values.dtype} {list(values.shape)} (expected uint8 {header['shape']})")
    if len(header["axes"]) != values.ndim:
        raise ValueError(f"invalid map: axes {header['axes']} (expected {values.ndim} names)")
    text = json.dumps({"version": VERSION, **header}, ensure_ascii=False).encode()
    payload = struct.pack("<I", len(text)) + text + np.ascontiguousarray(values).tobytes()
    return np.frombuffer(payload, np.uint8)


def decode_map(payload: np.ndarray | bytes) -> tuple[dict[str, Any], np.ndarray]:
    """Decode the payload of a map to its header and its codes, uint8 of the header's ``shape``.

    >>> header = {"shape": [2], "axes": ["unit"], "scale": 0.5, "offset": 1.0}
    >>> decode_map(encode_map(header, np.array([0, 4], np.uint8)))[1].tolist()
    [0, 4]

    Raises:
        ValueError: ``payload`` is not a map, or has an unknown version.
    """
    data = bytes(payload)
    try:
        (length,) = struct.unpack_from("<I", data)
        header = decode_document("map", data[4 : 4 + length])
        shape = [int(size) for size in header["shape"]]
    except (struct.error, TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"invalid map: {data[:80]!r} has no header with a shape") from error
    values = np.frombuffer(data, np.uint8, offset=4 + length)
    if values.size != int(np.prod(shape, dtype=np.int64)):
        raise ValueError(f"invalid map: {values.size} values of shape {shape}")
    return header, values.reshape(shape)
