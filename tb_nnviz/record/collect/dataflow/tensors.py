"""Tensors in the arguments and outputs of a module, and how ``nnviz/graph`` describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor


def tensors_of(value: object, depth: int = 8) -> list[Tensor]:
    """Return all tensors in the arguments or the output of a module, in order of appearance."""
    if isinstance(value, Tensor):
        return [value]
    parts: Iterable[object] = ()
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, tuple | list):
        parts = value
    elif is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, part.name, None) for part in fields(value)]
    return [tensor for part in parts for tensor in tensors_of(part, depth - 1)] if depth else []


def shape_of(tensor: Tensor) -> tuple[int, ...] | None:
    """Return the whole shape, or None for a nested tensor, whose rows have shapes of their own."""
    return None if tensor.is_nested else tuple(int(size) for size in tensor.shape)


def described(tensor: Tensor) -> dict[str, Any]:
    """Return shape and dtype of a tensor in the form of ``nnviz/graph``."""
    return described_as(shape_of(tensor), tensor.dtype)


def described_as(shape: Iterable[int] | None, dtype: torch.dtype) -> dict[str, Any]:
    """Return a shape and a dtype in the form of ``nnviz/graph``."""
    known = None if shape is None else [int(size) for size in shape]
    return {"shape": known, "dtype": str(dtype).removeprefix("torch.")}


def bytes_of(tensors: Iterable[Tensor]) -> int:
    """Return the memory of some tensors, counting each once."""
    distinct = {id(tensor): tensor for tensor in tensors}
    return sum(x.numel() * x.element_size() for x in distinct.values() if x.layout == torch.strided and not x.is_nested)
