"""The reader protocol: access to the series of runs, whatever their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from tb_nnviz.logs.points import Points
from tb_nnviz.logs.resumed.timeline import describe_steps

T = TypeVar("T")
#: Largest number of problems of one series that an answer lists.
MAX_PROBLEMS = 20


class SeriesInfo(NamedTuple):
    """A listed series: its largest step and its latest wall time."""

    max_step: int
    max_wall_time: float


class Arrival(NamedTuple):
    """The event of a run that arrived last: its step and its wall time."""

    step: int
    wall_time: float


class Problem(NamedTuple):
    """A series or an event that cannot be read.

    ``tag`` is None if the reason holds for the whole run, and ``step`` if it holds for several events.
    """

    run: str
    tag: str | None
    reason: str
    step: int | None = None


def problems_of(run: str, tag: str, points: Points) -> list[Problem]:
    """Return the faults of a series as problems. Events with the same fault are one problem.

    >>> from tb_nnviz.logs.points import Invalid
    >>> points = Points.of([(4, 1.0, Invalid("no tensor")), (5, 2.0, Invalid("no tensor"))])
    >>> problems_of("a", "norm", points)
    [Problem(run='a', tag='norm', reason='cannot be read: no tensor, at 2 steps, the first 4', step=None)]
    """
    steps: dict[str, list[int]] = {}
    for fault in points.faults:
        steps.setdefault(fault.reason, []).append(fault.step)
    found = [
        Problem(run, tag, f"{reason}, {describe_steps(at)}", at[0] if len(at) == 1 else None)
        for reason, at in list(steps.items())[:MAX_PROBLEMS]
    ]
    if len(steps) > MAX_PROBLEMS:
        found.append(Problem(run, tag, f"too many problems: {len(steps)} (the first {MAX_PROBLEMS} are listed)"))
    return found


@dataclass(frozen=True)
class Missing:
    """An item that is missing from an answer, and the reason.

    ``run`` is None if the reason concerns all runs. ``statistic``, ``tag``, ``row`` and ``step`` name the part of the
    run that is missing. They are None if they do not apply.
    """

    run: str | None
    reason: str
    statistic: str | None = None
    tag: str | None = None
    row: str | None = None
    step: int | None = None


@dataclass
class ReadResult(Generic[T]):
    """Series by run and tag, and the problems of series and events that cannot be read."""

    data: dict[str, dict[str, T]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, other: ReadResult[T]) -> None:
        """Add the series and problems of another read."""
        for run, tags in other.data.items():
            self.data.setdefault(run, {}).update(tags)
        self.problems += other.problems

    def add_points(self: ReadResult[Points], run: str, tag: str, points: Points) -> None:
        """Add a series and its problems. A series without an event is left out: the data server lists some."""
        self.problems += problems_of(run, tag, points)
        if points.steps.size:
            self.data.setdefault(run, {})[tag] = points


class Reader(Protocol):
    """A source of runs. Series that do not exist are left out of results."""

    @property
    def experiment(self) -> str:
        """Identity of the source, for caches."""

    def start_times(self) -> dict[str, float | None]:
        """Return the wall time of each run's first event, by run. None if it is not known yet."""

    def arrivals(self, runs: Sequence[str], tag: str) -> dict[str, Arrival]:
        """Return the last event of a scalar of some runs, by arrival.

        It is empty if listed series change whenever a run is resumed, because the source drops abandoned events.
        """

    def list_all_tensors(self, plugin: str, likely: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the tensor tags of a plugin in all runs.

        Args:
            plugin: the plugin name in the metadata of the tags.
            likely: the tags to list instead if the source fails to list all tags.
        """

    def list_tensors(
        self, plugin: str, runs: Sequence[str], tags: Sequence[str] | None = None
    ) -> ReadResult[SeriesInfo]:
        """List the tensor tags of a plugin in some runs. ``tags`` None lists all tags."""

    def list_scalars(self, runs: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the stock scalars of some runs."""

    def read_tensors(
        self, plugin: str, runs: Sequence[str], tags: Sequence[str], last: bool = False
    ) -> ReadResult[Points]:
        """Read tensor tags of a plugin. ``last`` reads the newest event of each tag only."""

    def read_scalars(self, runs: Sequence[str], tags: Sequence[str], last: bool = False) -> ReadResult[Points]:
        """Read stock scalars. ``last`` reads the newest event of each tag only."""
