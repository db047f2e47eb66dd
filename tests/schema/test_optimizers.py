"""Encoding and decoding of optimizers."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tb_nnviz import schema

GROUP = {"name": "0", "options": {"lr": 0.1, "betas": [0.9, 0.99], "amsgrad": False, "x": None}, "parameters": ["a"]}
OPTIMIZER = {"name": "AdamW", "groups": [GROUP], "foreign": 2, "within": ["AdamW"]}


def test_optimizers_are_decoded_as_encoded() -> None:
    document = schema.optimizers_document([OPTIMIZER, {"name": "SGD", "groups": [], "foreign": 0}])
    entry = schema.optimizers_entry(document)
    assert (entry.tag, entry.plugin) == ("nnviz/optimizers", "nnviz")
    assert schema.decode_optimizers(entry.value) == document  # type: ignore[arg-type]


def test_decode_optimizers_lone_surrogate_is_text_of_escape() -> None:
    document = schema.optimizers_document([{**OPTIMIZER, "groups": [{**GROUP, "parameters": ["w\udc80"]}]}])
    found = schema.decode_optimizers(schema.encode_optimizers(document))
    assert found["optimizers"][0]["groups"][0]["parameters"] == [r"w\udc80"]


def test_decode_optimizers_unknown_keys_are_kept() -> None:
    document = schema.optimizers_document([{**OPTIMIZER, "mine": {"a": 1}}])
    assert schema.decode_optimizers(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    ("optimizers", "message"),
    [
        ("none", "invalid optimizers: 'none' is not a list"),
        (None, "invalid optimizers: None is not a list"),
        ([3], "invalid optimizer 0: 3 is not an object"),
        ([OPTIMIZER, {"name": "SGD", "groups": []}], "invalid optimizer 1: missing foreign"),
        ([{**OPTIMIZER, "name": 1}], "invalid optimizer 0: name 1 is not a string"),
        ([{**OPTIMIZER, "foreign": -1}], "foreign -1 is not a number of elements"),
        ([{**OPTIMIZER, "foreign": True}], "foreign True is not a number of elements"),
        ([{**OPTIMIZER, "groups": {}}], "groups {} is not a list"),
        ([{**OPTIMIZER, "within": "Adam"}], "within 'Adam' is not a list of strings"),
        ([{**OPTIMIZER, "groups": [[]]}], r"invalid group 0: \[\] is not an object"),
        (
            [{**OPTIMIZER, "groups": [GROUP, {**GROUP, "options": []}]}],
            r"invalid group 1: options \[\] is not an object",
        ),
        ([{**OPTIMIZER, "groups": [{**GROUP, "parameters": [1]}]}], r"parameters \[1\] is not a list of strings"),
        ([{**OPTIMIZER, "groups": [{"name": "0", "options": {}}]}], "invalid group 0: missing parameters"),
    ],
)
def test_decode_optimizers_invalid_document_names_value(optimizers: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        schema.decode_optimizers(json.dumps({"version": 1, "optimizers": optimizers}).encode())


def test_decode_optimizers_other_version_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown optimizers version: 2"):
        schema.decode_optimizers(b'{"version": 2, "optimizers": []}')


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_encode_optimizers_nonfinite_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        schema.encode_optimizers(
            schema.optimizers_document([{**OPTIMIZER, "groups": [{**GROUP, "options": {"lr": number}}]}])
        )
