"""Encoding and decoding of findings."""

from __future__ import annotations

import pytest

from tb_nnviz import schema
from tests.support.logs.findings import completed, finding


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


def test_decode_findings_of_an_old_log_has_all_keys() -> None:
    old = finding(4, "b.weight", value=None, severity="severe", depth=1)
    (found,) = schema.decode_findings(schema.encode_findings([old]))
    assert found["advice"] == ["Try ReLU."] and found["depth"] == 1
    assert found == completed(old)


def test_decode_findings_gives_back_what_was_encoded() -> None:
    new = finding(
        4, advice=["Try ReLU.", "Lower the learning rate."], rule="gradient/vanishing", layer="b", limit=1e-3,
        usual=1.0, explains=["loss/stuck"], source="https://arxiv.org", details={"layers": ["a", "b"]},
    )  # fmt: skip
    assert schema.decode_findings(schema.encode_findings([new])) == [new]
