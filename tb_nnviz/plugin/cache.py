"""A cache of series, valid as long as TensorBoard's data does not change."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tb_nnviz import schema
from tb_nnviz.logs.flights import Flights
from tb_nnviz.logs.points import NO_POINTS, Points, as_date
from tb_nnviz.logs.reader import Arrival, Problem, Reader, ReadResult, SeriesInfo

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
#: A listing of all runs that took more seconds of computation than this is answered again for ten times as long, but
#: not longer than ``MAX_LISTED_SECONDS``. So many clients that ask for the runs leave most of the time to others.
LONG_LISTING = 0.02
MAX_LISTED_SECONDS = 5.0
#: A scalar that every event with statistics has.
ARRIVALS = schema.TAG_GLOBAL + "overhead_seconds"

Key = tuple[str, str, str]


@dataclass
class _Entry:
    """A series that is kept. It is valid until ``until``. ``info`` is None if the series does not exist.

    ``arrived`` is the newest event of its run when the series was read. See ``Reader.arrivals``.
    """

    points: Points
    info: SeriesInfo | None
    until: float
    arrived: Arrival | None = None


@dataclass(frozen=True)
class _Loaded:
    """A series that was read, None if it does not exist or cannot be read, and the problems of reading it."""

    points: Points | None
    problems: tuple[Problem, ...] = ()


class SeriesCache:
    """The points of one plugin's tensors by experiment, run and tag.

    Threads may share a cache. Series that several threads request at the same time are listed and read once.
    """

    def __init__(self, plugin: str, limit: int = MAX_BYTES) -> None:
        self._plugin = plugin
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self._valid_seconds = 0.0
        self._reads: Flights[Key, _Loaded] = Flights()
        self._checks: Flights[Key, None] = Flights()
        self._listings: Flights[str, ReadResult[SeriesInfo]] = Flights()
        #: The last listing of all runs by experiment, and the time until which it is answered again.
        self._listed: dict[str, tuple[float, ReadResult[SeriesInfo]]] = {}

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
            keys = [(reader.experiment, run, tag) for run, tag in to_read]
            loaded = self._reads.load(keys, lambda some: self._load(reader, some))
            problems = dict.fromkeys(result.problems)  # those of a whole run are those of each of its tags
            for _, run, tag in keys:
                one = loaded[reader.experiment, run, tag]
                problems.update(dict.fromkeys(one.problems))
                if one.points is not None:
                    result.data.setdefault(run, {})[tag] = one.points
            result.problems = list(problems)
        return result

    def list_all(self, reader: Reader, likely: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the series of all runs, and drop the kept ones that have changed."""
        until, listed = self._listed.get(reader.experiment, (-1.0, ReadResult()))
        if time.monotonic() < until:
            return listed
        return self._listings.load([reader.experiment], lambda _: {reader.experiment: self._list(reader, likely)})[
            reader.experiment
        ]

    def _list(self, reader: Reader, likely: Sequence[str]) -> ReadResult[SeriesInfo]:
        computed, began = time.thread_time(), time.monotonic()
        listed = reader.list_all_tensors(self._plugin, likely)
        with self._lock:
            keys = [key for key in self._entries if key[0] == reader.experiment]
        arrivals = reader.arrivals(list(dict.fromkeys(run for _, run, _ in keys)), ARRIVALS)
        ended = time.monotonic()
        with self._lock:
            self._compare(keys, listed.data, arrivals, began, ended)
        computed = time.thread_time() - computed
        if computed > LONG_LISTING:
            self._listed[reader.experiment] = ended + min(MAX_LISTED_SECONDS, 10 * computed), listed
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

        def check(keys: list[Key]) -> dict[Key, None]:
            began = time.monotonic()
            runs, tags = (list(dict.fromkeys(names)) for names in list(zip(*keys, strict=True))[1:])
            listed = reader.list_tensors(self._plugin, runs, tags)
            arrivals = reader.arrivals(runs, ARRIVALS)
            with self._lock:
                self._compare(keys, listed.data, arrivals, began, time.monotonic())
            return dict.fromkeys(keys)

        self._checks.load([(reader.experiment, run, tag) for run, tag in stale], check)

    def _compare(
        self,
        keys: Iterable[Key],
        listed: Mapping[str, Mapping[str, SeriesInfo]],
        arrivals: Mapping[str, Arrival],
        began: float,
        ended: float,
    ) -> None:
        """Compare kept series with a listing that took from ``began`` to ``ended``."""
        self._valid_seconds = min(MAX_VALID_SECONDS, (ended - began) / LISTING_FRACTION)
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            _, run, tag = key
            info, arrived = listed.get(run, {}).get(tag), arrivals.get(run)
            # A run that was resumed at an earlier step with a clock that is behind has the same largest step and time.
            hidden = info is not None and arrived is not None and arrived.wall_time < info.max_wall_time
            if info == entry.info and not (hidden and arrived != entry.arrived):
                # Counted from the end of the listing, or a slow one would leave the series no time.
                entry.until = max(entry.until, ended + self._valid_seconds)
            else:
                self._drop(key)

    def _load(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, _Loaded]:
        """Read series with one call, and keep those that could be read."""
        runs, tags = (list(dict.fromkeys(names)) for names in list(zip(*keys, strict=True))[1:])
        # Both are from before the read, so that what is written during it is noticed.
        until, arrivals = time.monotonic() + self._valid_seconds, reader.arrivals(runs, ARRIVALS)
        read = reader.read_tensors(self._plugin, runs, tags)
        by_series: dict[tuple[str, str | None], list[Problem]] = {}
        for problem in read.problems:
            by_series.setdefault((problem.run, problem.tag), []).append(problem)
        loaded = {}
        for key in keys:
            _, run, tag = key
            problems = (*by_series.get((run, None), ()), *by_series.get((run, tag), ()))
            points, info = read.data.get(run, {}).get(tag), None
            if points is not None:
                points = points.stacked()
                info = _info(points)
            loaded[key] = _Loaded(points, problems)
            if points is None and problems:
                continue
            entry = _Entry(NO_POINTS if points is None else points, info, until, arrivals.get(run))
            with self._lock:
                self._drop(key)
                self._entries[key] = entry
                self._bytes += _cost(key, entry.points)
                while self._bytes > self._limit and self._entries:
                    self._drop(next(iter(self._entries)))
        return loaded

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
