"""Sessions: the parts of a run between one start of its training and the next.

A tag that is written at every logged step, the guide, shows where a run was resumed. Events of other tags are assigned
to the sessions of the guide, because a resumed run abandons them too, even if it has not written their tag again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tb_nnviz.logs.points import Points

#: A second outside of the time at which a session can have written an event counts as much as so many seconds of
#: difference from the time at which it is expected to have written it.
_OUTSIDE = 1000.0
#: Cost of a step outside of a session's own, in seconds. It decides only between sessions of equal clocks.
_BEYOND = 1e-6


#: Largest number of sessions that begin with a jump of the clock only, the largest jumps, and of all sessions, the last
#: ones. They limit the time for a clock that runs backwards.
MAX_JUMPS = 64
MAX_SESSIONS = 256


@dataclass(frozen=True)
class _Session:
    """The steps, which ascend, and the wall times, which do not go back, of one session's events in the guide."""

    steps: np.ndarray
    wall_times: np.ndarray

    def bounds(self, steps: np.ndarray, shared: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the earliest and the latest wall time of events at some steps: float64 [n] each.

        An event of its own at a step with statistics may be older or newer than them. A value in the event of the
        statistics has their wall time.
        """
        before = np.searchsorted(self.steps, steps, "right" if shared else "left")
        after = np.searchsorted(self.steps, steps, "right")
        walls = np.concatenate([[-np.inf], self.wall_times, [np.inf]])
        return walls[before], walls[after + 1]

    def is_too_old(self, steps: np.ndarray, wall_times: np.ndarray, shared: bool) -> np.ndarray:
        """Return a mask of events that are older than the session's event of an earlier step: bool [n].

        A wall time of 0 is unknown.
        """
        mask: np.ndarray = (wall_times < self.bounds(steps, shared)[0]) & (wall_times != 0)
        return mask

    def costs(self, steps: np.ndarray, wall_times: np.ndarray, shared: bool) -> np.ndarray:
        """Return how far events are from what the session would have written, in seconds: float64 [n]."""
        earliest, latest = self.bounds(steps, shared)
        outside = np.maximum(np.maximum(earliest - wall_times, wall_times - latest), 0)
        first, last = self.steps[0], self.steps[-1]
        rate = (self.wall_times[-1] - self.wall_times[0]) / (last - first) if last > first else 0.0
        beyond = steps - np.clip(steps, first, last)
        expected = np.interp(steps, self.steps, self.wall_times) + rate * beyond
        seconds = np.where(wall_times == 0, 0, _OUTSIDE * outside + np.abs(wall_times - expected))
        costs: np.ndarray = seconds + _BEYOND * (beyond != 0)
        return costs


class Sessions:
    """The sessions of a run, in the order in which the guide's events arrived.

    A session begins where the guide's step or wall time goes back. TensorBoard's data server drops abandoned events of
    the guide, so that there only the wall time shows a session.

    >>> guide = Points.of([(0, 100.0, 0), (1, 101.0, 0), (2, 102.0, 0), (1, 7.0, 0)])
    >>> Sessions(guide).abandoned(Points.of([(0, 100.0, "a"), (2, 102.0, "b")]))
    array([False,  True])
    """

    def __init__(self, guide: Points) -> None:
        back = np.diff(guide.steps) <= 0
        jumps = np.where(back, 0.0, np.diff(guide.wall_times))
        back[np.argsort(jumps, kind="stable")[:MAX_JUMPS]] |= np.sort(jumps, kind="stable")[:MAX_JUMPS] < 0
        starts = np.flatnonzero(back) + 1
        parts = zip(np.split(guide.steps, starts), np.split(guide.wall_times, starts), strict=True)
        self._sessions = [_Session(steps, wall_times) for steps, wall_times in parts if steps.size][-MAX_SESSIONS:]

    def abandoned(self, points: Points, shared: bool = True) -> np.ndarray:
        """Return a mask of a tag's events that a later session has abandoned: bool [n].

        Args:
            points: the events of the tag, in order of arrival.
            shared: True if the tag's values are in the events of the guide. False if they are in events of their own.
        """
        if not self._sessions or not points.steps.size:
            return np.zeros(points.steps.size, bool)
        if len(self._sessions) == 1:
            return self._sessions[0].is_too_old(points.steps, points.wall_times, shared)
        place = self._assign(points, shared)
        starts = np.array([one.steps[0] for one in self._sessions], np.float64)
        # The smallest step at which a session after each one began.
        limits = np.append(np.minimum.accumulate(starts[::-1])[::-1][1:], np.inf)
        mask: np.ndarray = points.steps >= limits[place]
        # No session can have written it: the guide's event of an earlier step is newer.
        for k in np.unique(place):
            own = place == k
            mask[own] |= self._sessions[k].is_too_old(points.steps[own], points.wall_times[own], shared)
        return mask

    def _assign(self, points: Points, shared: bool) -> np.ndarray:
        """Return the number of each event's session: int64 [n].

        Sessions are in order of arrival, and a later one begins where the tag's step goes back. Among such assignments,
        the one whose events are nearest to what the sessions would have written is chosen.
        """
        count, size = len(self._sessions), points.steps.size
        costs = np.stack([one.costs(points.steps, points.wall_times, shared) for one in self._sessions], axis=1)
        back = np.append(False, np.diff(points.steps) <= 0)
        nearest: np.ndarray = count - 1 - costs[:, ::-1].argmin(axis=1)  # the latest of equally near ones
        if (np.diff(nearest) >= back[1:]).all():
            return nearest
        total, origins = costs[0], np.zeros((size, count), np.int64)
        for i in range(1, size):
            # The cheapest of the sessions up to each one.
            cheapest = np.minimum.accumulate(total)
            origin = np.maximum.accumulate(np.where(total <= cheapest, np.arange(count), 0))
            if back[i]:
                cheapest = np.append(np.inf, cheapest[:-1])
                origin = np.append(0, origin[:-1])
                if not np.isfinite(cheapest).any():  # more resumptions than the guide has
                    cheapest, origin = total, np.arange(count)
            total, origins[i] = cheapest + costs[i], origin
        place = np.empty(size, np.int64)
        place[-1] = count - 1 - total[::-1].argmin()
        for i in range(size - 1, 0, -1):
            place[i - 1] = origins[i, place[i]]
        return place
