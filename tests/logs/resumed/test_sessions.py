"""The sessions of a run, and the events that later ones have abandoned."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tb_nnviz.logs.points import Points
from tb_nnviz.logs.resumed.sessions import MAX_SESSIONS, Sessions


def points(steps: np.ndarray, wall_times: np.ndarray) -> Points:
    return Points(np.asarray(steps, np.int64), np.asarray(wall_times, np.float64), [None] * len(steps))


def test_sessions_without_guide_abandon_nothing() -> None:
    empty = points(np.empty(0), np.empty(0))
    assert Sessions(empty).abandoned(points([3, 1], [1, 2])).tolist() == [False, False]
    assert Sessions(points([0, 1], [5, 6])).abandoned(empty).tolist() == []


def test_sessions_event_without_a_date_is_kept() -> None:
    guide = points([0, 1, 2, 1, 2], [100, 101, 102, 50, 51])
    assert Sessions(guide).abandoned(points([0], [0.0])).tolist() == [False]
    assert Sessions(points([0, 1], [100, 101])).abandoned(points([5], [0.0]), shared=False).tolist() == [False]


def test_sessions_event_of_its_own_may_precede_the_statistics_of_its_step() -> None:
    guide = points([0, 10, 20], [100, 110, 120])
    early = points([20], [115])
    assert Sessions(guide).abandoned(early, shared=False).tolist() == [False]
    assert Sessions(guide).abandoned(early, shared=True).tolist() == [True]
    assert Sessions(guide).abandoned(points([20], [109]), shared=False).tolist() == [True]


def test_sessions_loss_after_a_long_evaluation_belongs_to_its_own() -> None:
    """It is nearer to the time of the next session's step than to that of its own."""
    guide = points([*range(100), *range(60, 80)], [*range(100), *range(750, 770)])
    assert Sessions(guide).abandoned(points([99], [700]), shared=False).tolist() == [True]
    assert Sessions(guide).abandoned(points([79], [771]), shared=False).tolist() == [False]


@pytest.mark.parametrize("backwards", ["clock", "steps"])
def test_sessions_of_odd_logs_are_limited(backwards: str) -> None:
    count = 4000
    order, ahead = np.arange(count)[::-1], np.arange(count)
    guide = points(ahead, order) if backwards == "clock" else points(order, ahead)
    sessions = Sessions(guide)
    assert len(sessions._sessions) <= MAX_SESSIONS
    started = time.process_time()
    mask = sessions.abandoned(points(guide.steps[::7], guide.wall_times[::7]))
    assert time.process_time() - started < 2
    assert mask.size == len(range(0, count, 7))
    if backwards == "steps":
        assert mask[:-1].all(), "each step was started again before it"
