"""The diagnosis of a logged run by all rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tb_nnviz.diagnosis.steps import read_steps
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
    """What the rules say about a run.

    Args:
        run: the name of the run.
        findings: as ``explain`` returns them: causes first.
        checked: the names of the rules that were checked.
        unchecked: the rules that could not be checked, with reasons.
        first, last: the first and the last step with values, None without any.
        missing: the items of the log that cannot be read.
    """

    run: str
    findings: Sequence[Finding]
    checked: Sequence[str]
    unchecked: Sequence[Unchecked]
    first: int | None
    last: int | None
    missing: Sequence[Missing]

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
    return Diagnosis(run, explain(findings, depths), runner.checked, runner.unchecked, first, last, missing)
