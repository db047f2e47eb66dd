"""Tensors that refuse operators, such as quantized ones of a class that implements only a few."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt

T = TypeVar("T")

_PLAIN = (Tensor, torch.nn.Parameter)
#: The errors with which a tensor refuses an operator. Others, such as that of a user's time limit, pass.
REFUSALS = (RuntimeError, TypeError, AttributeError, ValueError, LookupError, AssertionError, ArithmeticError)


def is_plain(x: Tensor) -> bool:
    """Return True if an error of an operator on the tensor would be an error of nnviz.

    >>> is_plain(torch.ones(2)), is_plain(torch.ones(2).to_sparse()), is_plain(torch.ones(2, device="meta"))
    (True, False, False)
    """
    if type(x) not in _PLAIN or x.layout != torch.strided or x.is_nested or x.is_meta:
        return False
    return x.is_complex() or (x.is_floating_point() and x.dtype.itemsize > 1)


def has_numbers(x: Tensor) -> bool:
    """Return True if a tensor's dtype and device are those of numbers that can be measured. Codes are integers.

    >>> has_numbers(torch.ones(2)), has_numbers(torch.ones(2, dtype=torch.uint8))
    (True, False)
    """
    with torch._C.DisableTorchFunctionSubclass():
        return (x.is_floating_point() or x.is_complex()) and not (x.is_meta or x.is_nested)


def real_numbers(x: Tensor) -> Tensor | None:
    """Return a plain tensor detached, with complex numbers as pairs, or None for any other tensor.

    >>> real_numbers(torch.ones(2, dtype=torch.complex64)).shape, real_numbers(torch.ones(2, device="meta"))
    (torch.Size([2, 2]), None)
    """
    if not is_plain(x) or torch._C._functorch.is_functorch_wrapped_tensor(x):
        return None
    x = x.detach()
    return torch.view_as_real(x.resolve_conj()) if x.is_complex() else x.resolve_neg()


def attempt(x: Tensor, function: Callable[[], T]) -> T | None:
    """Return the result of a function of a tensor, or None if the tensor refuses an operator in it.

    >>> attempt(torch.ones(2, device="meta"), lambda: 1 / 0) is None
    True
    """
    try:
        return function()
    except REFUSALS as error:
        if is_interrupt(error):
            raise
        if is_plain(x):
            raise
        return None
