"""Encoding and decoding of maps."""

import json

import numpy as np
import pytest

from tb_nnviz import schema

MAP = {"shape": [2, 3], "axes": ["sample", "unit"], "scale": 0.5, "offset": -1.0}


def test_encode_map_is_length_header_and_bytes():
    values = np.arange(6, dtype=np.uint8).reshape(2, 3)
    payload = bytes(schema.encode_map({**MAP, "labels": ["ü"]}, values))
    length = int.from_bytes(payload[:4], "little")
    assert json.loads(payload[4 : 4 + length]) == {"version": 1, **MAP, "labels": ["ü"]}
    assert payload[4 + length :] == bytes(range(6))
    header, read = schema.decode_map(payload)
    assert header["offset"] == -1.0 and np.array_equal(read, values)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", "has no header"),
        (b"\x0e\0\0\0" + b'{"version": 1}', "has no header with a shape"),
        (b"\x20\0\0\0" + b'{"version": 1, "shape": [1e999]}', "number '1e999'"),
        (b"\x1c\0\0\0" + b'{"version": 1, "shape": 123}', "has no header with a shape"),
        (bytes(schema.encode_map({**MAP, "version": 2}, np.zeros((2, 3), np.uint8))), "unknown map version: 2"),
        (bytes(schema.encode_map(MAP, np.zeros((2, 3), np.uint8)))[:-1], r"5 values of shape \[2, 3\]"),
    ],
)
def test_decode_map_invalid_payload_raises(payload, problem):
    with pytest.raises(ValueError, match=problem):
        schema.decode_map(payload)


def test_encode_map_other_shape_raises():
    with pytest.raises(ValueError, match=r"invalid map: uint8 \[3\]"):
        schema.encode_map(MAP, np.zeros(3, np.uint8))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"scale": "wide"}, "scale 'wide' is not a finite number"),
        ({"axes": ["sample"]}, r"axes \['sample'\] \(expected 2 names\)"),
        ({"axes": [1, 2]}, "axes"),
        ({"shape": [2, 3.0]}, "has no header with a shape"),
        ({"shape": [-2, -3]}, "has no header with a shape"),
        ({"shape": [2**40, 2**40]}, "6 values of shape"),
        ({"labels": "ab"}, "labels 'ab'"),
        ({"labels": [1]}, "labels"),
        ({"units": {"min": [1], "max": [1, 2]}}, "units"),
        ({"units": [1]}, "units"),
        ({"norms": {"row": {"max": "x"}}}, "norms"),
        ({"downsampled": {"unit": [4, 2]}}, "downsampled"),
        ({"unit_order": "every"}, "unit_order"),
        ({"tensor": {"shape": None, "dtype": "f"}}, "tensor"),
        ({"values": [[1, 2, 3], [4]]}, "token ids"),
        ({"nonfinite": None}, "nonfinite None"),
    ],
)
def test_decode_map_invalid_header_raises(change, problem):
    header = json.dumps({"version": 1, **MAP, **change}).encode()
    with pytest.raises(ValueError, match=f"invalid map: .*{problem}"):
        schema.decode_map(len(header).to_bytes(4, "little") + header + bytes(6))


def test_decode_map_stray_keys_of_a_reference_are_kept():
    header, _ = schema.decode_map(schema.encode_map({**MAP, "dtype": "float32"}, np.zeros((2, 3), np.uint8)))
    assert header["dtype"] == "float32"
