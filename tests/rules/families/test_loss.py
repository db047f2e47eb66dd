"""Rules of the loss: what triggers them, and the healthy courses that must not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from tb_nnviz.rules.families.loss import RULES, Diverges, Nonfinite, Overfit, Plateau, Spike, Stuck
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import findings_of

Losses = Iterable[float]


def logged(losses: Losses, every: int = 1, name: str = "loss", rates: Mapping[int, float] | None = None):
    """Yield the steps of a run that logs its loss, and its learning rate at the steps of ``rates``."""
    for i, loss in enumerate(losses):
        step = i * every
        if rates is not None and step in rates:
            yield StepValues(step, scalars={"learning_rate/0": rates[step]})
        yield StepValues(step, logged={name: float(loss)})


def course(steps: int = 300, start: float = 2.3, end: float = 0.3, noise: float = 0.05, seed: int = 0) -> np.ndarray:
    """Return a loss that falls exponentially, with noise that is a share of its level."""
    level = end + (start - end) * np.exp(-np.arange(steps) / (steps / 6))
    return level * (1 + noise * np.random.default_rng(seed).normal(size=steps))


def everything(steps: Iterable[StepValues]) -> list[Finding]:
    """Return the findings of all rules of the loss but the notices."""
    steps = list(steps)
    return [one for rule in RULES for one in findings_of(rule(), steps) if one.severity != "notice"]


def pulse(series: np.ndarray, at: int, height: float, width: int) -> np.ndarray:
    result = series.copy()
    result[at : at + width] = height
    return result


def test_nonfinite_loss_is_compared_with_its_own_past() -> None:
    rule = Nonfinite()
    rule.update(StepValues(0, logged={"main_loss": 3.0, "aux_loss": 0.5}))
    (found,) = rule.update(StepValues(1, logged={"main_loss": 2.0, "aux_loss": float("inf")}))
    assert (found.usual, found.details["scalar"], found.details["quantity"]) == (0.5, "aux_loss", "aux_loss")
    assert found.evidence == "aux_loss is inf at step 1, 0.5 before"


def test_nonfinite_loss_is_reported_once() -> None:
    found = findings_of(Nonfinite(), logged([2.0, 1.5, np.nan, np.nan]))
    assert [(one.severity, one.since, one.usual) for one in found] == [("severe", 2, 1.5)]


@pytest.mark.parametrize("every", [1, 10, 50])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e4, -1.0])
def test_all_healthy_course_finds_nothing(every: int, scale: float) -> None:
    losses = course(600 // every)
    losses = losses * scale if scale > 0 else losses - 5.0
    assert everything(logged(losses, every)) == []


@pytest.mark.parametrize("seed", range(5))
def test_all_noisy_course_of_tiny_batches_finds_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    level = 0.2 + 2.1 * np.exp(-np.arange(600) / 80)
    assert everything(logged(level * generator.exponential(size=600))) == []


@pytest.mark.parametrize("seed", range(5))
def test_all_converged_run_with_hard_samples_finds_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    losses = course(600, end=0.02, noise=0.3, seed=seed)
    hard = generator.random(600) < 0.03
    assert everything(logged(losses + hard * generator.uniform(0.1, 0.5, 600))) == []


def test_all_restart_of_schedule_finds_nothing() -> None:
    losses = np.concatenate([course(200), 1.3 + 0 * course(15), course(185, start=1.3)])
    rates = {step: 0.1 * 0.5 * (1 + np.cos(np.pi * (step % 200) / 200)) for step in range(0, 400, 10)}
    assert everything(logged(losses, rates=rates)) == []


def test_all_adversarial_losses_are_unchecked() -> None:
    generator = np.random.default_rng(0)
    for rule in (Spike(), Diverges(), Stuck(), Plateau()):
        steps = [StepValues(i, logged={"loss_d": 0.7, "loss_g": float(generator.gamma(2) * i)}) for i in range(300)]
        assert findings_of(rule, steps) == []
        assert rule.unchecked() == "several losses balance each other: loss_d, loss_g"


def test_all_without_loss_are_unchecked() -> None:
    rule = Stuck()
    assert findings_of(rule, [StepValues(0, logged={"accuracy": 0.5})]) == []
    assert rule.unchecked() == "no loss in nnviz/log"


@pytest.mark.parametrize("rule", [Spike, Diverges, Stuck, Plateau, Overfit])
@pytest.mark.parametrize("losses", [[], [1.0], [np.nan], [np.nan, np.inf, 1.0, -np.inf], [0.0] * 3])
def test_all_few_or_nonfinite_values_find_nothing(rule: type[Rule], losses: list[float]) -> None:
    assert findings_of(rule(), logged(losses)) == []


@pytest.mark.parametrize("scale", [1.0, 1e-4, 300.0])
def test_spike_jump_that_recovers_is_reported(scale: float) -> None:
    found = findings_of(Spike(), logged(pulse(course(), 150, 2.5, 4) * scale))
    assert [(one.rule, one.severity, one.since) for one in found] == [("loss/spike", "warning", 150)]


def test_spike_single_value_of_rare_log_is_reported() -> None:
    found = findings_of(Spike(), logged(pulse(course(60), 30, 4.0, 1), every=50))
    assert [one.since for one in found] == [1500]


def test_spike_single_hard_batch_is_not_reported() -> None:
    assert findings_of(Spike(), logged(pulse(course(), 250, 1.2, 1))) == []


@pytest.mark.parametrize(("height", "count"), [(6.0, 1), (2.2, 0)])
def test_spike_single_value_above_the_start_is_reported(height: float, count: int) -> None:
    # noise of 0.1 around a level that is half of the start, as a language model has
    losses = course(200, 4.6, 2.6, 0.04, seed=1)
    assert len(findings_of(Spike(), logged(pulse(losses, 150, height, 1)))) == count


def test_spike_right_behind_the_descent_is_reported() -> None:
    losses = course(60, 4.6, 3.0, 0.02, seed=2)
    assert [one.since for one in findings_of(Spike(), logged(pulse(losses, 45, 6.2, 1)))] == [45]


def test_spike_waits_for_learning_rate() -> None:
    losses = pulse(course(), 151, 2.5, 6)
    steady = dict.fromkeys(range(0, 300, 10), 0.1)
    assert [one.since for one in findings_of(Spike(), logged(losses, rates=steady))] == [151]
    restarted = {step: 0.1 if step >= 150 else max(0.1 - step * 6e-4, 0.01) for step in steady}
    assert findings_of(Spike(), logged(losses, rates=restarted)) == []


def test_spike_of_higher_rate_than_before_is_reported() -> None:
    rates = {step: 0.1 if step < 150 else 10.0 for step in range(0, 300, 10)}
    assert len(findings_of(Spike(), logged(pulse(course(), 151, 2.5, 6), rates=rates))) == 1


def test_diverges_above_its_start_is_severe() -> None:
    losses = np.concatenate([course(100), 0.6 * 1.1 ** np.arange(60)])
    found = findings_of(Diverges(), logged(losses))
    assert [one.severity for one in found] == ["severe"] and 98 <= found[0].since <= 112
    assert found[0].usual == pytest.approx(losses[:5].mean(), rel=0.1)


def test_diverges_from_the_start_is_reported() -> None:
    found = findings_of(Diverges(), logged(2.3 + 0.05 * np.arange(100)))
    assert [(one.severity, one.since) for one in found] == [("severe", 0)]


def test_diverges_half_of_progress_lost_is_a_warning() -> None:
    losses = np.concatenate([course(150), np.full(60, 1.6)])
    found = findings_of(Diverges(), logged(losses))
    assert [(one.severity, one.since) for one in found] == [("warning", 150)]


def test_diverges_recovery_is_not_reported() -> None:
    assert findings_of(Diverges(), logged(pulse(course(), 150, 2.0, 3))) == []


def test_stuck_constant_loss_is_severe() -> None:
    generator = np.random.default_rng(0)
    found = findings_of(Stuck(), logged(2.303 + 0.01 * generator.normal(size=700)))
    assert [(one.severity, one.since, one.step) for one in found] == [("severe", 0, 511)]


@pytest.mark.parametrize(("count", "every"), [(100, 1), (8, 50)])
def test_stuck_short_run_is_reported_at_its_end(count: int, every: int) -> None:
    losses = 2.303 + 0.03 * np.exp(-np.arange(count)) + 1e-4 * np.sin(np.arange(count))
    assert len(findings_of(Stuck(), logged(losses, every))) == 1


def test_stuck_run_that_learnt_and_diverged_is_not_stuck() -> None:
    assert findings_of(Stuck(), logged(np.concatenate([course(100), np.full(150, 2.5)]))) == []


def test_stuck_rare_log_that_learns_at_once_is_not_stuck() -> None:
    losses = [2.3, 0.9, 0.6, 0.5, 0.45, 0.4, 0.5, 0.4, 2.4, 2.3, 2.3, 2.3]
    assert findings_of(Stuck(), logged(losses, every=50)) == []


def test_stuck_offset_loss_with_clear_progress_is_not_stuck() -> None:
    losses = -100.0 - course(300, start=0.0, end=1.0, noise=0.02)
    assert findings_of(Stuck(), logged(losses)) == []


def test_plateau_high_level_is_a_notice() -> None:
    losses = np.concatenate([np.linspace(2.3, 1.5, 50), 1.5 + 0.01 * np.random.default_rng(0).normal(size=250)])
    assert [one.severity for one in findings_of(Plateau(), logged(losses))] == ["notice"]


def test_plateau_begins_where_the_loss_stays() -> None:
    noise = 0.01 * np.random.default_rng(0).normal(size=300)
    for last in (60, 120):
        losses = np.concatenate([np.linspace(2.3, 1.5, last), np.full(300 - last, 1.5)]) + noise
        (found,) = findings_of(Plateau(), logged(losses))
        assert abs(found.since - last) <= 12


def test_plateau_of_a_schedule_that_has_ended_is_a_warning() -> None:
    losses = np.concatenate([np.linspace(2.3, 1.5, 100), np.full(200, 1.5)])
    rates = {step: 1e-3 if step < 100 else 1e-6 for step in range(0, 300, 10)}
    (found,) = findings_of(Plateau(), logged(losses, rates=rates))
    assert (found.severity, found.since) == ("warning", 100) and "schedule" in found.advice[0]
    (found,) = findings_of(Plateau(), logged(losses, rates=dict.fromkeys(rates, 1e-3)))
    assert found.severity == "notice"


def test_plateau_of_a_schedule_that_ends_with_the_run_is_a_notice() -> None:
    losses = np.concatenate([np.linspace(2.3, 1.5, 100), np.full(200, 1.5)])
    rates = {step: 1e-3 * (1 + np.cos(np.pi * step / 300)) / 2 for step in range(0, 300, 10)}
    assert [one.severity for one in findings_of(Plateau(), logged(losses, rates=rates))] == ["notice"]


def test_plateau_at_a_rate_of_zero_is_found() -> None:
    losses = np.concatenate([np.linspace(2.3, 1.5, 100), np.full(200, 1.5)])
    rates = {step: 1e-3 if step < 100 else 0.0 for step in range(0, 300, 10)}
    assert [one.since for one in findings_of(Plateau(), logged(losses, rates=rates))] == [100]


def test_plateau_converged_run_is_not_reported() -> None:
    assert findings_of(Plateau(), logged(course(end=0.05))) == []


def overfitting(validation: Losses, training: Losses, every: int = 30) -> list[StepValues]:
    train = list(training)
    steps = [StepValues(i, logged={"loss": float(loss)}) for i, loss in enumerate(train)]
    for i, loss in enumerate(validation, 1):
        if i * every <= len(train):
            steps.append(StepValues(i * every - 1, logged={"val_loss": float(loss)}))
    return sorted(steps, key=lambda one: one.step)


def test_overfit_validation_rises_from_its_minimum() -> None:
    rises = np.array([1.2, 0.8, 0.6, 0.55, 0.6, 0.7, 0.8, 0.95, 1.1, 1.2])
    found = findings_of(Overfit(), overfitting(rises, course(300, end=0.01)))
    assert [(one.severity, one.since, one.usual) for one in found] == [("warning", 149, 0.55)]


def test_overfit_validation_that_stays_high_is_found() -> None:
    high = [1.0, 0.78, 1.01, 1.02, 1.04, 1.04, 1.04, 1.04, 1.04, 1.04]
    assert [one.since for one in findings_of(Overfit(), overfitting(high, course(300, end=0.01)))] == [89]


def test_overfit_validation_of_nan_finds_nothing() -> None:
    assert findings_of(Overfit(), overfitting([np.nan] * 9, course(300))) == []


def test_overfit_validation_far_above_training_is_healthy() -> None:
    flat = 1.0 + 0.02 * np.random.default_rng(0).normal(size=40)
    assert findings_of(Overfit(), overfitting(flat, course(1200, end=0.01))) == []


def test_overfit_training_rises_too_is_no_overfit() -> None:
    rises = [1.2, 0.6, 0.55, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
    training = np.concatenate([course(90), np.linspace(0.4, 2.0, 210)])
    assert findings_of(Overfit(), overfitting(rises, training)) == []


def test_overfit_without_validation_is_unchecked() -> None:
    rule = Overfit()
    assert findings_of(rule, logged(course(30))) == []
    assert rule.unchecked() == "no validation loss in nnviz/log"
