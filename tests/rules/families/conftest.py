"""Checks of every finding that a test of rules makes: its numbers are of one quantity, and a panel can show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.schema.statistics import KIND_STATISTICS, STATISTICS

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


def hidden(finding: Finding) -> str | None:
    """Return why no panel can show a finding, None if one can: Gradient flow, Curves, or Structure."""
    if finding.kind and finding.statistic:
        known = (*STATISTICS, *KIND_STATISTICS.get(finding.kind, ()))
        return None if finding.statistic in known else f"{finding.rule}: {finding.kind}/{finding.statistic}"
    is_scalar = {"scalar", "global"} & finding.details.keys()
    # An optimizer without any parameter of the model has no place in the model.
    if is_scalar or finding.layer or finding.rule == "parameter/foreign":
        return None
    return f"{finding.rule}: no series, no scalar, no layer"


@pytest.fixture(autouse=True)
def consistent_findings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if the numbers of a rule's finding are of different quantities, or if no panel can show it."""
    made: list[Finding] = []
    make = Rule.finding

    def finding(self: Rule, *args: Any, **kwargs: Any) -> Finding:
        made.append(make(self, *args, **kwargs))
        return made[-1]

    monkeypatch.setattr(Rule, "finding", finding)
    yield
    assert [found for one in made for found in (inconsistency(one), hidden(one)) if found] == []
