"""Findings of many runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tb_nnviz import schema
from tb_nnviz.logs.layouts import document_bytes
from tb_nnviz.logs.points import NO_POINTS
from tb_nnviz.logs.reader import Missing, Problem, Reader
from tb_nnviz.logs.resumed.guides import ReadTags, read_sessions
from tb_nnviz.logs.resumed.timeline import current


@dataclass(frozen=True)
class FindingEvent:
    """A finding as it was written, with its run and the wall time of its event.

    The finding has no ``run`` and no ``wall_time`` of its own.
    """

    run: str
    wall_time: float
    finding: dict[str, Any]


def read_findings(
    reader: Reader, runs: Sequence[str], read: ReadTags | None = None
) -> tuple[list[FindingEvent], list[str], list[Missing]]:
    """Read the findings of some runs. Findings that a resumed run has abandoned are left out.

    Args:
        reader: the source.
        runs: the names of the runs.
        read: as for ``read_sessions``.

    Returns:
        The findings in order of run, step and position in the event, the names of all other runs that have findings,
        and the items that are missing. The findings of the other runs are not read.
    """
    listed = reader.list_all_tensors(schema.PLUGIN_FINDINGS, [schema.TAG_FINDINGS])
    with_findings = {run for run, tags in listed.data.items() if schema.TAG_FINDINGS in tags}
    wanted = [run for run in runs if run in with_findings]
    result = reader.read_tensors(schema.PLUGIN_FINDINGS, wanted, [schema.TAG_FINDINGS])
    problems: list[Problem] = [problem for problem in listed.problems if problem.run in runs]
    problems += result.problems
    missing = [Missing(run, f"{tag}: {reason}", step=step) for run, tag, reason, step in problems]
    findings: list[FindingEvent] = []
    read_runs = [run for run in runs if run in result.data]
    sessions = read_sessions(reader, read_runs, read)
    for run in read_runs:
        points = result.data[run].get(schema.TAG_FINDINGS, NO_POINTS)
        for i in current(points, sessions.get(run, ())):
            step, wall_time = int(points.steps[i]), float(points.wall_times[i])
            try:
                documents = schema.decode_findings(document_bytes(points.values[i]))
            except ValueError as error:
                missing.append(Missing(run, str(error), step=step))
                continue
            for document in documents:
                own = {key: value for key, value in document.items() if key not in ("run", "wall_time")}
                findings.append(FindingEvent(run, wall_time, own))
    return findings, sorted(with_findings.difference(runs)), missing
