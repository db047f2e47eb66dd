"""Rows and layouts."""

import dataclasses
import json

import numpy as np
import pytest

from tb_nnviz import schema


def row(name, **more):
    return schema.Row(name, name, 0, "Linear", (3, None), 6, "float32", "weight", True, **more)


def test_layout_encoded_is_decoded_again():
    layout = schema.Layout("gradient", (row("a"), row("ü", depth=2, tied_to=("b",))))
    document = schema.decode_layout(layout.encode())
    assert document["version"] == 1 and document["kind"] == "gradient" and document["id"] == layout.id
    assert document["rows"][1] == {
        "name": "ü", "module": "ü", "call": 0, "type": "Linear", "shape": [3, None], "numel": 6, "dtype": "float32",
        "role": "weight", "trainable": True, "unit_axis": None, "depth": 2, "tied_to": ["b"],
    }  # fmt: skip
    assert schema.layout_id(document["rows"]) == layout.id


def test_layout_id_is_31_bits_of_the_rows_alone():
    one, two = schema.Layout("gradient", (row("a"), row("b"))), schema.Layout("update", (row("a"), row("b")))
    assert one.id == two.id and 0 <= one.id < 2**31
    assert one.id != schema.Layout("gradient", (row("b"), row("a"))).id


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": []}, r"row 1: name \[\] is not a string"),
        ({"name": None}, "row 1: name None"),
        ({"numel": "x"}, "row 1: numel 'x' is not a number of elements or null"),
        ({"numel": -1}, "row 1: numel -1"),
        ({"numel": 2**63}, "row 1: numel 9223372036854775808"),
        ({"shape": [2, "3"]}, "row 1: shape"),
        ({"shape": 3}, "row 1: shape 3 is not a list of sizes"),
        ({"call": True}, "row 1: call True"),
        ({"depth": 1.5}, "row 1: depth 1.5"),
        ({"tied_to": "b"}, "row 1: tied_to 'b'"),
        ({"trainable": 1}, "row 1: trainable 1"),
        ({"index": [0, None]}, "row 1: index"),
    ],
)
def test_decode_layout_invalid_row_raises(change, problem):
    document = json.loads(schema.Layout("gradient", (row("a"), row("b"))).encode())
    document["rows"][1].update(change)
    with pytest.raises(ValueError, match=f"invalid layout: {problem}"):
        schema.decode_layout(json.dumps(document).encode())


def test_decode_layout_row_without_keys_has_defaults():
    document = schema.decode_layout(b'{"version": 1, "id": 3, "rows": [{"name": "a", "mine": [1]}]}')
    (found,) = document["rows"]
    assert {"name": "a", "mine": [1], "module": "", "numel": None, "shape": []}.items() <= found.items()
    assert {field.name for field in dataclasses.fields(schema.Row)} <= found.keys()


@pytest.mark.parametrize(
    "value", [np.array([1.5]), np.array([-1]), np.array([1, 2]), np.array([], int), b"abc", 7, None]
)
def test_decode_layout_id_other_value_raises(value):
    with pytest.raises(ValueError, match="invalid layout id"):
        schema.decode_layout_id(value)
