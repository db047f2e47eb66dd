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


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'{"version": 1, "value": 1e400}', r"invalid {}: number '1e400' \(expected a finite number\)"),
        (b'{"version": 1, "value": [-1e999]}', r"invalid {}: number '-1e999'"),
        (
            b'{"version": 1, "value": 1' + b"0" * 400 + b"}",
            r"invalid {}: number '10.*' \(expected at most 300 digits\)",
        ),
        (b'{"version": 1, "value": 1' + b"0" * 5000 + b"}", r"invalid {}: number '10.*' \(expected at most 300"),
        (
            b'{"version": 1, "value": ' + b"[" * 40 + b"]" * 40 + b"}",
            "invalid {}: more than 32 lists and objects",
        ),
        (b'{"version": 1, "value": ' + b'{"a":' * 40 + b"1" + b"}" * 41, "invalid {}: more than 32 lists and objects"),
        (b'{"version": 1, "value": "' + b"a" * 70_000 + b'"}', "invalid {}: text 'aaa.*' .at most 65536 characters"),
        (b'{"version": 1, "' + b"a" * 70_000 + b'": 1}', "invalid {}: text 'aaa"),
        (b'{"version": 1, "value": [' + b"[]," * 600_000 + b"0]}", "invalid {}: 600002 lists and objects"),
        (b'{"version": 1, "value": "' + b"a" * (32 << 20) + b'"}', r"invalid {}: 335544\d\d bytes"),
        (b'{"version": true}', "unknown {} version: True"),
        (b'{"version": 1.0}', "unknown {} version: 1.0"),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("what", DECODERS)
def test_decode_document_beyond_limits_raises(what, data, problem):
    with pytest.raises(ValueError, match=problem.format(what)):
        DECODERS[what](data)


@pytest.mark.parametrize("text", [rb'"a\ud800"', b'"a\xed\xa0\x80"', rb'"a\\ud800"'])
def test_decode_document_lone_surrogate_is_text_of_escape(text):
    document = schema.decode_layout(b'{"version": 1, "id": 1, "rows": [{"name": %s}]}' % text)
    assert document["rows"][0]["name"] == r"a\ud800"
    document = schema.decode_layout(rb'{"version": 1, "id": 1, "rows": [{"name": "\ud83d\ude00"}]}')
    assert document["rows"][0]["name"] == "\U0001f600"
