"""Turns: a limited number of requests is answered at a time, in the order of their arrival."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

#: Number of requests that are answered at a time. The Python loader reads in the same interpreter, where more threads
#: only delay each other. While the data server reads, the interpreter is free.
IN_PROCESS, FROM_SERVER = 2, 3


def places_of(provider: Any) -> int:
    """Return the number of requests to answer at a time from one of TensorBoard's data providers."""
    return IN_PROCESS if type(provider).__name__ == "MultiplexerDataProvider" else FROM_SERVER


class Turns:
    """A fair semaphore.

    TensorBoard has a thread per request. Threads that compute at the same time take the interpreter from each other.
    One that releases it often, as numpy does, falls behind all others. In order of arrival, every request takes about
    the same time. ``threading.Semaphore`` does not keep the order.

    >>> turns = Turns(2)
    >>> with turns.next():
    ...     pass

    Args:
        places: the number of requests that are answered at a time.
    """

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Lock] = deque()

    @contextlib.contextmanager
    def next(self) -> Iterator[None]:
        """Wait for a place, and keep it while the block runs."""
        with self._lock:
            turn = None
            if self._free > 0:
                self._free -= 1
            else:
                turn = threading.Lock()
                turn.acquire()
                self._waiting.append(turn)
        if turn is not None:
            turn.acquire()  # until a request that ends passes its place on
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting.popleft().release()
                else:
                    self._free += 1
