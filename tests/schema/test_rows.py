"""Rows and layouts."""

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
