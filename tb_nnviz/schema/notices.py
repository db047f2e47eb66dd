"""Notices: what a run does not log, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN, TAG_NOTICES

#: The names of data without rows in the ``kinds`` of a notice.
MAP, WEIGHT, GRAPH, LOG = "map", "weight", "graph", "log"


class Notice(NamedTuple):
    """One reason why a part of the data is missing.

    Args:
        reason: one line of text, as in the terminal.
        kinds: the kinds of rows that are missing or incomplete, or MAP, WEIGHT, GRAPH or LOG. Empty if the notice
            concerns none in particular.
        step: the step that was open when the reason was found.
    """

    reason: str
    kinds: tuple[str, ...]
    step: int


def encode_notices(notices: Sequence[Notice]) -> np.ndarray:
    """Encode all notices of a run so far as the payload of their tag: uint8 [bytes], UTF-8 JSON.

    >>> decode_notices(encode_notices([Notice("the model is in evaluation mode", ("activation",), 3)]))
    [Notice(reason='the model is in evaluation mode', kinds=('activation',), step=3)]
    """
    document = {
        "version": VERSION,
        "notices": [{"reason": one.reason, "kinds": list(one.kinds), "step": one.step} for one in notices],
    }
    # A reason may quote a name with a lone surrogate, which UTF-8 cannot encode. ASCII escapes preserve it.
    return np.frombuffer(json.dumps(document).encode("ascii"), np.uint8)


def decode_notices(payload: np.ndarray | bytes) -> list[Notice]:
    """Decode the notices of a run.

    Raises:
        ValueError: ``payload`` is not a document of notices, or has an unknown version.
    """
    notices = decode_document("notices", bytes(payload)).get("notices")
    if not isinstance(notices, list):
        raise ValueError(f"invalid notices: {notices!r:.80} is not a list")
    return [_decode(notice) for notice in notices]


def notices_entry(notices: Sequence[Notice]) -> Entry:
    """Return the notices of a run as an entry of an event."""
    return Entry(TAG_NOTICES, encode_notices(notices), PLUGIN)


def _decode(notice: object) -> Notice:
    if not isinstance(notice, dict):
        raise ValueError(f"invalid notice: {notice!r:.80} is not an object")
    reason, kinds, step = (notice.get(key) for key in ("reason", "kinds", "step"))
    if not isinstance(reason, str):
        raise ValueError(f"invalid notice: reason {reason!r:.80} is not a string")
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise ValueError(f"invalid notice: kinds {kinds!r:.80} is not a list of strings")
    if type(step) is not int:
        raise ValueError(f"invalid notice: step {step!r:.80} is not an integer")
    return Notice(reason, tuple(kinds), step)
