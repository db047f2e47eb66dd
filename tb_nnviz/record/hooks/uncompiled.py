"""Functions that torch.compile runs as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Function = TypeVar("Function", bound=Callable[..., Any])


def uncompiled(breaks: bool, callees: bool = True) -> Callable[[Function], Function]:
    """Return a decorator of functions that torch.compile must run as they are.

    Args:
        breaks: whether a graph that calls the function breaks there. Otherwise Dynamo would trace the function.
        callees: whether the functions that it calls run as they are too.
    """

    def decorated(function: Function) -> Function:
        frames = torch._C._dynamo.eval_frame  # importing torch._dynamo would take seconds
        if hasattr(frames, "set_code_exec_strategy"):  # since torch 2.7
            skip, default = frames._FrameAction.SKIP, frames._FrameAction.DEFAULT
            frames.set_code_exec_strategy(
                function.__code__, frames._FrameExecStrategy(skip, skip if callees else default)
            )
        elif hasattr(frames, "skip_code"):
            frames.skip_code(function.__code__)
        if breaks:
            function._torchdynamo_disable = True  # type: ignore[attr-defined]
            function._torchdynamo_disable_msg = "tb_nnviz reads values here"  # type: ignore[attr-defined]
        return function

    return decorated
