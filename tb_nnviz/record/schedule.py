"""Schedules, which are functions that return True for the steps at which something is due."""

from __future__ import annotations

from collections.abc import Callable

Schedule = Callable[[int], bool]


def every(name: str, interval: int | None) -> Schedule:
    """Return the schedule of all multiples of ``interval``, or of no step if it is None.

    Args:
        name: the argument, for the message.
        interval: number of steps.

    Raises:
        ValueError: the interval is not an integer of at least 1.

    >>> [step for step in range(25) if every("every", 10)(step)]
    [0, 10, 20]
    """
    if interval is None:
        return lambda step: False
    if isinstance(interval, bool) or not isinstance(interval, int) or interval < 1:
        raise ValueError(f"invalid {name}: {interval!r} (an integer of at least 1)")
    return lambda step: step % interval == 0
