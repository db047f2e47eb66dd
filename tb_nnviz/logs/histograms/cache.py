"""A cache of histograms, so that a click on another layer does not unpack every step again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class _Entry:
    state: Fingerprint
    events: HistogramEvents


class HistogramCache:
    """Histograms by experiment, run and kind. Beyond ``limit`` bytes, the least recently used are dropped.

    Threads may share a cache. Histograms that several threads request at the same time are unpacked once.

    Attributes:
        decoded: the number of payloads decoded so far, for tests.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self.decoded = 0

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
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.state != state or not entry.events.whole:
                return None
            self._entries.move_to_end(key)
            history = entry.events.history(rows, step)
            self._forget()
            return history

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
        with self._lock:
            old = self._entries.pop(key, None)
            known = old.events.by_event if old is not None else {}
            events = HistogramEvents(layout_ids, payloads, tables, known, self._packed)
            history = events.history(rows, step)
            self._entries[key] = _Entry(fingerprint(layout_ids, tables), events)
            self._forget()
            return history

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the histograms take."""
        return sum(entry.events.nbytes for entry in self._entries.values())

    def _forget(self) -> None:
        """Drop entries beyond the limit. An entry that is too large by itself does not displace the others."""
        for key in [key for key, entry in self._entries.items() if entry.events.nbytes > self._limit]:
            del self._entries[key]
        while self.nbytes > self._limit:
            self._entries.popitem(last=False)

    def _packed(self, payload: Any, rows: int) -> Packed:
        self.decoded += 1
        return Packed(payload, rows)
