"""Stock scalars of many runs: nnviz's own, and those that users log themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.logs.timeline import locate, timeline

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
) -> tuple[list[ScalarSeries], list[Missing]]:
    """Read scalars of many runs.

    Args:
        reader: the source.
        runs: the names of the runs.
        tags: the tags to read. None: all that start with ``prefix``.
        prefix: the prefix of the tags. With an empty prefix, the users' own scalars are read too.
        last: read only the newest point of each tag.
    """
    missing: list[Missing] = []
    wanted = list(tags) if tags is not None else _list_tags(reader, runs, prefix, missing)
    result = reader.read_scalars(runs, wanted, last)
    missing += [Missing(run, reason, tag=tag) for run, tag, reason, _ in result.problems]
    unreadable = {(problem.run, problem.tag) for problem in result.problems}
    unreadable_runs = {problem.run for problem in result.problems}
    series = []
    for run in runs:
        data = result.data.get(run, {})
        for tag in wanted:
            if tag in data:
                points = data[tag]
                steps, wall_times = timeline([points])
                values = np.array([points.values[i] for i in locate(points, steps, wall_times)], np.float32)
                series.append(ScalarSeries(run, tag, steps, wall_times, values))
            elif tags is not None and (run, tag) not in unreadable:
                missing.append(Missing(run, f"no scalar {tag!r} in run {run!r}", tag=tag))
        if tags is None and not data and run not in unreadable_runs:
            missing.append(Missing(run, f"no scalars under {prefix!r} in run {run!r}"))
    return series, missing


def _list_tags(reader: Reader, runs: Sequence[str], prefix: str, missing: list[Missing]) -> list[str]:
    """List the tags with a prefix. Those beyond the limit are left out and added to ``missing``."""
    listed = reader.list_scalars(runs)
    tags = sorted({tag for of_run in listed.data.values() for tag in of_run if tag.startswith(prefix)})
    others = [tag for tag in tags if not tag.startswith(PREFIX)]
    reason = f"too many tags of other writers: {len(others)} (only the first {MAX_OTHER_TAGS} are read)"
    missing += [Missing(None, reason, tag=tag) for tag in others[MAX_OTHER_TAGS:]]
    left_out = set(others[MAX_OTHER_TAGS:])
    return [tag for tag in tags if tag not in left_out]
