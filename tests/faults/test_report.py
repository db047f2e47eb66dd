"""Tests of the report of ``./dev bench findings``, on findings that are written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.runner import RuleRunner, Unchecked
from tb_nnviz.rules.step_values import StepValues
from tests.bench.findings import OWN, Judged, cases, document, fault_line, is_blamed, report, summaries, table
from tests.faults.case import Case, Fault
from tests.faults.catalog import FAULTS, HEALTHY, TWINS
from tests.faults.logs import Log
from tests.faults.scoring import Alarm

LOG = Log(Path("run"), 5, 100, 1.5)
#: Names of which the checksum holds out the first only.
HELD_OUT, REST = "gpt/untied", "mlp/maximize"


def finding(rule: str, layer: str, since: int, severity: str) -> Finding:
    return Finding(rule, severity, "", layer, "", "", "", since, since, None, None, None, "it is so", ())


def judged(case: Case, *findings: Finding, unchecked: tuple[Unchecked, ...] = ()) -> Judged:
    alarms = {OWN: [Alarm(one.rule, one.layer, one.since, one.severity) for one in findings]}
    return Judged(case, LOG, Diagnosis(".", findings, (), unchecked, 0, 95, ()), alarms)


def healthy(name: str) -> Case:
    return Case(name, lambda: None)  # type: ignore[arg-type, return-value]


def fault(name: str) -> Fault:
    return Fault(name, healthy(name).build, ("activation/dead",), ("act2",), (50, 50), healthy("mlp/twin"))


class Raising(Rule):
    name, title, takes_logged = "loss/raising", "It raises", True

    def update(self, values: StepValues) -> list[Finding]:
        raise KeyError("loss")


@pytest.fixture
def runs() -> list[Judged]:
    return [
        judged(fault(HELD_OUT), finding("activation/dead", "act2", 50, "severe")),
        judged(
            fault(REST), finding("loss/spike", "", 0, "warning"), unchecked=(Unchecked("activation/dead", "no units"),),
        ),
        judged(healthy(HELD_OUT)),
        judged(healthy(REST), finding("loss/spike", "", 0, "severe"), finding("loss/stuck", "", 0, "warning")),
    ]  # fmt: skip


def test_summary_of_the_third_leaves_out_the_rest(runs: list[Judged]) -> None:
    held_out, rest = summaries(runs, OWN, True), summaries(runs, OWN, False)
    assert (held_out.faults, held_out.rule, held_out.healthy, held_out.severe) == (1, 1.0, 1, 0)
    assert (rest.faults, rest.rule, rest.healthy, rest.severe, rest.warnings) == (1, 0.0, 1, 1, 1)
    assert summaries(runs, OWN).rule == 0.5


def test_table_has_a_row_for_each_part(runs: list[Judged]) -> None:
    lines = [line.split("|")[1:-1] for line in table(runs).splitlines()]
    assert [[cell.strip() for cell in line] for line in lines[2:]] == [
        ["nnviz", "2", "50 %", "50 %", "50 %", "2", "1", "0.50", "0.50"],
        ["nnviz, held out", "1", "100 %", "100 %", "100 %", "1", "0", "0.00", "0.00"],
        ["nnviz, the rest", "1", "0 %", "0 %", "0 %", "1", "1", "1.00", "1.00"],
    ]


def test_fault_line_says_why_a_fault_is_missed(runs: list[Judged]) -> None:
    assert fault_line(runs[0]).startswith(f"RLS *{HELD_OUT}: activation/dead in act2 since 50\n")
    assert "1. activation/dead (severe) in act2 since 50" in fault_line(runs[0])
    assert fault_line(runs[1]).startswith(f"...  {REST}")
    assert "missed: activation/dead unchecked: no units" in fault_line(runs[1])


def test_report_of_misses_leaves_out_what_is_right(runs: list[Judged]) -> None:
    whole, misses = "".join(report(runs, False)), "".join(report(runs, True))
    assert f"*{HELD_OUT}: activation/dead" in whole
    assert f"*{HELD_OUT}: activation/dead" not in misses
    assert f"*{HELD_OUT}: no findings" in whole
    assert f"*{HELD_OUT}: no findings" not in misses
    assert "severe loss/spike: it is so" in misses


def test_report_names_rules_that_raised(runs: list[Judged]) -> None:
    assert "Rules that raised" not in "".join(report(runs, True))
    raised = RuleRunner([Raising()])
    raised.update(StepValues(0, logged={"loss": 1.0}))
    one = judged(healthy(REST), unchecked=tuple(raised.unchecked))
    assert f"loss/raising on {REST}: the rule failed: KeyError" in "".join(report([*runs, one], True))


def test_run_with_notices_alone_is_not_blamed(runs: list[Judged]) -> None:
    assert not is_blamed(judged(healthy(REST), finding("loss/spike", "", 0, "notice")))
    assert is_blamed(runs[3])


def test_document_is_json_with_all_scores(runs: list[Judged]) -> None:
    read = json.loads(json.dumps(document(runs)))
    assert read["version"] == 1
    assert read["summaries"][OWN]["held out"]["rule"] == 1.0
    assert [case["is_fault"] for case in read["cases"]] == [True, True, False, False]
    assert read["cases"][0]["scores"][OWN] == {"place": 0, "rule": True, "layer": True, "step": True}


def test_cases_of_a_pattern_come_with_their_twins() -> None:
    assert [case.name for case in cases(["mlp/saturated-*"])] == ["mlp/saturated-tanh", "mlp/tanh"]
    assert len(cases([])) == len({case.name for case in (*FAULTS, *HEALTHY, *TWINS)})


def test_cases_of_an_unknown_name_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"unknown case: 'mlp/x' \(one of autoencoder/"):
        cases(["mlp/*", "mlp/x"])
