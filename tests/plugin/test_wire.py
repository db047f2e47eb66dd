"""The binary envelope."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from tb_nnviz.plugin import wire

ARRAYS: dict[str, np.ndarray] = {
    "nothing": np.zeros((0, 3), np.float32),
    "one_byte": np.array([7], np.uint8),
    "odd": np.arange(15, dtype=np.uint8).reshape(3, 5),
    "special": np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32),
    "counts": np.array([0, 2**31 - 1, -1], np.int32),
    "steps": np.array([0, 2.0**53], np.float64),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "big_endian": np.arange(3, dtype=">f4"),
    "strided": np.arange(10, dtype=np.float64)[::3],
}


def test_encode_arrays_decode_bit_for_bit() -> None:
    decoded = wire.decode(wire.encode({"a": [{"values": ARRAYS}], "b": "ü"}))
    assert decoded["b"] == "ü"
    for name, array in ARRAYS.items():
        back = decoded["a"][0]["values"][name]
        assert back.shape == array.shape
        assert back.dtype.name == array.dtype.name
        assert back.tobytes() == array.astype(array.dtype.newbyteorder("<")).tobytes()


def test_encode_envelope_is_as_documented() -> None:
    """The envelope is read as docs/http_api.md describes it, without the decoder."""
    data = wire.encode({"first": np.array([1, 2, 3], np.uint8), "second": np.array([0.5], np.float64)})
    (length,) = struct.unpack("<I", data[:4])
    assert (4 + length) % 8 == 0
    header = json.loads(data[4 : 4 + length].decode("utf-8"))
    assert header == {
        "first": {"dtype": "uint8", "shape": [3], "offset": 0},
        "second": {"dtype": "float64", "shape": [1], "offset": 8},
    }
    payload = data[4 + length :]
    assert payload == b"\1\2\3" + bytes(5) + struct.pack("<d", 0.5)


#: Objects of documents that could be taken for references or for escaped objects, or nearly so.
CONFUSABLE: list[dict[str, Any]] = [
    {"dtype": "float32", "shape": [10**9], "offset": 0},
    {"dtype": None, "shape": None, "offset": None, "more": 1},
    {"dtype": {"dtype": "uint8", "shape": [1], "offset": 0}, "shape": [{"$a": 1}], "offset": {}},
    {"$dtype": "uint8", "$shape": [0], "$offset": 0},
    {"$$": {"$": {"": 1}}},
    {"$a": 1, "b": 2},
    {},
    {"offset": 1.0, "shape": [2]},
    {'x"offset": 0, "$': 1},
    {"__proto__": {"dtype": 1, "shape": 1, "offset": 1}},
]


@pytest.mark.parametrize("document", CONFUSABLE, ids=str)
def test_encode_confusable_document_survives(document: dict[str, Any]) -> None:
    values = np.array([1, 2], np.float32)
    documents = [document, {"inner": document}]
    header = {"first": values, "documents": documents, "layouts": {"1": [document]}, "last": values}
    decoded = wire.decode(wire.encode(header))
    assert decoded["documents"] == documents
    assert decoded["layouts"] == {"1": [document]}
    assert decoded["first"].tolist() == decoded["last"].tolist() == [1, 2]


def test_encode_confusable_document_is_as_documented() -> None:
    """The header has the escapes of docs/http_api.md, and an object without need has none."""
    header = {
        "b": {"dtype": "?", "shape": [], "offset": 7},
        "c": {"$": 1},
        "d": {"dtype": "?", "shape": []},
    }
    data = wire.encode(header)
    (length,) = struct.unpack("<I", data[:4])
    assert json.loads(data[4 : 4 + length]) == {
        "b": {"$dtype": "?", "$shape": [], "$offset": 7},
        "c": {"$$": 1},
        "d": {"dtype": "?", "shape": []},
    }


def test_encode_arrays_named_as_reference_survive() -> None:
    """Statistics may have any name, so arrays may stand under the keys of a reference."""
    header = {"values": dict.fromkeys(("dtype", "shape", "offset"), np.array([7], np.uint8))}
    decoded = wire.decode(wire.encode(header))
    assert {name: array.tolist() for name, array in decoded["values"].items()} == {
        "dtype": [7],
        "shape": [7],
        "offset": [7],
    }


def test_encode_nonfinite_number_is_null() -> None:
    header = {"a": np.array([1], np.uint8), "b": [float("nan"), (float("inf"), 1.5)], "c": np.array([2], np.uint8)}
    data = wire.encode(header)
    decoded = wire.decode(data)
    assert decoded["b"] == [None, [None, 1.5]]
    assert (decoded["a"].tolist(), decoded["c"].tolist()) == ([1], [2])
    assert b"NaN" not in data
    assert b"Infinity" not in data


def test_encode_name_not_unicode_survives() -> None:
    assert wire.decode(wire.encode({"run": "caf\udce9"})) == {"run": "caf\udce9"}


@pytest.mark.parametrize("value", [np.zeros(2, np.int64), np.float32(1), object()])
def test_encode_unreadable_value_raises(value: object) -> None:
    with pytest.raises(TypeError, match="invalid value in an answer"):
        wire.encode({"value": value})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (struct.pack("<I", 1000) + b"{}", "invalid header length: 1000"),
        (struct.pack("<I", 2) + b"{}", "invalid header length: 2"),
        (struct.pack("<I", 44) + b'{"dtype":"int64","shape":[],"offset":0}     ', "invalid array reference"),
    ],
)
def test_decode_broken_envelope_raises(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wire.decode(data)
