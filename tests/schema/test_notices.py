"""Encoding and decoding of notices."""

from __future__ import annotations

import json

import pytest

from tb_nnviz import schema
from tb_nnviz.schema import Notice


def test_notices_with_any_text_are_decoded_as_encoded() -> None:
    notices = [Notice("layer é \n", ("activation", schema.MAP), 3), Notice("", (), 2**40)]
    assert schema.decode_notices(schema.encode_notices(notices)) == notices


def test_decode_notices_lone_surrogate_is_text_of_escape() -> None:
    (notice,) = schema.decode_notices(schema.encode_notices([Notice("layer '\udc80'", (), 0)]))
    assert notice.reason == r"layer '\udc80'"


def test_decode_notices_invalid_document_names_value() -> None:
    for notices, message in (
        ("none", "invalid notices: 'none' is not a list"),
        ([["a"]], r"invalid notice: \['a'\] is not an object"),
        ([{"reason": 1, "kinds": [], "step": 0}], "reason 1 is not a string"),
        ([{"reason": "a", "kinds": "gradient", "step": 0}], "kinds 'gradient' is not a list of strings"),
        ([{"reason": "a", "kinds": [], "step": True}], "step True is not an integer"),
    ):
        with pytest.raises(ValueError, match=message):
            schema.decode_notices(json.dumps({"version": 1, "notices": notices}).encode())
    with pytest.raises(ValueError, match="unknown notices version: 2"):
        schema.decode_notices(b'{"version": 2, "notices": []}')
