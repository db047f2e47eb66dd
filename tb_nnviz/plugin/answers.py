"""What each route answers: queries and a reader -> headers for the wire."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.cache import Cache
from tb_nnviz.plugin.query import MAX_OTHER_TAGS, PREFIX, ScalarsQuery
from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import Points, locate, timeline

VERSION = 1

#: Tags to try one by one in a run that cannot be listed.
LIKELY_TAGS = [
    schema.statistic_tag(kind, statistic)
    for kind in schema.KINDS
    for statistic in schema.STATISTICS + schema.KIND_STATISTICS.get(kind, ())
]


def runs_answer(reader: Reader, cache: Cache) -> dict[str, Any]:
    """Which runs have data of ours, and what."""
    began = time.monotonic()
    listed = reader.list_tensors(schema.PLUGIN, LIKELY_TAGS).data
    cache.listed(reader.experiment, listed, began, time.monotonic())
    start_times = reader.start_times() if listed else {}
    runs = []
    for run, tags in sorted(listed.items()):
        kinds: dict[str, list[str]] = {}
        for tag in sorted(tags):
            _, kind, statistic = [*tag.split("/", 2), "", ""][:3]
            if kind in schema.KINDS and tag == schema.statistic_tag(kind, statistic) and statistic:
                kinds.setdefault(kind, []).append(statistic)
        if not kinds:  # only a layout so far: nothing to show yet
            continue
        # A loader that has only just found the run may not know when it began.
        first = start_times.get(run)
        if first is None or not math.isfinite(first):
            first = min(series.max_wall_time for series in tags.values())
        steps = max(series.max_step for series in tags.values())
        runs.append({"run": run, "kinds": kinds, "first_wall_time": first, "steps": steps})
    return {"version": VERSION, "runs": runs}


def scalars_answer(reader: Reader, query: ScalarsQuery) -> dict[str, Any]:
    """Stock scalars of many runs: ours, and with an empty prefix the user's own too."""
    missing: list[dict[str, Any]] = []
    tags = query.tags
    if tags is None:
        listed = reader.list_scalars(query.runs)
        every = sorted({tag for of_run in listed.data.values() for tag in of_run if tag.startswith(query.prefix)})
        others = [tag for tag in every if not tag.startswith(PREFIX)]
        too_many = f"too many tags that are not ours: {len(others)} (the first {MAX_OTHER_TAGS} are answered)"
        missing += [{"run": None, "tag": tag, "reason": too_many} for tag in others[MAX_OTHER_TAGS:]]
        left_out = set(others[MAX_OTHER_TAGS:])
        tags = tuple(tag for tag in every if tag not in left_out)
    found: Found = reader.scalars(query.runs, tags, query.last)
    for run, tag, reason in found.problems:
        missing.append({"run": run, "tag": tag, "reason": reason})
    series = []
    for run in query.runs:
        data = found.data.get(run, {})
        for tag in tags:
            if tag in data:
                points = Points.of((datum.step, datum.wall_time, datum.value) for datum in data[tag])
                steps, wall_times = timeline([points])
                values = np.array([points.values[i] for i in locate(points, steps, wall_times)], np.float32)
                series.append(
                    {"run": run, "tag": tag, "steps": steps.astype(float), "wall_times": wall_times, "values": values}
                )
            elif query.tags is not None and (run, tag) not in {problem[:2] for problem in found.problems}:
                missing.append({"run": run, "tag": tag, "reason": f"no scalars {tag!r} in run {run!r}"})
        if query.tags is None and not data and run not in {problem[0] for problem in found.problems}:
            reason = f"no scalars under {query.prefix!r} in run {run!r}"
            missing.append({"run": run, "tag": None, "reason": reason})
    return {"version": VERSION, "series": series, "missing": missing}
