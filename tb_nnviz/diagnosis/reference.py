"""A diagnosis beside a reference run: its values where the findings are, and where both runs part."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tb_nnviz.diagnosis.diagnose import PARTED, Diagnosis
from tb_nnviz.diagnosis.steps import read_steps
from tb_nnviz.logs.reader import Reader
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.parted import READS, Parted, parted
from tb_nnviz.rules.runner import Unchecked

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
    return replace(diagnosis, reference_values=_values(diagnosis.findings, reference))


def where_parted(own: LoggedRun, reference: LoggedRun) -> Parted | str | None:
    """Return the place where two runs part, None if they do not, or the reason why that cannot be judged."""
    mine, theirs = (read_steps(one.reader, one.run, READS)[0] for one in (own, reference))
    try:
        return parted(mine, theirs)
    except ValueError as error:
        return str(error)


def _values(findings: Iterable[Finding], reference: LoggedRun) -> list[float | None]:
    """Return the value of the reference run for each finding, None if it has none."""
    places = [(one.kind, one.statistic, one.row, one.step) for one in findings]
    reads = {(kind, name) for kind, statistic, _, _ in places if kind for name in ("count", statistic)}
    found: dict[tuple[str, str, str, int], float] = {}
    for values in read_steps(reference.reader, reference.run, reads)[0]:
        for place in places:
            kind, statistic, row, step = place
            if step == values.step and values.has(kind, statistic) and row in values.rows[kind].place:
                found[place] = float(values.get(kind, statistic)[values.rows[kind].place[row]])
    return [value if (value := found.get(place)) is not None and math.isfinite(value) else None for place in places]


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
