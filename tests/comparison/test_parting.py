"""The place at which runs part, on logs of every kind and on runs that are logged rarely."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tb_nnviz.comparison.compare import compare
from tb_nnviz.comparison.directory import compare_directory
from tb_nnviz.comparison.parting import part
from tb_nnviz.comparison.series import RunSeries
from tests.comparison.conftest import Runs
from tests.support.compared_runs import LAYER
from tests.support.event_logs import Zoo


def every(run: RunSeries, steps: int, first: int = 0) -> RunSeries:
    """Return a run as if only some steps were logged."""
    kinds = {
        kind: replace(
            one,
            steps=one.steps[first::steps],
            values={name: values[first::steps] for name, values in one.values.items()},
            present=one.present[first::steps],
        )
        for kind, one in run.kinds.items()
    }
    return replace(run, kinds=kinds)


@pytest.mark.parametrize(("steps", "first", "since"), [(5, 0, 60), (10, 0, 60), (7, 0, 63), (10, 5, 65)])
def test_part_rarely_logged_run_names_the_layer(steps, first, since, compared_runs: Runs) -> None:
    runs = every(compared_runs["half"], steps, first), every(compared_runs["reference"], steps, first)
    found = compare(runs[0], [runs[1]]).causes[0].first
    assert (found.name.layer, found.since) == (LAYER, since)


@pytest.mark.parametrize(("steps", "first"), [(5, 0), (10, 0), (8, 0)])
def test_part_logged_batch_is_named_by_order(steps: int, first: int, compared_runs: Runs) -> None:
    runs = every(compared_runs["batch"], steps, first), every(compared_runs["reference"], steps, first)
    found = part(*runs)
    assert found is not None and found.place is not None
    assert (found.place.kind, found.place.step, found.place.equal_until) == ("input", 40, 40 - steps)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Zoo(tmp_path_factory.mktemp("zoo")).logdir


def pairs(logdir: Path) -> Iterator[tuple[str, str]]:
    names = sorted({path.parent.relative_to(logdir).as_posix() for path in logdir.rglob("events*")})
    return ((one, other) for one in names for other in names if one != other)


def test_compare_any_two_logs_gives_json_or_a_reason(zoo: Path) -> None:
    reasons = set()
    for one, other in pairs(zoo):
        try:
            (found,) = compare_directory(zoo, [one, other])
        except ValueError as error:
            reasons.add(str(error))
        else:
            assert json.loads(json.dumps(found.document(), allow_nan=False))["run"] == one
    assert reasons == {f"missing statistics: run {name!r} has none" for name in ("no_layout", "users")}
