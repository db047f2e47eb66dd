"""Helpers for tensors in nested outputs.

This module imports nothing from the package, because tests load saved models where it is not installed.
"""

import dataclasses
from collections.abc import Mapping

import torch


def tensors_in(output, depth=8):
    """Return all tensors in a nested output, in order."""
    if isinstance(output, torch.Tensor):
        return [output]
    if isinstance(output, Mapping):
        output = list(output.values())
    elif dataclasses.is_dataclass(output):
        output = [getattr(output, part.name) for part in dataclasses.fields(output)]
    if not isinstance(output, list | tuple) or not depth:
        return []
    return [tensor for item in output for tensor in tensors_in(item, depth - 1)]


def floating_tensors_in(output):
    """Return the tensors in a nested output that have a floating or complex dtype."""
    return [tensor for tensor in tensors_in(output) if tensor.is_floating_point() or tensor.is_complex()]


def flat_float64(tensor):
    """Return all elements of a tensor as float64 on one axis; a complex element as two."""
    tensor = tensor.detach().cpu()
    tensor = tensor if tensor.layout == torch.strided else tensor.to_dense()
    tensor = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return tensor.double().clone().flatten()


def same_bits(a, b):
    """Return True if two lists of tensors, or None, have equal values and dtypes. NaN equals NaN."""
    return len(a) == len(b) and all(
        (x is y is None) or (x is not None and y is not None and x.dtype == y.dtype and _equal(x, y))
        for x, y in zip(a, b, strict=True)
    )


def _equal(x, y):
    if x.layout != y.layout or x.shape != y.shape:
        return False
    x, y = (t.detach() if t.layout == torch.strided else t.detach().to_dense() for t in (x, y))
    x, y = (torch.view_as_real(t.resolve_conj()) if t.is_complex() else t for t in (x, y))
    return bool(torch.equal(x, y) or torch.equal(x.nan_to_num(), y.nan_to_num()))
