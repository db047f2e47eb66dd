"""A layer's output -> a map: cut and pooled as planned, one byte a value, with the exact figures of its units."""

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
    """What becomes of one layer's output: the same at every step.

    ``shape`` is the output's; ``sizes`` and ``kept`` are by axis, before and after.
    """

    shape: tuple[int, ...]
    axes: Axes
    sizes: dict[str, int]
    kept: dict[str, int]

    @property
    def downsampled(self) -> dict[str, list[Any]] | None:
        """What the header says of it: original size, kept size, and how; None where all is kept."""
        found = {
            name: [size, self.kept.get(name, 1), how(name)]
            for name, size in self.sizes.items()
            if size != self.kept.get(name, 1)
        }
        return found or None

    @property
    def unit_order(self) -> list[int] | None:
        """The original index of each unit that is kept; None where all are."""
        name = self.axes.names[self.axes.unit]
        size, kept = self.sizes[name], self.kept[name]
        return None if kept == size else [i * size // kept for i in range(kept)]


def how(axis: str) -> str:
    """How an axis is made smaller: units are taken at even distances, places pooled, of others the first are kept."""
    if axis in UNIT_AXES:
        return "every"
    return "mean" if axis in _POOLED else "slice"


def sizes_of(shape: tuple[int, ...], axes: Axes) -> dict[str, int]:
    """An output's size along each axis of its map."""
    if axes.fold is not None:
        shape = (shape[0] // axes.fold, axes.fold, *shape[1:])
    return {name: 1 if i is None else shape[i] for name, i in zip(axes.names, axes.source, strict=True)}


@torch.no_grad()
def take(output: Tensor, plan: Plan) -> tuple[Tensor, Tensor]:
    """A map's codes, uint8 of the kept sizes, and its figures.

    Those are [offset, scale, nonfinite], then of each kept unit min, max and mean over all samples and
    places, before anything of these is cut or pooled. Nothing waits for the device.
    """
    exact = exact_dtype(output.device)
    x = plan.axes.arrange(output if output.dtype in (torch.float32, exact) else output.float())
    names, unit = plan.axes.names, plan.axes.unit
    if (units := plan.kept[names[unit]]) != x.shape[unit]:
        size = x.shape[unit]  # made there: nothing is copied to the device
        x = x.index_select(unit, torch.arange(units, device=x.device) * size // units)
    others = [i for i in range(x.dim()) if i != unit]
    figures = [x.amin(others).to(exact), x.amax(others).to(exact), x.mean(others, dtype=exact)]
    for i, name in enumerate(names):
        if how(name) == "slice" and name != "depth":
            x = x.narrow(i, 0, plan.kept[name])
    if "depth" in names:
        axis = names.index("depth")
        x = x.select(axis, x.shape[axis] // 2)
    codes, numbers = quantize(_pool(x.to(exact), plan))
    return codes, torch.cat([numbers, *figures])


def _pool(x: Tensor, plan: Plan) -> Tensor:
    """The mean of tiles of places: of those at the edge over the part that is there."""
    names = [name for name in plan.sizes if name in _POOLED]
    side = factor([plan.sizes[name] for name in names], [plan.kept[name] for name in names])
    if side == 1:
        return x
    if len(names) == 1:
        return F.avg_pool1d(x, min(side, plan.sizes["length"]), side, ceil_mode=True, count_include_pad=False)
    window = [min(side, plan.sizes[name]) for name in names]
    return F.avg_pool2d(x, window, [side, side], ceil_mode=True, count_include_pad=False)


def encode(plan: Plan, codes: np.ndarray, figures: np.ndarray, **more: Any) -> np.ndarray:
    """The payload of a map's tag, of what ``take`` gave and has arrived."""
    names = [name for name in plan.axes.names if name != "depth"]
    shape = [plan.kept[name] for name in names]
    offset, scale, nonfinite = (float(figure) for figure in figures[:3])
    units = figures[3:].reshape(3, -1)
    header = {
        "shape": shape,
        "axes": names,
        "scale": scale,
        "offset": offset,
        "nonfinite": int(nonfinite),
        "downsampled": plan.downsampled,
        "unit_order": plan.unit_order,
        "units": {name: _numbers(row) for name, row in zip(("min", "max", "mean"), units, strict=True)},
        "mode": "eval",
        **more,
    }
    return schema.encode_map(header, codes.reshape(shape))


def _numbers(values: np.ndarray) -> list[float | None]:
    """Figures for JSON, each as short as float32 allows; None for what is not finite."""
    return [float(f"{value:.9g}") if np.isfinite(value) else None for value in values.tolist()]


def encode_tokens(values: np.ndarray, sizes: dict[str, int], **more: Any) -> np.ndarray:
    """The payload of inputs that are token ids, [sample, token], which have no fractions.

    Those that one byte holds are their own codes; others stand in the header, as they are.
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
