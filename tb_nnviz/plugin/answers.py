"""What each route answers: queries and a reader -> headers for the wire."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.query import ScalarsQuery, SeriesQuery
from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import COUNTERPARTS, Points, Rows, align, locate, timeline

VERSION = 1

#: Tags to try one by one in a run that cannot be listed.
LIKELY_TAGS = [
    schema.statistic_tag(kind, statistic)
    for kind in schema.KINDS
    for statistic in schema.STATISTICS + schema.KIND_STATISTICS.get(kind, ())
]


def runs_answer(reader: Reader) -> dict[str, Any]:
    """Which runs have data of ours, and what."""
    listed = reader.list_tensors(schema.PLUGIN, LIKELY_TAGS).data
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


def series_answer(reader: Reader, query: SeriesQuery) -> dict[str, Any]:
    """Statistics of a kind for many runs, from one call of the provider."""
    kind = query.kind
    names = [*query.statistics, "count", *(COUNTERPARTS[s] for s in query.statistics if s in COUNTERPARTS)]
    tags = {schema.statistic_tag(kind, name): name for name in names}
    layout_tags = [schema.layout_tag(kind), schema.layout_id_tag(kind)]
    found = reader.tensors(schema.PLUGIN, query.runs, [*tags, *layout_tags])
    header: dict[str, Any] = {"version": VERSION, "kind": kind, "layouts": {}, "series": [], "missing": []}

    def miss(run: str, statistic: str | None, reason: str) -> None:
        header["missing"].append({"run": run, "statistic": statistic, "reason": reason})

    for run, tag, reason in found.problems:
        miss(run, tags.get(tag or ""), f"{tag}: {reason}")
    for run in query.runs:
        data = {tag: _tensor_points(data) for tag, data in found.data.get(run, {}).items()}
        unreadable = {tag for problem_run, tag, _ in found.problems if problem_run == run}
        statistics = {name: data[tag] for tag, name in tags.items() if tag in data}
        asked = []
        for name in query.statistics:
            if name in statistics or COUNTERPARTS.get(name) in statistics:
                asked.append(name)
            elif statistics and schema.statistic_tag(kind, name) not in unreadable:
                miss(run, name, f"unknown statistic: {name!r} was not written for kind {kind!r}")
        if not statistics and not unreadable:
            miss(run, None, f"no data of kind {kind!r} in run {run!r}")
        if not asked:
            continue
        layouts = _layouts(data.get(layout_tags[0], _NONE), functools.partial(miss, run, None))
        table, complaints = align(statistics, asked, data.get(layout_tags[1], _NONE), layouts)
        for statistic, reason in complaints:
            miss(run, statistic, reason)
        if not table.steps.size:
            continue
        if table.layout not in query.known:
            header["layouts"][str(table.layout)] = table.rows
        header["series"].append(
            {
                "run": run,
                "layout": table.layout,
                "steps": table.steps,
                "wall_times": table.wall_times,
                "absent": table.absent,
                "values": table.values,
            }
        )
    return header


def scalars_answer(reader: Reader, query: ScalarsQuery) -> dict[str, Any]:
    """Stock scalars of ours, of many runs."""
    missing: list[dict[str, Any]] = []
    tags = query.tags
    if tags is None:
        listed = reader.list_scalars(query.runs)
        tags = tuple(sorted({tag for of_run in listed.data.values() for tag in of_run if tag.startswith(query.prefix)}))
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


_NONE = Points.of([])


def _tensor_points(data: Any) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data)


def _layouts(points: Points, miss: Any) -> dict[int, Rows]:
    """Tables of rows by id."""
    layouts: dict[int, Rows] = {}
    for value in points.values:
        try:
            document = _decode_layout(np.asarray(value).tobytes())
        except ValueError as error:
            miss(str(error))
            continue
        layouts[document["id"]] = document["rows"]
    return layouts


@functools.lru_cache(maxsize=64)
def _decode_layout(data: bytes) -> dict[str, Any]:
    """A layout's document, checked for what we rely on; kept, since runs mostly share one and ask often."""
    document = schema.decode_layout(data)
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
        raise ValueError(f"invalid layout: its rows have no names: {str(rows)[:80]}")
    if type(document.get("id")) is not int:
        raise ValueError(f"invalid layout: id {document.get('id')!r}")
    return document
