"""Histograms kept between requests, so that a click on another layer does not unpack every step again."""

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

MAX_BYTES = 384 << 20

#: Identity of the histograms of a run: steps, wall times, and layout ids.
Fingerprint = tuple[bytes, bytes, tuple[int, ...]]


def fingerprint(layout_ids: Points, tables: Mapping[int, Rows]) -> Fingerprint:
    """Return a value that changes with every histogram that is written, and with every layout."""
    return layout_ids.steps.tobytes(), layout_ids.wall_times.tobytes(), tuple(tables)


@dataclass(frozen=True)
class _Entry:
    key: Fingerprint
    events: HistogramEvents


class HistogramCache:
    """Histories by experiment, run and kind. Beyond ``limit`` bytes the least recently used are dropped.

    Threads may share a cache: histograms that two of them request at the same time are unpacked once.

    Attributes:
        decoded: the number of payloads decoded so far, for tests.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._entries: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self.decoded = 0

    def find(
        self,
        name: tuple[str, str, str],
        key: Fingerprint,
        rows: Sequence[str] | None = None,
        step: float | None = None,
    ) -> History | None:
        """Return the history if it is kept and nothing was written since, else None.

        Args:
            name: experiment, run and kind.
            key: the fingerprint of what is written now.
            rows: as for ``HistogramEvents.history``.
            step: likewise.
        """
        with self._lock:
            entry = self._entries.get(name)
            if entry is None or entry.key != key or not entry.events.whole:
                return None
            self._entries.move_to_end(name)
            history = entry.events.history(rows, step)
            self._forget()
            return history

    def make(
        self,
        name: tuple[str, str, str],
        layout_ids: Points,
        payloads: Points,
        tables: Mapping[int, Rows],
        rows: Sequence[str] | None = None,
        step: float | None = None,
    ) -> History:
        """Return the history of some events and keep it. Histograms that are kept already are not unpacked again."""
        with self._lock:
            old = self._entries.pop(name, None)
            known = old.events.by_event if old is not None else {}
            events = HistogramEvents(layout_ids, payloads, tables, known, self._packed)
            history = events.history(rows, step)
            self._entries[name] = _Entry(fingerprint(layout_ids, tables), events)
            self._forget()
            return history

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the histograms take."""
        return sum(entry.events.nbytes for entry in self._entries.values())

    def _forget(self) -> None:
        """Drop entries beyond the limit. An entry that is too large by itself does not displace the others."""
        for name in [name for name, entry in self._entries.items() if entry.events.nbytes > self._limit]:
            del self._entries[name]
        while self.nbytes > self._limit:
            self._entries.popitem(last=False)

    def _packed(self, payload: Any) -> Packed:
        self.decoded += 1
        return Packed(payload)
