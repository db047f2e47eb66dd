"""Parameters that an optimizer has made nonfinite."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from tb_nnviz.record.locate.forward import owner_of
from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.values import describe, is_nonfinite, problem_of
from tb_nnviz.record.model.modules import type_name
from tb_nnviz.record.model.optimizers import WatchedOptimizer, own_groups


def optimizer_origin(
    origin: Origin,
    parameter: Tensor,
    optimizer: WatchedOptimizer,
    step: int,
    models: Mapping[str, nn.Module],
    names: Mapping[Tensor, str],
) -> Origin:
    """Return the origin of a parameter that was finite when the run began, and is nonfinite after a step.

    Args:
        origin: the origin in the forward pass that reads the parameter.
        parameter: the parameter.
        optimizer: the optimizer that updates it.
        step: the last step that has updated it.
        models: by their prefix.
        names: names of the parameters.
    """
    name = names.get(parameter, "")
    owner = next(
        (owner_of(parameter, one) for one in models.values() if any(p is parameter for p in one.parameters())), None
    )
    group = next((one for one in optimizer.param_groups if any(p is parameter for p in one["params"])), {})
    state = _state(optimizer, parameter)
    bad = [key for key, value in state.items() if isinstance(value, Tensor) and is_nonfinite(value)]
    options = {
        key: value for key, value in group.items() if key != "params" and isinstance(value, int | float | Tensor)
    }
    odd = [f"{key} {float(value):g}" for key, value in options.items() if not math.isfinite(float(value))]
    if group.get("eps") == 0:
        odd.append("eps 0")
    since = f"since the step of {optimizer.name} at step {step} or before"
    if not _reads_rows(owner):
        since = (
            f"after the step of {optimizer.name} at step {step}, whose gradients were finite as far as they are checked"
        )
    held = f"; its state has nonfinite {', '.join(bad)}" if bad else "; its state is finite" if state else ""
    return Origin(
        "optimizer",
        origin.module if origin.module is not None else name.rpartition(".")[0],
        f"the parameter {name} has {problem_of(parameter)} {since}{held}"
        + (f"; its group has {', '.join(odd)}" if odd else ""),
        type="" if owner is None else type_name(owner),
        call=origin.call,
        inputs=origin.inputs,
        outputs=describe([parameter]),
        samples=origin.samples,
        micro_batch=origin.micro_batch,
        parameter=name,
        since=step,
    )


def _reads_rows(owner: nn.Module | None) -> bool:
    """Return True if a pass reads only some rows of the module's parameter, so that a NaN may be found steps later."""
    return isinstance(owner, nn.Embedding | nn.EmbeddingBag)


def _state(optimizer: WatchedOptimizer, parameter: Tensor) -> dict[str, Any]:
    for state in _states(optimizer):
        if parameter in state:
            found = state[parameter]
            return dict(found) if isinstance(found, Mapping) else {}
    return {}


def _states(optimizer: WatchedOptimizer) -> Iterator[Mapping[Any, Any]]:
    for one in optimizer.within:
        state = getattr(one, "state", None)
        if own_groups(one) is not None and isinstance(state, Mapping):
            yield state
