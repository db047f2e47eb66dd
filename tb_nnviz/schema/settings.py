"""Settings: what the user gave about a run, such as a seed or the name of a data set."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tb_nnviz.schema.checks import Check, check_object, short, table_of
from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN, TAG_SETTINGS

#: The type of a setting.
Value = str | int | float | bool | None
#: Most settings of a run.
MAX_SETTINGS = 1000
#: Longest name and longest text of a setting, in characters.
MAX_LENGTH = 1000
#: Largest whole number, in both directions: larger ones are not exact in JSON.
_MAX_NUMBER = 1 << 53
_EXPECTED = "a text, a number, true, false or null"


def check_setting(name: Any, value: Any) -> tuple[str, Value]:
    """Return the name and the value of a setting. A scalar of numpy becomes Python's.

    >>> check_setting("seed", np.int64(3))
    ('seed', 3)

    Raises:
        TypeError, ValueError: the name or the value cannot be a setting. The message has both.
    """
    if not isinstance(name, str):
        raise TypeError(f"invalid name of a setting: {short(name)} (a string)")
    if not 0 < len(name) <= MAX_LENGTH:
        raise ValueError(f"invalid name of a setting: {short(name)} (1 to {MAX_LENGTH} characters)")
    value = value.item() if isinstance(value, np.generic) else value
    if not (value is None or isinstance(value, str | bool | int | float)):
        raise TypeError(f"invalid setting {name}: {short(value)} ({_EXPECTED}; str(...) makes any value a text)")
    if isinstance(value, str):
        if len(value) > MAX_LENGTH:
            raise ValueError(f"invalid setting {name}: {short(value)} (at most {MAX_LENGTH} characters)")
        return name, str.__str__(value)  # a subclass of strings may be shown as something else
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"invalid setting {name}: {value} (a finite number)")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MAX_NUMBER:
        raise ValueError(f"invalid setting {name}: {short(value)} (at most 2^53, or a text)")
    return name, value


def encode_settings(settings: Mapping[str, Value]) -> np.ndarray:
    """Encode all settings of a run so far as the payload of their tag: uint8 [bytes], UTF-8 JSON.

    >>> decode_settings(encode_settings({"seed": 3, "data": "digits"}))
    {'seed': 3, 'data': 'digits'}
    """
    document = {"version": VERSION, "settings": dict(settings)}
    # A text may hold a lone surrogate, which UTF-8 cannot encode. ASCII escapes preserve it.
    return np.frombuffer(json.dumps(document, allow_nan=False).encode("ascii"), np.uint8)


def decode_settings(payload: np.ndarray | bytes) -> dict[str, Value]:
    """Decode the settings of a run.

    Raises:
        ValueError: ``payload`` is not a document of settings, or has an unknown version.
    """
    document = decode_document("settings", bytes(payload))
    check_object("settings", document, {"settings": _TABLE}, ("settings",))
    settings: dict[str, Value] = document["settings"]
    return settings


def settings_entry(settings: Mapping[str, Value]) -> Entry:
    """Return the settings of a run as an entry of an event."""
    return Entry(TAG_SETTINGS, encode_settings(settings), PLUGIN)


_SCALAR = Check(lambda value: value is None or isinstance(value, str | bool | int | float), _EXPECTED)
_TABLE = table_of(_SCALAR, f"an object whose values are {_EXPECTED}")
