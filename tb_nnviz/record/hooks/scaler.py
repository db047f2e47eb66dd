"""Skipped steps and loss scale of a GradScaler."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.hooks.handles import Failed, uncompiled
from tb_nnviz.record.hooks.method_patch import MethodPatch
from tb_nnviz.record.interrupts import is_interrupt

#: torch.amp has one since torch 2.3.
_SCALERS = tuple({module.GradScaler for module in (torch.amp, torch.cuda.amp) if hasattr(module, "GradScaler")})


class GradScalerPatch(MethodPatch):
    """A replacement of ``scaler.step`` that reports skipped steps, which call no optimizer.

    Args:
        scaler: the scaler.
        steps: returns the number of steps that an optimizer has begun. A call that does not change it was skipped.
        skipped: called with the optimizer of each skipped step.
        failed: called with the error of a report.
    """

    def __init__(
        self, scaler: Any, steps: Callable[[Any], int], skipped: Callable[[Any], None], failed: Failed
    ) -> None:
        super().__init__(scaler, "step")
        self._steps, self._skipped, self._failed = steps, skipped, failed

    @uncompiled(breaks=True, callees=False)
    def call(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        steps = self._steps(optimizer)
        result = self._plain(optimizer, *args, **kwargs)
        try:
            if self._installed and steps == self._steps(optimizer):
                self._skipped(optimizer)
        except Exception as error:  # an error of nnviz must not end training
            if is_interrupt(error):
                raise
            self._failed(error)
        return result


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
