"""JSON documents with a version: the form of layouts, graphs, map headers, findings, notices and the like.

Documents come from event files, which anybody may have written. Their size is checked before they are parsed, and their
numbers, depth and texts before anything else reads them. The decoder of each document then checks its own values.
"""

from __future__ import annotations

import json
import math
from typing import Any

from tb_nnviz.schema.checks import short

#: Version of the documents that this package writes and reads.
VERSION = 1
#: Largest document in bytes. A row of a layout takes some 250 bytes, a node of a graph 400.
MAX_BYTES = 32 << 20
#: Largest number of lists and objects in a document: each takes some hundred bytes of memory, and two in the file.
MAX_CONTAINERS = 500_000
#: Largest number of lists and objects within each other. A graph has five.
MAX_DEPTH = 32
#: Longest text, such as a name or the evidence of a finding.
MAX_TEXT = 1 << 16
#: Most digits of an integer, which is then within the range of float64.
MAX_DIGITS = 300


def decode_document(thing: str, data: bytes) -> dict[str, Any]:
    """Decode a JSON object and check its version.

    Its numbers are finite and its texts are Unicode: a lone surrogate, which neither a protobuf nor a request to
    the plugin can hold, is replaced by the text of its escape.

    Args:
        thing: the name of the document for error messages.
        data: UTF-8 JSON.

    Raises:
        ValueError: ``data`` is not a JSON object, is too large, or has an unknown version.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"invalid {thing}: {len(data)} bytes (at most {MAX_BYTES})")
    containers = data.count(b"{") + data.count(b"[")
    if containers > MAX_CONTAINERS:
        raise ValueError(f"invalid {thing}: {containers} lists and objects (at most {MAX_CONTAINERS})")
    try:
        text = data.decode("utf-8", "surrogatepass")
        document = json.loads(text, parse_constant=_reject_constant, parse_int=_integer, parse_float=_float)
    except _NumberError as error:
        raise ValueError(f"invalid {thing}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"invalid {thing}: {data[:80]!r} is not JSON") from error
    version = document.get("version") if isinstance(document, dict) else None
    if type(version) is not int or version != VERSION:
        raise ValueError(f"unknown {thing} version: {short(version)} (this tb_nnviz reads {VERSION})")
    _check_size(thing, document)
    decoded: dict[str, Any] = _as_unicode(document) if _may_have_surrogates(data) else document
    return decoded


class _NumberError(ValueError):
    """A number of a document that is not finite as a float64."""


def _reject_constant(name: str) -> None:
    # Python's decoder accepts NaN and Infinity, which JSON does not have.
    raise ValueError(f"{name} is not JSON")


def _integer(text: str) -> int:
    # Python has integers of any size, a browser does not. To parse many digits takes quadratic time.
    if len(text) > MAX_DIGITS:
        raise _NumberError(f"number {short(text)} (expected at most {MAX_DIGITS} digits)")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NumberError(f"number {short(text)} (expected a finite number)")
    return number


def _check_size(thing: str, document: Any) -> None:
    """Check the depth of a document and the length of its texts."""
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"invalid {thing}: more than {MAX_DEPTH} lists and objects within each other")
        inner = []
        for container in level:
            for value in (*container, *container.values()) if isinstance(container, dict) else container:
                if isinstance(value, (dict, list)):
                    inner.append(value)
                elif isinstance(value, str) and len(value) > MAX_TEXT:
                    raise ValueError(f"invalid {thing}: text {short(value)} (at most {MAX_TEXT} characters)")
        level = inner


def _may_have_surrogates(data: bytes) -> bool:
    """Return True if a document may have lone surrogates, as escapes or in its bytes."""
    return b"\\u" in data or b"\xed" in data


def _as_unicode(value: Any) -> Any:
    """Return a document with the escapes of lone surrogates in their place."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_as_unicode(key): _as_unicode(inner) for key, inner in value.items()}
    return [_as_unicode(inner) for inner in value] if isinstance(value, list) else value
