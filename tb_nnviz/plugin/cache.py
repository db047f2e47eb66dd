"""A cache of series, valid as long as TensorBoard's data does not change."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tb_nnviz.logs.points import NO_POINTS, Points, as_date
from tb_nnviz.logs.reader import Reader, ReadResult, SeriesInfo

#: Bytes of series that a cache keeps by default: three statistics of ten runs of 1000 rows and 2000 steps.
MAX_BYTES = 256 << 20
#: Bytes that an entry takes besides its series. Entries of tags that do not exist count too, so that requests for
#: arbitrary names cannot fill the memory.
ENTRY_BYTES = 1024
#: The fraction of time that may be spent on listing series to find changes. A listing takes 0.2 ms on the Python loader
#: and is repeated after 4 ms. It takes 45 ms on the data server and is repeated after 0.9 s.
LISTING_FRACTION = 0.05
#: Longest time that series are valid for. TensorBoard itself reads appended events every 5 seconds.
MAX_VALID_SECONDS = 5.0

Key = tuple[str, str, str]


@dataclass
class _Entry:
    """A series that is kept. It is valid until ``until``. ``info`` is None if the series does not exist."""

    points: Points
    info: SeriesInfo | None
    until: float


class SeriesCache:
    """The points of one plugin's tensors by experiment, run and tag. Threads may share a cache."""

    def __init__(self, plugin: str, limit: int = MAX_BYTES) -> None:
        self._plugin = plugin
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self._valid_seconds = 0.0

    @property
    def bytes(self) -> int:
        """Bytes of memory that the series take."""
        return self._bytes

    def read(self, reader: Reader, runs: Sequence[str], tags: Sequence[str]) -> ReadResult[Points]:
        """Return stacked points by run and tag, as the reader would. Series that do not exist are left out.

        At most two calls of the reader are made: a listing if kept series may have changed, and a read of the series
        that are not kept or have changed.
        """
        wanted = [(run, tag) for run in runs for tag in tags]
        result: ReadResult[Points] = ReadResult()
        stale, to_read = self._take(reader.experiment, wanted, result)
        if stale:
            self._drop_changed(reader, stale)
            stale, changed = self._take(reader.experiment, stale, result)
            to_read += stale + changed
        if to_read:
            some = set(to_read)
            read = reader.read_tensors(
                self._plugin,
                [run for run in runs if any((run, tag) in some for tag in tags)],
                [tag for tag in tags if any((run, tag) in some for run in runs)],
            )
            result.problems += [one for one in read.problems if one.tag is None or (one.run, one.tag) in some]
            self._keep(reader.experiment, to_read, read, result)
        return result

    def list_all(self, reader: Reader, likely: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the series of all runs, and drop the kept ones that have changed."""
        began = time.monotonic()
        listed = reader.list_all_tensors(self._plugin, likely)
        ended = time.monotonic()
        with self._lock:
            keys = [key for key in self._entries if key[0] == reader.experiment]
            self._compare(reader.experiment, [key[1:] for key in keys], listed.data, began, ended)
        return listed

    def _take(
        self, experiment: str, wanted: Iterable[tuple[str, str]], result: ReadResult[Points]
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Add the valid series to ``result``. Return those that must be checked, and those that are not kept."""
        now = time.monotonic()
        stale, unknown = [], []
        with self._lock:
            for run, tag in wanted:
                entry = self._entries.get((experiment, run, tag))
                if entry is None:
                    unknown.append((run, tag))
                elif entry.until < now:
                    stale.append((run, tag))
                else:
                    self._entries.move_to_end((experiment, run, tag))
                    if entry.info is not None:
                        result.add_points(run, tag, entry.points)
        return stale, unknown

    def _drop_changed(self, reader: Reader, stale: Sequence[tuple[str, str]]) -> None:
        """List some series, and drop those that have changed. The others are valid again."""
        began = time.monotonic()
        runs, tags = (list(dict.fromkeys(names)) for names in zip(*stale, strict=True))
        listed = reader.list_tensors(self._plugin, runs, tags)
        with self._lock:
            self._compare(reader.experiment, stale, listed.data, began, time.monotonic())

    def _compare(
        self,
        experiment: str,
        keys: Iterable[tuple[str, str]],
        listed: Mapping[str, Mapping[str, SeriesInfo]],
        began: float,
        ended: float,
    ) -> None:
        """Compare kept series with a listing that took from ``began`` to ``ended``."""
        self._valid_seconds = min(MAX_VALID_SECONDS, (ended - began) / LISTING_FRACTION)
        for run, tag in keys:
            entry = self._entries.get((experiment, run, tag))
            if entry is None:
                continue
            if listed.get(run, {}).get(tag) == entry.info:
                # Counted from the end of the listing, or a slow one would leave the series no time.
                entry.until = max(entry.until, ended + self._valid_seconds)
            else:
                self._drop((experiment, run, tag))

    def _keep(
        self, experiment: str, keys: Iterable[tuple[str, str]], read: ReadResult[Points], result: ReadResult[Points]
    ) -> None:
        """Keep the series that were read, and add them to ``result``."""
        until = time.monotonic() + self._valid_seconds
        unreadable = {(problem.run, problem.tag) for problem in read.problems}
        unreadable_runs = {run for run, tag in unreadable if tag is None}
        for run, tag in keys:
            points, info = read.data.get(run, {}).get(tag), None
            if points is None:
                if run in unreadable_runs or (run, tag) in unreadable:
                    continue
                points = NO_POINTS
            else:
                points = points.stacked()
                result.data.setdefault(run, {})[tag] = points
                info = _info(points)
            with self._lock:
                self._drop((experiment, run, tag))
                self._entries[experiment, run, tag] = _Entry(points, info, until)
                self._bytes += _cost((experiment, run, tag), points)
                while self._bytes > self._limit and self._entries:
                    self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _cost(key, entry.points)


def _info(points: Points) -> SeriesInfo | None:
    """Return what a listing says about a series, events that are left out included. None if there is no event."""
    steps, wall_times = ([fault.step for fault in points.faults], [as_date(fault.wall_time) for fault in points.faults])
    if points.steps.size:
        steps.append(int(points.steps.max()))
        wall_times.append(float(points.wall_times.max()))
    return SeriesInfo(max(steps), max(wall_times)) if steps else None


def _cost(key: Key, points: Points) -> int:
    return points.nbytes + ENTRY_BYTES + sum(map(len, key))
