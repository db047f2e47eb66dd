"""Points: the events of one tag of one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

#: Largest step, in both directions: the answers and the page have steps as float64.
MAX_STEP = 1 << 53
#: Latest wall time in seconds, in both directions: a browser's dates end there.
MAX_WALL_TIME = 8.64e12
#: Bytes that a fault takes besides its reason.
FAULT_BYTES = 200


class Invalid(NamedTuple):
    """A value that cannot be decoded, and the reason."""

    reason: str


class Fault(NamedTuple):
    """A fault of an event: its step, its wall time, and the reason."""

    step: int
    wall_time: float
    reason: str


@dataclass(frozen=True)
class Points:
    """The events of one tag in order of arrival. Steps may repeat or go back.

    Attributes:
        steps: int64 [n], of at most ``MAX_STEP``.
        wall_times: float64 [n], in seconds, all of them finite.
        values: n arrays or numbers, or one table [n, length].
        faults: the faults of events that are left out, or of wall times that were replaced.
    """

    steps: np.ndarray
    wall_times: np.ndarray
    values: Sequence[Any] | np.ndarray
    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, events: Iterable[tuple[int, float, Any]]) -> Points:
        """Build points from (step, wall time, value) triples.

        Events whose value is ``Invalid`` or whose step is too large are left out. A wall time that is not a date
        becomes 0, because the event may be sound otherwise.

        >>> Points.of([(0, 1.0, "a"), (1, 2.0, "b")]).steps
        array([0, 1])
        >>> Points.of([(0, 1.0, "a"), (1, 2.0, Invalid("no tensor"))]).faults
        (Fault(step=1, wall_time=2.0, reason='cannot be read: no tensor'),)
        """
        steps, wall_times, values = tuple(zip(*events, strict=True)) or ((), (), ())
        at_steps, at_times = np.array(steps, np.int64), np.array(wall_times, np.float64)
        # Compared without abs, which keeps the sign of the smallest int64.
        odd = (at_steps > MAX_STEP) | (at_steps < -MAX_STEP)
        undated = ~(np.abs(at_times) <= MAX_WALL_TIME)  # true for NaN
        if Invalid not in set(map(type, values)) and not odd.any() and not undated.any():
            return cls(at_steps, at_times, values)
        faults, kept = [], []
        for i, value in enumerate(values):
            if isinstance(value, Invalid):
                faults.append(Fault(steps[i], wall_times[i], f"cannot be read: {value.reason}"))
            elif odd[i]:
                faults.append(Fault(steps[i], wall_times[i], f"invalid step: {steps[i]} (at most 2^53)"))
            else:
                kept.append(i)
                if undated[i]:
                    reason = f"invalid wall time: {wall_times[i]} (read as 0)"
                    faults.append(Fault(steps[i], wall_times[i], reason))
        at_times[undated] = 0
        return cls(at_steps[kept], at_times[kept], [values[i] for i in kept], tuple(faults))

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the points take."""
        if isinstance(self.values, np.ndarray):
            # A table of identical vectors keeps only one of them in memory: see stacked.
            values = self.values[:1].nbytes if self.values.strides[0] == 0 else self.values.nbytes
        else:
            values = sum(getattr(value, "nbytes", 8) for value in self.values)
        faults = sum(FAULT_BYTES + len(fault.reason) for fault in self.faults)
        return int(values + self.steps.nbytes + self.wall_times.nbytes + faults)

    def stacked(self) -> Points:
        """Return the points with their values as one table [n, length].

        If the values are not vectors of one length and type, the points are returned unchanged.
        """
        if isinstance(self.values, np.ndarray):
            return self
        first = self.values[0] if self.values else None
        if not isinstance(first, np.ndarray) or first.ndim != 1 or first.dtype.kind not in "fiub":
            return self
        if any(value.dtype != first.dtype or value.shape != first.shape for value in self.values):
            return self
        table = np.stack(list(self.values))
        # Counts and layout ids are usually the same at every step, so one copy is enough. Bytes are compared, so
        # that NaN equals NaN.
        if table.size and (table[0].tobytes() == table[-1].tobytes()) and _has_equal_rows(table):
            table = np.broadcast_to(first.copy(), table.shape)
        table.flags.writeable = False  # answers are views of the table
        return replace(self, values=table)


#: The points of a tag that was not written.
NO_POINTS = Points.of([])


def as_date(wall_time: float) -> float:
    """Return a wall time, 0 if it is not a date: NaN, infinite, or beyond the dates of a browser.

    >>> as_date(1.5), as_date(float("nan")), as_date(-1e300)
    (1.5, 0.0, 0.0)
    """
    return wall_time if abs(wall_time) <= MAX_WALL_TIME else 0.0  # False for NaN


def _has_equal_rows(table: np.ndarray) -> bool:
    as_bytes = table.view(np.uint8).reshape(len(table), -1)
    return bool((as_bytes == as_bytes[0]).all())
