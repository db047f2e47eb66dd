"""A check of every finding that a test of rules makes: its three numbers are of one quantity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule

#: Rules of a value that should have fallen below its limit: the usual value is the one that it began with.
WAITING = {"loss/stuck", "loss/plateau"}


def inconsistency(finding: Finding) -> str | None:
    """Return why the value, the limit and the usual value of a finding cannot be of one quantity, None if they can."""
    value, limit, usual = finding.value, finding.limit, finding.usual
    if value is None or limit is None or value != value or limit != limit:
        return None
    if finding.rule in WAITING or usual is None or usual != usual:
        return None
    beyond = value - limit if usual <= limit else limit - value
    if beyond >= -1e-6 * max(abs(value), abs(limit)) and value != usual:
        return None
    return f"{finding.rule}: value {value:g}, limit {limit:g}, usual {usual:g}: {finding.evidence}"


@pytest.fixture(autouse=True)
def consistent_findings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a rule makes a finding whose value has not left its usual value behind its limit."""
    made: list[Finding] = []
    make = Rule.finding

    def finding(self: Rule, *args: Any, **kwargs: Any) -> Finding:
        made.append(make(self, *args, **kwargs))
        return made[-1]

    monkeypatch.setattr(Rule, "finding", finding)
    yield
    assert [found for found in map(inconsistency, made) if found] == []
