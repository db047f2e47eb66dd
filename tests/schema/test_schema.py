import json

import numpy as np
import pytest

from tb_nnviz import schema


def row(name, **more):
    return schema.Row(name, name, 0, "Linear", (3, None), 6, "float32", "weight", True, **more)


def test_layout_round_trip():
    layout = schema.Layout("gradient", (row("a"), row("ü", depth=2, tied_to=("b",))))
    document = schema.decode_layout(layout.encode())
    assert document["version"] == 1 and document["kind"] == "gradient" and document["id"] == layout.id
    assert document["rows"][1] == {
        "name": "ü", "module": "ü", "call": 0, "type": "Linear", "shape": [3, None], "numel": 6, "dtype": "float32",
        "role": "weight", "trainable": True, "unit_axis": None, "depth": 2, "tied_to": ["b"],
    }  # fmt: skip
    assert schema.layout_id(document["rows"]) == layout.id


def test_layout_id_is_31_bits_and_of_the_rows_alone():
    one, two = schema.Layout("gradient", (row("a"), row("b"))), schema.Layout("update", (row("a"), row("b")))
    assert one.id == two.id and 0 <= one.id < 2**31
    assert one.id != schema.Layout("gradient", (row("b"), row("a"))).id


#: Each reads a JSON document, which a map has behind its length.
DECODERS = {
    "layout": schema.decode_layout,
    "graph": schema.decode_graph,
    "findings": schema.decode_findings,
    "map": lambda text: schema.decode_map(len(text).to_bytes(4, "little") + text),
}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff", r"invalid {}: .* is not JSON"),
        (b"{", r"invalid {}: .* is not JSON"),
        (b"[" * 100_000, r"invalid {}: .* is not JSON"),
        (b'{"version": 1, "value": NaN}', r"invalid {}: .* is not JSON"),
        (b"[]", r"unknown {} version: None \(this tb_nnviz reads 1\)"),
        (b"{}", r"unknown {} version: None"),
        (b'{"version": 2, "rows": []}', r"unknown {} version: 2 \(this tb_nnviz reads 1\)"),
        (b'{"version": "1"}', r"unknown {} version: '1'"),
    ],
)
@pytest.mark.parametrize("what", DECODERS)
def test_what_is_no_document_is_refused_in_the_same_words(what, data, problem):
    with pytest.raises(ValueError, match=problem.format(what)):
        DECODERS[what](data)


def test_tags_are_those_of_the_contract():
    assert schema.statistic_tag("update", "ratio") == "nnviz/update/ratio"
    assert schema.layout_tag("gradient") == "nnviz/layout/gradient"
    assert schema.layout_id_tag("gradient") == "nnviz/layout_id/gradient"
    assert schema.histogram_tag("parameter") == "nnviz/parameter/histogram"
    assert schema.histogram_layout_id_tag("parameter") == "nnviz/histogram_layout_id/parameter"


def test_vectors_are_little_endian_float32():
    entry = schema.vector("gradient", "norm", np.array([1.0, np.nan]))
    assert entry.plugin == "nnviz" and entry.value.dtype == np.dtype("<f4")


MAP = {"shape": [2, 3], "axes": ["sample", "unit"], "scale": 0.5, "offset": -1.0}


def test_map_is_a_length_a_header_and_bytes():
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
        (b"\x20\0\0\0" + b'{"version": 1, "shape": [1e999]}', "has no header with a shape"),
        (b"\x1c\0\0\0" + b'{"version": 1, "shape": 123}', "has no header with a shape"),
        (bytes(schema.encode_map({**MAP, "version": 2}, np.zeros((2, 3), np.uint8))), "unknown map version: 2"),
        (bytes(schema.encode_map(MAP, np.zeros((2, 3), np.uint8)))[:-1], r"5 values of shape \[2, 3\]"),
    ],
)
def test_what_is_no_map_is_said(payload, problem):
    with pytest.raises(ValueError, match=problem):
        schema.decode_map(payload)


def test_a_map_is_written_as_its_header_says():
    with pytest.raises(ValueError, match=r"invalid map: uint8 \[3\]"):
        schema.encode_map(MAP, np.zeros(3, np.uint8))
