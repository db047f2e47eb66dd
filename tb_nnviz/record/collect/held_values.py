"""Scalars of the user in a step that stays open."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

#: Values of one name that are written in one step. Of later ones, only the newest is.
MOST_VALUES = 64

#: Called with a step and values that have waited for its end.
Release = Callable[[int, dict[str, float | Tensor]], None]


class HeldValues:
    """The values that the user logs in an open step. Beyond a limit, only the newest of each name is kept for later.

    >>> held = HeldValues(most=2)
    >>> [held.take(0, {"loss": value}) for value in (4.0, 3.0, 2.0, 1.0)]
    [{'loss': 4.0}, {'loss': 3.0}, {}, {}]
    >>> held.release(print)
    0 {'loss': 1.0}
    """

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._newest: dict[int, dict[str, float | Tensor]] = {}

    def take(self, step: int, values: dict[str, float | Tensor]) -> dict[str, float | Tensor]:
        """Return the values that are to be written now, and keep the others."""
        now = {}
        for name, value in values.items():
            self._counts[name] = count = self._counts.get(name, 0) + 1
            if count <= self._most:
                now[name] = value
            else:
                kept = value.detach().clone() if isinstance(value, Tensor) else value
                self._newest.setdefault(step, {})[name] = kept
        return now

    def release(self, write: Release) -> None:
        """Write what was kept, and begin again with the next step."""
        newest, self._newest = self._newest, {}
        self._counts.clear()
        for step, values in newest.items():
            write(step, values)
