"""The history of a vector of values, for limits that are relative to a run's own past."""

from __future__ import annotations

import numpy as np


class History:
    """The last values of each row.

    Rows may be appended between steps. They are NaN at earlier steps.

    Args:
        size: the largest number of steps that are kept.

    >>> history = History(3)
    >>> for values in ([1.0], [2.0], [9.0], [4.0, 5.0]):
    ...     history.add(np.array(values))
    >>> len(history), history.median().tolist()
    (3, [4.0, 5.0])
    """

    def __init__(self, size: int) -> None:
        self._size, self._count = size, 0
        # Twice as long as needed, so that the kept values are moved once per ``size`` steps only.
        self._values = np.zeros((2 * size, 0))
        self._first = 0
        self._is_finite = True

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> np.ndarray:
        """The kept values, the oldest first: float64 [steps, rows]."""
        return self._values[self._first : self._first + self._count]

    def add(self, values: np.ndarray) -> None:
        """Append the values of a step: [rows]."""
        if more := values.size - self._values.shape[1]:
            self._is_finite &= not self._count
            self._values = np.concatenate([self._values, np.full((len(self._values), more), np.nan)], axis=1)
        if self._count == self._size:
            self._first += 1
        else:
            self._count += 1
        if self._first + self._count > len(self._values):
            self._values[: self._count - 1] = self._values[self._first : self._first + self._count - 1]
            self._first = 0
        self._values[self._first + self._count - 1] = values
        self._is_finite = self._is_finite and bool(np.isfinite(values).all())

    def median(self) -> np.ndarray:
        """Return the median of each row's finite values: float64 [rows], NaN if it has none."""
        values = self.values
        if self._is_finite and len(values):
            half, is_odd = divmod(len(values), 2)
            parts = np.partition(values, half if is_odd else (half - 1, half), axis=0)
            return np.asarray(parts[half] if is_odd else 0.5 * (parts[half - 1] + parts[half]))
        values = np.where(np.isfinite(values), values, np.nan)
        result = np.full(values.shape[1], np.nan)
        known = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(values.shape[1], bool)
        if known.any():
            result[known] = np.nanmedian(values[:, known], axis=0)
        return result
