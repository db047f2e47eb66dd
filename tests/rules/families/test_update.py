"""Rules of updates: hand-written series that trigger them, and those that must not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tb_nnviz.rules.families.update import Epsilon, Lost, Nothing, TooLarge, TooSmall
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row
from tests.support.step_values import findings_of, joined, row, step_values

ROWS = [row(f"fc{i}", depth=i, shape=(4, 4)) for i in range(4)]


def optimizers(rows: Sequence[Row], name: str = "Adam", foreign: int = 0, **options: Any) -> list[dict[str, Any]]:
    """Return the document of one optimizer with one group."""
    group = {"name": "0", "options": options, "parameters": [one.name for one in rows]}
    return [{"name": name, "groups": [group], "foreign": foreign}]


def moved(
    step: int, updates: object, weights: object = 2.0, gradients: object = 1.0, rows: Sequence[Row] = ROWS, **more: Any
) -> StepValues:
    """Return a step's updates, weights and gradients, as norms. A weight of 2 has elements of 0.5."""
    sizes = {"update": updates, "parameter": weights, "gradient": gradients}
    lost = more.pop("lost", None)
    parts = [
        step_values(step, rows, kind, norm=np.broadcast_to(np.asarray(size, float), len(rows)))
        for kind, size in sizes.items()
    ]
    if lost is not None:
        parts.append(
            step_values(step, rows, "update", norm=parts[0].get("update", "norm"), lost_fraction=np.asarray(lost))
        )
    scalars = {name.replace("__", "/"): value for name, value in more.items() if name != "optimizers"}
    return joined(*parts, StepValues(step, scalars=scalars, optimizers=more.get("optimizers")))


# too_large


def test_too_large_layer_is_named_among_the_others() -> None:
    (found,) = findings_of(TooLarge(), [moved(step, [0.01, 3.0, 0.01, 0.01]) for step in range(3)])
    assert (found.layer, found.since, found.step, found.severity) == ("fc1", 0, 0, "warning")
    assert found.usual == pytest.approx(0.005) and found.details["layers"] == ["fc1"]


def test_too_large_that_lasts_is_found() -> None:
    (found,) = findings_of(TooLarge(), [moved(10 * step, [0.5, 0.01, 0.01, 0.01]) for step in range(5)])
    assert (found.layer, found.since, found.step) == ("fc0", 0, 20)


@pytest.mark.parametrize(
    ("updates", "weights"),
    [
        ([0.5, 0.01, 0.01, 0.01], [2.0] * 4),  # Adam's first step
        ([0.002, 0.01, 0.01, 0.01], [0.0, 2.0, 2.0, 2.0]),  # a weight that begins at 0
        ([np.nan] * 4, [2.0] * 4),
    ],
)
def test_too_large_first_step_finds_nothing(updates: list[float], weights: list[float]) -> None:
    steps = [moved(0, updates, weights), *(moved(step, 0.002) for step in range(1, 5))]
    assert findings_of(TooLarge(), steps) == []


def test_too_large_biases_and_norms_find_nothing() -> None:
    rows = [row("bn", "norm", shape=(4,)), row("fc", "bias", shape=(4,))]
    assert findings_of(TooLarge(), [moved(step, 5.0, 0.1, rows=rows) for step in range(5)]) == []


def test_too_large_first_step_of_adagrad_finds_nothing() -> None:
    steps = [moved(step, 3.0 if step == 0 else 0.05, optimizers=optimizers(ROWS, "Adagrad")) for step in range(5)]
    assert findings_of(TooLarge(), steps) == []


def test_too_large_first_steps_of_a_run_that_logs_each_find_nothing() -> None:
    assert findings_of(TooLarge(), [moved(step, 0.6 * 0.9**step) for step in range(12)]) == []


def test_too_large_line_search_finds_nothing() -> None:
    assert findings_of(TooLarge(), [moved(step, 3.0, optimizers=optimizers(ROWS, "LBFGS")) for step in range(5)]) == []


# too_small


def test_too_small_layer_beside_others_is_found() -> None:
    (found,) = findings_of(TooSmall(), [moved(step, [1e-8, 2e-3, 2e-3, 2e-3]) for step in range(8)])
    assert (found.layer, found.since, found.step) == ("fc0", 0, 4)


@pytest.mark.parametrize(
    "updates",
    [
        [2e-5, 2e-3, 2e-3, 2e-3],  # fine-tuned with a hundredth of the rate
        [1e-8] * 4,  # all are small: that is the learning rate
        [0.0, 2e-3, 2e-3, 2e-3],  # exactly 0 is another problem
    ],
)
def test_too_small_healthy_rates_find_nothing(updates: list[float]) -> None:
    assert findings_of(TooSmall(), [moved(step, updates) for step in range(10)]) == []


# lost


def test_lost_updates_of_bfloat16_are_found() -> None:
    rows = [row(f"fc{i}", shape=(4, 4), dtype="bfloat16") for i in range(4)]
    (found,) = findings_of(Lost(), [moved(step, 1e-4, rows=rows, lost=[0.98, 0.97, 1.0, 0.99]) for step in range(4)])
    assert (found.severity, found.since, found.step) == ("warning", 0, 2) and "bfloat16" in found.evidence


