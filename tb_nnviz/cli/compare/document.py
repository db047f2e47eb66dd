"""The JSON of ``tb-nnviz compare``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tb_nnviz.comparison.compare import Comparison

#: The version of the document.
VERSION = 1
#: The least size that can be asked for: a document without any comparison must fit.
MIN_BYTES = 256
#: Lists of each comparison that are shortened from the end if the document is too large, the least important first.
_LISTS = ("notes", "settings", "differences")


def encode_comparisons(comparisons: Sequence[Comparison], max_bytes: int | None = None) -> str:
    """Return the comparisons as one JSON object: ``{"version": 1, "comparisons": [...]}``.

    Args:
        comparisons: the comparisons.
        max_bytes: the largest size in UTF-8, with a newline. What does not fit is left out, the least important first:
            the differences that are folded under others, then lists from the end, then comparisons. ``left_out`` has
            the number of each.
    """
    found = [one.document() for one in comparisons]
    document: dict[str, Any] = {"version": VERSION, "comparisons": found}
    if max_bytes is None or _size(document) <= max_bytes:
        return _text(document)
    left_out: dict[str, int] = {}
    document["left_out"] = left_out
    left_out["others"] = sum(len(one["others"]) for of in found for one in of["differences"])
    for one in (one for of in found for one in of["differences"]):
        one["others"] = []
    for name in _LISTS:
        while _size(document) > max_bytes and any(of[name] for of in found):
            longest = max(found, key=lambda of: len(of[name]))
            gone = max(1, len(longest[name]) // 8)
            longest[name] = longest[name][:-gone]
            left_out[name] = left_out.get(name, 0) + gone
    while _size(document) > max_bytes and found:
        found.pop()
        left_out["comparisons"] = left_out.get("comparisons", 0) + 1
    return _text(document)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False)


def _size(document: dict[str, Any]) -> int:
    return len(_text(document)) + 1
