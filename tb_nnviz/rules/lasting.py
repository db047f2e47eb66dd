"""Persistence of problems, so that a rule reports one only if it lasts."""

from __future__ import annotations

import numpy as np

#: A value of ``since`` for a row without the problem.
NEVER = np.iinfo(np.int64).max


class Lasting:
    """The rows that have had a problem at several logged steps in a row.

    Rows may be appended between steps.

    Args:
        patience: the number of logged steps after which a problem lasts.
        steps: the number of steps from the first to the last of them, for runs that log each step.

    >>> lasting = Lasting(2)
    >>> [lasting.update(step, np.array(mask)).tolist() for step, mask in enumerate([[1, 0], [1, 1], [0, 1]])]
    [[False, False], [True, False], [False, True]]
    >>> lasting.since.tolist()[1]
    1
    """

    def __init__(self, patience: int, steps: int = 0) -> None:
        self._patience, self._span = patience, steps
        self._steps = np.zeros(0, np.int64)
        self._is_clear = True  # True while no row has the problem
        #: The first step of each row's problem: int64 [rows].
        self.since = np.zeros(0, np.int64)

    def update(self, step: int, has_problem: np.ndarray) -> np.ndarray:
        """Record a step, and return a mask of the rows whose problem lasts.

        Args:
            step: the step. Steps must increase.
            has_problem: bool [rows]
        """
        problem = np.asarray(has_problem, bool)
        is_clear, self._is_clear = self._is_clear, not problem.any()
        if is_clear and self._is_clear and problem.size == self._steps.size:
            return problem
        if more := problem.size - self._steps.size:
            self._steps = np.append(self._steps, np.zeros(more, np.int64))
            self.since = np.append(self.since, np.full(more, NEVER))
        self._steps = np.where(problem, self._steps + 1, 0)
        self.since = np.where(problem, np.minimum(self.since, step), NEVER)
        return (self._steps >= self._patience) & (step - self.since >= self._span)


class Reported:
    """The layers that a rule has reported, so that it reports each once.

    >>> reported = Reported()
    >>> reported.new(["a", "b"]), reported.new(["b", "c"]), reported.new(["a"])
    (['a', 'b'], ['c'], [])
    """

    def __init__(self) -> None:
        self._layers: set[str] = set()

    def new(self, layers: list[str]) -> list[str]:
        """Return the layers that were not reported before, and mark them as reported."""
        found = [layer for layer in layers if layer not in self._layers]
        self._layers.update(found)
        return found
