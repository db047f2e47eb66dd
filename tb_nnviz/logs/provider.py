"""A reader of TensorBoard's data provider that copes with its races, corrupt tensors and limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorboard import errors
from tensorboard.data import provider as tb_provider

from tb_nnviz.logs.points import Points, as_date
from tb_nnviz.logs.reader import Arrival, Problem, ReadResult, SeriesInfo, T
from tb_nnviz.logs.tensors import decode_number, decode_tensor, decoding

#: More samples than any loader keeps. The provider returns nothing for 0 and raises TypeError for None.
ALL = 10**6

#: Number of tries of a call. The Python loader publishes a tag shortly before its first tensor, so a call may fail.
ATTEMPTS = 4
PAUSE_SECONDS = 0.05


class UnavailableError(errors.PublicError):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """TensorBoard cannot deliver data at the moment."""

    http_code = 503


@dataclass(frozen=True)
class ProviderReader:
    """A reader of one experiment of TensorBoard's data provider, for one HTTP request."""

    provider: Any
    context: Any
    experiment: str

    def start_times(self) -> dict[str, float | None]:
        """Return the wall time of each run's first event, by run. None if the loader does not know it yet."""
        runs = self._call(self._provider().list_runs, {}, None, None)
        return {run.run_name: run.start_time for run in runs}

    def arrivals(self, runs: Sequence[str], tag: str) -> dict[str, Arrival]:
        """Return the last event of a scalar of some runs, by arrival. Empty on the data server."""
        if type(self.provider).__name__ != "MultiplexerDataProvider":
            return {}
        last = self.read_scalars(runs, [tag], last=True).data
        return {
            run: Arrival(int(points.steps[-1]), float(points.wall_times[-1]))
            for run, tags in last.items()
            for points in tags.values()
            if points.steps.size
        }

    def list_all_tensors(self, plugin: str, likely: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the tensor tags of a plugin in all runs. Of a run that cannot be listed, list the ``likely`` tags."""
        list_tensors, arguments = self._provider().list_tensors, {"plugin_name": plugin}
        try:
            return ReadResult(_convert(self._call(list_tensors, arguments, None, None), _series_info))
        except errors.PublicError:
            raise
        except _SPLIT:
            result = self._read(list_tensors, arguments, list(self.start_times()), None, _series_info)
        for run in [problem.run for problem in result.problems]:
            result.add(self._read(list_tensors, arguments, [run], likely, _series_info))
        return result

    def list_tensors(
        self, plugin: str, runs: Sequence[str], tags: Sequence[str] | None = None
    ) -> ReadResult[SeriesInfo]:
        """List the tensor tags of a plugin in some runs. ``tags`` None lists all tags."""
        return self._read(self._provider().list_tensors, {"plugin_name": plugin}, runs, tags, _series_info)

    def list_scalars(self, runs: Sequence[str]) -> ReadResult[SeriesInfo]:
        """List the stock scalars of some runs."""
        return self._read(self._provider().list_scalars, {"plugin_name": "scalars"}, runs, None, _series_info)

    def read_tensors(
        self, plugin: str, runs: Sequence[str], tags: Sequence[str], last: bool = False
    ) -> ReadResult[Points]:
        """Read tensor tags of a plugin. ``last`` reads the newest event of each tag only."""
        arguments = {"plugin_name": plugin, "downsample": 1 if last else ALL}
        with decoding(self._provider(), decode_tensor):
            return _with_problems(self._read(self._provider().read_tensors, arguments, runs, tags, _tensor_points))

    def read_scalars(self, runs: Sequence[str], tags: Sequence[str], last: bool = False) -> ReadResult[Points]:
        """Read stock scalars. ``last`` reads the newest event of each tag only."""
        provider, arguments = self._provider(), dict[str, Any](plugin_name="scalars")
        with decoding(provider, decode_number):
            if not last:
                arguments["downsample"] = ALL
                return _with_problems(self._read(provider.read_scalars, arguments, runs, tags, _scalar_points))
            # With downsample=1 the Python loader would unpack every event before it drops all but one.
            method = provider.read_last_scalars
            return _with_problems(self._read(method, arguments, runs, tags, lambda datum: _scalar_points([datum])))

    def _provider(self) -> Any:
        if self.provider is None:
            raise UnavailableError("no data: TensorBoard was started without a data provider")
        return self.provider

    def _read(
        self,
        method: Callable[..., Any],
        arguments: Mapping[str, Any],
        runs: Sequence[str],
        tags: Sequence[str] | None,
        convert: Callable[[Any], T],
        attempts: int = ATTEMPTS,
    ) -> ReadResult[T]:
        """Make one call of the provider. If it fails, repeat it for halves of the runs and tags, down to one series.

        One series without any tensor makes the whole call fail in the Python loader. So does an answer beyond gRPC's
        256 MiB. Only the first call waits and tries again, because many runs may have such a series.
        """
        if not runs or (tags is not None and not tags):
            return ReadResult()  # some providers treat an empty filter as no filter
        try:
            return ReadResult(_convert(self._call(method, arguments, runs, tags, attempts), convert))
        except errors.PublicError:
            raise
        except _SPLIT as error:
            reason = f"cannot be read: {type(error).__name__}: {str(error)[:200]}"
        result: ReadResult[T] = ReadResult()
        if len(runs) > 1:
            middle = len(runs) // 2
            for half in (runs[:middle], runs[middle:]):
                result.add(self._read(method, arguments, half, tags, convert, 1))
        elif tags is not None and len(tags) > 1:
            middle = len(tags) // 2
            for part in (tags[:middle], tags[middle:]):
                result.add(self._read(method, arguments, runs, part, convert, 1))
        else:
            result.problems.append(Problem(runs[0], tags[0] if tags else None, reason))
        return result

    def _call(
        self,
        method: Callable[..., Any],
        arguments: Mapping[str, Any],
        runs: Sequence[str] | None,
        tags: Sequence[str] | None,
        attempts: int = ATTEMPTS,
    ) -> Any:
        arguments = dict(arguments, experiment_id=self.experiment)
        if runs is not None or tags is not None:
            arguments["run_tag_filter"] = tb_provider.RunTagFilter(runs=runs, tags=tags)
        for attempt in range(1, attempts + 1):
            try:
                return method(self.context, **arguments)
            except errors.PublicError:  # it is a RuntimeError as well, but TensorBoard answers the client with it
                raise
            except (KeyError, RuntimeError):  # the loader was adding a tag
                if attempt == attempts:
                    raise
                time.sleep(PAUSE_SECONDS)
            except (ValueError, TypeError):
                raise
            except Exception as error:
                raise _translate(error) from error
        raise AssertionError("not reached")


def _convert(data: Mapping[str, Mapping[str, Any]], convert: Callable[[Any], T]) -> dict[str, dict[str, T]]:
    return {run: {tag: convert(one) for tag, one in tags.items()} for run, tags in data.items()}


def _with_problems(read: ReadResult[Points]) -> ReadResult[Points]:
    """Add the faults of the series to the problems of a read."""
    result: ReadResult[Points] = ReadResult(problems=read.problems)
    for run, tags in read.data.items():
        for tag, points in tags.items():
            result.add_points(run, tag, points)
    return result


def _series_info(series: Any) -> SeriesInfo:
    return SeriesInfo(series.max_step, as_date(series.max_wall_time))


def _tensor_points(data: Iterable[Any]) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data)


def _scalar_points(data: Iterable[Any]) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.value) for datum in data)


class _TooLargeError(Exception):
    """An answer too large for one gRPC message."""


#: Errors after which a call is repeated for a part of its series.
_SPLIT = (KeyError, RuntimeError, ValueError, TypeError, _TooLargeError)


def _translate(error: Exception) -> Exception:
    """Return the exception to raise for a gRPC error. Other errors are returned unchanged.

    A gRPC error is recognized by the name of its class, because grpc may not be installed.
    """
    if not any(cls.__name__ == "RpcError" for cls in type(error).__mro__):
        return error
    code = getattr(getattr(error, "code", lambda: None)(), "name", "UNKNOWN")
    if code == "RESOURCE_EXHAUSTED":
        return _TooLargeError("the data server's answer is too large")
    details = getattr(error, "details", lambda: "")()
    return UnavailableError(f"TensorBoard's data server does not answer: {code}: {details}")
