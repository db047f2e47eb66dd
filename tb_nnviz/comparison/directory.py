"""The comparison of the runs in a log directory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tb_nnviz.comparison.compare import Comparison, compare
from tb_nnviz.comparison.reading import read_series
from tb_nnviz.comparison.series import RunSeries
from tb_nnviz.logs.event_files import EventFileReader, find_runs
from tb_nnviz.rules.settings import near


def compare_directory(
    logdir: Path, runs: Sequence[str], group: str | None = None, align: str = "step"
) -> list[Comparison]:
    """Compare runs of a log directory.

    Without a group, the first run is compared with the second, or with the group of all others. With one, each run is
    compared with the group. A run that is named and matches belongs to the group, unless all that are named do: then
    each is compared with the others of the group.

    Args:
        logdir: the directory, as for ``tensorboard --logdir``.
        runs: the names of the runs.
        group: a regular expression that is found in the names of the runs of the group.
        align: how steps are matched: one of ``WAYS``.

    Raises:
        ValueError: there is no run, a run is unknown, there are too few, or as ``compare``.
    """
    if not logdir.is_dir():
        raise ValueError(f"missing directory: {logdir}")
    known = list(find_runs(logdir))
    if not known:
        raise ValueError(f"no event file in {logdir} or below it")
    for name in runs:
        if name not in known:
            raise ValueError(f"unknown run: {name!r} ({near(name, known)})")
    pairs = choose(list(dict.fromkeys(runs)), known, group)
    series: dict[str, tuple[RunSeries, tuple[str, ...]]] = {}
    for name in dict.fromkeys(name for run, others in pairs for name in (run, *others)):
        found, missing = read_series(EventFileReader(logdir / name), ["."])
        series[name] = replace(found["."], run=name), tuple(one.reason for one in missing)
    comparisons = []
    for run, others in pairs:
        notes = [f"not read: {name}: {reason}" for name in (run, *others) for reason in series[name][1]]
        one = compare(series[run][0], [series[other][0] for other in others], align)
        comparisons.append(replace(one, notes=(*one.notes, *notes)))
    return comparisons


def choose(runs: Sequence[str], known: Sequence[str], group: str | None) -> list[tuple[str, tuple[str, ...]]]:
    """Return each run to compare with the runs of its reference.

    >>> choose(["a", "b"], ["a", "b", "c"], None)
    [('a', ('b',))]
    >>> choose(["new"], ["new", "seed0", "seed1"], "seed")
    [('new', ('seed0', 'seed1'))]
    >>> choose(["seed0"], ["new", "seed0", "seed1"], "seed")
    [('seed0', ('seed1',))]

    Raises:
        ValueError: the expression is invalid, or there are too few runs.
    """
    if group is None:
        if len(runs) < 2:
            raise ValueError(f"missing run: {len(runs)} given (two at least, or one and --group)")
        return [(runs[0], tuple(runs[1:]))]
    try:
        members = [name for name in known if re.search(group, name)]
    except re.error as error:
        raise ValueError(f"invalid --group: {group!r} ({error})") from None
    if not members:
        raise ValueError(f"unknown --group: {group!r} (no run of {', '.join(known[:10])} matches)")
    outside = [name for name in runs if name not in members]
    pairs = [(name, tuple(one for one in members if one != name)) for name in outside or runs]
    if not pairs or not all(others for _, others in pairs):
        raise ValueError(f"missing run: only {members[0]!r} matches {group!r}, and nothing is compared with it")
    return pairs
