"""Rules of parameters: hand-written series that trigger them, and those that must not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tb_nnviz.rules.families.parameter import Foreign, Growing, NoGradient, NotOptimized, Shrinking, Untied
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row
from tests.rules.families.test_update import optimizers
from tests.support.step_values import findings_of, joined, row, step_values

ROWS = [row(f"fc{i}", depth=i, shape=(4, 4)) for i in range(4)]


def given(step: int, counts: object, rows: Sequence[Row] = ROWS, held: Sequence[Row] | None = None) -> StepValues:
    """Return a step in which some rows have a gradient. Each 5th step is logged."""
    step *= 5
    count = np.asarray(counts, float)
    values = step_values(step, rows, count=count, norm=np.where(count > 0, 1.0, np.nan))
    return joined(values, StepValues(step, optimizers=None if held is None else optimizers(held)))


def sized(
    step: int,
    norms: object,
    rows: Sequence[Row] = ROWS,
    held: Sequence[Row] | None = None,
    foreign: int = 0,
    **options: float,
) -> StepValues:
    """Return a step with the norms of the parameters."""
    norm = np.broadcast_to(np.asarray(norms, float), len(rows))
    document = None if held is None else optimizers(held, foreign=foreign, **options)
    return joined(step_values(step, rows, "parameter", norm=norm), StepValues(step, optimizers=document))


# no_gradient


def test_no_gradient_detached_layers_name_the_last_of_them() -> None:
    (found,) = findings_of(NoGradient(), [given(step, [0, 0, 1, 1], held=ROWS) for step in range(9)])
    assert (found.severity, found.layer, found.since, found.step) == ("warning", "fc1", 0, 25)
    assert found.details["layers"] == ["fc0", "fc1"]


def test_no_gradient_module_that_is_never_called_is_a_notice() -> None:
    rows = [*ROWS, row("pooler", depth=None)]
    (found,) = findings_of(NoGradient(), [given(step, [1, 1, 1, 1, 0], rows) for step in range(9)])
    assert (found.severity, found.layer) == ("notice", "pooler")


@pytest.mark.parametrize(
    "rows",
    [
        [*ROWS[:3], row("fc3", depth=3, trainable=False)],
        [*ROWS[:3], row("fc3", depth=3, dtype="sharded float32")],
    ],
)
def test_no_gradient_frozen_or_sharded_rows_find_nothing(rows: list[Row]) -> None:
    assert findings_of(NoGradient(), [given(step, [1, 1, 1, 0], rows) for step in range(9)]) == []


def test_no_gradient_in_some_steps_only_finds_nothing() -> None:
    steps = [given(step, [1, 1, 1, step == 0]) for step in range(9)]
    assert findings_of(NoGradient(), steps) == []


def test_no_gradient_of_layers_that_are_skipped_at_random_finds_nothing() -> None:
    generator = np.random.default_rng(0)
    steps = [given(step, [1, *(generator.random(3) > 0.5)], held=ROWS) for step in range(30)]
    assert findings_of(NoGradient(), steps) == []


def test_no_gradient_of_no_optimizer_is_left_to_its_rule() -> None:
    assert findings_of(NoGradient(), [given(step, [1, 1, 1, 0], held=ROWS[:3]) for step in range(9)]) == []


def test_no_gradient_appended_rows_get_their_time() -> None:
    rows = [*ROWS, row("late", depth=4)]
    steps = [given(step, [1] * 4) for step in range(9)] + [given(9, [1, 1, 1, 1, 0], rows)]
    assert findings_of(NoGradient(), steps) == []


# not_optimized


def test_not_optimized_layer_behind_others_is_found() -> None:
    (found,) = findings_of(NotOptimized(), [sized(step, 2.0, held=ROWS[:3]) for step in range(4)])
    assert (found.severity, found.layer, found.since, found.step) == ("warning", "fc3", 0, 1)


def test_not_optimized_first_layers_are_a_notice() -> None:
    (found,) = findings_of(NotOptimized(), [sized(step, 2.0, held=ROWS[2:]) for step in range(4)])
    assert found.severity == "notice" and found.details["layers"] == ["fc0", "fc1"]


def test_not_optimized_parameters_that_move_find_nothing() -> None:
    steps = [sized(step, [2.0, 2.0, 2.0, 2.0 + 0.01 * step], held=ROWS[:3]) for step in range(5)]
    assert findings_of(NotOptimized(), steps) == []


def test_not_optimized_frozen_and_tied_rows_find_nothing() -> None:
    rows = [*ROWS[:2], row("fc2", depth=2, trainable=False), row("fc3", depth=3, tied_to=("fc0.weight",))]
    assert findings_of(NotOptimized(), [sized(step, 2.0, rows, held=ROWS[:2]) for step in range(5)]) == []


# foreign


@pytest.mark.parametrize(
    ("held", "severity", "layer"), [(ROWS, "notice", ""), (ROWS[:3], "warning", "fc3"), ([], "severe", "")]
)
def test_foreign_severity_depends_on_what_is_lacking(held: list[Row], severity: str, layer: str) -> None:
    (found,) = findings_of(Foreign(), [sized(step, 2.0, held=held, foreign=2) for step in range(3)])
    assert (found.severity, found.layer, found.value) == (severity, layer, 2.0)


def test_foreign_none_finds_nothing() -> None:
    assert findings_of(Foreign(), [sized(step, 2.0, held=ROWS) for step in range(3)]) == []


# growing and shrinking


def test_growing_weight_is_found_once() -> None:
    steps = [sized(10 * step, [2.0, 2.0, 2.0 * 1.5**step, 2.0]) for step in range(12)]
    (found,) = findings_of(Growing(), steps)
    assert (found.layer, found.severity, found.since, found.step) == ("fc2", "warning", 0, 60) and found.usual == 2.0


def test_growing_later_in_the_run_is_dated_by_its_rate() -> None:
    steps = [sized(10 * step, [2.0, 2.0, 2.0 * 1.3 ** max(0, step - 20), 2.0]) for step in range(40)]
    (found,) = findings_of(Growing(), steps)
    assert abs(found.since - 200) <= 10 and found.step == 290


@pytest.mark.parametrize(
    "rows",
    [
        [row("lora", "weight", depth=0, shape=(4, 4))],  # begins at 0
        [row("fc", "bias", depth=0, shape=(16,))],
        [row("bn", "norm", depth=0, shape=(16,))],
    ],
)
def test_growing_from_zero_finds_nothing(rows: list[Row]) -> None:
    steps = [sized(step, [1e-9 + 0.1 * step], rows) for step in range(12)]
    assert findings_of(Growing(), steps) == []


def test_growing_negative_decay_is_found_earlier_and_named() -> None:
    steps = [sized(step, 2.0 * 1.1**step, held=ROWS, weight_decay=-1.0) for step in range(15)]
    (found,) = findings_of(Growing(), steps)
    assert found.since == 0 and found.step == 13 and "weight_decay -1.0" in found.evidence


def test_shrinking_of_most_weights_is_found() -> None:
    (found,) = findings_of(Shrinking(), [sized(step, 2.0 * 0.8**step) for step in range(15)])
    assert found.severity == "severe" and found.since == 0 and found.step == 11


@pytest.mark.parametrize(
    ("name", "rate", "options", "severity"),
    [
        ("AdamW", 1e-3, {"weight_decay": 50.0}, "warning"),
        ("AdamW", 1e-2, {"weight_decay": 50.0}, "severe"),
        ("SGD", 1e-2, {"weight_decay": 5.0, "momentum": 0.9}, "severe"),
        ("Adam", 1e-2, {"weight_decay": 3.0, "decoupled_weight_decay": True}, "warning"),
        ("SGD", 0.1, {"weight_decay": 5e-4, "momentum": 0.9}, None),
        ("AdamW", 1e-2, {"weight_decay": 0.1}, None),
        ("Adam", 1e-2, {"weight_decay": 50.0}, None),  # its decay is divided by the size of the gradient
    ],
)
def test_shrinking_decay_per_step_is_found_at_once(name: str, rate: float, options: Any, severity: str | None) -> None:
    steps = []
    for step in range(3):
        document = optimizers(ROWS, name, lr=1.0, **options)
        scalars = StepValues(step, scalars={"learning_rate/0": rate}, optimizers=document)
        steps.append(joined(sized(step, 2.0), scalars))
    assert [one.severity for one in findings_of(Shrinking(), steps)] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("decay", "gradient", "count"), [(5.0, 1.0, 1), (5.0, 10.0, 0), (1e-4, 1e-2, 0), (0.0, 0.1, 0)]
)
def test_shrinking_decay_in_the_gradient_is_found_at_first(decay: float, gradient: float, count: int) -> None:
    document = StepValues(0, optimizers=optimizers(ROWS, "Adam", lr=1e-3, weight_decay=decay))
    first = joined(sized(0, 2.0), step_values(0, ROWS, norm=np.full(4, gradient)), document)
    found = findings_of(Shrinking(), [first])
    assert [(one.severity, one.since) for one in found] == [("warning", 0)] * count
    later = joined(sized(9, 2.0), step_values(9, ROWS, norm=np.full(4, 1e-6)), document)
    quiet = joined(sized(0, 2.0), step_values(0, ROWS, norm=np.full(4, 100.0)), document)
    assert findings_of(Shrinking(), [quiet, later]) == []  # the run has converged


def test_shrinking_of_one_weight_finds_nothing() -> None:
    steps = [sized(step, [2.0 * 0.8**step, 2.0, 2.0, 2.0]) for step in range(20)]
    assert findings_of(Shrinking(), steps) == []


def test_size_nan_rows_find_nothing() -> None:
    steps = [sized(step, np.nan if step > 2 else 2.0) for step in range(6)]
    assert findings_of(Growing(), steps) == [] and findings_of(Shrinking(), steps) == []


# untied


def test_untied_parameters_are_found() -> None:
    tied = [row("emb", "weight", depth=0, tied_to=("head.weight",))]
    apart = [row("emb", "weight", depth=0), row("head", "weight", depth=5)]
    steps = [sized(step, 2.0, tied if step < 3 else apart) for step in range(6)]
    (found,) = findings_of(Untied(), steps)
    assert (found.layer, found.step, found.details["layers"]) == ("head", 3, ["head", "emb"])


def test_untied_rows_of_a_read_log_are_found() -> None:
    rows = [row("emb", "weight", depth=0, tied_to=("head.weight",)), row("head", "weight", depth=5)]
    steps = [
        step_values(step, rows, "parameter", count=np.array([1.0, step >= 3]), norm=np.ones(2)) for step in range(6)
    ]
    assert [one.step for one in findings_of(Untied(), steps)] == [3]


def test_untied_shared_all_along_finds_nothing() -> None:
    rows = [row("emb", "weight", depth=0, tied_to=("head.weight",))]
    assert findings_of(Untied(), [sized(step, 2.0, rows) for step in range(6)]) == []
