"""Parsing of request bodies: from JSON to checked values, or to an error that names the invalid value."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from tensorboard import errors

#: Largest body in bytes.
MAX_BYTES = 1 << 20
MAX_RUNS = 500
MAX_ROWS = 20_000

Body = dict[str, Any]


def parse_body(data: bytes, keys: Sequence[str]) -> Body:
    """Parse a JSON object that has no other keys than these.

    JSON has one type of number, and some clients write 2 as ``2.0``, so whole numbers are integers.

    >>> parse_body(b'{"step": 2.0}', ["step"])
    {'step': 2}

    Raises:
        InvalidArgumentError: the body is not a JSON object, is not Unicode, or has another key.
    """
    try:
        body = json.loads(data, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidArgumentError(f"invalid body: not JSON: {str(error)[:200]}") from None
    if b"\\u" in data:  # an escape of half a surrogate pair is valid JSON, but TensorBoard cannot encode it
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise errors.InvalidArgumentError(f"invalid body: not Unicode: {error}"[:200]) from None
    if not isinstance(body, dict):
        raise errors.InvalidArgumentError(f"invalid body: {short(body)} (expected a JSON object)")
    # If a misspelt key were ignored, the answer would be to another request.
    if unknown := sorted(body.keys() - set(keys)):
        raise errors.InvalidArgumentError(f"unknown key: {short(unknown[0])} (expected {', '.join(keys)})")
    return body


def _number(text: str) -> int | float:
    """Return a number that JSON writes with a point or an exponent, as an integer if it is a whole one."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= 1 << 53 else number


def parse_names(body: Body, key: str, limit: int) -> tuple[str, ...]:
    """Return a list of strings, each once, in the order of the body."""
    if key not in body:
        raise errors.InvalidArgumentError(f"missing {key} (expected a list of names)")
    names = body[key]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise errors.InvalidArgumentError(f"invalid {key}: {short(names)} (expected a list of names)")
    if len(names) > limit:
        raise errors.InvalidArgumentError(f"too many {key}: {len(names)} (at most {limit} in a request)")
    return tuple(dict.fromkeys(names))


def parse_runs(body: Body) -> tuple[str, ...]:
    """Return the names of the runs."""
    return parse_names(body, "runs", MAX_RUNS)


def parse_choice(body: Body, key: str, choices: Sequence[str]) -> str:
    """Return a value that is one of some choices."""
    value: Any = body.get(key)
    if value not in choices:
        problem = f"unknown {key}: {short(value)}" if key in body else f"missing {key}"
        raise errors.InvalidArgumentError(f"{problem} (expected one of {', '.join(choices)})")
    choice: str = value
    return choice


def parse_step(body: Body, key: str, default: float) -> float:
    """Return a step, which may be a fraction, or the default if it is null."""
    step = body.get(key)
    if step is None:
        return default
    # Not math.isfinite, which raises for an integer beyond the range of float.
    if type(step) not in (int, float) or not abs(step) <= sys.float_info.max:
        raise errors.InvalidArgumentError(f"invalid {key}: {short(step)} (expected a step)")
    return float(step)


def is_index(value: Any, most: int) -> bool:
    """Return True for an integer from 0 to ``most``."""
    return type(value) is int and 0 <= value <= most


def short(value: Any) -> str:
    """Return the repr of a value, shortened to 80 characters, for an error message."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
