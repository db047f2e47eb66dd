"""Persistence of problems, so that a rule reports a problem once and only if it lasts."""

from __future__ import annotations


class Persistence:
    """The current problem of each layer, and the problems already reported.

    >>> persistence = Persistence()
    >>> [persistence.observe("fc", problem, step, patience=2) for step, problem in enumerate(["", "zero", "zero"])]
    [None, None, 1]
    """

    def __init__(self) -> None:
        self._current: dict[str, tuple[str, int, int]] = {}  # by layer: problem, first step, number of steps
        self._reported: set[tuple[str, str]] = set()

    def observe(self, layer: str, problem: str, step: int, patience: int) -> int | None:
        """Record a layer's problem at a logged step, and return its first step if it is to be reported now.

        Args:
            layer: the layer's name.
            problem: the problem's name, empty if there is none.
            step: the step. Steps must increase.
            patience: consecutive logged steps after which the problem is reported.

        Returns:
            The first step of the problem, or None if it has not lasted long enough or was reported before.
        """
        before, since, steps = self._current.get(layer, ("", step, 0))
        since, steps = (since, steps + 1) if before == problem else (step, 1)
        self._current[layer] = problem, since, steps
        if not problem or steps < patience or (layer, problem) in self._reported:
            return None
        self._reported.add((layer, problem))
        return since
