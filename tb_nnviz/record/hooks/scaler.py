"""Loss scaling: which steps a GradScaler skipped, and what its scale is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.hooks.handles import Failed

Optimizer = torch.optim.Optimizer


class GradScalerPatch:
    """Stands in the place of ``scaler.step`` and says which calls were skipped.

    ``steps`` counts the steps that an optimizer has begun; a call in which it stays the same was skipped.
    torch has no hook there, and a step that is skipped calls no optimizer. A copy of the scaler is without
    it, as is a saved one, which loads without this package; copied or pickled by itself it becomes the plain method.
    """

    def __init__(
        self, scaler: Any, steps: Callable[[Optimizer], int], skipped: Callable[[Optimizer], None], failed: Failed
    ) -> None:
        self._scaler, self._step = scaler, scaler.step
        self._steps, self._skipped, self._failed = steps, skipped, failed

    def __call__(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        steps = self._steps(optimizer)
        result = self._step(optimizer, *args, **kwargs)
        try:
            if steps == self._steps(optimizer):
                self._skipped(optimizer)
        except Exception as error:  # training goes on, whatever went wrong here
            self._failed(error)
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = memo.get(id(self._scaler))
        return self._step if copied is None else type(copied).step.__get__(copied)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._scaler, "step")

    def install(self) -> None:
        """Take the method's place, on this scaler only."""
        self._earlier = vars(self._scaler).get("step")
        self._scaler.step = self
        if "__getstate__" not in vars(self._scaler):
            # copy.copy takes the state's values as they are: a copy would step this scaler
            self._scaler.__getstate__ = partial(_state, self._scaler)

    def remove(self) -> None:
        """Give the place back, unless somebody else has taken it since: then only report no more."""
        self._skipped = lambda optimizer: None
        if vars(self._scaler).get("step") is self:
            if self._earlier is None:
                del self._scaler.step
            else:  # somebody else's wrapper, that was there before
                self._scaler.step = self._earlier
        own = vars(self._scaler).get("__getstate__")
        still = isinstance(vars(self._scaler).get("step"), GradScalerPatch)  # of another monitor
        if not still and isinstance(own, partial) and own.func is _state:
            del self._scaler.__getstate__


def _state(scaler: Any) -> Any:
    """What a copy of a scaler is made of: its state without what monitors have put there."""
    get = getattr(type(scaler), "__getstate__", None)  # before Python 3.11 not every object has one
    state = vars(scaler) if get is None else get(scaler)
    if not isinstance(state, dict):
        return state
    state = {name: value for name, value in state.items() if name != "__getstate__"}
    step = state.pop("step", None)
    while isinstance(step, GradScalerPatch):
        step = step._earlier
    return state if step is None else {**state, "step": step}


def loss_scale(scaler: Any) -> Tensor | None:
    """What losses are multiplied by now: float32 scalar on its device; None before the first, or where disabled."""
    scale = getattr(scaler, "_scale", None)  # get_scale() would wait for the device
    return scale if isinstance(scale, Tensor) and scaler.is_enabled() else None
