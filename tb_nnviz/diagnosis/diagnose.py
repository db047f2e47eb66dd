"""The diagnosis of a logged run by all rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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

#: The rule that compares two runs.
PARTED = "runs/parted"
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
        """The worst severity, ``NOTHING_FOUND`` or ``NOT_CHECKABLE``. To differ from another run is no problem."""
        found = {one.severity for one in self.findings if one.rule != PARTED}
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
    rules = make_rules(settings)
    runner = RuleRunner(rules)
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
    logged, lacking = logged_findings(reader, run, {rule.name for rule in rules}, read)
    findings = supersede(findings, logged)
    missing = [*missing, *lacking]
    return Diagnosis(run, explain(findings, depths), runner.checked, runner.unchecked, first, last, missing)


def logged_findings(
    reader: Reader, run: str, rules: Collection[str], read: ReadTags | None = None
) -> tuple[list[Finding], list[Missing]]:
    """Return the findings in a log that only training can make, because they are not in its statistics.

    Those are the first nonfinite values, which training looked for by running a batch again.

    Args:
        reader: the source.
        run: the name of the run.
        rules: the names of the rules whose findings are returned.
        read: as for ``read_findings``.
    """
    events, _, missing = read_findings(reader, [run], read)
    found = [Finding.of(event.finding) for event in events]
    return [one for one in found if one.rule in rules and "direction" in one.details], missing


def supersede(findings: Sequence[Finding], logged: Sequence[Finding]) -> list[Finding]:
    """Return the findings with those of training in place of what the statistics show of the same family."""
    families = {one.family for one in logged if one.severity == "severe"}
    return [*logged, *(one for one in findings if one.family not in families)]
