"""Which steps are logged: a schedule is a function from a step to whether it is."""

from __future__ import annotations

from collections.abc import Callable

Schedule = Callable[[int], bool]


def every(name: str, interval: int | None) -> Schedule:
    """True at the multiples of ``interval``; None is never.

    Raises:
        ValueError: the interval is not an integer of at least 1; ``name`` is the argument it came by.

    >>> [step for step in range(25) if every("every", 10)(step)]
    [0, 10, 20]
    """
    if interval is None:
        return lambda step: False
    if isinstance(interval, bool) or not isinstance(interval, int) or interval < 1:
        raise ValueError(f"invalid {name}: {interval!r} (an integer of at least 1)")
    return lambda step: step % interval == 0
