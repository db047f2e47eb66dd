"""Points and their table of values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.testing import assert_array_equal

from tb_nnviz.logs.points import Invalid, Points
from tb_nnviz.logs.reader import MAX_PROBLEMS, problems_of


def stacked(data: list[Any]) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data).stacked()


def test_stacked_equal_vectors_take_the_bytes_of_one() -> None:
    data = [SimpleNamespace(step=i, wall_time=i, numpy=np.array([1, np.nan], np.float32)) for i in range(1000)]
    points = stacked(data)
    assert points.nbytes < 20_000
    assert_array_equal(points.values, np.tile(np.array([1, np.nan], np.float32), (1000, 1)))
    data[500].numpy = np.array([1, 2], np.float32)
    assert stacked(data).values[500].tolist() == [1, 2]


def test_points_of_odd_events_keeps_sound_ones() -> None:
    events = [
        (0, 1.0, "a"),
        (1, np.nan, "b"),
        (2, np.inf, "c"),
        (2**53 + 1, 2.0, "d"),
        (-(2**63), 3.0, "e"),
        (2**53, 4.0, "f"),
        (7, 5.0, Invalid("no tensor")),
        (8, -1e300, Invalid("no tensor")),
    ]
    points = Points.of(events)
    assert points.steps.tolist() == [0, 1, 2, 2**53]
    assert points.wall_times.tolist() == [1, 0, 0, 4]
    assert list(points.values) == ["a", "b", "c", "f"]
    problems = problems_of("run", "tag", points)
    assert [(problem.step, problem.reason) for problem in problems] == [
        (1, "invalid wall time: nan (read as 0), at step 1"),
        (2, "invalid wall time: inf (read as 0), at step 2"),
        (2**53 + 1, f"invalid step: {2**53 + 1} (at most 2^53), at step {2**53 + 1}"),
        (-(2**63), f"invalid step: {-(2**63)} (at most 2^53), at step {-(2**63)}"),
        (None, "cannot be read: no tensor, at 2 steps, the first 7"),
    ]


def test_problems_of_many_different_faults_are_few() -> None:
    points = Points.of((i, 1.0, Invalid(f"fault {i}")) for i in range(500))
    problems = problems_of("run", "tag", points)
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].reason == f"too many problems: 500 (the first {MAX_PROBLEMS} are listed)"
