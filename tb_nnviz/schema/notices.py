"""Notices: what a run does not log, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tb_nnviz.schema.checks import STEP, TEXT, TEXTS, check_objects
from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN, TAG_NOTICES

#: The names of data without rows in the ``kinds`` of a notice.
MAP, WEIGHT, GRAPH, LOG = "map", "weight", "graph", "log"

_CHECKS = {"reason": TEXT, "kinds": TEXTS, "step": STEP}


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
    document = decode_document("notices", bytes(payload))
    notices = check_objects("notices", document.get("notices"), _CHECKS, tuple(_CHECKS), "notice")
    return [Notice(one["reason"], tuple(one["kinds"]), one["step"]) for one in notices]


def notices_entry(notices: Sequence[Notice]) -> Entry:
    """Return the notices of a run as an entry of an event."""
    return Entry(TAG_NOTICES, encode_notices(notices), PLUGIN)
