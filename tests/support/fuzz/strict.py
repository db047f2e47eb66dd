"""Decoding of answers after docs/http_api.md alone, as strict as a browser, and comparison of the parts of one run."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

SIZES = {"float32": 4, "float64": 8, "int32": 4, "uint8": 1}
KEYS = {"dtype", "shape", "offset"}


class InvalidAnswer(ValueError):
    """An answer that a browser could not read, or that is not as documented."""


def parse_json(data: bytes) -> Any:
    """Return JSON whose numbers a browser can hold."""

    def constant(name: str) -> None:
        raise InvalidAnswer(f"{name} is not JSON")

    def number(text: str) -> float:
        if not math.isfinite(float(text)):
            raise InvalidAnswer(f"the number {text[:40]} is infinite in a browser")
        return float(text)

    try:
        document = json.loads(data.decode("utf-8"), parse_constant=constant, parse_float=number)
        json.dumps(document)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer(f"{type(error).__name__}: {str(error)[:200]}") from None
    _check_integers(document)
    return document


def decode(data: bytes) -> Any:
    """Return the header of a binary answer, with an array in place of each reference."""
    if len(data) < 4:
        raise InvalidAnswer(f"{len(data)} bytes")
    (length,) = struct.unpack_from("<I", data)
    start = 4 + length
    if start % 8 or start > len(data):
        raise InvalidAnswer(f"header of {length} in {len(data)} bytes")
    used: list[tuple[int, int]] = []

    def resolve(value: Any) -> Any:
        if isinstance(value, list):
            return [resolve(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        if value and all(key[:1] == "$" for key in value):
            return {key[1:]: resolve(inner) for key, inner in value.items()}
        if not set(value) >= KEYS:
            return {key: resolve(inner) for key, inner in value.items()}
        if set(value) != KEYS or value["dtype"] not in SIZES:
            raise InvalidAnswer(f"no reference: {str(value)[:120]}")
        shape, offset = value["shape"], value["offset"]
        if not all(type(size) is int and size >= 0 for size in [*shape, offset]) or offset % 8:
            raise InvalidAnswer(f"no reference: {str(value)[:120]}")
        count = math.prod(shape)
        end = offset + count * SIZES[value["dtype"]]
        if start + end > len(data):
            raise InvalidAnswer(f"a reference beyond the answer: {str(value)[:120]}")
        used.append((offset, end))
        return np.frombuffer(data, "<" + np.dtype(value["dtype"]).str[1:], count, start + offset).reshape(shape)

    document = resolve(parse_json(data[4:start]))
    last = 0
    for offset, end in sorted(used):
        if offset < last:
            raise InvalidAnswer("arrays overlap")
        last = end
    return document


def part_of(answer: Any, run: str) -> Any:
    """Return all that an answer says about a run, as values that can be compared."""
    if isinstance(answer, dict) and "layouts" in answer:
        layouts = answer["layouts"]
        answer = {key: value for key, value in answer.items() if key != "layouts"}
    else:
        layouts = {}
    found = {}
    for key, items in answer.items():
        if isinstance(items, list):
            of_run = [item for item in items if isinstance(item, dict) and item.get("run") == run]
            rows = [layouts.get(str(item["layout"])) for item in of_run if item.get("layout") is not None]
            found[key] = _comparable([of_run, rows])
    return found


def _comparable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.name, value.shape, value.tobytes())
    if isinstance(value, dict):
        return {key: _comparable(inner) for key, inner in value.items()}
    return [_comparable(inner) for inner in value] if isinstance(value, list) else value


def _check_integers(document: Any) -> None:
    stack = [document]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack += one.values()
        elif isinstance(one, list):
            stack += one
        elif isinstance(one, int) and abs(one) > 1 << 1000:
            raise InvalidAnswer("an integer that is infinite in a browser")
