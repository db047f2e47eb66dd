"""Documents of all kinds."""

import pytest

from tb_nnviz import schema

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
def test_decode_no_document_raises_the_same_message(what, data, problem):
    with pytest.raises(ValueError, match=problem.format(what)):
        DECODERS[what](data)
