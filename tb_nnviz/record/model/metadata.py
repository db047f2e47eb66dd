"""Shape, dtype and other attributes of tensors of any class, read without their values."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn


def metadata() -> AbstractContextManager[Any]:
    """Return a context in which attributes are read without asking a tensor's class, which may refuse all functions.

    Values must not be read in this context, because the memory of such a tensor need not contain them.
    """
    context: AbstractContextManager[Any] = torch._C.DisableTorchFunctionSubclass()
    return context


def requires_grad(tensor: Tensor) -> bool:
    """Return ``tensor.requires_grad`` for a tensor of any class."""
    if type(tensor) is nn.Parameter:  # read at every call
        return tensor.requires_grad
    with metadata():
        return tensor.requires_grad


def gradient_of(tensor: Tensor) -> Tensor | None:
    """Return ``tensor.grad`` of a tensor of any class."""
    if type(tensor) is nn.Parameter:
        return tensor.grad
    with metadata():
        return tensor.grad


def version_of(tensor: Tensor) -> int:
    """Return the number of changes of a tensor's elements in place, or -1 if torch does not count them."""
    with metadata():
        return -1 if tensor.is_inference() else tensor._version


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor of any class. It is empty if the tensor is nested."""
    with metadata():
        return () if tensor.is_nested else tuple(tensor.shape)


def elements_of(tensors: Iterable[Tensor]) -> list[int]:
    """Return the number of elements of tensors of any class. A complex element counts twice."""
    with metadata():
        return [tensor.numel() * (1 + tensor.is_complex()) for tensor in tensors]


def dtype_name(tensor: Tensor, measured: bool = True) -> str:
    """Return the name of a tensor's dtype, prefixed with the tensor's kind if it has no values to measure.

    Args:
        tensor: a tensor of any class.
        measured: whether its values could be measured. If not, the prefix is its class.

    >>> dtype_name(torch.ones(2)), dtype_name(torch.ones(2, device="meta"))
    ('float32', 'meta float32')
    """
    with metadata():
        word = "nested " if tensor.is_nested else "meta " if tensor.is_meta else ""
        if not measured and type(tensor) not in (Tensor, nn.Parameter):
            word = f"{type(tensor).__name__} "
        return word + str(tensor.dtype).removeprefix("torch.")
