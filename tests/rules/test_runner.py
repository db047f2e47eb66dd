"""The runner, which gives a rule only the statistics that it reads and survives a rule's error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tb_nnviz.rules.base import Finding, Rule, StepValues
from tb_nnviz.rules.runner import RuleRunner
from tests.rules.test_base import FINDING
from tests.support.step_values import row, step_values


class Reads(Rule):
    """A rule that keeps the values that it gets and returns a finding each time."""

    name = "reads"
    reads = frozenset({("gradient", "norm"), ("gradient", "count")})

    def __init__(self) -> None:
        self.given: list[StepValues] = []

    def update(self, values: StepValues) -> list[Finding]:
        self.given.append(values)
        return [replace(FINDING, step=values.step)]


class ReadsUpdates(Reads):
    name = "reads_updates"
    reads = frozenset({("update", "ratio")})


class Fails(Reads):
    name = "fails"

    def update(self, values: StepValues) -> list[Finding]:
        super().update(values)
        raise ZeroDivisionError("a mistake in the rule")


def values(step: int, **scalars: float) -> StepValues:
    gradient = step_values(step, [row("a")], norm=np.array([1.0]), mean=np.array([2.0]))
    other = step_values(step, [row("a"), row("b")], "activation", norm=np.array([1.0, 2.0]))
    return StepValues(
        step, {**gradient.rows, **other.rows}, {**gradient.statistics, **other.statistics}, {"lr": 0.1, **scalars}
    )


def test_update_rule_gets_only_what_it_reads() -> None:
    rule = Reads()
    assert RuleRunner([rule]).update(values(3)) == [replace(FINDING, step=3)]
    (given,) = rule.given
    assert given.step == 3 and given.scalars == {"lr": 0.1}
    assert given.rows == {"gradient": [row("a")]}
    assert {kind: set(found) for kind, found in given.statistics.items()} == {"gradient": {"norm", "count"}}


def test_update_missing_statistic_skips_the_rule() -> None:
    rule, other = ReadsUpdates(), Reads()
    assert len(RuleRunner([rule, other]).update(values(0))) == 1
    assert not rule.given and other.given


def test_update_skipped_step_runs_no_rule() -> None:
    rule = Reads()
    runner = RuleRunner([rule])
    assert runner.update(values(0, skipped=1.0)) == [] and not rule.given
    assert len(runner.update(values(1, skipped=0.0))) == 1


def test_update_rule_raises_turns_off_that_rule_only(caplog: pytest.LogCaptureFixture) -> None:
    fails, other = Fails(), Reads()
    runner = RuleRunner([fails, other])
    assert [len(runner.update(values(step))) for step in range(3)] == [1, 1, 1]
    assert len(fails.given) == 1 and len(other.given) == 3
    assert [record.message for record in caplog.records] == ["rule fails: turned off after an error of tb_nnviz"]


def test_reads_joins_all_rules() -> None:
    assert RuleRunner([Reads(), ReadsUpdates()]).reads == Reads.reads | ReadsUpdates.reads
    assert RuleRunner([]).reads == frozenset()
