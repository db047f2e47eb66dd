"""The matching of steps, on series that are written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.comparison.matching import batch_sizes, match
from tb_nnviz.comparison.series import KindSeries, RunSeries
from tb_nnviz.rules.step_values import Rows
from tb_nnviz.schema import Row


def run(name: str, steps: list[int], shape: tuple[int, ...] = (5, 3), batch: int = 4) -> RunSeries:
    """Return a run whose only row is a layer's output of ``batch`` samples."""
    size = int(np.prod(shape))
    rows = Rows([Row("fc", "fc", 0, "Linear", shape, size, "float32", "other", True, -1, 0)])
    present = np.ones((len(steps), 1), bool)
    counts = np.full((len(steps), 1), batch * size, np.float32)
    return RunSeries(name, {"activation": KindSeries(np.array(steps, float), rows, {"count": counts}, present)})


def test_batch_sizes_are_counted_from_elements() -> None:
    assert [batch_sizes(run("a", [0, 9]), unit)[1].tolist() for unit in ("samples", "tokens")] == [[4, 4], [20, 20]]
    assert batch_sizes(run("a", [0], shape=(5,)), "tokens") is None
    assert batch_sizes(RunSeries("a"), "samples") is None


@pytest.mark.parametrize(
    ("by", "places", "steps"),
    [
        ("step", [0, 10, 20], [0, 10, 20]),
        ("samples", [0, 40, 80], [0, 10, 20]),
        ("tokens", [0, 200, 400], [0, 10, 20]),
        ("share", [0, 0.5, 1], [0, 10, 20]),
    ],
)
def test_match_same_schedule_has_all_steps(by: str, places: list[float], steps: list[int]) -> None:
    found = match([run("a", [0, 10, 20]), run("b", [0, 10, 20])], by)
    assert (found.places.tolist(), found.steps.tolist()) == (places, steps)


def test_match_samples_of_other_batch_size_skips_steps() -> None:
    found = match([run("a", list(range(9)), batch=4), run("b", list(range(5)), batch=8)], "samples")
    assert found.places.tolist() == [0, 8, 16, 24, 32] and found.steps.tolist() == [0, 2, 4, 6, 8]
    assert found.indices(1, np.arange(5.0)).tolist() == [0, 1, 2, 3, 4]


def test_match_run_with_fewest_steps_gives_places() -> None:
    found = match([run("a", list(range(0, 40))), run("b", [5, 15, 25])])
    assert found.places.tolist() == [5, 15, 25]
    assert found.indices(0, np.arange(40.0)).tolist() == [5, 15, 25]
    assert found.indices(0, np.array([0.0, 30.0])).tolist() == [0, -1, 1]


@pytest.mark.parametrize(
    ("runs", "by", "message"),
    [
        ([run("a", [0]), run("b", [0])], "epoch", "unknown alignment: 'epoch'"),
        ([run("a", [0]), RunSeries("b")], "step", "missing statistics: run 'b' has none"),
        ([run("a", [0, 1]), run("b", [5, 6])], "step", "missing common steps"),
        ([run("a", [0], shape=(3,)), run("b", [0])], "tokens", "missing tokens: run 'a'"),
    ],
)
def test_match_impossible_names_the_run(runs, by, message) -> None:
    with pytest.raises(ValueError, match=message):
        match(runs, by)
