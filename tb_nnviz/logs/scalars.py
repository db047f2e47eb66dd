"""Stock scalars of many runs: nnviz's own, and those that users log themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.reader import Missing, Reader, ReadResult
from tb_nnviz.logs.resumed.guides import ReadTags, read_sessions
from tb_nnviz.logs.resumed.sessions import Sessions
from tb_nnviz.logs.resumed.timeline import current

#: Prefix of the tags that nnviz writes.
PREFIX = "nnviz/"
#: Largest number of tags that are read of those of other writers.
MAX_OTHER_TAGS = 100


@dataclass(frozen=True)
class ScalarSeries:
    """One scalar of one run: steps int64 [n], wall times float64 [n], values float32 [n]."""

    run: str
    tag: str
    steps: np.ndarray
    wall_times: np.ndarray
    values: np.ndarray


def read_scalars(
    reader: Reader,
    runs: Sequence[str],
    tags: Sequence[str] | None = None,
    prefix: str = PREFIX,
    last: bool = False,
    read: ReadTags | None = None,
) -> tuple[list[ScalarSeries], list[Missing]]:
    """Read scalars of many runs. Values of nnviz's tags that a resumed run has abandoned are left out.

    The steps of other writers need not be those of the optimizer, so an event of theirs abandons only earlier ones of
    its own tag.

    Args:
        reader: the source.
        runs: the names of the runs.
        tags: the tags to read. None: all that start with ``prefix``.
        prefix: the prefix of the tags. With an empty prefix, the users' own scalars are read too.
        last: read only the newest point of each tag.
        read: as for ``read_sessions``.
    """
    missing: list[Missing] = []
    wanted = list(tags) if tags is not None else _list_tags(reader, runs, prefix, missing)
    result = reader.read_scalars(runs, wanted, last)
    missing += [Missing(run, reason, tag=tag) for run, tag, reason, _ in result.problems]
    unreadable = {(problem.run, problem.tag) for problem in result.problems}
    unreadable_runs = {problem.run for problem in result.problems}
    sessions = read_sessions(reader, list(result.data), read)
    if last:
        _read_valid(reader, result, sessions)
    series = []
    for run in runs:
        data = result.data.get(run, {})
        for tag in wanted:
            if tag in data:
                points = data[tag]
                kept = _current(points, tag, sessions.get(run))
                values = np.array([points.values[i] for i in kept], np.float32)
                if kept or not points.steps.size:
                    series.append(ScalarSeries(run, tag, points.steps[kept], points.wall_times[kept], values))
            elif tags is not None and (run, tag) not in unreadable:
                missing.append(Missing(run, f"no scalar {tag!r} in run {run!r}", tag=tag))
        if tags is None and not data and run not in unreadable_runs:
            missing.append(Missing(run, f"no scalars under {prefix!r} in run {run!r}"))
    return series, missing


def _current(points: Points, tag: str, sessions: Sessions | None) -> list[int]:
    """Return the indices of a tag's events that were not abandoned. The values of some tags share an event."""
    own = tag.startswith(PREFIX) and sessions is not None
    return current(points, sessions if own and sessions is not None else (), not tag.startswith(schema.TAG_LOG))


def _read_valid(reader: Reader, newest: ReadResult[Points], sessions: Mapping[str, Sessions]) -> None:
    """Replace the newest events that were abandoned by all events of their tags."""
    wrong = [
        (run, tag)
        for run, tags in newest.data.items()
        for tag, points in tags.items()
        if points.steps.size and not _current(points, tag, sessions.get(run))
    ]
    if wrong:
        runs, tags = (list(dict.fromkeys(names)) for names in zip(*wrong, strict=True))
        whole = reader.read_scalars(runs, tags).data
        for run, tag in wrong:
            points = whole.get(run, {}).get(tag, NO_POINTS)
            kept = _current(points, tag, sessions.get(run))[-1:]
            values = [points.values[i] for i in kept]
            newest.data[run][tag] = replace(
                points, steps=points.steps[kept], wall_times=points.wall_times[kept], values=values
            )


def _list_tags(reader: Reader, runs: Sequence[str], prefix: str, missing: list[Missing]) -> list[str]:
    """List the tags with a prefix. Those beyond the limit are left out and added to ``missing``."""
    listed = reader.list_scalars(runs)
    tags = sorted({tag for of_run in listed.data.values() for tag in of_run if tag.startswith(prefix)})
    others = [tag for tag in tags if not tag.startswith(PREFIX)]
    reason = f"too many tags of other writers: {len(others)} (only the first {MAX_OTHER_TAGS} are read)"
    missing += [Missing(None, reason, tag=tag) for tag in others[MAX_OTHER_TAGS:]]
    left_out = set(others[MAX_OTHER_TAGS:])
    return [tag for tag in tags if tag not in left_out]
