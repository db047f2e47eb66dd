"""The binary envelope of answers: a JSON header, and the arrays that it refers to (docs/http_api.md)."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

ALIGNMENT = 8
DTYPES = ("float32", "float64", "int32", "uint8")
#: The keys of a reference to an array.
REFERENCE = frozenset(("dtype", "shape", "offset"))
#: The character before each key of an object that could be taken for a reference.
ESCAPE = "$"


def encode(header: dict[str, Any]) -> bytes:
    """Encode a header that may have numpy arrays anywhere among its values.

    A number in the header that is not finite becomes null.

    Raises:
        TypeError: a value is neither JSON nor an array, or an array has a dtype that is not in ``DTYPES``.

    >>> decode(encode({"values": np.array([1, np.nan], np.float32)}))
    {'values': array([ 1., nan], dtype=float32)}
    """
    arrays: list[np.ndarray] = []
    text = _dump(header, arrays)
    # Documents that could be taken for references are rare. They have one of these texts, and to search for a text is
    # much faster than to look at every object.
    if text.count('"offset":') > len(arrays) or '{"' + ESCAPE in text:
        arrays.clear()
        text = _dump(_escape(header), arrays)
    text += " " * (-(4 + len(text)) % ALIGNMENT)
    parts = [struct.pack("<I", len(text)), text.encode("ascii")]
    for array in arrays:
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        parts += (data, bytes(-len(data) % ALIGNMENT))
    return b"".join(parts)


def dump_json(document: Any) -> str:
    """Return a document as JSON in ASCII. A number that is not finite becomes null.

    >>> dump_json({"loss": float("nan"), "run": "a"})
    '{"loss":null,"run":"a"}'
    """
    return _dump(document, None)


def decode(data: bytes) -> Any:
    """Decode an envelope to its header, with an array in place of each reference. Only tests use it.

    Raises:
        ValueError: the envelope or a reference in it is invalid.
    """
    (length,) = struct.unpack_from("<I", data)
    start = 4 + length
    if start % ALIGNMENT or start > len(data):
        raise ValueError(f"invalid header length: {length} of {len(data)} bytes")

    def resolve(value: dict[str, Any]) -> Any:
        if value and all(key.startswith(ESCAPE) for key in value):
            return {key.removeprefix(ESCAPE): inner for key, inner in value.items()}
        if not value.keys() >= REFERENCE:
            return value
        if value.keys() != REFERENCE or value["dtype"] not in DTYPES or value["offset"] % ALIGNMENT:
            raise ValueError(f"invalid array reference: {value}")
        dtype = np.dtype(value["dtype"]).newbyteorder("<")
        count = int(np.prod(value["shape"], dtype=np.int64))
        return np.frombuffer(data, dtype, count, start + value["offset"]).reshape(value["shape"])

    return json.loads(data[4:start], object_hook=resolve)


def _dump(value: Any, arrays: list[np.ndarray] | None) -> str:
    """Return a value as JSON. Arrays are appended to ``arrays``, and references take their places."""
    size = 0

    def refer(array: Any) -> dict[str, Any]:
        nonlocal size
        if arrays is None or not isinstance(array, np.ndarray) or array.dtype.name not in DTYPES:
            found = f"{type(array).__name__} {getattr(array, 'dtype', array)!r}"
            raise TypeError(f"invalid value in an answer: {found} (expected JSON or an array of {', '.join(DTYPES)})")
        reference = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": size}
        arrays.append(array)
        size += array.nbytes + -array.nbytes % ALIGNMENT
        return reference

    # Run names come from file names, which may not be valid Unicode. ASCII escapes preserve them.
    try:
        return json.dumps(value, default=refer, separators=(",", ":"), allow_nan=False)
    except ValueError:
        if arrays is not None:
            arrays.clear()
        size = 0
        return json.dumps(_finite(value), default=refer, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    """Return a value with None in place of numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _escape(value: Any) -> Any:
    """Return a value with escaped keys in objects that could be taken for references or for escaped objects."""
    if isinstance(value, (list, tuple)):
        return [_escape(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    is_escaped = bool(value) and all(key.startswith(ESCAPE) for key in value)
    is_confusable = is_escaped or value.keys() >= REFERENCE
    return {ESCAPE * is_confusable + key: _escape(inner) for key, inner in value.items()}
