"""The timeline without abandoned events, compared with plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.logs.points import Points
from tb_nnviz.logs.resumed.timeline import abandoned, current, newest, timeline


def points(*events: tuple[int, float]) -> Points:
    return Points.of((step, wall_time, np.array([wall_time], np.float32)) for step, wall_time in events)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([[]], []),
        ([[(0, 1), (1, 2)]], [(0, 1), (1, 2)]),
        # resumed at 1 and shorter than before: 2 and 3 were abandoned
        ([[(0, 1), (1, 2), (2, 3), (3, 4), (1, 9)]], [(0, 1), (1, 9)]),
        # resumed twice, the second time at a later step
        ([[(0, 1), (1, 2), (2, 3), (1, 9), (2, 10), (3, 11), (2, 20)]], [(0, 1), (1, 9), (2, 20)]),
        # the same step twice
        ([[(0, 1), (1, 2), (1, 3), (2, 4)]], [(0, 1), (1, 3), (2, 4)]),
        # started again before the first step, on a machine whose clock is behind
        ([[(3, 90), (4, 91), (5, 92), (0, 1), (1, 2), (2, 3)]], [(0, 1), (1, 2), (2, 3)]),
        # a clock that was set back loses nothing
        ([[(0, 100), (1, 101), (2, 5), (3, 6)]], [(0, 100), (1, 101), (2, 5), (3, 6)]),
        # a statistic that only the first writer wrote, as the data server keeps it
        ([[(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 9), (2, 10)]], [(0, 1), (1, 9), (2, 10)]),
    ],
)
def test_timeline_resumed_run_leaves_out_abandoned_events(
    tags: list[list[tuple[int, float]]], expected: list[tuple[int, float]]
) -> None:
    steps, wall_times = timeline([points(*tag) for tag in tags])
    assert list(zip(steps.tolist(), wall_times.tolist(), strict=True)) == expected


def test_timeline_random_restarts_equals_plain_loop() -> None:
    """The oracle goes through the events of random restarts one by one, as the data server does."""
    random = np.random.default_rng(0)
    for _ in range(200):
        events: list[tuple[int, float]] = []
        step = 0
        for wall_time in range(int(random.integers(1, 40))):
            step = int(random.integers(0, step + 1)) if random.random() < 0.1 else step + int(random.integers(1, 3))
            events.append((step, float(wall_time)))
        kept: list[tuple[int, float]] = []
        for event in events:
            kept = [*(earlier for earlier in kept if earlier[0] < event[0]), event]
        steps, wall_times = timeline([points(*events)])
        assert list(zip(steps.tolist(), wall_times.tolist(), strict=True)) == kept


def events(*points: tuple[int, float]) -> Points:
    return Points.of((step, wall_time, None) for step, wall_time in points)


def written(*parts: tuple[range, float, float]) -> list[tuple[int, float]]:
    """Return (step, wall time) of each event, from parts (steps, first wall time, seconds per step)."""
    return [(step, first + i * seconds) for steps, first, seconds in parts for i, step in enumerate(steps)]


def counts(log: list[tuple[int, float]], found: set[int]) -> list[tuple[int, float]]:
    """Return the events that were not abandoned. Each event removes earlier ones of its step and of later steps."""
    kept: list[tuple[int, float, bool]] = []
    for i, (step, wall_time) in enumerate(log):
        kept = [one for one in kept if one[0] < step] + [(step, wall_time, i in found)]
    return [(step, wall_time) for step, wall_time, is_found in kept if is_found]


@pytest.mark.parametrize(
    "log",
    [
        written((range(12), 100.0, 1.0)),
        written((range(6), 100.0, 1.0), (range(6, 12), 50.0, 1.0)),  # the clock is set back by a minute
        written((range(12), 100.0, -1.0)),  # the clock runs backwards
        written((range(12), 100.0, 0.0)),  # the clock stands still
        written((range(12), 100.0, 1.0), (range(5, 9), 500.0, 1.0)),  # resumed
        written((range(12), 100.0, 1.0), (range(5, 9), 50.0, 1.0)),  # resumed on a machine whose clock is behind
        written((range(12), 100.0, 1.0), (range(5, 9), 106.5, 1.0)),  # wall times overlap
        written((range(12), 100.0, 1.0), (range(5, 9), 50.0, 1.0), (range(3, 7), 300.0, -1.0)),  # resumed twice
        written((range(0, 40, 10), 100.0, 1.0), (range(15, 45, 10), 90.0, 1.0)),  # resumed between logged steps
        written((range(3), 100.0, 1.0), (range(3), 50.0, 1.0)),  # resumed from the start
    ],
)  # fmt: skip
@pytest.mark.parametrize("often", [1, 3])
def test_current_odd_clocks_follows_order_of_arrival(log: list[tuple[int, float]], often: int) -> None:
    found = set(range(0, len(log), often))
    points = events(*(log[i] for i in sorted(found)))
    kept = [(int(points.steps[i]), float(points.wall_times[i])) for i in current(points, [events(*log)])]
    assert kept == counts(log, found)


def test_current_guides_without_event_compares_wall_times() -> None:
    # As on the data server, which drops the abandoned events of each tag by itself.
    findings = events((2, 102.0), (6, 106.0), (10, 110.0))
    guide = events(*written((range(5), 100.0, 1.0), (range(5, 9), 500.0, 1.0)))
    assert current(findings, [guide]) == [0]
    assert current(findings, []) == [0, 1, 2], "no statistics yet: the loader has not read them"
    assert current(events((4, 5.0), (8, 9.0), (6, 2.0)), []) == [0, 2], "the order of the tag itself"


def test_current_without_events_is_empty() -> None:
    assert current(events(), [events()]) == [] == current(events(), [])


def masks(*tags: list[tuple[int, float]]) -> list[list[int]]:
    return [mask.astype(int).tolist() for mask in abandoned([points(*tag) for tag in tags])]


def test_abandoned_event_is_abandoned_in_every_tag() -> None:
    """A tag that only the first writer wrote, as the Python loader keeps it."""
    resumed = [(0, 1.0), (1, 2.0), (2, 3.0), (1, 9.0)]
    assert masks(resumed, resumed[:3]) == [[0, 1, 1, 0], [0, 1, 1]]


def test_abandoned_event_of_a_rare_tag_is_compared_by_wall_time() -> None:
    often = [(0, 1.0), (1, 2.0), (3, 4.0), (1, 9.0), (5, 12.0)]
    assert masks(often, [(2, 3.0), (4, 11.0)]) == [[0, 1, 1, 0, 0], [1, 0]]


def test_abandoned_events_dropped_by_the_data_server_abandon_others() -> None:
    assert masks([(0, 1.0), (1, 9.0), (2, 10.0)], [(0, 1.0), (1, 2.0), (3, 4.0)]) == [[0, 0, 0], [0, 1, 1]]


def test_abandoned_clock_set_back_abandons_only_what_was_written_again() -> None:
    resumed = [(0, 100.0), (1, 101.0), (2, 102.0), (1, 5.0)]
    assert masks(resumed) == [[0, 1, 1, 0]]
    assert masks(resumed, resumed) == [[0, 1, 1, 0]] * 2


def test_newest_is_the_event_written_last() -> None:
    assert newest(points((0, 5.0), (7, 6.0), (3, 1.0))) == 2
    assert newest(points((3, 8.0), (0, 1.0), (2, 2.0))) == 2, "by arrival, whatever the clock"
    assert newest(points()) is None


def test_sessions_of_kinds_in_several_events_of_a_step_are_one() -> None:
    """A value beside the first kind of a step is older than the guide's event, which has the last kind."""
    first = Points.of([(0, 100.0, 0), (10, 110.0, 0), (20, 120.0, 0)])
    last = Points.of([(0, 101.0, 0), (10, 111.0, 0), (20, 121.0, 0)])
    beside = Points.of([(0, 100.0, "a"), (20, 120.0, "b")])
    assert current(beside, [first, last]) == [0, 1]
    # The first kind was written by the session before, which ended at a step that the next one wrote again.
    resumed = Points.of([(0, 101.0, 0), (10, 111.0, 0), (20, 500.0, 0)])
    abandoned_kind = Points.of([(0, 100.0, 0), (10, 110.0, 0), (20, 111.0, 0)])
    assert current(Points.of([(20, 111.0, "b")]), [abandoned_kind, resumed]) == []
