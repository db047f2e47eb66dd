"""Encoding and decoding of findings."""

from __future__ import annotations

import pytest

from tb_nnviz import schema
from tests.support.logs.findings import finding


def test_encode_findings_invalid_finding_raises() -> None:
    for wrong, message in (
        ({"severity": "bad"}, "unknown severity: 'bad'"),
        ({"since": 1.5}, "invalid finding: since"),
        ({"advice": None}, "invalid finding: advice"),
        ({"value": "many"}, "invalid finding: value"),
    ):
        with pytest.raises(ValueError, match=message):
            schema.encode_findings([finding(4, **wrong)])
    with pytest.raises(ValueError, match="not JSON compliant"):
        schema.encode_findings([finding(4, value=float("nan"))])
    findings = [finding(4), finding(4, "b.weight", value=None, severity="severe", layer="b", depth=1)]
    assert schema.decode_findings(schema.encode_findings(findings)) == findings
