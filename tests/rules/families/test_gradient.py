"""Rules of gradients: hand-written series that trigger them, and those that must not."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.rules.families.gradient import Accumulates, Exploding, Spike, Vanishing, Zero
from tb_nnviz.rules.step_values import StepValues
from tests.support.step_values import call, findings_of, joined, row, step_values

LAYERS = 8
WEIGHTS = [row(f"fc{i}", depth=2 * i, shape=(4, 4)) for i in range(LAYERS)]
OUTPUTS = [call(f"fc{i}", 2 * i, "Linear") for i in range(LAYERS)]


def gradients(step: int, sizes: object, outputs: object = None, **scalars: float) -> StepValues:
    """Return the gradients of one weight per layer, and of the outputs of the layers if they are given."""
    weights = step_values(step, WEIGHTS, norm=np.asarray(sizes, float))
    parts = [weights, StepValues(step, scalars=scalars)]
    if outputs is not None:
        parts.append(step_values(step, OUTPUTS, "activation_gradient", norm=np.asarray(outputs, float)))
    return joined(*parts)


def falling(factor: float, size: float = 1.0) -> np.ndarray:
    """Return sizes that fall by a factor per layer towards the input."""
    return size * factor ** np.arange(LAYERS - 1, -1, -1)


# vanishing


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("by_output", [True, False])
def test_vanishing_steep_fall_is_found_at_any_scale(scale: float, by_output: bool) -> None:
    sizes = falling(0.15, scale)
    flat = np.full(LAYERS, scale)
    steps = [gradients(step, flat if by_output else sizes, sizes if by_output else None) for step in (0, 10, 20, 30)]
    (found,) = findings_of(Vanishing(), steps)
    assert (found.severity, found.since, found.step) == ("severe", 0, 20)
    assert found.layer == "fc0"  # all layers let the gradient fall alike
    assert found.details["smallest"] == "fc0" and "fc0" in found.details["layers"]
    assert "Initialize" in found.advice[1]


def test_vanishing_later_in_the_run_advises_on_the_rate() -> None:
    steps = [gradients(step, np.ones(LAYERS), falling(0.9 if step < 30 else 0.15)) for step in range(0, 60, 10)]
    (found,) = findings_of(Vanishing(), steps)
    assert found.since == 30 and "learning rate" in found.advice[0]


def test_vanishing_sharp_drop_names_what_shrinks() -> None:
    sizes = np.array([1e-5, 1e-5, 1e-5, 1.0, 1.0, 1.0, 1.0, 1.0])
    (found,) = findings_of(Vanishing(), [gradients(step, np.ones(LAYERS), sizes) for step in range(0, 30, 10)])
    assert found.layer == "fc3"


def test_vanishing_drop_in_an_activation_names_the_activation() -> None:
    outputs = [*OUTPUTS, call("tanh2", 5, "Tanh")]
    sizes = np.array([1e-5, 1e-5, 1e-5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    steps = [
        joined(gradients(step, np.ones(LAYERS)), step_values(step, outputs, "activation_gradient", norm=sizes))
        for step in range(0, 30, 10)
    ]
    (found,) = findings_of(Vanishing(), steps)
    assert found.layer == "tanh2"


@pytest.mark.parametrize(
    "sizes",
    [
        falling(0.41),  # PyTorch's initialization before ReLU
        np.full(LAYERS, 1e-9),
        falling(3.0),
        [1, 1e-6, 1, 1e-6, 1, 1, 1, 1],  # queries and keys
        [1e-6, 1, 1, 1, 1, 1, 1, 1],  # one layer behind tiny inputs
        [0, 0, 0, 0, 0, 0, 0, 1],  # exactly 0 is another problem
        [np.nan] * LAYERS,
    ],
)
def test_vanishing_healthy_profiles_find_nothing(sizes: object) -> None:
    steps = [gradients(step, sizes, sizes) for step in range(0, 60, 10)]
    assert findings_of(Vanishing(), steps) == []


def test_vanishing_that_recovers_finds_nothing() -> None:
    steps = [gradients(step, falling(0.15 if step < 20 else 0.8)) for step in range(0, 60, 10)]
    assert findings_of(Vanishing(), steps) == []


def test_vanishing_two_layers_find_nothing() -> None:
    weights = [row("a", depth=0), row("b", depth=1)]
    steps = [step_values(step, weights, norm=np.array([1e-8, 1.0])) for step in range(0, 50, 10)]
    assert findings_of(Vanishing(), steps) == []


def test_vanishing_slow_fall_counts_if_the_layers_stand_still() -> None:
    def step(at: int, updates: float) -> StepValues:
        parts = [gradients(at, np.ones(LAYERS), falling(0.3))]
        parts += [
            step_values(at, WEIGHTS, kind, norm=np.full(LAYERS, size))
            for kind, size in (("update", updates), ("parameter", 1.0))
        ]
        return joined(*parts)

    assert findings_of(Vanishing(), [step(at, 1e-2) for at in range(0, 40, 10)]) == []
    (found,) = findings_of(Vanishing(), [step(at, 1e-6) for at in range(0, 40, 10)])
    assert found.severity == "warning"


def test_vanishing_at_each_step_of_a_short_run_finds_nothing() -> None:
    steps = [gradients(step, falling(0.15)) for step in range(8)]
    assert findings_of(Vanishing(), steps) == []


# zero


def test_zero_names_the_first_layer_from_the_loss() -> None:
    sizes = np.array([0, 0, 0, 0, 2.0, 1, 1, 1])
    outputs = np.array([0, 0, 0, 0, 1.0, 1, 1, 1])
    (found,) = findings_of(Zero(), [gradients(step, sizes, outputs) for step in range(5)])
    assert (found.severity, found.layer, found.since, found.step) == ("severe", "fc3", 0, 2)
    assert (
        found.details == {"layers": ["fc3", "fc2", "fc1", "fc0"], "behind": "fc4"} and "4 of 8 layers" in found.evidence
    )


def test_zero_bias_or_embedding_row_without_gradient_finds_nothing() -> None:
    rows = [row("fc", depth=0), row("fc", "bias", depth=0)]
    steps = [step_values(step, rows, norm=np.array([1.0, 0.0])) for step in range(5)]
    assert findings_of(Zero(), steps) == []


def test_zero_head_at_the_first_step_only_finds_nothing() -> None:
    steps = [gradients(step, np.zeros(LAYERS) if step == 0 else np.ones(LAYERS)) for step in range(5)]
    assert findings_of(Zero(), steps) == []


def test_zero_all_layers_with_gradients_of_outputs_blames_zero_grad() -> None:
    (found,) = findings_of(Zero(), [gradients(step, np.zeros(LAYERS), np.ones(LAYERS)) for step in range(4)])
    assert "zero_grad() before backward()" in found.advice[0]


def test_zero_no_parameter_with_a_gradient_is_one_finding() -> None:
    count, norm = np.zeros(LAYERS), np.full(LAYERS, np.nan)
    steps = [step_values(step, WEIGHTS, norm=norm, count=count) for step in range(5)]
    (found,) = findings_of(Zero(), steps)
    assert (found.layer, found.statistic, found.since) == ("", "count", 0)


def test_zero_nan_and_appended_rows_find_nothing() -> None:
    steps = [step_values(step, WEIGHTS[: 4 + step], norm=np.full(4 + step, np.nan)) for step in range(4)]
    assert findings_of(Zero(), steps) == []


# exploding


def test_exploding_growth_that_lasts_is_found_before_nan() -> None:
    totals = [1, 1, 2, 1, 1, 300, 5000]
    (found,) = findings_of(Exploding(), [gradients(10 * i, np.full(LAYERS, size)) for i, size in enumerate(totals)])
    assert (found.severity, found.since, found.step) == ("severe", 50, 60)


def test_exploding_one_step_before_nan_is_no_aftermath() -> None:
    sizes = [1.0, 1.0, 40.0, np.nan, np.nan]
    (found,) = findings_of(Exploding(), [gradients(10 * i, np.full(LAYERS, size)) for i, size in enumerate(sizes)])
    assert (found.since, found.step) == (20, 20) and "NaN" in found.evidence


def test_exploding_names_the_layer_that_grows_most() -> None:
    sizes = np.ones(LAYERS)
    high = sizes.copy()
    high[5] = 1e7
    (found,) = findings_of(Exploding(), [gradients(i, high if i == 4 else sizes) for i in range(6)])
    assert found.layer == "fc5" and found.usual == pytest.approx(np.sqrt(LAYERS))


def test_exploding_is_judged_before_clipping() -> None:
    clipped = [gradients(i, np.ones(LAYERS), clip_factor=1.0 if i < 5 else 1e-5) for i in range(7)]
    (found,) = findings_of(Exploding(), clipped)
    assert found.since == 5


@pytest.mark.parametrize(
    "sizes",
    [
        [0.1, 0.1, 0.1, 0.2, 0.5, 2, 6, 8, 8, 8],  # a plain network that leaves its plateau
        [1, 1, 1, 1, 200, 1, 1, 1],  # a spike
        [1e-4] * 8,
        [5, 4, 3, 2, 1, 1e-3, 1e-3],
        [1.0, np.nan],  # nothing before tells
        [0, 0, 0],
    ],
)
def test_exploding_healthy_courses_find_nothing(sizes: list[float]) -> None:
    steps = [gradients(i, np.full(LAYERS, float(size))) for i, size in enumerate(sizes)]
    assert findings_of(Exploding(), steps) == []


def test_exploding_over_depth_at_the_first_step_blames_the_initialization() -> None:
    (found,) = findings_of(Exploding(), [gradients(step, np.ones(LAYERS), falling(4.0)) for step in range(4)])
    assert found.step == 0 and found.kind == "activation_gradient" and "Initialize" in found.advice[0]


def test_exploding_over_depth_for_one_step_later_finds_nothing() -> None:
    steps = [gradients(step, np.ones(LAYERS), falling(4.0 if step == 5 else 1.1)) for step in range(9)]
    assert findings_of(Exploding(), steps) == []


def test_exploding_absolute_limit_is_off_by_default() -> None:
    steps = [gradients(step, np.full(LAYERS, 1e6)) for step in range(3)]
    assert findings_of(Exploding(), steps) == []
    assert findings_of(Exploding(norm=1e3), steps)


# spike


def test_spike_is_reported_when_it_is_over() -> None:
    sizes = [1, 1.2, 0.9, 1, 1.1, 500, 1, 1]
    (found,) = findings_of(Spike(), [gradients(10 * i, np.full(LAYERS, float(size))) for i, size in enumerate(sizes)])
    assert (found.severity, found.since, found.step) == ("warning", 50, 50)


def test_spike_at_the_last_step_is_reported_at_the_end() -> None:
    steps = [gradients(i, np.full(LAYERS, 500.0 if i == 8 else 1.0)) for i in range(9)]
    assert [one.since for one in findings_of(Spike(), steps)] == [8]


@pytest.mark.parametrize(
    "sizes",
    [
        [10, 8, 5, 1, 0.1, 0.01, 0.01, 0.01, 0.5, 0.01],  # a hard sample when the rest is fitted
        [1, 500, 1, 1],  # too early to tell
        [1, 1, 1, 1, 1, 500, 600, 700],  # an explosion
        [1, 2, 1, 3, 1, 9, 1, 1],
    ],
)
def test_spike_healthy_courses_find_nothing(sizes: list[float]) -> None:
    steps = [gradients(i, np.full(LAYERS, float(size))) for i, size in enumerate(sizes)]
    assert findings_of(Spike(), steps) == []


# accumulates


def biased(
    step: int, given: float, expected: float, stale: float = 1.0, size: float = 1.0, outputs: bool = True
) -> StepValues:
    """Return a step of three layers with biases of 4 elements and outputs for 8 samples.

    Args:
        given: the sum of the gradient of each bias.
        expected: the sum of the gradient of each output, whose norm is 1.
        size: the norm of the gradients of the parameters.
    """
    rows = [row(f"fc{i}", role, depth=i, numel=4) for i in range(3) for role in ("weight", "bias")]
    mean, norm = np.tile([0.3, given / 4], 3), np.full(6, size)
    scalars = {"stale_gradient": float(stale and step > 0)}
    parts = [step_values(step, rows, norm=norm, mean=mean), StepValues(step, scalars=scalars)]
    if outputs:
        calls = [call(f"fc{i}", i, "Linear") for i in range(3)]
        gradient = {"mean": np.full(3, expected / 32), "norm": np.ones(3), "count": np.full(3, 32.0)}
        parts.append(step_values(step, calls, "activation_gradient", **gradient))
    return joined(*parts)


def test_accumulates_other_sums_than_the_outputs_give_are_found() -> None:
    (found,) = findings_of(Accumulates(), [biased(step, 1.5, 0.2) for step in range(6)])
    assert (found.severity, found.since, found.step) == ("severe", 1, 3)


def test_accumulates_norms_that_no_output_gives_are_found() -> None:
    # behind a softmax all sums are 0; 8 samples give at most sqrt(8) times the norm of their gradients
    steps = [biased(step, 0.0, 1e-9, size=1.0 + step / 2) for step in range(9)]
    (found,) = findings_of(Accumulates(), steps)
    assert (found.severity, found.since, found.step) == ("severe", 1, 7)


@pytest.mark.parametrize("size", [0.1, 1.0, 2.8])
def test_accumulates_zero_grad_behind_the_forward_pass_finds_nothing(size: float) -> None:
    assert findings_of(Accumulates(), [biased(step, 0.2, 0.2, size=size) for step in range(6)]) == []


def test_accumulates_norms_that_grow_with_learning_find_nothing() -> None:
    steps = [biased(step, 0.0, 1e-9, size=0.01 * 1.8**step) for step in range(9)]
    assert findings_of(Accumulates(), steps) == []


@pytest.mark.parametrize("factor", [0.01, 0.3, 0.99])
def test_accumulates_clipping_that_is_not_reported_finds_nothing(factor: float) -> None:
    steps = [biased(step, factor * 0.9, 0.9, size=0.9 * factor) for step in range(9)]
    assert findings_of(Accumulates(), steps) == []


def test_accumulates_other_signs_behind_clipping_are_found() -> None:
    steps = [biased(step, (-1) ** step * 0.05, 0.9, size=0.1) for step in range(12)]
    (found,) = findings_of(Accumulates(), steps)
    assert (found.severity, found.since) == ("severe", 1)


def tokens(zeros: list[float]) -> list[StepValues]:
    """Return steps of an embedding, some of whose rows have no gradient."""
    rows = [row("emb", "embedding", depth=0, type="Embedding", numel=8), row("fc", depth=1)]
    scalars = [StepValues(step, scalars={"stale_gradient": float(step > 0)}) for step in range(len(zeros))]
    values = [
        step_values(step, rows, norm=np.ones(2), mean=np.zeros(2), zero_fraction=np.array([zero, 0.0]))
        for step, zero in enumerate(zeros)
    ]
    return [joined(*pair) for pair in zip(values, scalars, strict=True)]


def test_accumulates_tokens_that_keep_their_gradient_are_found() -> None:
    (found,) = findings_of(Accumulates(), tokens([0.6, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]))
    assert (found.severity, found.since, found.step) == ("severe", 1, 7)


@pytest.mark.parametrize(
    "zeros",
    [[0.6, 0.3, 0.4, 0.2, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0], [0.0] * 12, [0.2, 0.1, *[0.1] * 10]],
    ids=["each batch has its own", "all have one", "few are rare"],
)
def test_accumulates_tokens_of_each_batch_find_nothing(zeros: list[float]) -> None:
    assert findings_of(Accumulates(), tokens(zeros)) == []


def test_accumulates_without_stale_gradients_finds_nothing() -> None:
    assert findings_of(Accumulates(), [biased(step, 1.5, 0.2, stale=False) for step in range(6)]) == []


def test_accumulates_without_outputs_is_a_warning_about_growth() -> None:
    growing = [biased(step, 0, 0, size=1.0 + 3 * step, outputs=False) for step in range(9)]
    (found,) = findings_of(Accumulates(), growing)
    assert (found.severity, found.since, found.step) == ("warning", 1, 5)
    steady = [biased(step, 0, 0, outputs=False) for step in range(9)]
    assert findings_of(Accumulates(), steady) == []
