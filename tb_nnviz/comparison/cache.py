"""A cache of comparisons, valid as long as no run of them grows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from tb_nnviz.comparison.compare import Comparison, compare
from tb_nnviz.comparison.reading import read_series
from tb_nnviz.diagnosis.cache import log_state
from tb_nnviz.logs.flights import Flights
from tb_nnviz.logs.reader import Reader
from tb_nnviz.logs.resumed.guides import ReadTags

#: Comparisons that a cache keeps.
MAX_COMPARISONS = 256

#: Experiment, way to match steps, and name and state of the log of each run, that of the compared run first.
Key = tuple[str, str, tuple[tuple[str, int], ...]]


class ComparisonCache:
    """The comparisons of runs with their references. Threads may share a cache. Each is computed once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Comparison | str] = OrderedDict()
        self._lock = threading.Lock()
        self._flights: Flights[Key, Comparison | str] = Flights()

    def compare(
        self, reader: Reader, run: str, references: Sequence[str], align: str, read: ReadTags | None = None
    ) -> Comparison | str:
        """Return the comparison of a run with its reference, or the reason why there is none.

        Args:
            reader: the source.
            run: the name of the run.
            references: the names of the reference run, or of the runs of the group.
            align: how steps are matched: one of ``WAYS``.
            read: as for ``read_series``.
        """
        names = (run, *references)
        key = (reader.experiment, align, tuple((name, log_state(reader, name)) for name in names))
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = self._flights.load([key], lambda keys: {keys[0]: _compare(reader, names, align, read)})[key]
            with self._lock:
                self._kept[key] = known
                while len(self._kept) > MAX_COMPARISONS:
                    self._kept.popitem(last=False)
        return known


def _compare(reader: Reader, names: Sequence[str], align: str, read: ReadTags | None) -> Comparison | str:
    series, missing = read_series(reader, list(dict.fromkeys(names)), read)
    try:
        found = compare(series[names[0]], [series[name] for name in names[1:]], align)
    except ValueError as error:
        return str(error)
    notes = [f"not read: {one.run}: {one.reason}" for one in missing]
    return replace(found, notes=(*found.notes, *notes))
