"""Histograms that were read, kept between requests: a click on another layer must not unpack every step again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.plugin.histograms import History, nearest
from tb_nnviz.plugin.packed import Packed
from tb_nnviz.plugin.series import Points, Rows, fill, locate, timeline

MOST_BYTES = 384 << 20

#: What a run's histograms are known by: their steps and wall times, and the rows that they are read against.
Fingerprint = tuple[bytes, bytes, tuple[int, ...]]


def fingerprint(layout_ids: Points, tables: Mapping[int, Rows]) -> Fingerprint:
    """Changes with every histogram that is written, and with every table of rows."""
    return layout_ids.steps.tobytes(), layout_ids.wall_times.tobytes(), tuple(tables)


class Events:
    """The histograms of one run and kind on one timeline, as statistics are put on theirs."""

    def __init__(
        self,
        layout_ids: Points,
        payloads: Points,
        tables: Mapping[int, Rows],
        known: Mapping[tuple[float, float], Packed],
        packed: Callable[[Any], Packed],
    ) -> None:
        self._steps, self._wall_times = timeline([payloads, layout_ids])
        self._ids = fill(layout_ids, locate(layout_ids, self._steps, self._wall_times))
        self._tables = tables
        at = locate(payloads, self._steps, self._wall_times)
        self._packed: dict[int, Packed] = {}
        self._problems: dict[int, str] = {}
        #: Those that are histograms, as far as that is known, by step and wall time.
        self.by_event: dict[tuple[float, float], Packed] = {}
        self._events = {
            i: (float(self._steps[i]), float(self._wall_times[i])) for i in np.flatnonzero(at >= 0).tolist()
        }
        for i, event in self._events.items():
            if int(self._ids[i]) not in tables:
                self._problems[i] = f"missing layout: {int(self._ids[i])}"
            else:
                self._packed[i] = known[event] if event in known else packed(payloads.values[at[i]])
                self.by_event[event] = self._packed[i]
        #: Whether each event had its counts: a loader may have published the one a moment before the other.
        self.whole = timeline([layout_ids])[0].size == len(self._packed)

    @property
    def nbytes(self) -> int:
        """Memory that the counts take."""
        return sum(packed.nbytes for packed in self._packed.values())

    def history(self, rows: Sequence[str] | None = None, step: float | None = None) -> History:
        """What there is at each step; unpacked are these rows (None: all), at all steps or at the one that is nearest.

        What has no place or cannot be read is complained about.
        """
        wanted = self._wanted(rows)
        if step is None:
            for i in list(self._packed):
                self._unpack(i, wanted)
        else:
            while self._packed:
                kept = list(self._packed)
                if self._unpack(kept[nearest(self._steps[kept], step)], wanted):
                    break
        kept = list(self._packed)
        problems: dict[str, list[float]] = {}
        for i in sorted(self._problems):
            problems.setdefault(self._problems[i], []).append(self._events[i][0])
        return History(
            self._steps[kept].astype(np.float64),
            self._wall_times[kept],
            tuple(self._ids[kept].tolist()),
            tuple(packed.cells for packed in self._packed.values()),
            self._tables,
            tuple(f"{what}, at {len(where)} steps, the first {where[0]:g}" for what, where in problems.items()),
        )

    def _wanted(self, names: Sequence[str] | None) -> dict[int, int | None]:
        """For each table how many rows, from the first, hold all of these names; None: all that there are."""
        wanted: dict[int, int | None] = {}
        for layout, table in self._tables.items():
            chosen = None if names is None else set(names)
            places = [i for i, row in enumerate(table) if chosen is None or row["name"] in chosen]
            first = max(places, default=-1) + 1
            wanted[layout] = first if first < len(table) else None
        return wanted

    def _unpack(self, i: int, wanted: Mapping[int, int | None]) -> bool:
        """Whether these are histograms of the rows that there are; else they are dropped."""
        layout = int(self._ids[i])
        rows = len(self._tables[layout])
        try:
            cells = self._packed[i].unpack(wanted[layout])
        except Exception as error:  # whatever zlib and numpy say of bytes that are no histograms
            self._problems[i] = f"invalid histograms: {type(error).__name__}: {str(error)[:120]}"
            del self.by_event[self._events[i]]
        else:
            if cells.size == rows or (not self._packed[i].whole and cells.size < rows):
                return True
            self._problems[i] = f"invalid histograms: {self._packed[i].unpack(None).size} for {rows} rows"
        del self._packed[i]
        return False


@dataclass(frozen=True)
class _Entry:
    key: Fingerprint
    events: Events


class HistogramCache:
    """Histories by experiment, run and kind: the least recently used are forgotten beyond ``most`` bytes.

    Threads may share it: what two ask for at the same time is unpacked once.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._entries: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self.decoded = 0  # payloads, ever: for the tests

    def find(
        self,
        name: tuple[str, str, str],
        key: Fingerprint,
        rows: Sequence[str] | None = None,
        step: float | None = None,
    ) -> History | None:
        """What is kept, if nothing was written since; ``rows`` and ``step`` as of ``Events.history``."""
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
        """The history of these events; of those that are kept nothing is unpacked again."""
        with self._lock:
            old = self._entries.pop(name, None)
            known = old.events.by_event if old is not None else {}
            events = Events(layout_ids, payloads, tables, known, self._packed)
            history = events.history(rows, step)
            self._entries[name] = _Entry(fingerprint(layout_ids, tables), events)
            self._forget()
            return history

    @property
    def nbytes(self) -> int:
        """Memory that the counts take."""
        return sum(entry.events.nbytes for entry in self._entries.values())

    def _forget(self) -> None:
        """Keep no more than there is room for: what is too large by itself costs the others nothing."""
        for name in [name for name, entry in self._entries.items() if entry.events.nbytes > self._most]:
            del self._entries[name]
        while self.nbytes > self._most:
            self._entries.popitem(last=False)

    def _packed(self, payload: Any) -> Packed:
        self.decoded += 1
        return Packed(payload)
