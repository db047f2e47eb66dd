"""TensorBoard's data provider -> events, over its races, corrupt tensors and limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorboard import errors
from tensorboard.data import provider as tb_provider

#: More than any loader keeps: 0 would mean nothing, and None is a TypeError.
ALL = 10**6

#: The Python loader publishes a tag a moment before its first tensor.
ATTEMPTS = 4
PAUSE_SECONDS = 0.05


class UnavailableError(errors.PublicError):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """The data cannot be had just now."""

    http_code = 503


@dataclass
class Found:
    """What the provider gave, {run: {tag: ...}}, and what it could not give: (run, tag or None, reason)."""

    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[tuple[str, str | None, str]] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Take over what another read has found."""
        for run, tags in other.data.items():
            self.data.setdefault(run, {}).update(tags)
        self.problems += other.problems


@dataclass(frozen=True)
class Reader:
    """Reads for one HTTP request."""

    provider: Any
    context: Any
    experiment: str

    def tensors(self, plugin: str, runs: Sequence[str], tags: Sequence[str], last: bool = False) -> Found:
        """Events of tensor tags, as the provider's TensorDatum; ``last``: only the newest of each."""
        arguments = {"plugin_name": plugin, "downsample": 1 if last else ALL}
        return self._read(self._provider().read_tensors, arguments, runs, tags)

    def scalars(self, runs: Sequence[str], tags: Sequence[str], last: bool) -> Found:
        """Events of stock scalars, as the provider's ScalarDatum; ``last``: only the newest of each."""
        provider, arguments = self._provider(), {"plugin_name": "scalars"}
        if not last:
            return self._read(provider.read_scalars, arguments | {"downsample": ALL}, runs, tags)
        # The Python loader unpacks every event before it leaves out all but one; asked like this, only the one.
        found = self._read(provider.read_last_scalars, arguments, runs, tags)
        data = {run: {tag: [datum] for tag, datum in of_run.items()} for run, of_run in found.data.items()}
        return Found(data, found.problems)

    def list_scalars(self, runs: Sequence[str]) -> Found:
        """Tags of stock scalars."""
        return self._read(self._provider().list_scalars, {"plugin_name": "scalars"}, runs, None)

    def list_tensors(self, plugin: str, likely: Sequence[str]) -> Found:
        """Tags of ours in all runs; where one run cannot be listed, those of its ``likely`` tags that can."""
        list_tensors, arguments = self._provider().list_tensors, {"plugin_name": plugin}
        try:
            return Found(self._call(list_tensors, arguments, None, None))
        except errors.PublicError:
            raise
        except _SPLIT:
            return self._read(list_tensors, arguments, list(self.start_times()), likely)

    def list_tensors_of(self, plugin: str, runs: Sequence[str], tags: Sequence[str] | None = None) -> Found:
        """Tags of ours in these runs, all or these, as the provider's TensorTimeSeries."""
        return self._read(self._provider().list_tensors, {"plugin_name": plugin}, runs, tags)

    def start_times(self) -> dict[str, float | None]:
        """Wall time of every run's first event, by its name."""
        runs = self._call(self._provider().list_runs, {}, None, None)
        return {run.run_name: run.start_time for run in runs}

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
    ) -> Found:
        """One call of the provider; if it fails, halves of it, down to the one series that is at fault.

        A single undecodable tensor fails the whole call, and so does an answer beyond gRPC's 256 MiB.
        """
        if not runs or (tags is not None and not tags):
            return Found()  # an empty filter is not "nothing" to every provider
        try:
            return Found(self._call(method, arguments, runs, tags))
        except errors.PublicError:
            raise
        except _SPLIT as error:
            reason = f"cannot be read: {type(error).__name__}: {str(error)[:200]}"
        found = Found()
        if len(runs) > 1:
            middle = len(runs) // 2
            for half in (runs[:middle], runs[middle:]):
                found.add(self._read(method, arguments, half, tags))
        elif tags is not None and len(tags) > 1:
            middle = len(tags) // 2
            for part in (tags[:middle], tags[middle:]):
                found.add(self._read(method, arguments, runs, part))
        else:
            found.problems.append((runs[0], tags[0] if tags else None, reason))
        return found

    def _call(
        self,
        method: Callable[..., Any],
        arguments: Mapping[str, Any],
        runs: Sequence[str] | None,
        tags: Sequence[str] | None,
    ) -> Any:
        arguments = dict(arguments, experiment_id=self.experiment)
        if runs is not None or tags is not None:
            arguments["run_tag_filter"] = tb_provider.RunTagFilter(runs=runs, tags=tags)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return method(self.context, **arguments)
            except errors.PublicError:  # a RuntimeError too, but one that is meant for whoever asked
                raise
            except (KeyError, RuntimeError):  # the loader was in the middle of adding a tag
                if attempt == ATTEMPTS:
                    raise
                time.sleep(PAUSE_SECONDS)
            except (ValueError, TypeError):
                raise
            except Exception as error:
                raise _translated(error) from error
        raise AssertionError("not reached")


class _TooLargeError(Exception):
    """An answer beyond what gRPC lets through in one piece."""


_SPLIT = (KeyError, RuntimeError, ValueError, TypeError, _TooLargeError)


def _translated(error: Exception) -> Exception:
    """What a gRPC error means to whoever asked; other errors as they are.

    By its class name, since grpc is the provider's business: it may be a provider without it.
    """
    if not any(cls.__name__ == "RpcError" for cls in type(error).__mro__):
        return error
    code = getattr(getattr(error, "code", lambda: None)(), "name", "UNKNOWN")
    if code == "RESOURCE_EXHAUSTED":
        return _TooLargeError("the data server's answer is too large")
    details = getattr(error, "details", lambda: "")()
    return UnavailableError(f"TensorBoard's data server does not answer: {code}: {details}")
