"""The running mean of a gradient's squares that an optimizer keeps of a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn

from tb_nnviz.record.collect.optimizers.adam_state import number, plain_number
from tb_nnviz.record.model.metadata import shape_of


class SecondMoment(NamedTuple):
    """A second moment before the next update.

    Args:
        value: the running mean, as the optimizer keeps it.
        correction: one over the bias correction, ``1 / (1 - decay ** step)``, as a number or a 0-d tensor.
        epsilon: the optimizer's epsilon, 0 if it has none.
    """

    value: Tensor
    correction: float | Tensor
    epsilon: float


def second_moment(optimizer: Any, group: Mapping[str, Any], parameter: nn.Parameter) -> SecondMoment | None:
    """Return the second moment of a parameter, or None if the optimizer keeps none or has not stepped yet.

    Adam and its family keep it as ``exp_avg_sq``, RMSprop and Adadelta as ``square_avg``.

    Args:
        optimizer: an optimizer, or a wrapper that may have no state of its own.
        group: the parameter's group.
        parameter: the parameter.

    >>> parameter = nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.RMSprop([parameter], lr=0.1, alpha=0.75)
    >>> second_moment(optimizer, optimizer.param_groups[0], parameter) is None
    True
    >>> parameter.grad = torch.tensor([3.0])
    >>> optimizer.step()
    >>> found = second_moment(optimizer, optimizer.param_groups[0], parameter)
    >>> found.value.tolist(), found.correction
    ([2.25], 4.0)
    """
    kept = getattr(optimizer, "state", None)
    state = kept.get(parameter) if isinstance(kept, Mapping) else None
    if not isinstance(state, Mapping):
        return None
    value = state.get("exp_avg_sq")
    if value is not None:
        betas = group.get("betas")
        decay = betas[1] if isinstance(betas, tuple | list) and len(betas) == 2 else None
    else:
        value, decay = state.get("square_avg"), group.get("alpha", group.get("rho"))
    if not isinstance(value, Tensor) or shape_of(value) != shape_of(parameter):
        return None
    # Some optimizers, such as those of Apex, count the steps per group.
    beta, step = plain_number(decay), plain_number(state.get("step", group.get("step")))
    if beta is None or step is None:
        return None
    if (not isinstance(step, Tensor) and step < 1) or (not isinstance(beta, Tensor) and not 0 <= beta < 1):
        return None
    epsilon = number(group.get("eps"))
    return SecondMoment(value, 1 / (1 - beta**step), epsilon if epsilon > 0 else 0.0)
