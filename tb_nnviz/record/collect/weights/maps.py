"""Maps of weights: pooled where the weights are, encoded where the events are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from tb_nnviz import schema
from tb_nnviz.record.collect.weights.plan import KERNELS, Plan, View, evenly, plans, view
from tb_nnviz.record.measure.fields import INDEX
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.stats import measure
from tb_nnviz.record.model.modules import NamedParameter

#: Code of exactly 0; nothing else has it.
ZERO = 127


class _Pooled(NamedTuple):
    """A weight on its device, as much of it as its map needs: float, one axis each."""

    plan: Plan
    shape: tuple[int, ...]
    dtype: str
    values: Tensor
    norms: tuple[Tensor, ...]
    nonfinite: Tensor


class WeightMaps:
    """Reads the weights of a step for their maps, and makes the maps.

    A weight is a floating parameter of at least two dimensions in one block of memory; complex, sparse and
    quantized ones have no map.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._plans: dict[tuple[View, ...], list[Plan]] = {}
        self.begin(False)

    def begin(self, wanted: bool) -> None:
        """Open a step; what is pending of an unfinished one is dropped."""
        self.wanted = wanted
        self._pooled: dict[str, _Pooled] = {}

    def read(self, parameters: Iterable[NamedParameter], all_parameters: Iterable[NamedParameter]) -> None:
        """Read parameters as they are now, in place of what was read of them before.

        Args:
            parameters: those to read.
            all_parameters: those that share the budget.
        """
        shared = [parameter for parameter in all_parameters if has_map(parameter.tensor)]
        views = tuple(_view(parameter) for parameter in shared)
        if views not in self._plans:
            self._plans = {views: plans(views, self._budget)}
        by_name = {p.name: plan for p, plan in zip(shared, self._plans[views], strict=True)}
        with torch.no_grad():
            for parameter in parameters:
                if (plan := by_name.get(parameter.name)) is not None:
                    self._pooled[parameter.name] = _pool(parameter.tensor.detach(), plan)

    def unread(self, parameters: Iterable[NamedParameter]) -> list[NamedParameter]:
        """Those that were not read in this step."""
        return [parameter for parameter in parameters if parameter.name not in self._pooled]

    def send(self, transfer: HostCopy) -> Callable[[HostArrays], list[schema.Entry]]:
        """Take along what was read; what makes entries of it on the host."""
        pooled, self._pooled = self._pooled, {}
        tickets = {name: _Tickets.of(one, transfer) for name, one in pooled.items()}

        def entries(arrived: HostArrays) -> list[schema.Entry]:
            return [
                schema.Entry(schema.TAG_WEIGHT + name, _encode(one, arrived), schema.PLUGIN_MAPS)
                for name, one in tickets.items()
            ]

        return entries


class _Tickets(NamedTuple):
    plan: Plan
    shape: tuple[int, ...]
    dtype: str
    values: Slot
    norms: tuple[Slot, ...]
    nonfinite: Slot

    @classmethod
    def of(cls, pooled: _Pooled, transfer: HostCopy) -> _Tickets:
        norms = tuple(transfer.add(norm) for norm in pooled.norms)
        values, nonfinite = transfer.add(pooled.values), transfer.add(pooled.nonfinite)
        return cls(pooled.plan, pooled.shape, pooled.dtype, values, norms, nonfinite)


def has_map(tensor: Tensor) -> bool:
    """Whether a parameter is shown as a map."""
    return (
        tensor.dim() >= 2
        and tensor.numel() > 0
        and tensor.is_floating_point()
        and tensor.layout == torch.strided
        and not (tensor.is_meta or tensor.is_nested)
        and type(tensor.detach()) is Tensor
    )


def _view(parameter: NamedParameter) -> View:
    owner = parameter.owner
    return view(tuple(parameter.tensor.shape), isinstance(owner, _ConvNd), isinstance(owner, _ConvTransposeNd))


def _pool(x: Tensor, plan: Plan) -> _Pooled:
    """Reduce a weight to what its map needs, without waiting for its device."""
    shape, dtype = tuple(x.shape), str(x.dtype).removeprefix("torch.")
    if x.dtype.itemsize == 1:  # of float8 nothing can be computed
        x = x.float()
    part = measure(x)
    assert part is not None
    if plan.view.transposed:
        x = x.transpose(0, 1)
    x = x.reshape(plan.view.shape)
    values, norms = _kernels(x, plan) if plan.view.axes == KERNELS else _matrix(x, plan)
    nonfinite = part.values[INDEX["nonfinite"]].reshape(1)
    return _Pooled(plan, shape, dtype, _flat(values, x), tuple(_flat(norm, x) for norm in norms), nonfinite)


def _flat(values: Tensor, x: Tensor) -> Tensor:
    """Of one axis, in float32 or better, and no view of the weight itself, which is about to change."""
    values = values.reshape(-1).to(torch.float64 if values.dtype == torch.float64 else torch.float32)
    return values.clone() if values.untyped_storage().data_ptr() == x.untyped_storage().data_ptr() else values


def _matrix(x: Tensor, plan: Plan) -> tuple[Tensor, list[Tensor]]:
    """A matrix, or sum, minimum and maximum of its tiles; norms of its rows and columns, and their range in a tile."""
    norms = []
    of_rows = torch.linalg.vector_norm(x, dim=1, dtype=_sum_dtype(x))
    for norm, tile in zip((of_rows, _norms_down(x)), plan.tile, strict=True):
        norms += [norm] if tile == 1 else [_fold(norm, tile, torch.amin), _fold(norm, tile, torch.amax)]
    if not plan.tiled:
        return x, norms
    return torch.stack([_tiles(x, plan.tile, reduce) for reduce in (_sum, torch.amin, torch.amax)]), norms


