"""Reduction of a weight to the data of its map, on its device."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from tb_nnviz.record.collect.weights.choice import has_elements
from tb_nnviz.record.collect.weights.plan import KERNELS, Plan, View, view
from tb_nnviz.record.measure.fields import INDEX
from tb_nnviz.record.measure.stats import measure
from tb_nnviz.record.model.modules import NamedParameter


class Pooled(NamedTuple):
    """The data of a weight's map, on the weight's device: 1-d tensors of float32 or float64."""

    plan: Plan
    shape: tuple[int, ...]
    dtype: str
    values: Tensor
    norms: tuple[Tensor, ...]
    nonfinite: Tensor


def has_map(tensor: Tensor) -> bool:
    """Return True if a parameter has a map."""
    return has_elements(tensor) and tensor.dim() >= 2 and tensor.numel() > 0


def view_of(parameter: NamedParameter) -> View:
    """Return the view of a parameter: as a matrix or as kernels."""
    owner = parameter.owner
    return view(tuple(parameter.tensor.shape), isinstance(owner, _ConvNd), isinstance(owner, _ConvTransposeNd))


def pool(x: Tensor, plan: Plan) -> Pooled:
    """Reduce a weight to the data of its map, without waiting for its device."""
    shape, dtype = tuple(x.shape), str(x.dtype).removeprefix("torch.")
    if x.dtype.itemsize == 1:  # torch has no arithmetic for float8
        x = x.float()
    part = measure(x)
    assert part is not None
    if plan.view.transposed:
        x = x.transpose(0, 1)
    x = x.reshape(plan.view.shape)
    values, norms = _kernels(x, plan) if plan.view.axes == KERNELS else _matrix(x, plan)
    nonfinite = part.values[INDEX["nonfinite"]].reshape(1)
    return Pooled(plan, shape, dtype, _flat(values, x), tuple(_flat(norm, x) for norm in norms), nonfinite)


def _flat(values: Tensor, x: Tensor) -> Tensor:
    """Flatten to float32 or float64. A view of the weight is copied, because the weight is about to change."""
    values = values.reshape(-1).to(torch.float64 if values.dtype == torch.float64 else torch.float32)
    return values.clone() if values.untyped_storage().data_ptr() == x.untyped_storage().data_ptr() else values


def _matrix(x: Tensor, plan: Plan) -> tuple[Tensor, list[Tensor]]:
    """Return a matrix or the sum, minimum and maximum of its tiles, and the norms of its rows and columns."""
    norms = []
    of_rows = torch.linalg.vector_norm(x, dim=1, dtype=_sum_dtype(x))
    for norm, tile in zip((of_rows, _norms_down(x)), plan.tile, strict=True):
        norms += [norm] if tile == 1 else [_fold(norm, tile, torch.amin), _fold(norm, tile, torch.amax)]
    if not plan.tiled:
        return x, norms
    return torch.stack([_tiles(x, plan.tile, reduce) for reduce in (_sum, torch.amin, torch.amax)]), norms


def _norms_down(x: Tensor) -> Tensor:
    """Return the norms of columns. On a CPU, ``torch.linalg.vector_norm`` over rows would be several times slower."""
    rows = max(1, (2**18 if x.is_cpu else 2**24) // x.shape[1])
    total = torch.zeros(x.shape[1], dtype=_sum_dtype(x), device=x.device)
    for first in range(0, x.shape[0], rows):
        total += x[first : first + rows].to(total.dtype).square().sum(0)
    return total.sqrt_()


def _tiles(x: Tensor, tile: tuple[int, int], reduce: Callable[..., Tensor]) -> Tensor:
    return _fold(_fold(x, tile[0], reduce).T, tile[1], reduce).T.to(_sum_dtype(x))


def _sum(x: Tensor, dim: int) -> Tensor:
    return x.sum(dim, dtype=_sum_dtype(x))


def _sum_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def _fold(x: Tensor, size: int, reduce: Callable[..., Tensor]) -> Tensor:
    """Reduce groups of ``size`` along the first axis. The last group may be smaller."""
    if size == 1:
        return x
    even = x.shape[0] // size * size
    groups = [reduce(x[:even].reshape(-1, size, *x.shape[1:]), 1)] if even else []
    if even < x.shape[0]:
        groups.append(reduce(x[even:], 0).unsqueeze(0))
    return torch.cat(groups)


def _kernels(x: Tensor, plan: Plan) -> tuple[Tensor, list[Tensor]]:
    """Return the kept kernels, and for each kept output and input channel the norm of all its kernels."""
    norms = []
    of_kernels = torch.linalg.vector_norm(x, dim=(2, 3), dtype=_sum_dtype(x))
    for axis, kept in enumerate(plan.kept):
        # Indices made on the device need no copy to it.
        at = torch.arange(kept, device=x.device) * x.shape[axis] // kept
        norms.append(torch.linalg.vector_norm(of_kernels, dim=1 - axis).index_select(0, at))
    for axis, kept in enumerate(plan.kept):
        if kept < x.shape[axis]:
            x = x.index_select(axis, torch.arange(kept, device=x.device) * x.shape[axis] // kept)
    return x, norms
