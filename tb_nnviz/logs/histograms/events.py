"""The histogram events of one run and kind on one timeline."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tb_nnviz.logs.histograms.history import History
from tb_nnviz.logs.histograms.packed import Packed
from tb_nnviz.logs.layouts import Rows, fill_layout_ids
from tb_nnviz.logs.points import Points
from tb_nnviz.logs.resumed.timeline import describe_steps, locate, nearest, timeline


class HistogramEvents:
    """The histograms of one run and kind, unpacked only as far as requested.

    Args:
        layout_ids: the events of the histogram layout id tag.
        payloads: the events of the histogram tag.
        tables: the rows by layout id.
        known: histograms that need not be made again, by step and wall time.
        make: a function that makes a ``Packed`` from a payload and the number of rows that it should have.

    Attributes:
        by_event: the histograms by step and wall time.
        whole: True if every event with a layout id has its counts too. A loader may publish the ids shortly before.
    """

    def __init__(
        self,
        layout_ids: Points,
        payloads: Points,
        tables: Mapping[int, Rows],
        known: Mapping[tuple[float, float], Packed],
        make: Callable[[Any, int], Packed],
    ) -> None:
        self._steps, self._wall_times = timeline([payloads, layout_ids])
        self._ids = fill_layout_ids(layout_ids, locate(layout_ids, self._steps, self._wall_times))
        self._tables = tables
        at = locate(payloads, self._steps, self._wall_times)
        self._packed: dict[int, Packed] = {}
        self._problems: dict[int, str] = {}
        self.by_event: dict[tuple[float, float], Packed] = {}
        self._events = {
            i: (float(self._steps[i]), float(self._wall_times[i])) for i in np.flatnonzero(at >= 0).tolist()
        }
        for i, event in self._events.items():
            table = tables.get(int(self._ids[i]))
            if table is None:
                self._problems[i] = f"missing layout: {int(self._ids[i])}"
            else:
                self._packed[i] = known[event] if event in known else make(payloads.values[at[i]], len(table))
                self.by_event[event] = self._packed[i]
        self.whole = timeline([layout_ids])[0].size == len(self._packed)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the histograms take."""
        return sum(packed.nbytes for packed in self._packed.values())

    def history(self, rows: Sequence[str] | None = None, step: float | None = None) -> History:
        """Unpack histograms and return the history.

        Events whose requested rows are invalid are left out and reported in its problems. What else was requested
        before makes no difference.

        Args:
            rows: the rows to unpack. None: all.
            step: unpack only at the nearest step. None: at all steps.
        """
        wanted = self._wanted(rows)
        problems = dict(self._problems)
        kept = list(self._packed)
        if step is None:
            for i in kept:
                self._unpack(i, wanted, problems)
        else:
            while kept and not self._unpack(kept[nearest(self._steps[kept], step)], wanted, problems):
                kept = [i for i in kept if i not in problems]
        kept = [i for i in kept if i not in problems]
        steps: dict[str, list[float]] = {}
        for i in sorted(problems):
            steps.setdefault(problems[i], []).append(self._events[i][0])
        return History(
            self._steps[kept].astype(np.float64),
            self._wall_times[kept],
            tuple(self._ids[kept].tolist()),
            tuple(self._packed[i].cells for i in kept),
            self._tables,
            tuple(f"{problem}, {describe_steps(at)}" for problem, at in steps.items()),
        )

    def _wanted(self, names: Sequence[str] | None) -> dict[int, int | None]:
        """Return, per layout id, how many of the first rows to unpack for these names, None for all rows."""
        wanted: dict[int, int | None] = {}
        for layout, table in self._tables.items():
            chosen = None if names is None else set(names)
            places = [i for i, row in enumerate(table) if chosen is None or row["name"] in chosen]
            first = max(places, default=-1) + 1
            wanted[layout] = first if first < len(table) else None
        return wanted

    def _unpack(self, i: int, wanted: Mapping[int, int | None], problems: dict[int, str]) -> bool:
        """Unpack the wanted rows of an event. If it does not have them, add the problem and return False."""
        layout, packed = int(self._ids[i]), self._packed[i]
        rows, first = len(self._tables[layout]), wanted[layout]
        try:
            size = packed.unpack(first).size
        except (ValueError, zlib.error) as error:
            problems[i] = f"invalid histograms: {type(error).__name__}: {str(error)[:120]}"
            return False
        if size < (rows if first is None else first) or (first is None and size > rows):
            problems[i] = f"invalid histograms: {size} for {rows} rows"
            return False
        return True
