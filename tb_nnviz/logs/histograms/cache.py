"""A cache of histograms, so that a click on another layer does not unpack every step again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tb_nnviz.logs.flights import KeyLocks
from tb_nnviz.logs.histograms.events import HistogramEvents
from tb_nnviz.logs.histograms.history import History
from tb_nnviz.logs.histograms.packed import Packed
from tb_nnviz.logs.layouts import Rows
from tb_nnviz.logs.points import Points

#: Bytes of histograms that a cache keeps by default.
MAX_BYTES = 384 << 20

#: Experiment, run and kind.
Key = tuple[str, str, str]
#: State of the histograms of a run: steps, wall times, and layout ids.
Fingerprint = tuple[bytes, bytes, tuple[int, ...]]


def fingerprint(layout_ids: Points, tables: Mapping[int, Rows]) -> Fingerprint:
    """Return a value that changes whenever a histogram or a layout is written."""
    return layout_ids.steps.tobytes(), layout_ids.wall_times.tobytes(), tuple(tables)


@dataclass
class _Entry:
    """The histograms of a key. ``nbytes`` are the bytes that the cache counts for them."""

    state: Fingerprint
    events: HistogramEvents
    nbytes: int = 0


class HistogramCache:
    """Histograms by experiment, run and kind. Beyond ``limit`` bytes, the least recently used are dropped.

    Threads may share a cache. Histograms that several threads request at the same time are unpacked once. Only threads
    that request the same run and kind wait for each other.

    Attributes:
        decoded: the number of payloads decoded so far, for tests.
        nbytes: bytes of memory that the histograms take.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        #: Guards the entries and the counts. It is held for moments only.
        self._lock = threading.Lock()
        #: Guard the histograms of one key, which unpacking changes.
        self._locks: KeyLocks[Key] = KeyLocks()
        self.decoded = 0
        self.nbytes = 0

    def find(
        self,
        key: Key,
        state: Fingerprint,
        rows: Sequence[str] | None = None,
        step: float | None = None,
    ) -> History | None:
        """Return the history if it is kept and nothing has been written since, else None.

        Args:
            key: experiment, run and kind.
            state: the fingerprint of what has been written by now.
            rows: as for ``HistogramEvents.history``.
            step: as for ``HistogramEvents.history``.
        """
        with self._locks.hold(key):
            return self._find(key, state, rows, step)

    def make(
        self,
        key: Key,
        layout_ids: Points,
        payloads: Points,
        tables: Mapping[int, Rows],
        rows: Sequence[str] | None = None,
        step: float | None = None,
    ) -> History:
        """Return the history of some events and keep it. Histograms that are already kept are not unpacked again."""
        state = fingerprint(layout_ids, tables)
        with self._locks.hold(key):
            history = self._find(key, state, rows, step)  # another thread may have made it in the meantime
            if history is not None:
                return history
            with self._lock:
                old = self._entries.get(key)
            known = old.events.by_event if old is not None else {}
            entry = _Entry(state, HistogramEvents(layout_ids, payloads, tables, known, self._packed))
            history = entry.events.history(rows, step)
            with self._lock:
                self._drop(key)
                self._entries[key] = entry
            self._count(key, entry)
            return history

    def _find(self, key: Key, state: Fingerprint, rows: Sequence[str] | None, step: float | None) -> History | None:
        """Return the history if it is kept. The lock of the key is held."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.state != state or not entry.events.whole:
                return None
            self._entries.move_to_end(key)
        history = entry.events.history(rows, step)
        self._count(key, entry)
        return history

    def _count(self, key: Key, entry: _Entry) -> None:
        """Count the bytes of an entry again, and drop entries beyond the limit.

        An entry that is too large by itself does not displace the others.
        """
        nbytes = entry.events.nbytes
        with self._lock:
            if self._entries.get(key) is not entry:
                return
            self.nbytes += nbytes - entry.nbytes
            entry.nbytes = nbytes
            if nbytes > self._limit:
                self._drop(key)
            while self.nbytes > self._limit:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.nbytes -= entry.nbytes

    def _packed(self, payload: Any, rows: int) -> Packed:
        with self._lock:
            self.decoded += 1
        return Packed(payload, rows)
