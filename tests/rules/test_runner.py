"""The runner, which calls a rule where all that it reads is there, and survives a rule's error."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.runner import RuleRunner
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import joined, row, step_values


class Reads(Rule):
    """A rule that keeps the values that it gets and returns a finding each time."""

    name = "example/reads"
    title = "It reads"
    reads = frozenset({("gradient", "norm"), ("gradient", "count")})

    def __init__(self) -> None:
        super().__init__()
        self.given: list[StepValues] = []

    def update(self, values: StepValues) -> list[Finding]:
        self.given.append(values)
        return [self.finding(values.step, "notice", "it was called")]


class ReadsUpdates(Reads):
    name = "example/reads_updates"
    reads = frozenset({("update", "ratio")})


class ReadsScalars(Reads):
    name = "example/reads_scalars"
    reads = frozenset()
    scalars = frozenset({"learning_rate/"})


class TakesLogged(Reads):
    name = "example/takes_logged"
    reads = frozenset()
    takes_logged = True


class TakesRates(TakesLogged):
    name = "example/takes_rates"
    takes_rates = True


class TakesSkipped(Reads):
    name = "example/takes_skipped"
    takes_skipped = True


class TakesOptimizers(Reads):
    name = "example/takes_optimizers"
    reads = frozenset()
    takes_optimizers = True


class Fails(Reads):
    name = "example/fails"

    def update(self, values: StepValues) -> list[Finding]:
        super().update(values)
        raise ZeroDivisionError("a mistake in the rule")


def values(step: int, **scalars: float) -> StepValues:
    gradient = step_values(step, [row("a")], norm=np.array([1.0]), mean=np.array([2.0]))
    return joined(gradient, StepValues(step, scalars={"lr": 0.1, **scalars}))


def unchecked(runner: RuleRunner) -> dict[str, str]:
    return {one.rule: one.reason for one in runner.unchecked}


def test_update_rule_with_its_statistics_is_called() -> None:
    rule = Reads()
    runner = RuleRunner([rule])
    assert [finding.step for finding in runner.update(values(3))] == [3]
    assert rule.given[0].scalars == {"lr": 0.1} and runner.checked == ["example/reads"] and not runner.unchecked


def test_update_missing_statistic_is_unchecked() -> None:
    rule, other = ReadsUpdates(), Reads()
    runner = RuleRunner([rule, other])
    assert len(runner.update(values(0))) == 1 and not rule.given and other.given
    assert unchecked(runner) == {"example/reads_updates": "no statistic update/ratio in the log"}


def test_update_missing_scalar_is_unchecked() -> None:
    runner = RuleRunner([ReadsScalars()])
    assert runner.update(values(0)) == []
    assert unchecked(runner) == {"example/reads_scalars": "no scalar nnviz/global/learning_rate/ in the log"}
    assert len(runner.update(values(1, **{"learning_rate/0": 0.1}))) == 1 and not runner.unchecked


def test_update_logged_scalars_reach_only_those_who_take_them() -> None:
    takes, reads = TakesLogged(), Reads()
    runner = RuleRunner([takes, reads])
    assert "such as monitor.log" in unchecked(runner)["example/takes_logged"]
    assert len(runner.update(StepValues(0, logged={"loss": 1.0}))) == 1 and not reads.given
    runner.update(values(1))
    assert len(takes.given) == 1 and runner.checked == ["example/takes_logged", "example/reads"]


def test_update_rule_of_rates_gets_scalars_of_steps() -> None:
    rule = TakesRates()
    runner = RuleRunner([rule])
    runner.update(values(0, **{"learning_rate/0": 0.1}))
    assert rule.given[0].scalars["learning_rate/0"] == 0.1 and runner.checked == []
    runner.update(StepValues(0, logged={"loss": 1.0}))
    assert len(rule.given) == 2 and runner.checked == ["example/takes_rates"]


def test_update_missing_optimizers_is_unchecked() -> None:
    runner = RuleRunner([TakesOptimizers()])
    assert runner.update(values(0)) == []
    assert unchecked(runner) == {"example/takes_optimizers": "no options of the optimizers in the log"}


def test_update_skipped_step_runs_only_rules_that_take_it() -> None:
    rule, takes = Reads(), TakesSkipped()
    runner = RuleRunner([rule, takes])
    assert len(runner.update(values(0, skipped=1.0))) == 1 and not rule.given and takes.given
    assert len(runner.update(values(1, skipped=0.0))) == 2


def test_update_rule_raises_turns_off_that_rule_only(caplog: pytest.LogCaptureFixture) -> None:
    fails, other = Fails(), Reads()
    runner = RuleRunner([fails, other])
    assert [len(runner.update(values(step))) for step in range(3)] == [1, 1, 1]
    assert len(fails.given) == 1 and len(other.given) == 3
    assert [record.message for record in caplog.records] == [
        "rule example/fails: turned off after an error of tb_nnviz"
    ]
    assert unchecked(runner) == {"example/fails": "the rule failed: ZeroDivisionError: a mistake in the rule"}


def test_reads_joins_all_rules() -> None:
    assert RuleRunner([Reads(), ReadsUpdates()]).reads == Reads.reads | ReadsUpdates.reads
    assert RuleRunner([]).reads == frozenset()