@pytest.mark.parametrize("lost", [[0.78] * 4, [0.99, 0.0, 0.0, 0.0], [np.nan] * 4, [0.0] * 4])
def test_lost_share_of_healthy_runs_finds_nothing(lost: list[float]) -> None:
    assert findings_of(Lost(), [moved(step, 1e-3, lost=lost) for step in range(6)]) == []


def test_lost_whole_updates_of_float32_are_no_rounding() -> None:
    assert findings_of(Lost(), [moved(step, 0.0, lost=[1.0] * 4) for step in range(6)]) == []


# none


def test_none_parameter_that_never_moves_is_found() -> None:
    steps = [moved(10 * step, [0.0, 0.1, 0.1, 0.1], optimizers=optimizers(ROWS, lr=0.1)) for step in range(5)]
    (found,) = findings_of(Nothing(), steps)
    assert (found.severity, found.layer, found.since, found.step) == ("warning", "fc0", 0, 20)


def test_none_all_parameters_is_severe() -> None:
    steps = [moved(step, 0.0, learning_rate__0=0.0, optimizers=optimizers(ROWS, lr=0.0)) for step in range(4)]
    (found,) = findings_of(Nothing(), steps)
    assert (found.severity, found.layer) == ("severe", "") and "learning rate is 0" in found.evidence


def test_none_group_with_rate_0_beside_others_is_a_notice() -> None:
    groups = [
        {"name": str(i), "options": {"lr": rate}, "parameters": names}
        for i, (rate, names) in enumerate([(0.0, ["fc0.weight"]), (0.1, [one.name for one in ROWS[1:]])])
    ]
    document = [{"name": "SGD", "groups": groups, "foreign": 0}]
    more: dict[str, Any] = {"learning_rate__0": 0.0, "learning_rate__1": 0.1, "optimizers": document}
    (found,) = findings_of(Nothing(), [moved(step, [0.0, 0.1, 0.1, 0.1], **more) for step in range(4)])
    assert found.severity == "notice"


@pytest.mark.parametrize(
    ("updates", "gradients"),
    [
        ([0.0, 0.1, 0.1, 0.1], [0.0, 1, 1, 1]),  # no gradient
        ([0.0, 0.1, 0.1, 0.1], [np.nan, 1, 1, 1]),
        ([0.1] * 4, [1.0] * 4),
    ],
)
def test_none_without_gradient_finds_nothing(updates: list[float], gradients: list[float]) -> None:
    assert findings_of(Nothing(), [moved(step, updates, gradients=gradients) for step in range(6)]) == []


def test_none_after_a_schedule_has_ended_finds_nothing() -> None:
    steps = [moved(step, 0.1 if step < 3 else 0.0) for step in range(9)]
    assert findings_of(Nothing(), steps) == []


def test_none_warm_up_from_0_finds_nothing() -> None:
    assert findings_of(Nothing(), [moved(step, 0.01 * step) for step in range(6)]) == []


def test_none_parameter_of_no_optimizer_is_left_to_its_rule() -> None:
    steps = [moved(step, [0.0, 0.1, 0.1, 0.1], optimizers=optimizers(ROWS[1:], lr=0.1)) for step in range(5)]
    assert findings_of(Nothing(), steps) == []


# epsilon


def moments(step: int, size: float, eps: float = 1e-8, beta: float = 0.999) -> StepValues:
    """Return Adam's second moments of a constant gradient of some size, after its own bias correction."""
    correction = 1 - beta ** (step + 1)
    norm = np.full(4, size**2 * correction * 4)  # sqrt of 16 elements
    document = optimizers(ROWS, lr=1e-3, betas=[0.9, beta], eps=eps)
    return joined(step_values(step, ROWS, "optimizer", second_moment_norm=norm), StepValues(step, optimizers=document))


@pytest.mark.parametrize("eps", [1e-8, 1e-3, 1.0])
def test_epsilon_above_the_gradients_is_found(eps: float) -> None:
    (found,) = findings_of(Epsilon(), [moments(step, 0.1 * eps, eps) for step in range(5)])
    assert (found.severity, found.since, found.step) == ("warning", 0, 2) and found.limit == eps
    assert found.value == pytest.approx(0.1 * eps, rel=1e-6)


def test_epsilon_of_rmsprop_needs_no_correction() -> None:
    document = optimizers(ROWS, "RMSprop", lr=1e-3, alpha=0.99, eps=1.0)
    steps = [
        joined(
            step_values(step, ROWS, "optimizer", second_moment_norm=np.full(4, 0.01)),
            StepValues(step, optimizers=document),
        )
        for step in range(5)
    ]
    assert [one.since for one in findings_of(Epsilon(), steps)] == [0]


@pytest.mark.parametrize("eps", [1e-8, 1e-3])
def test_epsilon_below_the_gradients_finds_nothing(eps: float) -> None:
    assert findings_of(Epsilon(), [moments(step, 10 * eps, eps) for step in range(6)]) == []


def test_epsilon_of_a_run_that_has_converged_finds_nothing() -> None:
    steps = [moments(step, 1e-6 if step < 3 else 1e-9) for step in range(9)]
    assert findings_of(Epsilon(), steps) == []


def test_epsilon_of_zero_or_unknown_moments_finds_nothing() -> None:
    assert findings_of(Epsilon(), [moments(step, 0.0) for step in range(5)]) == []
    assert findings_of(Epsilon(), [moments(step, float("nan")) for step in range(5)]) == []
