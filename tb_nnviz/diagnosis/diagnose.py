"""The diagnosis of a logged run by all rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tb_nnviz.diagnosis.steps import read_steps
from tb_nnviz.logs.documents.findings import read_findings
from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.logs.resumed.guides import ReadTags
from tb_nnviz.rules.chain import explain
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.runner import RuleRunner, Unchecked
from tb_nnviz.rules.settings import Settings, make_rules
from tb_nnviz.schema import SEVERITIES

#: The verdict on a run that no rule could check.
NOT_CHECKABLE = "not checkable"
#: The verdict on a run without a finding.
NOTHING_FOUND = "nothing found"


@dataclass(frozen=True)
class Diagnosis:
    """The verdict of the rules on a run.

    Args:
        run: the name of the run.
        findings: as ``explain`` returns them: causes first.
        checked: the names of the rules that were checked.
        unchecked: the rules that could not be checked, with reasons.
        first, last: the first and the last step with values, None without any.
        missing: the items of the log that cannot be read.
        reference_values: the value of a reference run for each finding, None if it has none.
    """

    run: str
    findings: Sequence[Finding]
    checked: Sequence[str]
    unchecked: Sequence[Unchecked]
    first: int | None
    last: int | None
    missing: Sequence[Missing]
    reference_values: Sequence[float | None] = ()

    def __post_init__(self) -> None:
        if not self.reference_values:
            object.__setattr__(self, "reference_values", (None,) * len(self.findings))

    def renamed(self, run: str) -> Diagnosis:
        """Return the diagnosis under another name of the run."""
        return replace(self, run=run)

    @property
    def verdict(self) -> str:
        """The worst severity, ``NOTHING_FOUND`` or ``NOT_CHECKABLE``."""
        found = {one.severity for one in self.findings}
        return next((one for one in SEVERITIES if one in found), NOTHING_FOUND if self.checked else NOT_CHECKABLE)


def diagnose(reader: Reader, run: str, settings: Settings | None = None, read: ReadTags | None = None) -> Diagnosis:
    """Check a logged run by all rules.

    Args:
        reader: the source.
        run: the name of the run.
        settings: as for ``make_rules``.
        read: as for ``read_steps``.

    Raises:
        ValueError: as ``make_rules``.
    """
    runner = RuleRunner(make_rules(settings))
    steps, missing = read_steps(reader, run, runner.reads, read)
    findings: list[Finding] = []
    depths: dict[str, float] = {}
    first = last = None
    for values in steps:
        first, last = values.step if first is None else first, values.step
        findings += runner.update(values)
        for rows in values.rows.values():
            if not depths.keys() >= set(rows.layers):
                depths.update({row.module: float(row.depth) for row in rows if row.depth is not None})
    findings += runner.finish()
    logged, lacking = logged_findings(reader, run, read)
    findings = supersede(findings, logged)
    missing = [*missing, *lacking]
    return Diagnosis(run, explain(findings, depths), runner.checked, runner.unchecked, first, last, missing)


def logged_findings(reader: Reader, run: str, read: ReadTags | None = None) -> tuple[list[Finding], list[Missing]]:
    """Return the findings in a log that only training can make, because they are not in its statistics.

    Those are the first nonfinite values, which training looked for by running a batch again.
    """
    events, _, missing = read_findings(reader, [run], read)
    known = [event.finding for event in events if "direction" in event.finding["details"]]
    return [Finding.of(one) for one in known], missing


def supersede(findings: Sequence[Finding], logged: Sequence[Finding]) -> list[Finding]:
    """Return the findings with those of training in place of what the statistics show of the same family."""
    families = {one.family for one in logged}
    return [*logged, *(one for one in findings if one.family not in families)]


def with_reference(diagnosis: Diagnosis, reader: Reader, reference: str) -> Diagnosis:
    """Return a diagnosis with the values that a reference run has where the findings are.

    Args:
        diagnosis: the diagnosis.
        reader: the source of the reference run.
        reference: the name of the reference run.
    """
    reads = {(one.kind, name) for one in diagnosis.findings if one.kind for name in ("count", one.statistic)}
    found: dict[tuple[str, str, str, int], float] = {}
    wanted = {(one.kind, one.statistic, one.row, one.step) for one in diagnosis.findings}
    steps, _ = read_steps(reader, reference, reads)
    for values in steps:
        for kind, statistic, row, step in wanted:
            if step == values.step and values.has(kind, statistic) and row in values.rows[kind].place:
                found[kind, statistic, row, step] = float(values.get(kind, statistic)[values.rows[kind].place[row]])
    at = [found.get((one.kind, one.statistic, one.row, one.step)) for one in diagnosis.findings]
    return replace(diagnosis, reference_values=[None if x is None or not math.isfinite(x) else x for x in at])
