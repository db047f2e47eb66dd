"""Differences, noise and causes on series that are made of random numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tb_nnviz.comparison.compare import compare
from tb_nnviz.comparison.series import KindSeries, RunSeries
from tb_nnviz.rules.step_values import Rows
from tests.support.step_values import row

ROWS = Rows([row(f"fc{i}", depth=i) for i in range(12)])


def run(seed: int, change: Callable[[np.ndarray], object] | None = None, steps: int = 60, every: int = 1) -> RunSeries:
    """Return a run of two kinds. Each seed has its own level per row, and noise per step."""
    kinds = {}
    for kind in ("parameter", "update"):
        random = np.random.default_rng((seed, len(kind)))
        levels = random.normal(size=len(ROWS)) * 0.02 + random.normal(size=(steps, len(ROWS))) * 0.05
        rms = np.exp(levels).astype(np.float32)
        if kind == "update" and change is not None:
            change(rms)
        kinds[kind] = KindSeries(np.arange(steps) * float(every), ROWS, {"rms": rms}, np.ones(rms.shape, bool))
    return RunSeries(f"seed{seed}", kinds)


GROUP = [run(seed) for seed in range(5)]


def scaled(since: int, layer: int, factor: float, until: int | None = None) -> Callable[[np.ndarray], None]:
    def change(rms: np.ndarray) -> None:
        rms[since:until, layer] *= factor

    return change


def firsts(found) -> list[tuple[str, int]]:
    return [(cause.first.name.row, cause.first.since) for cause in found.causes]


def test_compare_seeds_of_a_group_rarely_differ() -> None:
    alarms = [bool(compare(run(100 + i), [run(200 + 5 * i + k) for k in range(5)]).causes) for i in range(40)]
    assert sum(alarms) <= 2  # 5 %


@pytest.mark.parametrize("since", [0, 20, 41])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_compare_level_is_dated_to_the_step(since: int, factor: float) -> None:
    found = compare(run(9, scaled(since, 7, factor)), GROUP)
    assert firsts(found) == [("fc7.weight", since)]
    assert found.causes[0].first.ratio == pytest.approx(factor, rel=0.1)


def test_compare_single_spike_is_found() -> None:
    found = compare(run(9, scaled(33, 2, 5.0, until=34)), GROUP)
    assert firsts(found) == [("fc2.weight", 33)] and found.causes[0].first.steps[0] <= 33


def test_compare_two_changes_have_two_causes() -> None:
    def change(rms: np.ndarray) -> None:
        rms[15:, 1] *= 4
        rms[45:, 9] /= 4

    assert firsts(compare(run(9, change), GROUP)) == [("fc1.weight", 15), ("fc9.weight", 45)]


def test_compare_change_of_all_rows_is_one_cause() -> None:
    found = compare(run(9, lambda rms: np.multiply(rms[20:], 3, out=rms[20:])), GROUP)
    assert firsts(found) == [("fc0.weight", 20)] and len(found.causes[0].others) == len(ROWS) - 1


def test_compare_long_run_is_dated_within_its_cells() -> None:
    group = [run(seed, steps=1000, every=10) for seed in range(5)]
    found = compare(run(9, scaled(437, 3, 0.5), steps=1000, every=10), group)
    ((name, since),) = firsts(found)
    assert name == "fc3.weight" and abs(since - 4370) <= 10


def test_compare_zero_and_nan_do_not_hide() -> None:
    def change(rms: np.ndarray) -> None:
        rms[30:, 4] = 0
        rms[:, 5] = np.nan

    (cause,) = compare(run(9, change), GROUP).causes
    assert (cause.first.name.row, cause.first.since, cause.first.value) == ("fc4.weight", 30, 0)


def test_compare_pair_is_stricter_than_a_group() -> None:
    change = scaled(20, 7, 1.15)
    assert compare(run(9, change), GROUP).causes and not compare(run(9, change), GROUP[:2]).causes
    found = compare(run(9, scaled(20, 7, 10.0)), GROUP[:2])
    assert firsts(found) == [("fc7.weight", 20)] and "badly known" in found.noise


def test_compare_single_run_says_that_seeds_are_unknown() -> None:
    found = compare(run(9, scaled(20, 7, 3.0)), GROUP[:1])
    assert firsts(found) == [("fc7.weight", 20)] and "seeds is unknown" in found.noise


def test_compare_one_step_has_no_history() -> None:
    assert compare(run(9, steps=1), [run(seed, steps=1) for seed in range(5)]).places == 1
