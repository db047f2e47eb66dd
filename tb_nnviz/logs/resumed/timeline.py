"""The timeline of a run: its events without the abandoned ones, one per step.

A run that was resumed at an earlier step abandons what it had written from that step on. TensorBoard's data server
drops abandoned events tag by tag. Its Python loader and the event files keep them, in order of arrival. Only this
module and ``sessions`` decide which events were abandoned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.resumed.sessions import Sessions


def timeline(tags: Sequence[Points]) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps, ascending and unique, and the wall times of the events that were not abandoned.

    >>> timeline([Points.of([(0, 1.0, 0), (1, 2.0, 0), (2, 3.0, 0), (1, 9.0, 0)])])
    (array([0, 1]), array([1., 9.]))
    """
    first = tags[0]
    if _is_ascending(first.steps) and all(_have_same_events(first, other) for other in tags[1:]):
        return first.steps, first.wall_times
    steps = np.concatenate([tag.steps for tag in tags])
    wall_times = np.concatenate([tag.wall_times for tag in tags])
    kept = ~np.concatenate(abandoned(tags))
    steps, wall_times = steps[kept], wall_times[kept]
    order = np.lexsort((wall_times, steps))
    steps, wall_times = steps[order], wall_times[order]
    last = np.append(np.diff(steps) != 0, True)[: steps.size]
    return steps[last], wall_times[last]


def abandoned(tags: Sequence[Points]) -> list[np.ndarray]:
    """Return a mask of the abandoned events of each tag, whose values are in the same events: bool [n] per tag.

    An event was abandoned if the run later went back to its step or to an earlier one.

    - Within a tag, "later" is the order of arrival. Wall times do not decide, because clocks are set back and runs
      continue on other machines.
    - One tag is the guide of the others, which may lack the events that show it. See ``Sessions``.

    >>> rare, often = Points.of([(4, 5.0, "a"), (8, 9.0, "b")]), Points.of([(0, 1.0, 0), (2, 2.0, 0), (6, 20.0, 0)])
    >>> [mask.tolist() for mask in abandoned([rare, often])]
    [[False, True], [False, False, False]]
    """
    masks = [_abandoned_within(tag) for tag in tags]
    if len(tags) > 1:
        guide = _guide(tags)
        sessions = Sessions(guide)
        masks = [
            mask if tag is guide else mask | sessions.abandoned(tag) for tag, mask in zip(tags, masks, strict=True)
        ]
    return masks


def sessions_of(guides: Sequence[Points]) -> Sessions:
    """Return the sessions of a run by the tags that it writes at every logged step."""
    if not guides:
        return Sessions(NO_POINTS)
    guide = _guide(guides)
    return Sessions(replace(guide, wall_times=_earliest(guide, [tag for tag in guides if tag is not guide])))


def current(points: Points, guides: Sequence[Points] | Sessions, shared: bool = True) -> list[int]:
    """Return the indices of a tag's events that were not abandoned, in order of steps.

    Args:
        points: the events of the tag.
        guides: tags that are written at every logged step and show where the run was resumed, or its sessions.
        shared: True if the tag's values are in the events of the guides. False if they are in events of their own.

    >>> old = Points.of([(4, 5.0, "a"), (8, 9.0, "b")])
    >>> current(old, [Points.of([(0, 1.0, 0), (4, 5.0, 0), (8, 9.0, 0), (6, 2.0, 0)])])
    [0]
    """
    sessions = guides if isinstance(guides, Sessions) else sessions_of(guides)
    kept = np.flatnonzero(~(_abandoned_within(points) | sessions.abandoned(points, shared)))
    indices: list[int] = kept[np.argsort(points.steps[kept], kind="stable")].tolist()
    return indices


def without_abandoned(points: Points, sessions: Sessions | None, shared: bool = True) -> Points:
    """Return the events of a tag that were not abandoned, in order of steps. The arguments are those of ``current``."""
    indices = current(points, () if sessions is None else sessions, shared)
    if len(indices) == points.steps.size:  # none went back, so they are in this order
        return points
    values = [points.values[i] for i in indices]
    return replace(points, steps=points.steps[indices], wall_times=points.wall_times[indices], values=values).stacked()


def locate(points: Points, steps: np.ndarray, wall_times: np.ndarray) -> np.ndarray:
    """Return the index of a tag's value for each event of a timeline, -1 if the tag has none: int64 [n]."""
    found = np.full(steps.size, -1, np.int64)
    if steps.size:
        position = np.minimum(np.searchsorted(steps, points.steps), steps.size - 1)
        matches = np.flatnonzero((steps[position] == points.steps) & (wall_times[position] == points.wall_times))
        found[position[matches]] = matches
    return found


def newest(points: Points) -> int | None:
    """Return the index of the event that was written last, None if there is none."""
    return points.steps.size - 1 if points.steps.size else None


def nearest(steps: np.ndarray, step: float) -> int:
    """Return the index of the step nearest to ``step``, the earlier if two are equally near.

    >>> nearest(np.array([0, 10, 20]), 15)
    1
    """
    return int(np.abs(steps - step).argmin())


def describe_steps(steps: Sequence[float] | np.ndarray) -> str:
    """Describe the steps that a message is about.

    >>> describe_steps([7]), describe_steps([3, 5])
    ('at step 7', 'at 2 steps, the first 3')
    """
    first = int(steps[0])
    return f"at step {first}" if len(steps) == 1 else f"at {len(steps)} steps, the first {first}"


def _guide(tags: Sequence[Points]) -> Points:
    """Return the tag that shows best where the run was resumed.

    It is one that goes back, else the one that was written last: a resumed run may not write every tag again.
    """

    def rank(tag: Points) -> tuple[bool, float, int]:
        back = (np.diff(tag.steps) <= 0).any() or (np.diff(tag.wall_times) < 0).any()
        return bool(back), float(tag.wall_times[-1]) if tag.steps.size else -np.inf, tag.steps.size

    return max(tags, key=rank)


def _earliest(guide: Points, others: Sequence[Points]) -> np.ndarray:
    """Return the wall times of a guide's events: float64 [n]. Of a step in several events, it is that of the first.

    A writer may put the kinds of a step into several events. Another tag's event belongs to the same writing of the
    step if it is newer than the guide's event of the step before.
    """
    wall_times: np.ndarray = guide.wall_times
    if not _is_ascending(guide.steps):
        return wall_times
    before = np.append(-np.inf, guide.wall_times[:-1])
    for other in others:
        if _is_ascending(other.steps):
            _, own, theirs = np.intersect1d(guide.steps, other.steps, assume_unique=True, return_indices=True)
            found = other.wall_times[theirs]
            same = found > before[own]
            wall_times = wall_times.copy()
            wall_times[own[same]] = np.minimum(wall_times[own[same]], found[same])
    return wall_times


def _abandoned_within(points: Points) -> np.ndarray:
    """Return a mask of a tag's events that a later event of their step or of an earlier one follows: bool [n]."""
    left = np.zeros(points.steps.size, bool)
    if left.size > 1:
        least = np.minimum.accumulate(points.steps[::-1])[::-1]  # the smallest step from each event on
        left[:-1] = least[1:] <= points.steps[:-1]
    return left


def _is_ascending(steps: np.ndarray) -> bool:
    return bool((np.diff(steps) > 0).all())


def _have_same_events(one: Points, other: Points) -> bool:
    return np.array_equal(one.steps, other.steps) and np.array_equal(one.wall_times, other.wall_times)
