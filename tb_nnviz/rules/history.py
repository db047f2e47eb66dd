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
        self._size = size
        self._values = np.zeros((0, 0))

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> np.ndarray:
        """The kept values, the oldest first: float64 [steps, rows]."""
        return self._values

    def add(self, values: np.ndarray) -> None:
        """Append the values of a step: [rows]."""
        more = values.size - self._values.shape[1]
        kept = self._values[1:] if len(self._values) == self._size else self._values
        if more:
            kept = np.concatenate([kept, np.full((len(kept), more), np.nan)], axis=1)
        self._values = np.concatenate([kept, np.asarray(values, np.float64)[None]])

    def median(self) -> np.ndarray:
        """Return the median of each row's finite values: float64 [rows], NaN if it has none."""
        values = np.where(np.isfinite(self._values), self._values, np.nan)
        result = np.full(values.shape[1], np.nan)
        known = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(values.shape[1], bool)
        if known.any():
            result[known] = np.nanmedian(values[:, known], axis=0)
        return result
