"""The options of optimizers and their learning rates, as rules read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tb_nnviz.rules.step_values import Rows, StepValues

#: Optimizers that add the weight decay to the gradient, and divide the sum by its size.
_COUPLED = frozenset({"Adam", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad", "Rprop"})
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


def decay_share(values: StepValues) -> float:
    """Return the share of the weights that weight decay takes per step: the largest of all groups, 0 if it is unknown.

    Optimizers that make the decay a part of a gradient, which they divide by its size, have no such share.
    """
    groups = [(optimizer, group) for optimizer in values.optimizers or () for group in optimizer["groups"]]
    rates = list(learning_rates(values).values())
    shares = []
    for place, (optimizer, group) in enumerate(groups):
        options = group["options"]
        rate = rates[place] if len(rates) == len(groups) else _number(options.get("lr"))
        share = rate * _number(options.get("weight_decay"))
        if optimizer["name"] == "SGD":
            shares.append(min(1.0, share / max(1 - _number(options.get("momentum")), 1e-3)))
        elif _is_decoupled(optimizer, options):
            shares.append(min(1.0, share))
    return max(shares, default=0.0)


def decay_part(values: StepValues) -> float:
    """Return the size of the weight decay in a gradient over that of the loss, in the median of the weights.

    It is 0 if it is unknown, and for optimizers that apply the decay apart from the gradient.
    """
    if not values.has("gradient", "norm"):
        return 0.0
    rows = values.rows["parameter"]
    coupled = {
        name: _number(group["options"].get("weight_decay"))
        for optimizer in values.optimizers or ()
        for group in optimizer["groups"]
        if optimizer["name"] in _COUPLED and not _is_decoupled(optimizer, group["options"])
        for name in group["parameters"]
    }
    decay = np.array([coupled.get(row.name, 0.0) for row in rows])
    gradient = rows.align(values.rows["gradient"], values.get("gradient", "norm"))
    judged = rows.has_role("weight") & rows.trainable & (gradient > 0)
    with np.errstate(all="ignore"):
        parts = decay[judged] * values.get("parameter", "norm")[judged] / gradient[judged]
    return float(np.median(parts)) if parts.size and np.isfinite(parts).all() else 0.0


def _is_decoupled(optimizer: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    return optimizer["name"] == "AdamW" or bool(options.get("decoupled_weight_decay"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else 0.0
