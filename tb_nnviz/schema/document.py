"""JSON documents with a version: the form of layouts, graphs, map headers and findings."""

from __future__ import annotations

import json
from typing import Any

#: Version of the documents that this package writes and reads.
VERSION = 1


def decode_document(thing: str, data: bytes) -> dict[str, Any]:
    """Decode a JSON object and check its version.

    Args:
        thing: the name of the document for error messages.
        data: UTF-8 JSON.

    Raises:
        ValueError: ``data`` is not a JSON object, or has an unknown version.
    """
    try:
        document = json.loads(data, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"invalid {thing}: {data[:80]!r} is not JSON") from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise ValueError(f"unknown {thing} version: {version!r} (this tb_nnviz reads {VERSION})")
    decoded: dict[str, Any] = document
    return decoded


def _reject_constant(name: str) -> None:
    # Python's decoder accepts NaN and Infinity, which JSON does not have.
    raise ValueError(f"{name} is not JSON")
