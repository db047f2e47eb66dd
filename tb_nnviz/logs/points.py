"""Points: the events of one tag of one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Points:
    """The events of one tag in order of arrival. Steps may repeat or go back.

    Attributes:
        steps: int64 [n].
        wall_times: float64 [n], in seconds.
        values: n arrays or numbers, or one table [n, length].
    """

    steps: np.ndarray
    wall_times: np.ndarray
    values: Sequence[Any] | np.ndarray

    @classmethod
    def of(cls, events: Iterable[tuple[int, float, Any]]) -> Points:
        """Build points from (step, wall time, value) triples.

        >>> Points.of([(0, 1.0, "a"), (1, 2.0, "b")]).steps
        array([0, 1])
        """
        steps, wall_times, values = tuple(zip(*events, strict=True)) or ((), (), ())
        return cls(np.array(steps, np.int64), np.array(wall_times, np.float64), values)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the points take."""
        if isinstance(self.values, np.ndarray):
            # A table of identical vectors keeps only one of them in memory: see stacked.
            values = self.values[:1].nbytes if self.values.strides[0] == 0 else self.values.nbytes
        else:
            values = sum(getattr(value, "nbytes", 8) for value in self.values)
        return int(values + self.steps.nbytes + self.wall_times.nbytes)

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
        return Points(self.steps, self.wall_times, table)


#: The points of a tag that was not written.
NO_POINTS = Points.of([])


def _has_equal_rows(table: np.ndarray) -> bool:
    as_bytes = table.view(np.uint8).reshape(len(table), -1)
    return bool((as_bytes == as_bytes[0]).all())
