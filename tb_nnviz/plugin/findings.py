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


def current(points: Points, guides: list[Points]) -> list[int]:
    """Indices of the events that count, by step: those whose step's statistics count, which are in the same event.

    A run that was resumed at an earlier step goes back in its steps, and leaves behind what came before with
    that step or a later one. Clocks do not tell: they are set back too, or the run goes on elsewhere. Only where
    an event has no statistics (TensorBoard's data server drops what was left behind, but tag by tag) its wall
    time is asked: nothing of its step, or one before, was written later.

    >>> old = Points.of([(4, 5.0, "a"), (8, 9.0, "b")])
    >>> current(old, [Points.of([(0, 1.0, 0), (4, 5.0, 0), (8, 9.0, 0), (6, 2.0, 0)])])
    [0]
    >>> current(old, [Points.of([(0, 1.0, 0), (6, 20.0, 0)])])
    [0]
    """
    counting: set[tuple[int, float]] = set()
    abandoned: set[tuple[int, float]] = set()
    for guide in guides:
        left = left_behind(guide.steps)
        for keys, at in ((counting, ~left), (abandoned, left)):
            keys.update(zip(guide.steps[at].tolist(), guide.wall_times[at].tolist(), strict=True))
    newest = _newest(points, guides) & ~left_behind(points.steps)
    kept = []
    for i, key in enumerate(zip(points.steps.tolist(), points.wall_times.tolist(), strict=True)):
        if key in counting or (key not in abandoned and newest[i]):
            kept.append(i)
    return sorted(kept, key=lambda i: int(points.steps[i]))


def left_behind(steps: np.ndarray) -> np.ndarray:
    """Of steps in order of arrival, those that a later one has gone back to or before: bool [n].

    >>> left_behind(np.array([0, 4, 8, 6, 9])).tolist()
    [False, False, True, False, False]
    """
    if not len(steps):
        return np.zeros(0, bool)
    least = np.minimum.accumulate(steps[::-1])[::-1]  # from here on
    return np.append(least[1:] <= steps[:-1], False)


def _newest(points: Points, guides: list[Points]) -> np.ndarray:
    """Whether no statistics of an event's step, or of one before, have a later wall time: bool [n]."""
    steps = np.concatenate([np.empty(0, np.int64), *(guide.steps for guide in guides)])
    wall_times = np.concatenate([np.empty(0), *(guide.wall_times for guide in guides)])
    order = np.lexsort((wall_times, steps))
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(wall_times[order])])
    return np.asarray(points.wall_times >= latest[np.searchsorted(steps[order], points.steps, "right")])


def _points(data: Any) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data)
