"""Decoding of layouts, graphs, findings and map headers."""

import pytest

from tb_nnviz import schema

#: Decoders of JSON. In a map, the length of the JSON stands before it.
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
def test_decode_invalid_document_raises(what, data, problem):
    with pytest.raises(ValueError, match=problem.format(what)):
        DECODERS[what](data)
