"""The route ``runs`` on both loaders."""

from __future__ import annotations

from tests.support.event_logs import (
    STEPS,
    WALL_TIME,
    Zoo,
)
from tests.support.tensorboards import TensorBoard


def test_runs_lists_only_runs_with_statistics(board: TensorBoard, zoo: Zoo) -> None:
    runs = board.runs()
    assert list(runs) == sorted(zoo.last_wall_times)
    assert runs["plain"] == {
        "run": "plain",
        "kinds": {"gradient": ["count", "mean", "norm"]},
        "first_wall_time": WALL_TIME,
        "steps": STEPS - 1,
    }
    assert runs["grown"]["first_wall_time"] == WALL_TIME
    assert runs["odd"]["kinds"] == {"gradient": ["count", "min", "nonfinite", "norm"]}
