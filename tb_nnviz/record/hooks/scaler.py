"""Skipped steps and loss scale of a GradScaler."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.hooks.handles import Failed
from tb_nnviz.record.hooks.uncompiled import uncompiled
from tb_nnviz.record.interrupts import is_interrupt

Optimizer = torch.optim.Optimizer

#: torch.amp has one since torch 2.3.
_SCALERS = tuple({module.GradScaler for module in (torch.amp, torch.cuda.amp) if hasattr(module, "GradScaler")})


class GradScalerPatch:
    """A replacement of ``scaler.step`` that reports skipped steps.

    torch has no hook in ``scaler.step``, and a skipped step calls no optimizer. A copied or saved scaler does
    not carry the replacement, so it loads without this package. The replacement itself becomes the plain
    method when it is copied or pickled.

    Args:
        scaler: the scaler.
        steps: returns the number of steps that an optimizer has begun. A call that does not change it was skipped.
        skipped: called with the optimizer of each skipped step.
        failed: called with the error of a report.
    """

    def __init__(
        self, scaler: Any, steps: Callable[[Optimizer], int], skipped: Callable[[Optimizer], None], failed: Failed
    ) -> None:
        self._scaler, self._step = scaler, scaler.step
        self._steps, self._skipped, self._failed = steps, skipped, failed

    @uncompiled(breaks=True, callees=False)
    def __call__(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        steps = self._steps(optimizer)
        result = self._step(optimizer, *args, **kwargs)
        try:
            if steps == self._steps(optimizer):
                self._skipped(optimizer)
        except Exception as error:  # an error of nnviz must not end training
            if is_interrupt(error):
                raise
            self._failed(error)
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = memo.get(id(self._scaler))
        return self._step if copied is None else type(copied).step.__get__(copied)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._scaler, "step")

    def install(self) -> None:
        """Replace the method, on this scaler only."""
        self._earlier = vars(self._scaler).get("step")
        self._scaler.step = self
        if "__getstate__" not in vars(self._scaler):
            # copy.copy shares the state's values, so without this a copy would step this scaler
            self._scaler.__getstate__ = partial(_state, self._scaler)

    def remove(self) -> None:
        """Restore the method unless it has been replaced since, and report nothing more."""
        self._skipped = lambda optimizer: None
        if vars(self._scaler).get("step") is self:
            if self._earlier is None:
                del self._scaler.step
            else:  # a wrapper that was there before
                self._scaler.step = self._earlier
        own = vars(self._scaler).get("__getstate__")
        still = isinstance(vars(self._scaler).get("step"), GradScalerPatch)  # another monitor's
        if not still and isinstance(own, partial) and own.func is _state:
            del self._scaler.__getstate__


def _state(scaler: Any) -> Any:
    """Return the state from which a scaler is copied, without the replacements of monitors."""
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
    """Return the current loss scale, a float32 scalar on its device, or None before the first loss or if disabled."""
    scale = getattr(scaler, "_scale", None)  # get_scale() would wait for the device
    return scale if isinstance(scale, Tensor) and scaler.is_enabled() else None


def stepping_scaler() -> Any:
    """Return the GradScaler whose ``step`` is running on this thread, or None if an optimizer steps by itself."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "step" and frame.f_code.co_argcount:
            caller = frame.f_locals.get(frame.f_code.co_varnames[0])
            if isinstance(caller, _SCALERS):
                return caller
        frame = frame.f_back
    return None