def _norms_down(x: Tensor) -> Tensor:
    """Norms of columns. A CPU takes several times as long for torch's own along the first axis."""
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
    """Reduce groups of ``size`` along the first axis; the last group may be smaller."""
    if size == 1:
        return x
    even = x.shape[0] // size * size
    groups = [reduce(x[:even].reshape(-1, size, *x.shape[1:]), 1)] if even else []
    if even < x.shape[0]:
        groups.append(reduce(x[even:], 0).unsqueeze(0))
    return torch.cat(groups)


def _kernels(x: Tensor, plan: Plan) -> tuple[Tensor, list[Tensor]]:
    """Some kernels, and the norms of all that leads to their outputs and comes from their inputs."""
    norms = []
    of_kernels = torch.linalg.vector_norm(x, dim=(2, 3), dtype=_sum_dtype(x))
    for axis, kept in enumerate(plan.kept):
        # indices made on the device: a list of them would have to be waited for
        at = torch.arange(kept, device=x.device) * x.shape[axis] // kept
        norms.append(torch.linalg.vector_norm(of_kernels, dim=1 - axis).index_select(0, at))
    for axis, kept in enumerate(plan.kept):
        if kept < x.shape[axis]:
            x = x.index_select(axis, torch.arange(kept, device=x.device) * x.shape[axis] // kept)
    return x, norms


def quantize(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Codes, uint8 of the same shape, and the size of a step: a value is ``(code - ZERO) * step``.

    Exactly 0 has a code of its own, and so has what is not finite. The step covers the largest magnitude and is
    of the ladder of the histograms' edges, so that codes of weights that stay the same stay the same, too, until
    the largest one leaves its quarter of an octave. A decoded value is less than a step beside the true one.

    >>> codes, step = quantize(np.array([1.0, -0.25, 0.0, 1e-9, np.inf]))
    >>> codes.tolist(), step
    ([229, 101, 127, 128, 255], 0.009765625)
    """
    finite = np.isfinite(values)
    largest = float(np.max(np.abs(values), where=finite, initial=0.0))
    step = _ladder(largest / ZERO)
    with np.errstate(invalid="ignore"):
        steps = np.rint(np.where(finite, values, 0.0) / step)
    steps = np.where((steps == 0) & (values != 0), np.sign(np.where(finite, values, 1.0)), steps)
    codes = np.where(finite, steps + ZERO, schema.NONFINITE_CODE)
    return codes.astype(np.uint8), step


def _ladder(least: float) -> float:
    """The smallest of (1, 1.25, 1.5, 1.75) x 2^e that is not below ``least``; 1 for 0."""
    if least == 0:
        return 1.0
    mantissa, exponent = math.frexp(least)  # 0.5 <= mantissa < 1
    return math.ldexp(math.ceil(mantissa * 8) / 8, exponent)


def _encode(one: _Tickets, arrived: HostArrays) -> np.ndarray:
    """A weight's map as the payload of its tag."""
    plan, values = one.plan, arrived(one.values).astype(np.float64)
    shape: tuple[int, ...] = plan.kept + plan.view.shape[2:]
    axes, size = plan.view.axes, plan.view.shape
    if plan.tiled:
        shape, axes = (3, *shape), ("reduction", *axes)
        values = values.reshape(shape)
        heights, widths = (_tile_sizes(size[i], plan.tile[i]) for i in (0, 1))
        values[0] /= heights[:, None] * widths
        # a sum of many numbers is rounded: a mean never leaves its tile's range
        with np.errstate(invalid="ignore"):
            inside = np.clip(values[0], values[1], values[2])
        values[0] = np.where(np.isfinite(values[0]), inside, values[0])
    codes, step = quantize(values.reshape(shape))
    nonfinite = int(arrived(one.nonfinite)[0])
    shortened = {axis: i for i, axis in enumerate(plan.view.axes[:2]) if plan.kept[i] < size[i]}
    order = {} if plan.tiled else {axis: evenly(size[i], plan.kept[i]) for axis, i in shortened.items()}
    how = "mean" if plan.tiled else "every"
    header: dict[str, Any] = {
        "shape": list(shape),
        "axes": list(axes),
        "scale": step,
        "offset": -ZERO * step,
        "zero": ZERO,
        "downsampled": {axis: [size[i], plan.kept[i], how] for axis, i in shortened.items()} or None,
        "unit_order": order or None,
        "nonfinite": max(nonfinite, int((codes == schema.NONFINITE_CODE).any())),
        "norms": _norms(plan, [arrived(ticket) for ticket in one.norms]),
        "tensor": {"shape": list(one.shape), "dtype": one.dtype},
    }
    return schema.encode_map(header, codes)


def _tile_sizes(size: int, tile: int) -> np.ndarray:
    return np.minimum(tile, size - np.arange(0, size, tile)).astype(np.float64)


def _norms(plan: Plan, norms: list[np.ndarray]) -> dict[str, dict[str, list[float | None]]]:
    """By axis: the norm of each row and column, or the smallest and largest one of a tile's."""
    found = {}
    rest = iter(norms)
    for axis, tile in zip(plan.view.axes, plan.tile, strict=False):
        low = _digits(next(rest))
        found[axis] = {"min": low, "max": _digits(next(rest))} if tile > 1 else {"max": low}
    return found


def _digits(values: np.ndarray) -> list[float | None]:
    """Four significant digits; None where it is not finite, which JSON cannot say."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values.tolist()]
