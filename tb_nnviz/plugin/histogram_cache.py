"""Decoded histograms, kept between requests: a click on another layer must not unpack every step again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.histograms import Cells, History, pack
from tb_nnviz.plugin.series import Points, Rows, fill, locate, timeline

MOST_BYTES = 384 << 20

#: What a run's histograms are known by: their steps and wall times, and the rows that they are read against.
Fingerprint = tuple[bytes, bytes, tuple[int, ...]]


def fingerprint(layout_ids: Points, tables: Mapping[int, Rows]) -> Fingerprint:
    """Changes with every histogram that is written, and with every table of rows."""
    return layout_ids.steps.tobytes(), layout_ids.wall_times.tobytes(), tuple(tables)


@dataclass(frozen=True)
class _Entry:
    key: Fingerprint
    #: Whether each event had its counts: a loader may have published the one a moment before the other.
    whole: bool
    history: History
    by_event: Mapping[tuple[float, float], Cells]


class HistogramCache:
    """Histories by experiment, run and kind: the least recently used are forgotten beyond ``most`` bytes.

    Threads may share it: what two ask for at the same time is decoded once.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._entries: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self.decoded = 0  # payloads, ever: for the tests

    def find(self, name: tuple[str, str, str], key: Fingerprint) -> History | None:
        """What is kept, if nothing was written since."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None or entry.key != key or not entry.whole:
                return None
            self._entries.move_to_end(name)
            return entry.history

    def make(
        self,
        name: tuple[str, str, str],
        layout_ids: Points,
        payloads: Points,
        tables: Mapping[int, Rows],
    ) -> History:
        """The history of these events; of those that are kept nothing is decoded again."""
        with self._lock:
            old = self._entries.pop(name, None)
            known = old.by_event if old is not None else {}
            history, by_event = build(layout_ids, payloads, tables, known, self._decode)
            whole = timeline([layout_ids])[0].size == len(history.steps)
            entry = _Entry(fingerprint(layout_ids, tables), whole, history, by_event)
            if history.nbytes <= self._most:
                self._entries[name] = entry
            while self.nbytes > self._most:
                self._entries.popitem(last=False)
            return history

    @property
    def nbytes(self) -> int:
        """Memory that the counts take."""
        return sum(entry.history.nbytes for entry in self._entries.values())

    def _decode(self, payload: Any) -> Cells:
        self.decoded += 1
        return pack(schema.decode_histograms(np.asarray(payload, np.uint8)))


def build(
    layout_ids: Points,
    payloads: Points,
    tables: Mapping[int, Rows],
    known: Mapping[tuple[float, float], Cells],
    decode: Callable[[Any], Cells],
) -> tuple[History, dict[tuple[float, float], Cells]]:
    """Events on one timeline, as statistics are put on theirs; what has no place is complained about."""
    steps, wall_times = timeline([payloads, layout_ids])
    ids = fill(layout_ids, locate(layout_ids, steps, wall_times))
    at = locate(payloads, steps, wall_times)
    kept: list[int] = []
    cells: dict[int, Cells] = {}
    problems: dict[str, list[float]] = {}
    by_event: dict[tuple[float, float], Cells] = {}
    for i in np.flatnonzero(at >= 0).tolist():
        event = float(steps[i]), float(wall_times[i])
        problem = None
        if int(ids[i]) not in tables:
            problem = f"missing layout: {int(ids[i])}"
        else:
            try:
                cells[i] = known[event] if event in known else decode(payloads.values[at[i]])
            except Exception as error:  # whatever zlib and numpy say of bytes that are no histograms
                problem = f"invalid histograms: {type(error).__name__}: {str(error)[:120]}"
            else:
                by_event[event] = cells[i]
                rows = len(tables[int(ids[i])])
                if cells[i].size != rows:
                    problem = f"invalid histograms: {cells[i].size} for {rows} rows"
        if problem is None:
            kept.append(i)
        else:
            problems.setdefault(problem, []).append(event[0])
    history = History(
        steps[kept].astype(np.float64),
        wall_times[kept],
        tuple(ids[kept].tolist()),
        tuple(cells[i] for i in kept),
        tables,
        tuple(f"{what}, at {len(where)} steps, the first {where[0]:g}" for what, where in problems.items()),
    )
    return history, by_event
