"""The options of optimizers and their learning rates, as rules read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tb_nnviz.rules.step_values import Rows, StepValues

#: Beginning of the tag of a learning rate, after ``nnviz/global/``.
LEARNING_RATE = "learning_rate/"


def held_names(values: StepValues) -> set[str]:
    """Return the names of the parameters that an optimizer holds."""
    groups = (group for optimizer in values.optimizers or () for group in optimizer["groups"])
    return {name for group in groups for name in group["parameters"]}


def is_held(rows: Rows, held: set[str]) -> np.ndarray:
    """Return a mask of the rows that an optimizer holds, under any of their names: bool [rows]."""
    return np.array([row.name in held or not held.isdisjoint(row.tied_to or ()) for row in rows], bool)


def options_by_row(values: StepValues, rows: Rows) -> dict[str, Mapping[str, Any]]:
    """Return the options of each row's parameter group by the row's name. Rows without a group are left out."""
    groups = (group for optimizer in values.optimizers or () for group in optimizer["groups"])
    by_name = {name: group["options"] for group in groups for name in group["parameters"]}
    found = {}
    for row in rows:
        name = next((one for one in (row.name, *(row.tied_to or ())) if one in by_name), None)
        if name is not None:
            found[row.name] = by_name[name]
    return found


def learning_rates(values: StepValues) -> dict[str, float]:
    """Return the learning rates of a step by parameter group."""
    scalars = values.scalars.items()
    return {name.removeprefix(LEARNING_RATE): rate for name, rate in scalars if name.startswith(LEARNING_RATE)}


def names(values: StepValues) -> set[str]:
    """Return the class names of the optimizers, empty if they are unknown."""
    return {str(one["name"]) for one in values.optimizers or ()}


def first_step_factor(values: StepValues) -> float:
    """Return the size of an optimizer's first step over that of later ones, where it is large by construction.

    RMSprop and Adagrad divide by the root of a second moment that begins at 0.
    """
    return 10.0 if names(values) & {"RMSprop", "Adagrad"} else 1.0


def maximizes(values: StepValues) -> bool:
    """Return True if an optimizer makes the loss grow by its options."""
    groups = (group for optimizer in values.optimizers or () for group in optimizer["groups"])
    return any(bool(group["options"].get("maximize")) for group in groups)
