"""The timeline of a run: its events without the abandoned ones, one per step.

A run that was resumed at an earlier step abandons what it had written from that step on. TensorBoard's data server
drops abandoned events tag by tag. Its Python loader and the event files keep them. Only this module decides which
events were abandoned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_nnviz.logs.points import Points


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
    """Return a mask of the abandoned events of each tag: bool [n] per tag.

    An event was abandoned if the run later went back to its step or to an earlier one.

    - Within a tag, "later" is the order of writing. Wall times do not decide, because clocks are set back and runs
      continue on other machines.
    - Values of equal step and wall time belong to one event. If it was abandoned in one tag, it was in all.
    - An event in a single tag is compared with the other tags by wall time. It was abandoned if another tag has a later
      event of its step or of an earlier one. The data server may have dropped the events of other tags that show it.

    >>> rare, often = Points.of([(4, 5.0, "a"), (8, 9.0, "b")]), Points.of([(0, 1.0, 0), (6, 20.0, 0)])
    >>> [mask.tolist() for mask in abandoned([rare, often])]
    [[False, True], [False, False]]
    """
    masks = [_abandoned_within(tag) for tag in tags]
    if len(tags) == 1:
        return masks
    sizes = [tag.steps.size for tag in tags]
    steps = np.concatenate([tag.steps for tag in tags])
    wall_times = np.concatenate([tag.wall_times for tag in tags])
    event = _event_numbers(steps, wall_times)
    owner = np.repeat(np.arange(len(tags)), sizes)
    mask = np.concatenate(masks)
    count = int(event.max(initial=-1)) + 1
    mask = (np.bincount(event, mask, count) > 0)[event]
    least, most = np.full(count, len(tags)), np.full(count, -1)
    np.minimum.at(least, event, owner)
    np.maximum.at(most, event, owner)
    lone = (least == most)[event]
    for i in np.unique(owner[lone & ~mask]):
        own, others = lone & (owner == i), owner != i
        mask[own] |= wall_times[own] < _latest_wall_time(steps[others], wall_times[others], steps[own])
    return np.split(mask, np.cumsum(sizes)[:-1])


def current(points: Points, guides: Sequence[Points]) -> list[int]:
    """Return the indices of a tag's events that were not abandoned, in order of steps.

    Args:
        points: the events of the tag.
        guides: tags that are written at every logged step. They show where the run was resumed.

    >>> old = Points.of([(4, 5.0, "a"), (8, 9.0, "b")])
    >>> current(old, [Points.of([(0, 1.0, 0), (4, 5.0, 0), (8, 9.0, 0), (6, 2.0, 0)])])
    [0]
    """
    kept = np.flatnonzero(~abandoned([points, *guides])[0])
    indices: list[int] = kept[np.argsort(points.steps[kept], kind="stable")].tolist()
    return indices


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
    return int(_writing_order(points)[-1]) if points.steps.size else None


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


def _abandoned_within(points: Points) -> np.ndarray:
    """Return a mask of a tag's events that a later event of their step or of an earlier one follows: bool [n]."""
    left = np.zeros(points.steps.size, bool)
    if left.size < 2:
        return left
    order = _writing_order(points)
    steps = points.steps[order]
    least = np.minimum.accumulate(steps[::-1])[::-1]  # the smallest step from each event on
    left[order[:-1]] = least[1:] <= steps[:-1]
    return left


def _writing_order(points: Points) -> np.ndarray:
    """Return the indices of a tag's events in the order of writing: int64 [n].

    This is the order of arrival, with one exception, because files may be read in the wrong order. Events that arrive
    late, with a step below the first so far and an earlier wall time, come first: no run is resumed before its first
    step.
    """
    order = np.arange(points.steps.size)
    if points.steps.size < 2:
        return order
    backwards = np.flatnonzero(np.diff(points.steps) <= 0) + 1
    if not backwards.size:
        return order
    parts: list[np.ndarray] = []
    for part in np.split(order, backwards):
        first = parts[0][0] if parts else part[0]
        is_earlier = (
            points.steps[part[0]] < points.steps[first] and points.wall_times[part[0]] < points.wall_times[first]
        )
        parts.insert(0 if is_earlier else len(parts), part)
    return np.concatenate(parts)


def _event_numbers(steps: np.ndarray, wall_times: np.ndarray) -> np.ndarray:
    """Return the number of each value's event, from 0. An event has one step and wall time: int64 [n]."""
    order = np.lexsort((wall_times, steps))
    new = (np.diff(steps[order]) != 0) | (np.diff(wall_times[order]) != 0)
    numbers = np.empty(steps.size, np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(new)])[: steps.size]
    return numbers


def _latest_wall_time(steps: np.ndarray, wall_times: np.ndarray, up_to: np.ndarray) -> np.ndarray:
    """Return, per step of ``up_to``, the latest wall time of events up to that step, else -Inf: float64 [n]."""
    order = np.lexsort((wall_times, steps))
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(wall_times[order])])
    found: np.ndarray = latest[np.searchsorted(steps[order], up_to, "right")]
    return found


def _is_ascending(steps: np.ndarray) -> bool:
    return bool((np.diff(steps) > 0).all())


def _have_same_events(one: Points, other: Points) -> bool:
    return np.array_equal(one.steps, other.steps) and np.array_equal(one.wall_times, other.wall_times)
