"""The map of a layer's output: reduced as planned, one byte per value, with exact values of its units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tb_nnviz import schema
from tb_nnviz.record.collect.activation_maps.axes import UNIT_AXES, Axes
from tb_nnviz.record.collect.activation_maps.quantize import exact_dtype, quantize
from tb_nnviz.record.collect.activation_maps.sizes import factor

_POOLED = ("height", "width", "length")


@dataclass(frozen=True)
class Plan:
    """The reduction of one layer's output, which is the same at every step.

    Args:
        shape: shape of the output.
        axes: axes of the map.
        sizes: by axis, the size before the reduction.
        kept: by axis, the size after the reduction.
    """

    shape: tuple[int, ...]
    axes: Axes
    sizes: dict[str, int]
    kept: dict[str, int]

    @property
    def downsampled(self) -> dict[str, list[Any]] | None:
        """Original size, kept size and method by axis, or None if everything is kept."""
        found = {
            name: [size, self.kept.get(name, 1), method(name)]
            for name, size in self.sizes.items()
            if size != self.kept.get(name, 1)
        }
        return found or None

    @property
    def unit_order(self) -> list[int] | None:
        """Original index of each kept unit, or None if all are kept."""
        name = self.axes.names[self.axes.unit]
        size, kept = self.sizes[name], self.kept[name]
        return None if kept == size else [i * size // kept for i in range(kept)]


def method(axis: str) -> str:
    """Return the reduction of an axis: evenly spaced units, means over positions, or first indices of other axes."""
    if axis in UNIT_AXES:
        return "every"
    return "mean" if axis in _POOLED else "slice"


def sizes_of(shape: tuple[int, ...], axes: Axes) -> dict[str, int]:
    """Return an output's size along each axis of its map."""
    if axes.fold is not None:
        shape = (shape[0] // axes.fold, axes.fold, *shape[1:])
    return {name: 1 if i is None else shape[i] for name, i in zip(axes.names, axes.source, strict=True)}


@torch.no_grad()
def take(output: Tensor, plan: Plan) -> tuple[Tensor, Tensor]:
    """Return a map's codes, uint8 of the kept sizes, and its exact numbers, without waiting for the device.

    The numbers are [offset, scale, nonfinite], then minima, maxima and means of the kept units. Those cover all
    samples and positions of the output, including those that the map drops.
    """
    exact = exact_dtype(output.device)
    x = plan.axes.arrange(output if output.dtype in (torch.float32, exact) else output.float())
    names, unit = plan.axes.names, plan.axes.unit
    if (units := plan.kept[names[unit]]) != x.shape[unit]:
        size = x.shape[unit]  # indices made on the device need no copy to it
        x = x.index_select(unit, torch.arange(units, device=x.device) * size // units)
    others = [i for i in range(x.dim()) if i != unit]
    exact_units = [x.amin(others).to(exact), x.amax(others).to(exact), x.mean(others, dtype=exact)]
    for i, name in enumerate(names):
        if method(name) == "slice" and name != "depth":
            x = x.narrow(i, 0, plan.kept[name])
    if "depth" in names:
        axis = names.index("depth")
        x = x.select(axis, x.shape[axis] // 2)
    codes, numbers = quantize(_pool(x.to(exact), plan))
    return codes, torch.cat([numbers, *exact_units])


def _pool(x: Tensor, plan: Plan) -> Tensor:
    """Return means over tiles of positions. A tile at the edge covers fewer positions."""
    names = [name for name in plan.sizes if name in _POOLED]
    side = factor([plan.sizes[name] for name in names], [plan.kept[name] for name in names])
    if side == 1:
        return x
    if len(names) == 1:
        return F.avg_pool1d(x, min(side, plan.sizes["length"]), side, ceil_mode=True, count_include_pad=False)
    window = [min(side, plan.sizes[name]) for name in names]
    return F.avg_pool2d(x, window, [side, side], ceil_mode=True, count_include_pad=False)


def encode(plan: Plan, codes: np.ndarray, numbers: np.ndarray, **more: Any) -> np.ndarray:
    """Return the payload of a map's tag from the results of ``take`` on the host."""
    names = [name for name in plan.axes.names if name != "depth"]
    shape = [plan.kept[name] for name in names]
    offset, scale, nonfinite = (float(number) for number in numbers[:3])
    units = numbers[3:].reshape(3, -1)
    header = {
        "shape": shape,
        "axes": names,
        "scale": scale,
        "offset": offset,
        "nonfinite": int(nonfinite),
        "downsampled": plan.downsampled,
        "unit_order": plan.unit_order,
        "units": {name: _rounded(row) for name, row in zip(("min", "max", "mean"), units, strict=True)},
        "mode": "eval",
        **more,
    }
    return schema.encode_map(header, codes.reshape(shape))


def _rounded(values: np.ndarray) -> list[float | None]:
    """Return values for JSON with the digits of float32, and None for a nonfinite value."""
    return [float(f"{value:.9g}") if np.isfinite(value) else None for value in values.tolist()]


def encode_tokens(values: np.ndarray, sizes: dict[str, int], **more: Any) -> np.ndarray:
    """Return the payload of inputs that are token ids, [sample, token].

    Ids that fit into one byte are their own codes. Larger ids are also listed in the header.
    """
    low, high = int(values.min()), int(values.max())
    fits = low >= 0 and high <= 255
    scale = 1.0 if fits else (high - low) / 255
    codes = values if fits else np.round((values - low) / max(scale, 1e-9))
    kept = dict(zip(("sample", "token"), values.shape, strict=True))
    cut = {name: [size, kept[name], "slice"] for name, size in sizes.items() if size != kept[name]}
    header = {
        "shape": list(values.shape),
        "axes": list(kept),
        "scale": scale,
        "offset": 0.0 if fits else float(low),
        "nonfinite": 0,
        "downsampled": cut or None,
        "unit_order": None,
        "units": None,
        "mode": "eval",
        **({} if fits else {"values": values.tolist()}),
        **more,
    }
    return schema.encode_map(header, codes.astype(np.uint8))
