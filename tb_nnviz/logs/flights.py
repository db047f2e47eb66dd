"""Work in progress that several threads need, so that it is done once."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeyLocks(Generic[K]):
    """One lock per key. A lock exists as long as a thread holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[K, _Lock] = weakref.WeakValueDictionary()
        self._own = threading.Lock()

    @contextlib.contextmanager
    def hold(self, key: K) -> Iterator[None]:
        """Hold the lock of a key."""
        with self._own:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = _Lock()
        with lock.lock:
            yield


class Flights(Generic[K, V]):
    """Loads in progress by key. Threads that need the same key wait for the one that loads it.

    No lock is held during a load.
    """

    def __init__(self) -> None:
        self._flights: dict[K, _Flight[K, V]] = {}
        self._lock = threading.Lock()

    def load(self, keys: Sequence[K], load: Callable[[list[K]], Mapping[K, V]]) -> dict[K, V]:
        """Load the keys that no other thread is loading, wait for the others, and return all results.

        Args:
            keys: the keys.
            load: returns the results of some keys. Keys without a result may be missing.

        Raises:
            Exception: whatever ``load`` raises in this thread. If it raises in another thread, the keys are loaded
                again in this one.
        """
        mine: _Flight[K, V] = _Flight()
        own: list[K] = []
        others: list[tuple[K, _Flight[K, V]]] = []
        with self._lock:
            for key in keys:
                flight = self._flights.setdefault(key, mine)
                if flight is mine:
                    own.append(key)
                else:
                    others.append((key, flight))
        if own:
            try:
                mine.results = load(own)
            finally:
                with self._lock:
                    for key in own:
                        del self._flights[key]
                mine.done.set()
        found = dict(mine.results or {})
        failed = []
        # Its own keys are done, so a thread that waits keeps no other one waiting.
        for key, flight in others:
            flight.done.wait()
            if flight.results is None:
                failed.append(key)
            elif key in flight.results:
                found[key] = flight.results[key]
        return {**found, **self.load(failed, load)} if failed else found


class _Lock:
    """A lock that can be referred to weakly."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class _Flight(Generic[K, V]):
    """One load: its results, or None if it failed."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.results: Mapping[K, V] | None = None
