"""The binary envelope of answers: a JSON header, and the arrays that it refers to (docs/http_api.md)."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

ALIGNMENT = 8
DTYPES = ("float32", "float64", "int32", "uint8")


def encode(header: dict[str, Any]) -> bytes:
    """Encode a header that may have numpy arrays anywhere among its values.

    Raises:
        TypeError: a value is neither JSON nor an array, or an array has a dtype that is not in ``DTYPES``.

    >>> decode(encode({"values": np.array([1, np.nan], np.float32)}))
    {'values': array([ 1., nan], dtype=float32)}
    """
    parts: list[bytes] = []
    size = 0

    def refer(value: Any) -> dict[str, Any]:
        """Append an array to the payload and return the reference to it."""
        nonlocal size
        if not isinstance(value, np.ndarray) or value.dtype.name not in DTYPES:
            found = f"{type(value).__name__} {getattr(value, 'dtype', value)!r}"
            raise TypeError(f"invalid value in an answer: {found} (expected JSON or an array of {', '.join(DTYPES)})")
        reference = {"dtype": value.dtype.name, "shape": list(value.shape), "offset": size}
        data = np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()
        padding = -len(data) % ALIGNMENT
        parts.extend((data, bytes(padding)))
        size += len(data) + padding
        return reference

    # Run names come from file names, which may not be valid Unicode. ASCII escapes preserve them.
    text = json.dumps(header, default=refer, separators=(",", ":")).encode("ascii")
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    return b"".join([struct.pack("<I", len(text)), text, *parts])


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
        if value.keys() != {"dtype", "shape", "offset"}:
            return value
        if value["dtype"] not in DTYPES or value["offset"] % ALIGNMENT:
            raise ValueError(f"invalid array reference: {value}")
        dtype = np.dtype(value["dtype"]).newbyteorder("<")
        count = int(np.prod(value["shape"], dtype=np.int64))
        return np.frombuffer(data, dtype, count, start + value["offset"]).reshape(value["shape"])

    return json.loads(data[4:start], object_hook=resolve)
