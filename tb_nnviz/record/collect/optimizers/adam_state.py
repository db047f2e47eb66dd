"""The state that an optimizer of Adam's family or RMSprop keeps of a parameter, and the step that it makes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tb_nnviz.record.model.metadata import shape_of


class AdamState(NamedTuple):
    """The moments of a parameter's gradient, and the factors that turn them into a step.

    The effective step is ``step_scale * first / (sqrt(denominator) * correction + epsilon)``. The factors are numbers
    or 0-d tensors. ``step_scale`` is None if the optimizer has another formula, and ``first`` is None if it keeps the
    second moment only, as RMSprop does. Source: D. P. Kingma and J. Ba,
    "Adam: a method for stochastic optimization", 2015, section 2.1.
    """

    first: Tensor | None
    second: Tensor
    denominator: Tensor
    step_scale: float | Tensor | None
    correction: float | Tensor
    epsilon: float


def adam_state(optimizer: Any, group: dict[str, Any], parameter: nn.Parameter) -> AdamState | None:
    """Return the state after the last step, or None if the optimizer keeps no second moment of the parameter.

    Args:
        optimizer: an optimizer, or a wrapper that may have no state of its own.
        group: the parameter's group.
        parameter: the parameter.

    >>> parameter = nn.Parameter(torch.ones(3))
    >>> optimizer = torch.optim.Adam([parameter], lr=0.1)
    >>> parameter.grad = torch.ones(3)
    >>> optimizer.step()
    >>> state = adam_state(optimizer, optimizer.param_groups[0], parameter)
    >>> round(state.step_scale * float(state.first[0]) / (float(state.second[0]) ** 0.5 * state.correction), 4)
    0.1
    """
    kept = getattr(optimizer, "state", None)
    state = kept.get(parameter) if isinstance(kept, Mapping) else None
    if not isinstance(state, Mapping):
        return None
    first, second = state.get("exp_avg"), state.get("exp_avg_sq")
    if not (isinstance(first, Tensor) and isinstance(second, Tensor) and shape_of(first) == shape_of(second)):
        second = state.get("square_avg")
        if not isinstance(second, Tensor) or shape_of(second) != shape_of(parameter):
            return None
        return AdamState(None, second, second, None, 1.0, number(group.get("eps")))
    scale: float | Tensor | None = None
    correction: float | Tensor = 1.0
    denominator = second
    if type(optimizer) in (torch.optim.Adam, torch.optim.AdamW):
        betas, most = group.get("betas"), state.get("max_exp_avg_sq", second)
        beta1, beta2 = map(plain_number, betas) if isinstance(betas, tuple | list) and len(betas) == 2 else (None, None)
        step, rate = plain_number(state.get("step")), plain_number(group.get("lr"))
        if not isinstance(step, Tensor) and step == 0:  # the optimizer skipped its first step
            return None
        # somebody may have changed the state or the group
        known = all(x is not None for x in (step, rate, beta1, beta2))
        if known and isinstance(most, Tensor) and shape_of(most) == shape_of(first):
            scale = rate / (1 - beta1**step)
            correction = (1 - beta2**step) ** -0.5
            denominator = most
    return AdamState(first, second, denominator, scale, correction, number(group.get("eps")))


def number(value: Any) -> float:
    """Return a number, or NaN if the value is something else."""
    return float(value) if isinstance(value, int | float) else math.nan


def plain_number(value: Any) -> Any:
    """Return a value on the host as a number, and None if it is none.

    A tensor on a device stays a tensor, because reading it would wait.
    """
    if isinstance(value, Tensor):
        if type(value) not in (Tensor, nn.Parameter) or value.numel() != 1 or value.is_meta:
            return None
        value = value.detach() if value.requires_grad else value
        return float(value.numpy().item()) if value.is_cpu else value.reshape(())
    return value if isinstance(value, int | float) else None
