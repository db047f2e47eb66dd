"""A diagnosis beside a reference run: its values where the findings are, and where both runs part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tb_nnviz.diagnosis.diagnose import PARTED, Diagnosis
from tb_nnviz.diagnosis.steps import read_steps
from tb_nnviz.logs.reader import Reader
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.parted import READS, Parted, parted
from tb_nnviz.rules.runner import Unchecked

#: Largest relative difference between a finding's value and that of its row, which is rounded in the log.
_SAME = 0.01
_SOURCE = "https://docs.pytorch.org/docs/stable/notes/randomness.html"
_ADVICE = (
    "If the runs should be equal, look at what this step does in this layer in both: data, seed, settings, versions.",
    "If they differ by rounding first, the order of a computation differs, for example by threads or by the device.",
)


@dataclass(frozen=True)
class LoggedRun:
    """A run and its source."""

    reader: Reader
    run: str


def with_reference(diagnosis: Diagnosis, own: LoggedRun, reference: LoggedRun, name: str) -> Diagnosis:
    """Return a diagnosis with the values of a reference run where the findings are, and with the place where both part.

    Args:
        diagnosis: the diagnosis.
        own: its run.
        reference: the reference run.
        name: the name of the reference run.
    """
    found = where_parted(own, reference)
    if isinstance(found, str):
        diagnosis = replace(diagnosis, unchecked=[*diagnosis.unchecked, Unchecked(PARTED, found)])
    else:
        new = [] if found is None else [_finding(found, name)]
        diagnosis = replace(
            diagnosis,
            findings=[*diagnosis.findings, *new],
            checked=[*diagnosis.checked, PARTED],
            reference_values=(),
        )
    return replace(diagnosis, reference_values=_values(diagnosis.findings, own, reference))


def where_parted(own: LoggedRun, reference: LoggedRun) -> Parted | str | None:
    """Return the place where two runs part, None if they do not, or the reason why that cannot be judged."""
    mine, theirs = (read_steps(one.reader, one.run, READS)[0] for one in (own, reference))
    try:
        return parted(mine, theirs)
    except ValueError as error:
        return str(error)


def _values(findings: Sequence[Finding], own: LoggedRun, reference: LoggedRun) -> list[float | None]:
    """Return the value of the reference run for each finding, None if it has none.

    It has none if its row has another shape, or if the finding's value is not that of its row but a total or a median.
    """
    mine, theirs = (_found(findings, one) for one in (own, reference))
    return [
        value
        if place in mine
        and place in theirs
        and mine[place][0] == theirs[place][0]
        and _is_value(finding, mine[place][1])
        and math.isfinite(value := theirs[place][1])
        else None
        for place, finding in enumerate(findings)
    ]


def _is_value(finding: Finding, value: float) -> bool:
    """Return True if a value is the one that a finding reports."""
    return finding.value is not None and (math.isclose(finding.value, value, rel_tol=_SAME) or not math.isfinite(value))


def _found(findings: Sequence[Finding], run: LoggedRun) -> dict[int, tuple[tuple[int | None, ...], float]]:
    """Return the shape of each finding's row and its value at the finding's step, by the finding's place."""
    reads = {(one.kind, name) for one in findings if one.kind for name in ("count", one.statistic)}
    found = {}
    for values in read_steps(run.reader, run.run, reads)[0]:
        for place, one in enumerate(findings):
            if (
                values.step == one.step
                and values.has(one.kind, one.statistic)
                and one.row in values.rows[one.kind].place
            ):
                at = values.rows[one.kind].place[one.row]
                shape = values.rows[one.kind][at].shape
                found[place] = tuple(shape), float(values.get(one.kind, one.statistic)[at])
    return found


def _finding(found: Parted, name: str) -> Finding:
    return Finding(
        rule=PARTED,
        severity="notice",
        title=f"Parts from {name}",
        layer=found.layer,
        row=found.row,
        kind=found.kind,
        statistic=found.statistic,
        since=found.step,
        step=found.step,
        value=found.value,
        limit=None,
        usual=found.other,
        evidence=found.evidence,
        advice=_ADVICE,
        source=_SOURCE,
        details={
            **found.document(),
            "usual_is": f"in {name}",
            **({} if found.kind else {"global": found.statistic}),  # a scalar of the whole step
        },
    )
