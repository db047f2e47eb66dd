"""The diagnosis of the runs in a log directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tb_nnviz.diagnosis.diagnose import NOT_CHECKABLE, NOTHING_FOUND, Diagnosis, diagnose
from tb_nnviz.diagnosis.reference import LoggedRun, with_reference
from tb_nnviz.logs.event_files import EventFileReader, find_runs
from tb_nnviz.rules.settings import Settings, near
from tb_nnviz.schema import SEVERITIES

#: All verdicts, the worst first.
VERDICTS = (*SEVERITIES, NOTHING_FOUND, NOT_CHECKABLE)


def diagnose_directory(
    logdir: Path, runs: Sequence[str] = (), settings: Settings | None = None, reference: str | None = None
) -> list[Diagnosis]:
    """Check the runs of a log directory, each read as a whole, one after the other.

    Args:
        logdir: the directory, as for ``tensorboard --logdir``.
        runs: the names of the runs, all by default.
        settings: as for ``make_rules``.
        reference: the name of the run with whose values the findings are compared.

    Returns:
        The diagnoses, the worst run first.

    Raises:
        ValueError: there is no run, a run is unknown, or as ``make_rules``.
    """
    if not logdir.is_dir():
        raise ValueError(f"missing directory: {logdir}")
    known = list(find_runs(logdir))
    if not known:
        raise ValueError(f"no event file in {logdir} or below it")
    for name in [*runs, *([] if reference is None else [reference])]:
        if name not in known:
            raise ValueError(f"unknown run: {name!r} ({near(name, known)})")
    other = None if reference is None else LoggedRun(EventFileReader(logdir / reference), ".")
    found = []
    for name in dict.fromkeys(runs or known):
        reader = EventFileReader(logdir / name)
        one = diagnose(reader, ".", settings).renamed(name)
        if other is not None and name != reference:
            one = with_reference(one, LoggedRun(reader, "."), other, str(reference))
        found.append(one)
    return sorted(found, key=worst_first)


def worst_first(diagnosis: Diagnosis) -> tuple[int, int, int]:
    """Return the key by which diagnoses are sorted: the worst severity, the number of such findings, the first step."""
    same = [finding for finding in diagnosis.findings if finding.severity == diagnosis.verdict]
    return VERDICTS.index(diagnosis.verdict), -len(same), min((finding.since for finding in same), default=0)
