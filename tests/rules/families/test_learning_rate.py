"""Rules of the learning rate: hand-written courses that trigger them, and those that must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from tb_nnviz.rules.families.learning_rate import TooHigh, TooLow
from tb_nnviz.rules.step_values import StepValues
from tests.rules.families.test_update import ROWS, moved, optimizers
from tests.support.step_values import findings_of

#: Norm of the weights of the rows, whose elements are 0.5.
WEIGHT = 2.0


def run(
    ratios: Iterable[float | Sequence[float]],
    losses: Iterable[float] = (),
    rates: float | Sequence[float] = 0.1,
    name: str = "SGD",
    every: int = 10,
    **options: Any,
) -> Iterator[StepValues]:
    """Yield logged steps with updates relative to the weights, and a loss for each."""
    losses = [*losses]
    for i, ratio in enumerate(ratios):
        rate = rates if isinstance(rates, float) else rates[i]
        updates = np.asarray(ratio, float) * WEIGHT
        document = optimizers(ROWS, name, lr=rate, **options)
        yield moved(every * i, updates, WEIGHT, learning_rate__0=rate, optimizers=document)
        if i < len(losses):
            yield StepValues(every * i, logged={"loss": losses[i]})


# too_high


@pytest.mark.parametrize(("ratio", "severity"), [(0.6, "warning"), (3.0, "severe")])
def test_too_high_first_updates_are_found_at_once(ratio: float, severity: str) -> None:
    (found,) = findings_of(TooHigh(), run([ratio, 0.05, 0.01], name="Adam"))
    assert (found.severity, found.since, found.step, found.layer) == (severity, 0, 0, "")


def test_too_high_updates_that_last_are_found() -> None:
    (found,) = findings_of(TooHigh(), run([0.15, 0.13, 0.12, 0.12], name="Adam"))
    assert (found.severity, found.since, found.step) == ("warning", 0, 20)


def test_too_high_before_nan_is_found_though_one_step_is_logged() -> None:
    steps = list(run([[0.05, 0.05, 0.11, 0.05]], [9.3]))
    steps += [StepValues(4, logged={"loss": 2e4})]
    (found,) = findings_of(TooHigh(), steps)
    assert (found.severity, found.since, found.step) == ("severe", 0, 4)


def test_too_high_before_nan_parameters_is_found_without_a_loss() -> None:
    nan = moved(10, np.nan, np.nan, learning_rate__0=1.0)
    (found,) = findings_of(TooHigh(), [*run([[0.05, 0.05, 0.2, 0.05]]), nan])
    assert (found.since, found.step) == (0, 10)


@pytest.mark.parametrize(
    ("rate", "loss", "found"),
    [(20.0, 1e6, [(11, 20)]), (0.2, 1e6, []), (20.0, 2.1, [])],
    ids=["both", "the rate stays", "the loss stays"],
)
def test_too_high_jump_and_nan_between_logged_steps(rate: float, loss: float, found: list[object]) -> None:
    steps = [*run([0.01, 0.01], [2.0, 1.9], 0.1), StepValues(15, logged={"loss": loss})]
    steps.append(moved(20, np.nan, np.nan, learning_rate__0=rate))
    assert [(one.since, one.step) for one in findings_of(TooHigh(), steps)] == found


def test_too_high_rate_that_jumps_is_dated_to_the_jump() -> None:
    rates = [0.1, 0.1, 0.1, 20.0]
    (found,) = findings_of(TooHigh(), run([0.01, 0.01, 0.01, 2.0], [2, 2, 2, 50], rates))
    assert (found.since, found.step) == (21, 30)


@pytest.mark.parametrize(
    ("ratios", "name"),
    [
        ([0.15, 0.05, 0.04, 0.02], "Adam"),
        ([0.09] * 9, "SGD"),
        ([1.3, 0.07, 0.03, 0.02], "RMSprop"),
        ([0.01, 0.01, 5.0, 0.01, 0.01], "SGD"),  # a spike of the gradient
        ([1.3, 0.07, 0.03, 0.02], "Adagrad"),
        ([0.5, 0.4, 0.3], "LBFGS"),
        ([[3.0, 0.01, 0.01, 0.01]] * 5, "SGD"),  # one layer
        ([np.nan, np.nan], "SGD"),
    ],
)
def test_too_high_healthy_updates_find_nothing(ratios: list[Any], name: str) -> None:
    assert findings_of(TooHigh(), run(ratios, [2.0] * len(ratios), name=name)) == []


def test_too_high_first_steps_of_a_run_that_logs_each_find_nothing() -> None:
    assert findings_of(TooHigh(), run([0.3 * 0.88**step for step in range(20)], name="Adam", every=1)) == []


def test_too_high_part_of_the_loss_that_grows_finds_nothing() -> None:
    steps = [*run([[0.05, 0.05, 0.2, 0.05]])]
    logged = [StepValues(1 + i, logged={"loss": 2.0, "kl_loss": 0.1 * 20**i}) for i in range(3)]
    assert findings_of(TooHigh(), [*steps, *logged]) == []


def test_too_high_loss_that_rose_before_is_another_fault() -> None:
    ratios = [0.005, 0.005, 0.02, 0.15, 0.5, 2.0]
    assert findings_of(TooHigh(), run(ratios, [2.0, 4.0, 9.0, 30.0, 200.0, 9e9])) == []


def test_too_high_maximizing_optimizer_is_another_fault() -> None:
    assert findings_of(TooHigh(), run([0.5, 0.5], name="SGD", maximize=True)) == []


def test_too_high_nan_after_usual_updates_is_another_fault() -> None:
    nan = moved(30, np.nan, np.nan, learning_rate__0=0.1)
    assert findings_of(TooHigh(), [*run([0.01, 0.01, 0.01], [2.0, 1.5, np.nan]), nan]) == []


# too_low


def test_too_low_updates_from_the_start_are_found() -> None:
    (found,) = findings_of(TooLow(), run([2e-7] * 20))
    assert (found.severity, found.since, found.step) == ("warning", 0, 70)


def test_too_low_updates_with_a_loss_that_stands_still_are_found() -> None:
    assert findings_of(TooLow(), run([3e-5] * 20, [2.3] * 20))
    assert findings_of(TooLow(), run([3e-5] * 20, np.linspace(2.3, 1.9, 20))) == []
    assert findings_of(TooLow(), run([3e-5] * 20)) == []


@pytest.mark.parametrize(
    ("ratios", "rates"),
    [
        ([1e-3] * 20, 0.1),
        ([1e-3] * 5 + [1e-7] * 20, 0.1),  # converged
        ([0.0] * 20, 0.0),  # nothing moves: another rule
        ([1e-7, 1e-6, 1e-5, 1e-4, *[1e-3] * 16], [1e-6, 1e-5, 1e-4, 1e-3, *[1e-2] * 16]),  # warm-up
        ([1e-2] * 10 + [1e-9] * 10, [0.1] * 10 + [1e-8] * 10),  # the end of a schedule
        ([[1e-7, 1e-7, 1e-7, 1e-3]] * 20, 0.1),  # vanishing: the last layer moves
    ],
)
def test_too_low_healthy_rates_find_nothing(ratios: list[Any], rates: Any) -> None:
    assert findings_of(TooLow(), run(ratios, rates=rates)) == []


def test_too_low_short_run_finds_nothing() -> None:
    assert findings_of(TooLow(), run([1e-8] * 20, every=1)) == []
