"""Series that were read, kept as long as TensorBoard's data does not change."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import Points

#: Bytes of series that are kept: three statistics of ten runs of 1000 rows and 2000 steps.
LIMIT = 256 << 20
#: What an entry takes beside its series: also what is not there is kept, whatever names are asked for.
ENTRY_BYTES = 1024
#: Asking whether something has changed may take this share of the time: 0.2 ms a call on the Python loader, which is
#: then asked again after 4 ms, and 45 ms on the data server, asked again after 0.9 s.
SHARE = 0.05
#: TensorBoard itself reads what was appended every 5 seconds.
LONGEST_SECONDS = 5.0

Key = tuple[str, str, str]
#: What a provider's list says of a series: its largest step and its latest wall time. None: there is no such series.
Fingerprint = tuple[int, float] | None


@dataclass
class _Kept:
    points: Points
    fingerprint: Fingerprint
    until: float  # by then it has to be looked at again


class Cache:
    """Points by experiment, run and tag; of the plugin's own tensors. Safe for threads."""

    def __init__(self, plugin: str, limit: int = LIMIT) -> None:
        self._plugin = plugin
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._valid_seconds = 0.0

    @property
    def bytes(self) -> int:
        """Bytes that are kept."""
        return self._bytes

    def read(self, reader: Reader, runs: Sequence[str], tags: Sequence[str]) -> Found:
        """Points by run and tag, as the reader finds them; what is not there is left out.

        At most two calls of the provider: one where something is known that may have changed, one for what is not
        known or has changed.
        """
        wanted = [(run, tag) for run in runs for tag in tags]
        found = Found()
        stale, missing = self._take(reader.experiment, wanted, found)
        if stale:
            self._ask(reader, stale)
            stale, more = self._take(reader.experiment, stale, found)
            missing += stale + more
        if missing:
            some = set(missing)
            read = reader.tensors(
                self._plugin,
                [run for run in runs if any((run, tag) in some for tag in tags)],
                [tag for tag in tags if any((run, tag) in some for run in runs)],
            )
            found.problems += read.problems
            self._keep(reader.experiment, missing, read, found)
        return found

    def listed(self, experiment: str, series: Mapping[str, Mapping[str, Any]], began: float, ended: float) -> None:
        """Every series of the plugin as the provider has just listed them: what has changed is forgotten."""
        with self._lock:
            keys = [key for key in self._kept if key[0] == experiment]
            self._compare(experiment, [key[1:] for key in keys], series, began, ended)

    def _take(
        self, experiment: str, wanted: Iterable[tuple[str, str]], found: Found
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Puts what may be used into ``found``; what has to be looked at again, and what is not known."""
        now = time.monotonic()
        stale, missing = [], []
        with self._lock:
            for run, tag in wanted:
                kept = self._kept.get((experiment, run, tag))
                if kept is None:
                    missing.append((run, tag))
                elif kept.until < now:
                    stale.append((run, tag))
                else:
                    self._kept.move_to_end((experiment, run, tag))
                    if kept.fingerprint is not None:
                        found.data.setdefault(run, {})[tag] = kept.points
        return stale, missing

    def _ask(self, reader: Reader, stale: Sequence[tuple[str, str]]) -> None:
        """Forget what has changed."""
        began = time.monotonic()
        runs, tags = (list(dict.fromkeys(names)) for names in zip(*stale, strict=True))
        listed = reader.list_tensors_of(self._plugin, runs, tags)
        with self._lock:
            self._compare(reader.experiment, stale, listed.data, began, time.monotonic())

    def _compare(
        self,
        experiment: str,
        known: Iterable[tuple[str, str]],
        series: Mapping[str, Mapping[str, Any]],
        began: float,
        ended: float,
    ) -> None:
        self._valid_seconds = min(LONGEST_SECONDS, (ended - began) / SHARE)
        for run, tag in known:
            kept = self._kept.get((experiment, run, tag))
            if kept is None:
                continue
            one = series.get(run, {}).get(tag)
            if (None if one is None else (one.max_step, one.max_wall_time)) == kept.fingerprint:
                # Also what the list took is time in which the data may have changed.
                kept.until = max(kept.until, ended + self._valid_seconds)
            else:
                self._drop((experiment, run, tag))

    def _keep(self, experiment: str, missing: Iterable[tuple[str, str]], read: Found, found: Found) -> None:
        until = time.monotonic() + self._valid_seconds
        unreadable = {problem[:2] for problem in read.problems}
        whole = {run for run, tag in unreadable if tag is None}
        for run, tag in missing:
            data = read.data.get(run, {}).get(tag)
            if data is None:
                if run in whole or (run, tag) in unreadable:
                    continue
                points, fingerprint = Points.of([]), None
            else:
                points = tensor_points(data)
                found.data.setdefault(run, {})[tag] = points
                fingerprint = (int(points.steps.max()), float(points.wall_times.max())) if points.steps.size else None
            with self._lock:
                self._drop((experiment, run, tag))
                self._kept[experiment, run, tag] = _Kept(points, fingerprint, until)
                self._bytes += _cost((experiment, run, tag), points)
                while self._bytes > self._limit and self._kept:
                    self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _cost(key, kept.points)


def _cost(key: Key, points: Points) -> int:
    return points.nbytes + ENTRY_BYTES + sum(map(len, key))


def tensor_points(data: Sequence[Any]) -> Points:
    """TensorDatums as points; vectors of one length as a table [n, length], which takes little where all are alike."""
    points = Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data)
    values = points.values
    first = values[0] if values else None
    if not isinstance(first, np.ndarray) or first.ndim != 1 or first.dtype.kind not in "fiub":
        return points
    if any(value.dtype != first.dtype or value.shape != first.shape for value in values):
        return points
    table = np.stack(list(values))
    # Counts and layouts' ids are the same at every step; bytes are compared, so that NaN is like itself.
    if table.size and (table[0].tobytes() == table[-1].tobytes()) and _all_alike(table):
        table = np.broadcast_to(first.copy(), table.shape)
    table.flags.writeable = False  # answers are made of views of it
    return Points(points.steps, points.wall_times, table)


def _all_alike(table: np.ndarray) -> bool:
    as_bytes = table.view(np.uint8).reshape(len(table), -1)
    return bool((as_bytes == as_bytes[0]).all())
