"""Optimizers: the options of each parameter group, and the parameters that it holds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tb_nnviz.schema.checks import COUNT, TEXT, TEXTS, Check, check_object, check_objects
from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN, TAG_OPTIMIZERS

_OBJECT = Check(lambda value: isinstance(value, dict), "an object")
_LIST = Check(lambda value: isinstance(value, list), "a list")
_OPTIMIZER = {"name": TEXT, "groups": _LIST, "foreign": COUNT, "within": TEXTS}
_GROUP = {"name": TEXT, "options": _OBJECT, "parameters": TEXTS}


def encode_optimizers(document: dict[str, Any]) -> np.ndarray:
    """Encode the optimizers of a run as the payload of their tag: uint8 [bytes], UTF-8 JSON.

    Args:
        document: ``{"version": 1, "optimizers": [...]}``. An optimizer has the string ``name``, its ``groups`` and
            ``foreign``, the number of its parameters that belong to no watched model. A group has the string ``name``,
            the object ``options``, and ``parameters``, a list of names.

    >>> group = {"name": "0", "options": {"lr": 0.1, "betas": [0.9, 0.99]}, "parameters": ["fc.weight"]}
    >>> document = {"version": 1, "optimizers": [{"name": "AdamW", "groups": [group], "foreign": 0}]}
    >>> decode_optimizers(encode_optimizers(document)) == document
    True

    Raises:
        ValueError: an object lacks a key, a value has the wrong type, or a number is not finite.
    """
    _check(document)
    # A name may hold a lone surrogate, which UTF-8 cannot encode. ASCII escapes preserve it.
    return np.frombuffer(json.dumps(document, allow_nan=False).encode("ascii"), np.uint8)


def decode_optimizers(payload: np.ndarray | bytes) -> dict[str, Any]:
    """Decode the optimizers of a run.

    Raises:
        ValueError: ``payload`` is not a document of optimizers, or has an unknown version.
    """
    document = decode_document("optimizers", bytes(payload))
    _check(document)
    return document


def optimizers_document(optimizers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the document that holds some optimizers."""
    return {"version": VERSION, "optimizers": optimizers}


def optimizers_entry(document: dict[str, Any]) -> Entry:
    """Return the optimizers of a run as an entry of an event."""
    return Entry(TAG_OPTIMIZERS, encode_optimizers(document), PLUGIN)


def _check(document: dict[str, Any]) -> None:
    found = check_objects("optimizers", document.get("optimizers"), {}, (), "optimizer {}")
    for place, optimizer in enumerate(found):
        check_object(f"optimizer {place}", optimizer, _OPTIMIZER, ("name", "groups", "foreign"))
        check_objects(f"groups of optimizer {place}", optimizer["groups"], _GROUP, tuple(_GROUP), "group {}")
