"""Encoding and decoding of settings, and the checks of what a user gives."""

from __future__ import annotations

import enum
import json

import numpy as np
import pytest

from tb_nnviz import schema


class Colour(str, enum.Enum):
    RED = "red"


@pytest.mark.parametrize("value", ["", "\u00e9 \n", 0, -(2**53), 0.1, 1e-300, True, False, None])
def test_settings_of_any_scalar_are_decoded_as_encoded(value) -> None:
    name, checked = schema.check_setting("a/b", value)
    decoded = schema.decode_settings(schema.encode_settings({name: checked}))
    assert decoded == {"a/b": value} and type(decoded["a/b"]) is type(value)


@pytest.mark.parametrize(
    ("given", "value"), [(np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (Colour.RED, "red")]
)
def test_check_setting_scalar_of_other_type_is_plain(given, value) -> None:
    _, found = schema.check_setting("a", given)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (1, 2, r"invalid name of a setting: 1 \(a string\)"),
        ("", 2, "invalid name of a setting: '' "),
        ("a" * 1001, 2, "1 to 1000 characters"),
        ("betas", [0.9, 0.99], r"invalid setting betas: \[0.9, 0.99\] \(a text, a number"),
        ("a", {}, r"invalid setting a: \{\}"),
        ("a", 1j, "invalid setting a: 1j"),
        ("a", float("inf"), r"invalid setting a: inf \(a finite number\)"),
        ("a", np.float32("nan"), r"invalid setting a: nan \(a finite number\)"),
        ("a", 2**53 + 1, "invalid setting a: 9007199254740993"),
        ("a", "b" * 1001, "at most 1000 characters"),
    ],
)
def test_check_setting_invalid_names_the_value(name, value, message) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        schema.check_setting(name, value)


def test_decode_settings_invalid_document_names_value() -> None:
    for settings, message in (
        (["a"], r"settings \['a'\] is not an object whose values"),
        ({"a": [1]}, "is not an object whose values are a text"),
        ({"a": {}}, "is not an object whose values are a text"),
    ):
        with pytest.raises(ValueError, match=message):
            schema.decode_settings(json.dumps({"version": 1, "settings": settings}).encode())
    with pytest.raises(ValueError, match="missing settings"):
        schema.decode_settings(b'{"version": 1}')
    with pytest.raises(ValueError, match="unknown settings version: 2"):
        schema.decode_settings(b'{"version": 2, "settings": {}}')
    assert schema.decode_settings(schema.encode_settings({"a": "\udc80"})) == {"a": r"\udc80"}
