"""The JSON of ``tb-nnviz check``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.diagnosis.document import describe

#: The version of the document.
VERSION = 1
#: The least size that can be asked for: a document without any run must fit.
MIN_BYTES = 256
#: Parts of each run that are left out whole if the document is too large, the least important first.
_PARTS = ("missing", "unchecked", "checked")


def encode_diagnoses(diagnoses: Sequence[Diagnosis], max_bytes: int | None = None) -> str:
    """Return the diagnoses as one JSON object: ``{"version": 1, "runs": [...]}``, the worst run first.

    Args:
        diagnoses: the diagnoses, the worst first.
        max_bytes: the largest size in UTF-8, with a newline. What does not fit is left out, the least important first:
            details of findings, lists of rules, then findings and runs from the end. ``left_out`` has the number of
            each.
    """
    runs = [describe(one) for one in diagnoses]
    document: dict[str, Any] = {"version": VERSION, "runs": runs}
    if max_bytes is None or _size(document) <= max_bytes:
        return _text(document)
    left_out: dict[str, int] = {}
    document["left_out"] = left_out
    findings = [finding for run in runs for finding in run["findings"]]
    left_out["details"] = sum(bool(finding["details"]) for finding in findings)
    for finding in findings:
        finding["details"] = {}
    for part in _PARTS:
        if _size(document) <= max_bytes:
            break
        left_out[part] = sum(len(run[part]) for run in runs)
        for run in runs:
            run[part] = []
    if _size(document) > max_bytes:
        total = len(runs) + len(findings)
        count = _largest(lambda count: _size(_first(document, count)) <= max_bytes, total)
        document = _first(document, count)
    return _text(document)


def _first(document: dict[str, Any], count: int) -> dict[str, Any]:
    """Return a document with its first runs and findings: ``count`` of both together."""
    runs: list[dict[str, Any]] = []
    for run in document["runs"]:
        if count <= 0:
            break
        runs.append({**run, "findings": run["findings"][: count - 1]})
        count -= 1 + len(run["findings"])
    left_out = {
        **document["left_out"],
        "findings": sum(len(run["findings"]) for run in document["runs"]) - sum(len(run["findings"]) for run in runs),
        "runs": len(document["runs"]) - len(runs),
    }
    return {**document, "runs": runs, "left_out": left_out}


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest count below ``most`` that fits, 0 if none does."""
    low, high = 0, most - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False)


def _size(document: dict[str, Any]) -> int:
    return len(_text(document)) + 1
