"""The provider reader on a provider that fails."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard import errors

from tb_nnviz.logs.provider import ATTEMPTS, PAUSE_SECONDS, ProviderReader, UnavailableError
from tb_nnviz.logs.reader import SeriesInfo

RUNS = [f"run{i}" for i in range(20)]


TAGS = ["norm", "mean", "count"]


class RpcError(Exception):
    """An error with the name and the methods of grpc's."""

    def __init__(self, code: str) -> None:
        self.code = lambda: SimpleNamespace(name=code)
        self.details = lambda: "the details"


class Provider:
    """A provider whose calls fail if they include a broken (run, tag) pair, or more than ``most`` pairs.

    Calls with broken pairs fail only the first ``times`` times.
    """

    def __init__(self, broken: set[tuple[str, str]], error: Exception, most: int = 10**6, times: int = 10**6) -> None:
        self.broken, self.error, self.most, self.times = broken, error, most, times
        self.calls: list[dict[str, Any]] = []

    def read_tensors(self, ctx: Any, **arguments: Any) -> dict[str, dict[str, list[Any]]]:
        self.calls.append(arguments)
        pairs = [(r, t) for r in arguments["run_tag_filter"].runs for t in arguments["run_tag_filter"].tags]
        if len(pairs) > self.most or (self.times > 0 and not self.broken.isdisjoint(pairs)):
            self.times -= 1
            raise self.error
        datum = SimpleNamespace(step=0, wall_time=0.0, numpy=None)
        return {run: {tag: [datum] for r, tag in pairs if r == run} for run, _ in pairs}

    def list_tensors(self, ctx: Any, **arguments: Any) -> dict[str, dict[str, Any]]:
        self.calls.append(arguments)
        asked = arguments.get("run_tag_filter", SimpleNamespace(runs=None, tags=None))
        runs, tags = asked.runs or sorted(RUNS), asked.tags or [*TAGS, "mine"]
        if not self.broken.isdisjoint((run, tag) for run in runs for tag in tags):
            raise self.error
        info = SimpleNamespace(max_step=3, max_wall_time=float("inf"))
        return {run: dict.fromkeys(tags, info) for run in runs}

    def list_runs(self, ctx: Any, **arguments: Any) -> list[Any]:
        return [SimpleNamespace(run_name=run, start_time=0.0) for run in RUNS]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace sleeping, and return the pauses that the reader makes."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def read(provider: Any) -> Any:
    return ProviderReader(provider, "context", "").read_tensors("nnviz", sorted(RUNS), TAGS)


def test_read_tensors_many_runs_makes_one_call() -> None:
    provider = Provider(set(), ValueError())
    found = read(provider)
    assert len(provider.calls) == 1
    assert provider.calls[0]["downsample"] == 10**6
    assert sum(map(len, found.data.values())) == len(RUNS) * len(TAGS)


@pytest.mark.parametrize("error", [KeyError("norm"), RuntimeError("dictionary changed size during iteration")])
def test_read_tensors_race_with_loader_is_retried(error: Exception, pauses: list[float]) -> None:
    provider = Provider({("run3", "norm")}, error, times=2)
    found = read(provider)
    assert found.problems == []
    assert len(found.data) == len(RUNS)
    assert len(provider.calls) == 3
    assert pauses == [PAUSE_SECONDS] * 2


@pytest.mark.parametrize("error", [ValueError("cannot reshape"), TypeError("unsupported"), KeyError("norm")])
def test_read_tensors_broken_series_loses_no_other(error: Exception) -> None:
    broken = {("run3", "norm"), ("run17", "count")}
    provider = Provider(broken, error)
    found = read(provider)
    assert {(run, tag) for run, tags in found.data.items() for tag in tags} == {
        (run, tag) for run in RUNS for tag in TAGS
    } - broken
    assert {problem[:2] for problem in found.problems} == broken
    assert all(type(error).__name__ in reason for _, _, reason, _ in found.problems)
    assert len(provider.calls) < 30 * (ATTEMPTS if isinstance(error, KeyError) else 1)


def test_read_tensors_beyond_grpc_limit_is_split() -> None:
    provider = Provider(set(), RpcError("RESOURCE_EXHAUSTED"), most=10)
    found = read(provider)
    assert found.problems == []
    assert {run: sorted(tags) for run, tags in found.data.items()} == {run: sorted(TAGS) for run in RUNS}


def test_read_tensors_dead_data_server_raises_503() -> None:
    with pytest.raises(UnavailableError, match="data server does not answer: UNAVAILABLE: the details") as caught:
        read(Provider({("run1", "norm")}, RpcError("UNAVAILABLE")))
    assert caught.value.http_code == 503


def test_read_tensors_without_provider_raises() -> None:
    with pytest.raises(UnavailableError, match="started without a data provider"):
        read(None)


@pytest.mark.parametrize("error", [errors.PermissionDeniedError("no"), OSError("disk")])
def test_read_tensors_other_error_is_raised_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        read(Provider({("run1", "norm")}, error))
    assert caught.value is error


def test_list_all_tensors_unlistable_run_keeps_all_tags_of_others() -> None:
    provider = Provider({("run3", "mine")}, KeyError("mine"))
    found = ProviderReader(provider, "context", "").list_all_tensors("nnviz", TAGS)
    assert {run: sorted(tags) for run, tags in found.data.items()} == {
        run: sorted(TAGS if run == "run3" else [*TAGS, "mine"]) for run in RUNS
    }
    assert {problem.run for problem in found.problems} == {"run3"}
    assert found.data["run1"]["mine"] == SeriesInfo(3, 0.0)


def test_read_tensors_many_broken_series_waits_once(pauses: list[float]) -> None:
    broken = {(run, "norm") for run in RUNS}
    found = read(Provider(broken, KeyError("norm")))
    assert {problem[:2] for problem in found.problems} == broken
    assert len(pauses) == ATTEMPTS - 1
