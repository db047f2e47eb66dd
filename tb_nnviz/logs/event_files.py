"""A reader of event files, without a TensorBoard process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError
from tensorboard import data_compat
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.histogram import metadata as histogram_metadata
from tensorboard.plugins.scalar import metadata as scalar_metadata

from tb_nnviz.logs.points import Invalid, Points, as_date
from tb_nnviz.logs.reader import Arrival, ReadResult, SeriesInfo, T
from tb_nnviz.logs.records import read_records
from tb_nnviz.logs.tensors import decode_number, decode_tensor

#: Data classes by plugin, for metadata of TensorBoard's own plugins that lacks them.
_DATA_CLASSES = {
    histogram_metadata.PLUGIN_NAME: summary_pb2.DATA_CLASS_TENSOR,
    scalar_metadata.PLUGIN_NAME: summary_pb2.DATA_CLASS_SCALAR,
}


class EventFileReader:
    """A reader of all events in the event files below a folder.

    A run is a folder with event files, named relative to ``logdir`` as in TensorBoard. Its files are read in the order
    of their names, as a whole, when the run is first requested. Runs and events that are written later are not read.

    >>> EventFileReader("/nowhere").start_times()
    {}
    """

    def __init__(self, logdir: Path | str) -> None:
        self._logdir = Path(logdir)
        self._paths = find_runs(self._logdir)
        self._runs: dict[str, _Run] = {}

    @property
    def experiment(self) -> str:
        """Identity of the source: the folder."""
        return str(self._logdir)

    @property
    def problems(self) -> list[str]:
        """The reasons why parts of the files read so far are left out."""
        return [problem for run in self._runs.values() for problem in run.problems]

    def files(self, run: str) -> list[EventFileSpan]:
        """Return the event files of a run that hold values, in the order of their names."""
        return self._run(run).files if run in self._paths else []

    def start_times(self) -> dict[str, float | None]:
        """Return the wall time of each run's first event, by run. None if it has no event."""
        return {name: self._run(name).start_time for name in self._paths}

    def arrivals(self, runs: Sequence[str], tag: str) -> dict[str, Arrival]:
        """Return nothing: events that are written later are not read."""
        return {}

    def list_all_tensors(self, plugin: str, likely: Sequence[str] = ()) -> ReadResult[SeriesInfo]:
        """List the tensor tags of a plugin in all runs. ``likely`` is ignored."""
        return self.list_tensors(plugin, list(self._paths))

    def list_tensors(
        self, plugin: str, runs: Sequence[str], tags: Sequence[str] | None = None
    ) -> ReadResult[SeriesInfo]:
        """List the tensor tags of a plugin in some runs. ``tags`` None lists all tags."""
        return self._collect(_TENSOR, plugin, runs, tags, _Series.info)

    def list_scalars(self, runs: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the stock scalars of some runs."""
        return self._collect(_SCALAR, scalar_metadata.PLUGIN_NAME, runs, None, _Series.info)

    def read_tensors(
        self, plugin: str, runs: Sequence[str], tags: Sequence[str], last: bool = False
    ) -> ReadResult[Points]:
        """Read tensor tags of a plugin. ``last`` reads the newest event of each tag only."""
        return self._read(_TENSOR, plugin, runs, tags, lambda series: series.points(_array, last))

    def read_scalars(self, runs: Sequence[str], tags: Sequence[str], last: bool = False) -> ReadResult[Points]:
        """Read stock scalars. ``last`` reads the newest event of each tag only."""
        plugin = scalar_metadata.PLUGIN_NAME
        return self._read(_SCALAR, plugin, runs, tags, lambda series: series.points(_number, last))

    def _read(
        self,
        data_class: int,
        plugin: str,
        runs: Sequence[str],
        tags: Sequence[str],
        convert: Callable[[_Series], Points],
    ) -> ReadResult[Points]:
        """Read the series of a plugin and data class. Their faults become problems."""
        result: ReadResult[Points] = ReadResult()
        for name, of_run in self._collect(data_class, plugin, runs, tags, convert).data.items():
            for tag, points in of_run.items():
                result.add_points(name, tag, points)
        return result

    def _collect(
        self,
        data_class: int,
        plugin: str,
        runs: Sequence[str],
        tags: Sequence[str] | None,
        convert: Callable[[_Series], T],
    ) -> ReadResult[T]:
        """Convert the series of a plugin and data class."""
        result: ReadResult[T] = ReadResult()
        for name in runs:
            series = self._run(name).series if name in self._paths else {}
            for tag in series if tags is None else tags:
                one = series.get(tag)
                if one is None or (one.data_class, one.plugin) != (data_class, plugin):
                    continue
                result.data.setdefault(name, {})[tag] = convert(one)
        return result

    def _run(self, name: str) -> _Run:
        if name not in self._runs:
            self._runs[name] = _Run.load(self._paths[name])
        return self._runs[name]


class EventFileSpan(NamedTuple):
    """An event file, and the wall times of the first and the last event that holds values."""

    path: Path
    begin: float
    end: float


def find_runs(logdir: Path) -> dict[str, list[Path]]:
    """Return the event files of each run below a folder, in the order of their names."""
    runs = {}
    for folder, folders, files in os.walk(logdir, followlinks=True):
        folders.sort()
        paths = [Path(folder, file) for file in sorted(files) if "tfevents" in file]
        if paths:
            runs[os.path.relpath(folder, logdir)] = paths
    return runs


_TENSOR = summary_pb2.DATA_CLASS_TENSOR
_SCALAR = summary_pb2.DATA_CLASS_SCALAR


@dataclass
class _Series:
    """The events of one tag. The first metadata of a tag decides its plugin and data class, as in TensorBoard."""

    plugin: str
    data_class: int
    events: list[tuple[int, float, Any]] = field(default_factory=list)

    def info(self) -> SeriesInfo:
        latest = max(as_date(wall_time) for _, wall_time, _ in self.events)
        return SeriesInfo(max(step for step, _, _ in self.events), latest)

    def points(self, decode: Callable[[Any], Any], last: bool) -> Points:
        events = self.events[-1:] if last else self.events
        return Points.of((step, wall_time, decode(value)) for step, wall_time, value in events)


@dataclass
class _Run:
    """The series of one run by tag. Their values are decoded when they are requested."""

    start_time: float | None = None
    series: dict[str, _Series] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    files: list[EventFileSpan] = field(default_factory=list)

    @classmethod
    def load(cls, paths: Iterable[Path]) -> _Run:
        run = cls()
        for path in paths:
            times = []
            try:
                for event in _events(path):
                    run._add(event)
                    if event.summary.value:
                        times.append(event.wall_time)
            except (OSError, ValueError, DecodeError) as error:
                run.problems.append(f"{path}: not read to its end: {type(error).__name__}: {str(error)[:200]}")
            if times:
                run.files.append(EventFileSpan(path, min(times), max(times)))
        run.series = {tag: series for tag, series in run.series.items() if series.events}
        return run

    def _add(self, event: event_pb2.Event) -> None:
        if self.start_time is None:
            self.start_time = event.wall_time
        for value in event.summary.value:
            series = self.series.get(value.tag)
            if series is None:
                series = self.series[value.tag] = _new_series(value)
            content = _content(value)
            if content is not None:
                series.events.append((event.step, event.wall_time, content))


def _events(path: Path) -> Iterator[event_pb2.Event]:
    return (event_pb2.Event.FromString(record) for record in read_records(path))


def _new_series(value: summary_pb2.Summary.Value) -> _Series:
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return _Series(scalar_metadata.PLUGIN_NAME, _SCALAR)
    if kind == "histo":
        return _Series(histogram_metadata.PLUGIN_NAME, _TENSOR)
    plugin = value.metadata.plugin_data.plugin_name
    return _Series(plugin, value.metadata.data_class or _DATA_CLASSES.get(plugin, 0))


def _content(value: summary_pb2.Summary.Value) -> Any:
    """Return a value's content as a number or a TensorProto, or None if it is neither."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return value.simple_value
    if kind == "histo":
        try:
            return data_compat.migrate_value(value).tensor
        except (ValueError, TypeError) as error:  # limits and counts of different lengths
            return Invalid(f"invalid histogram: {type(error).__name__}: {str(error)[:200]}")
    return value.tensor if kind == "tensor" else None


def _array(content: Any) -> Any:
    return content if isinstance(content, (float, Invalid)) else decode_tensor(content)


def _number(content: Any) -> float | Invalid:
    return content if isinstance(content, (float, Invalid)) else decode_number(content)
