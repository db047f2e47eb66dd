"""Modes of torch under which operators are traced, counted or redirected, and nnviz's must not be."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import torch
from torch import Tensor

#: Modes and tensors of tracers, whose tensors have no values.
_TRACERS = frozenset(
    {"FakeTensorMode", "ProxyTorchDispatchMode", "FunctionalTensorMode", "PreDispatchTorchFunctionMode"}
)
_TRACED = frozenset({"FakeTensor", "FunctionalTensor"})
_UNCHANGED: AbstractContextManager[Any] = nullcontext()


def is_tracing() -> bool:
    """Return True if operators are traced now: by torch.func, torch.jit.trace, make_fx, export or fake tensors.

    A call of a model is no training then, and an operator of nnviz would be in the traced program.
    """
    if torch._C._functorch.peek_interpreter_stack() is not None or torch._C._is_tracing():
        return True
    if not (torch._C._len_torch_dispatch_stack() or torch._C._len_torch_function_stack()):
        return torch._C._dispatch_tls_is_dispatch_key_included(torch._C.DispatchKey.PreDispatch)
    modes = [torch._C._get_function_stack_at(i) for i in range(torch._C._len_torch_function_stack())]
    modes += torch.utils._python_dispatch._get_current_dispatch_mode_stack()
    return any(base.__name__ in _TRACERS for mode in modes for base in type(mode).__mro__)


def has_values(tensor: Tensor) -> bool:
    """Return True if the tensor is not the stand-in of a tracer.

    >>> has_values(torch.ones(2))
    True
    """
    return type(tensor) is Tensor or not any(base.__name__ in _TRACED for base in type(tensor).__mro__)


def outside_modes() -> AbstractContextManager[Any]:
    """Return a context in which the user's modes do not see operators.

    A mode may count them, cache their results for a checkpoint, or put new tensors on another device.
    """
    dispatch, function = torch._C._len_torch_dispatch_stack(), torch._C._len_torch_function_stack()
    if not (dispatch or function):
        return _UNCHANGED
    stack = ExitStack()
    if dispatch:
        stack.enter_context(torch.utils._python_dispatch._disable_current_modes())
    if function:
        stack.enter_context(torch._C.DisableTorchFunction())
    return stack
