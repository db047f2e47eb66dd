"""Maps: the probe's activations, and weights, as images of one byte per value."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

from tb_nnviz.schema.checks import (
    COUNT,
    INDEX,
    INTEGER,
    NUMBER,
    SHAPE,
    TEXT,
    TEXTS,
    Check,
    check_object,
    list_of,
    optional,
    short,
    table_of,
)
from tb_nnviz.schema.document import VERSION, decode_document

#: Code of NaN and Inf in a map whose header has a ``nonfinite`` above 0.
NONFINITE_CODE = 255
MAX_AXES = 8


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
    text = json.dumps({"version": VERSION, **header}, ensure_ascii=False).encode("utf-8", "backslashreplace")
    payload = struct.pack("<I", len(text)) + text + np.ascontiguousarray(values).tobytes()
    return np.frombuffer(payload, np.uint8)


def decode_map(payload: np.ndarray | bytes) -> tuple[dict[str, Any], np.ndarray]:
    """Decode the payload of a map to its header and its codes, uint8 of the header's ``shape``.

    >>> header = {"shape": [2], "axes": ["unit"], "scale": 0.5, "offset": 1.0}
    >>> decode_map(encode_map(header, np.array([0, 4], np.uint8)))[1].tolist()
    [0, 4]

    Raises:
        ValueError: ``payload`` is not a map, a value of its header has the wrong type, or the version is unknown.
    """
    data = bytes(payload)
    if len(data) < 4 or 4 + (length := int.from_bytes(data[:4], "little")) > len(data):
        raise ValueError(f"invalid map: {data[:80]!r} has no header")
    header = decode_document("map", data[4 : 4 + length])
    if not _SIZES.passes(header.get("shape")):
        raise ValueError(f"invalid map: {data[:80]!r} has no header with a shape")
    shape = header["shape"]
    size = len(data) - 4 - length
    if size != math.prod(shape):
        raise ValueError(f"invalid map: {size} values of shape {short(shape)}")
    check_object("map", header, _CHECKS, ("axes", "scale", "offset"))
    axes = header["axes"]
    if len(axes) != len(shape):
        raise ValueError(f"invalid map: axes {short(axes)} (expected {len(shape)} names)")
    ids = header.get("values")
    if ids is not None and (len(shape) != 2 or [len(row) for row in ids] != [shape[1]] * shape[0]):
        raise ValueError(f"invalid map: token ids {short(ids)} (expected {short(shape)} of them)")
    return header, np.frombuffer(data, np.uint8, offset=4 + length).reshape(shape)


def _is_statistics(value: Any) -> bool:
    """Return True for lists of numbers or null, all of one length."""
    return _LISTS.passes(value) and len({len(numbers) for numbers in value.values()}) <= 1


def _is_downsampled(value: Any) -> bool:
    """Return True for the size, the kept size and the method of an axis."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and COUNT.passes(value[0])
        and COUNT.passes(value[1])
        and TEXT.passes(value[2])
    )


_METHOD = (COUNT, COUNT, TEXT)
_SIZES = list_of(INDEX, "a list of sizes", MAX_AXES)
_NUMBERS = list_of(optional(NUMBER), "a list of numbers")
_LISTS = table_of(_NUMBERS, "lists of numbers")
_ORDER = list_of(INDEX, "a list of indices")
_LABEL = Check(lambda value: TEXT.passes(value) or TEXTS.passes(value), "a string, or a list of strings")
_TENSOR = Check(
    lambda value: isinstance(value, dict) and SHAPE.passes(value.get("shape")) and TEXT.passes(value.get("dtype")), ""
)
_CHECKS = {
    "axes": list_of(TEXT, "a list of names"),
    "scale": NUMBER,
    "offset": NUMBER,
    "nonfinite": COUNT,
    "zero": COUNT,
    "mode": TEXT,
    "downsampled": optional(table_of(Check(_is_downsampled, ""), "a size, a kept size and a method per axis")),
    "unit_order": optional(
        Check(lambda value: _ORDER.passes(value) or table_of(_ORDER, "").passes(value), "indices, or indices per axis")
    ),
    "units": optional(Check(_is_statistics, "lists of numbers, all of one length")),
    "norms": optional(table_of(Check(_is_statistics, ""), "lists of numbers per axis")),
    "tensor": optional(Check(_TENSOR.passes, "a shape and a dtype")),
    "labels": optional(list_of(_LABEL, "a list of labels")),
    "values": optional(list_of(list_of(INTEGER, ""), "lists of token ids")),
}
