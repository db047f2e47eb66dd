"""What ``POST findings`` answers: everything that rules have found in some runs, and which others hold findings."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.query import FindingsQuery
from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import Points

VERSION = 1

#: Written at every logged step: tells which findings a resumed run has left behind.
_GUIDES = tuple(schema.layout_id_tag(kind) for kind in schema.KINDS)


def findings_answer(reader: Reader, query: FindingsQuery) -> dict[str, Any]:
    """Findings by run, step and place in the event; those of a part that a resumed run wrote anew are left out.

    Of all other runs only whether they hold any, which the provider's list tells without reading one of them.
    """
    listed = reader.list_tensors(schema.PLUGIN_FINDINGS, [schema.TAG_FINDINGS])
    holding = {run for run, tags in listed.data.items() if schema.TAG_FINDINGS in tags}
    found = reader.tensors(schema.PLUGIN_FINDINGS, [run for run in query.runs if run in holding], [schema.TAG_FINDINGS])
    problems = [*(problem for problem in listed.problems if problem[0] in query.runs), *found.problems]
    missing: list[dict[str, Any]] = []
    missing += [{"run": run, "step": None, "reason": f"{tag}: {reason}"} for run, tag, reason in problems]
    findings: list[dict[str, Any]] = []
    having = [run for run in query.runs if run in found.data]
    guides = reader.tensors(schema.PLUGIN, having, _GUIDES) if having else Found()
    for run in having:
        points = _points(found.data[run].get(schema.TAG_FINDINGS, ()))
        others = [_points(data) for data in guides.data.get(run, {}).values()]
        for i in current(points, others):
            step, wall_time = int(points.steps[i]), float(points.wall_times[i])
            try:
                documents = schema.decode_findings(np.asarray(points.values[i]).tobytes())
            except ValueError as error:
                missing.append({"run": run, "step": step, "reason": str(error)})
                continue
            findings += [{"run": run, "wall_time": wall_time, **document} for document in documents]
    unasked = sorted(holding.difference(query.runs))
    return {"version": VERSION, "findings": findings, "others": unasked, "missing": missing}


def current(points: Points, others: list[Points]) -> list[int]:
    """Indices of the events that count, by step.

    A run that was resumed at an earlier step has written that step, or one before, later than what it left behind.
    So it is on both loaders: TensorBoard's data server drops what was left behind, but tag by tag.

    >>> old = Points.of([(4, 5.0, "a"), (8, 9.0, "b")])
    >>> current(old, [Points.of([(0, 1.0, 0), (6, 20.0, 0)])])
    [0]
    """
    steps = np.concatenate([one.steps for one in (points, *others)])
    wall_times = np.concatenate([one.wall_times for one in (points, *others)])
    order = np.lexsort((wall_times, steps))
    steps, latest = steps[order], np.maximum.accumulate(wall_times[order])
    until = latest[np.searchsorted(steps, points.steps, "right") - 1]
    kept = np.flatnonzero(points.wall_times >= until)
    return [int(i) for i in kept[np.argsort(points.steps[kept], kind="stable")]]


def _points(data: Any) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data)
