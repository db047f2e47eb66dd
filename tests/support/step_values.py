"""Values of one step for tests of rules, written by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_nnviz.rules.base import StepValues
from tb_nnviz.schema import Row


def row(layer: str, role: str = "weight", depth: int | None = None) -> Row:
    """Return a parameter's row, ``<layer>.<role>``, of one element."""
    return Row(f"{layer}.{role}", layer, 0, "Linear", (1,), 1, "float32", role, True, depth=depth)


def step_values(step: int, rows: Sequence[Row], kind: str = "gradient", **statistics: np.ndarray) -> StepValues:
    """Return one kind's values at a step. Every row is present unless ``count`` is given."""
    return StepValues(step, {kind: rows}, {kind: {"count": np.ones(len(rows)), **statistics}}, {})
