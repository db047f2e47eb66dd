"""Checks of the values in a document that somebody else wrote."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Largest step, in both directions: the readers' answers have steps as float64.
MAX_STEP = 1 << 53
#: Largest number of elements or bytes.
MAX_COUNT = (1 << 63) - 1
MAX_AXES = 64


@dataclass(frozen=True)
class Check:
    """A test of a value, and the words for what passes it."""

    passes: Callable[[Any], bool]
    expected: str


def short(value: Any) -> str:
    """Return the repr of a value in at most 80 characters, for an error message.

    >>> short("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
    """
    text = _REPR.repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def check_object(thing: str, value: Any, checks: Mapping[str, Check], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an object whose values pass the checks of their keys. Other keys are not looked at.

    Args:
        thing: the name of the object for error messages.
        value: the value that should be an object.
        checks: the checks by key.
        required: the keys that the object must have.

    >>> check_object("row", {"name": "fc", "mine": 1}, {"name": TEXT}, ("name",))
    {'name': 'fc', 'mine': 1}

    Raises:
        ValueError: ``value`` is not an object, lacks a key, or a value does not pass.
    """
    if not isinstance(value, dict):
        raise ValueError(f"invalid {thing}: {short(value)} is not an object")
    for key, check in checks.items():
        if key not in value:
            if key in required:
                raise ValueError(f"invalid {thing}: missing {key} ({check.expected})")
        elif not check.passes(value[key]):
            raise ValueError(f"invalid {thing}: {key} {short(value[key])} is not {check.expected}")
    return value


def check_objects(
    thing: str, value: Any, checks: Mapping[str, Check], required: tuple[str, ...] = (), name: str = ""
) -> list[dict[str, Any]]:
    """Return a list of objects that pass ``check_object``.

    Args:
        thing: the name of the document for error messages.
        value: the value that should be a list of objects.
        checks: as for ``check_object``.
        required: as for ``check_object``.
        name: the name of one object for error messages, with a place for its number, such as ``"row {}"``.
    """
    if not isinstance(value, list):
        raise ValueError(f"invalid {thing}: {short(value)} is not a list")
    for place, one in enumerate(value):
        check_object(name.format(place), one, checks, required)
    return value


def optional(check: Check) -> Check:
    """Return a check that null passes too."""
    return Check(lambda value: value is None or check.passes(value), f"{check.expected} or null")


def list_of(check: Check, what: str, most: int = sys.maxsize) -> Check:
    """Return a check of a list whose values all pass a check.

    >>> list_of(TEXT, "names").passes(["a", "b"])
    True
    """
    return Check(lambda value: isinstance(value, list) and len(value) <= most and all(map(check.passes, value)), what)


def table_of(check: Check, what: str) -> Check:
    """Return a check of an object whose values all pass a check."""
    return Check(lambda value: isinstance(value, dict) and all(map(check.passes, value.values())), what)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_COUNT


_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 61

TEXT = Check(lambda value: isinstance(value, str), "a string")
FLAG = Check(lambda value: isinstance(value, bool), "true or false")
#: Numbers of a decoded document are finite: ``decode_document`` sees to it.
NUMBER = Check(lambda value: type(value) in (int, float), "a finite number")
COUNT = Check(_is_count, "a number of elements")
INDEX = Check(_is_count, "an integer from 0")
INTEGER = Check(lambda value: type(value) is int and abs(value) <= MAX_COUNT, "an integer")
STEP = Check(lambda value: type(value) is int and abs(value) <= MAX_STEP, "an integer up to 2^53")
TEXTS = list_of(TEXT, "a list of strings")
OBJECT = Check(lambda value: isinstance(value, dict), "an object")
#: Sizes of axes, null for an axis that varies.
SHAPE = list_of(optional(COUNT), "a list of sizes", MAX_AXES)
