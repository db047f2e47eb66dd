"""Findings: the issues that rules report at a step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tb_nnviz.schema.checks import NUMBER, OBJECT, STEP, TEXT, TEXTS, Check, check_object, optional, short
from tb_nnviz.schema.document import VERSION, decode_document
from tb_nnviz.schema.entries import Entry
from tb_nnviz.schema.tags import PLUGIN_FINDINGS, TAG_FINDINGS

#: Severities of findings, the most serious first.
SEVERITIES = ("severe", "warning", "notice")
#: Keys that every finding has. Logs of version 0.1 have the advice as one string, and lack the other keys.
_REQUIRED = ("rule", "severity", "title", "kind", "statistic", "row", "since", "step", "evidence", "advice")
_ADVICE = Check(lambda value: TEXT.passes(value) or TEXTS.passes(value), "a list of strings")
_CHECKS = {
    **dict.fromkeys(("rule", "severity", "title", "layer", "row", "kind", "statistic", "evidence", "source"), TEXT),
    **dict.fromkeys(("since", "step"), STEP),
    **dict.fromkeys(("value", "limit", "usual"), optional(NUMBER)),
    "advice": _ADVICE,
    "explains": TEXTS,
    "details": OBJECT,
}
_DEFAULTS: dict[str, Any] = {"value": None, "limit": None, "usual": None, "explains": [], "source": "", "details": {}}


def encode_findings(findings: list[dict[str, Any]]) -> np.ndarray:
    """Encode the findings of a step as the payload of their tag: uint8 [bytes], UTF-8 JSON.

    Each finding has the strings ``rule``, ``severity``, ``title``, ``layer``, ``row``, ``kind``, ``statistic``,
    ``evidence`` and ``source``, the steps ``since`` and ``step``, ``value``, ``limit`` and ``usual``, which are finite
    numbers or None, the lists of strings ``advice`` and ``explains``, and the object ``details``.

    Raises:
        ValueError: a finding lacks a key, a value has the wrong type, or a number is not finite.
    """
    for finding in findings:
        _check_finding(finding)
    document = {"version": VERSION, "findings": findings}
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return np.frombuffer(text.encode("utf-8", "backslashreplace"), np.uint8)


def decode_findings(payload: np.ndarray | bytes) -> list[dict[str, Any]]:
    """Decode the findings of a step. Every finding of the result has all keys.

    Raises:
        ValueError: ``payload`` is not a document of findings, or has an unknown version.
    """
    findings = decode_document("findings", bytes(payload)).get("findings")
    if not isinstance(findings, list):
        raise ValueError(f"invalid findings: {short(findings)} is not a list")
    return [_complete(_check_finding(finding)) for finding in findings]


def findings_entry(findings: list[dict[str, Any]]) -> Entry:
    """Return the findings of a step as an entry of its event."""
    return Entry(TAG_FINDINGS, encode_findings(findings), PLUGIN_FINDINGS)


def _check_finding(value: Any) -> dict[str, Any]:
    finding = check_object("finding", value, _CHECKS, _REQUIRED)
    if finding["severity"] not in SEVERITIES:
        raise ValueError(f"unknown severity: {short(finding['severity'])} (expected one of {', '.join(SEVERITIES)})")
    return finding


def _complete(finding: dict[str, Any]) -> dict[str, Any]:
    """Return a finding with the keys that older logs lack."""
    advice = finding["advice"]
    return {
        "layer": "",
        **_DEFAULTS,
        **finding,
        "advice": [advice] if isinstance(advice, str) else advice,
    }
