"""Values of one step for tests of rules, written by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import Rows, StepValues
from tb_nnviz.schema import Row


def row(
    layer: str,
    role: str = "weight",
    depth: int | None = None,
    type: str = "Linear",
    numel: int = 1,
    shape: tuple[int, ...] = (),
    **more: Any,
) -> Row:
    """Return a parameter's row, ``<layer>.<role>``. Its shape is ``(numel,)`` unless one is given."""
    shape = shape or (numel,)
    known = {"dtype": "float32", "trainable": True, **more}
    return Row(f"{layer}.{role}", layer, 0, type, shape, math.prod(shape), role=role, depth=depth, **known)


def call(layer: str, depth: int, type: str = "ReLU", numel: int = 1) -> Row:
    """Return an activation's row, which has the layer's name."""
    return Row(layer, layer, 0, type, (numel,), numel, "float32", "other", True, -1, depth)


def step_values(step: int, rows: Sequence[Row], kind: str = "gradient", **statistics: np.ndarray) -> StepValues:
    """Return one kind's values at a step. Every row is present unless ``count`` is given."""
    return StepValues(
        step, {kind: Rows(rows)}, {kind: {"count": np.array([float(row.numel) for row in rows]), **statistics}}
    )


def joined(*values: StepValues) -> StepValues:
    """Return the values of several kinds at one step as one."""
    rows = {kind: found for one in values for kind, found in one.rows.items()}
    statistics = {kind: found for one in values for kind, found in one.statistics.items()}
    scalars = {name: value for one in values for name, value in one.scalars.items()}
    optimizers = next((one.optimizers for one in values if one.optimizers is not None), None)
    return StepValues(values[0].step, rows, statistics, scalars, optimizers=optimizers)


def findings_of(rule: Rule, steps: Iterable[StepValues]) -> list[Finding]:
    """Return the findings of a rule over some steps, and at their end."""
    return [finding for values in steps for finding in rule.update(values)] + rule.finish()
