"""Runs, with the kinds and statistics that each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tb_nnviz import schema
from tb_nnviz.logs.points import MAX_STEP, as_date
from tb_nnviz.logs.reader import Reader, SeriesInfo

#: The tags to list if the source fails to list all tags.
LIKELY_TAGS = [
    schema.statistic_tag(kind, statistic)
    for kind in schema.KINDS
    for statistic in schema.STATISTICS + schema.KIND_STATISTICS.get(kind, ())
]


@dataclass(frozen=True)
class Run:
    """A run with statistics, or with notices of why it has none.

    Attributes:
        name: the run's name.
        kinds: the sorted statistics by kind.
        first_wall_time: the wall time of the first event, in seconds.
        last_step: the largest step of any tag.
    """

    name: str
    kinds: dict[str, list[str]]
    first_wall_time: float
    last_step: int


def list_runs(reader: Reader) -> list[Run]:
    """List the runs that hold statistics or notices, by name."""
    listed = reader.list_all_tensors(schema.PLUGIN, LIKELY_TAGS).data
    return describe_runs(listed, reader.start_times() if listed else {})


def describe_runs(listed: Mapping[str, Mapping[str, SeriesInfo]], start_times: Mapping[str, float | None]) -> list[Run]:
    """Describe listed runs, sorted by name. A run that has neither statistics nor a notice of why is left out.

    Args:
        listed: the series of ``schema.PLUGIN`` by run and tag.
        start_times: the wall time of the first event by run, None if it is not known.
    """
    runs = []
    for run, tags in sorted(listed.items()):
        kinds: dict[str, list[str]] = {}
        for tag in sorted(tags):
            kind, _, statistic = tag.removeprefix("nnviz/").partition("/")
            if kind in schema.KINDS and tag == schema.statistic_tag(kind, statistic) and statistic:
                kinds.setdefault(kind, []).append(statistic)
        if not kinds and schema.TAG_NOTICES not in tags:
            continue
        first = start_times.get(run)
        if first is None or first != as_date(first):  # the loader may not know it yet
            first = min(as_date(series.max_wall_time) for series in tags.values())
        # Events of larger steps are left out of all answers.
        last = max((series.max_step for series in tags.values() if series.max_step <= MAX_STEP), default=0)
        runs.append(Run(run, kinds, first, last))
    return runs
