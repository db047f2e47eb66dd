"""Checks of the runs in a log directory: what each holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from tb_nnviz import schema
from tb_nnviz.cli.doctor.check import NOTE, OK, PROBLEM, Check
from tb_nnviz.logs.documents.findings import read_findings
from tb_nnviz.logs.documents.graph import read_structures
from tb_nnviz.logs.documents.notices import read_notices
from tb_nnviz.logs.event_files import EventFileReader, find_runs
from tb_nnviz.logs.runs import Run, describe_runs

_TWO_WRITERS = (
    "TensorBoard reads one file per run at a time, so the first may seem to stop. "
    "Way out: one directory per process, and writer= where a SummaryWriter writes to the same directory"
)


def check_runs(logdir: Path) -> Iterator[Check]:
    """Yield the checks of each run below a directory. Each run is read as a whole, one after the other."""
    if not logdir.is_dir():
        yield Check(PROBLEM, f"missing directory: {logdir}")
        return
    runs = find_runs(logdir)
    if not runs:
        yield Check(PROBLEM, f"no event file in {logdir} or below it")
    for name in runs:
        yield from check_run(name, logdir)


def check_run(name: str, logdir: Path) -> Iterator[Check]:
    """Yield the checks of one run."""
    reader = EventFileReader(logdir / name)
    listed = reader.list_tensors(schema.PLUGIN, ["."])
    described = describe_runs(listed.data, reader.start_times())
    scalars = reader.list_scalars(["."]).data.get(".", {})
    for run in described:
        yield Check(OK, f"{name}: {_content(run, reader)}")
    if not described:
        yield Check(NOTE, f"{name}: not logged by tb_nnviz ({len(scalars)} scalars of other programs)")
        return
    notices, missing = read_notices(lambda runs, tags: reader.read_tensors(schema.PLUGIN, runs, tags), ["."])
    for notice in notices.get(".", ()):
        yield Check(NOTE, f"{name}: not recorded, step {notice.step}: {notice.reason}")
    missing += read_findings(reader, ["."])[2]
    missing += [one for one in read_structures(reader, ["."])[1] if "no structure in run" not in one.reason]
    reasons = [*reader.problems, *(f"{one.tag}: {one.reason}" for one in listed.problems)]
    for reason in dict.fromkeys([*reasons, *(one.reason for one in missing)]):
        yield Check(PROBLEM, f"{name}: {reason}")
    for first, second in combinations(reader.files("."), 2):
        if first.begin < second.end and second.begin < first.end:
            names = f"{first.path.name} and {second.path.name}"
            yield Check(PROBLEM, f"{name}: {names} were written at the same time. {_TWO_WRITERS}")


def _content(run: Run, reader: EventFileReader) -> str:
    """Describe a run in one line."""
    if not run.kinds:
        return "no statistics"
    findings = len(read_findings(reader, ["."])[0])
    found = "1 finding" if findings == 1 else f"{findings or 'no'} findings"
    return f"{', '.join(run.kinds)} up to step {run.last_step}, {found}"
