"""The plan of all maps, made once from the shapes of a first pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from tb_nnviz.record.collect.activation_maps import layer_map
from tb_nnviz.record.collect.activation_maps.axes import Axes, attention_axes, output_axes, reads_sequence_first
from tb_nnviz.record.collect.activation_maps.layer_map import Plan
from tb_nnviz.record.collect.activation_maps.sizes import choose
from tb_nnviz.record.model.modules import first_tensor, named_modules

#: Suffix of a map's name for the attention weights that a layer returns.
ATTENTION = "@attention"

#: Plans by the map's name, which is that of the row, possibly with ATTENTION. None stands for an output without a map.
Plans = dict[str, Plan | None]


@dataclass
class Seen:
    """The outputs of one layer call.

    Args:
        module: the layer.
        model: prefix of its model.
        shapes: their shapes by the suffix of the map's name.
        units: axis of units of the row's output, or None if nothing determines it.
    """

    module: nn.Module
    model: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    units: int | None = None

    def take(self, output: object) -> None:
        """Record the shapes of an output. It waits for the device, to recognize attention weights by their values."""
        for key, tensor in outputs(output):
            if not key or is_attention(tensor):
                self.shapes[key] = tuple(tensor.shape)


def plan(
    models: Mapping[str, nn.Module], probes: Mapping[str, tuple[int, ...]], seen: Mapping[str, Seen], budget: int
) -> Plans:
    """Return a plan per map, so that an event takes no more bytes than the budget.

    Args:
        models: by their prefix.
        probes: by prefix, the shape of the probe's first tensor.
        seen: by row name, the layer calls in order of execution.
        budget: bytes of all maps together.
    """
    hints = _hints(models)
    whole: Plans = {}
    for model, shape in probes.items():
        whole |= _whole({name: found for name, found in seen.items() if found.model == model}, shape, hints)
    there = {name: plan for name, plan in whole.items() if plan is not None}
    sizes = [{axis: size for axis, size in plan.sizes.items() if axis != "depth"} for plan in there.values()]
    for (name, one), kept in zip(there.items(), choose(sizes, budget), strict=True):
        whole[name] = None if kept is None else Plan(one.shape, one.axes, one.sizes, kept)
    return whole


def _whole(seen: Mapping[str, Seen], probe: tuple[int, ...], hints: Mapping[nn.Module, bool | None]) -> Plans:
    """Return plans that keep everything, for the outputs of one model."""
    shapes = [(hints.get(found.module), shape) for found in seen.values() for shape in found.shapes.values()]
    # The input is [token, sample, ...] if a module that declares this order has an output of the same first sizes.
    swapped = any(hint and len(shape) == 3 and shape[:2] == probe[:2] for hint, shape in shapes)
    unbatched = any(found.units == 0 for found in seen.values())
    samples = 1 if unbatched or not probe else probe[1] if swapped else probe[0]
    before: dict[tuple[int, ...], Axes] = {}
    plans: Plans = {}
    for name, found in seen.items():
        for key, shape in found.shapes.items():
            hint = hints.get(found.module)
            if hint is None and swapped and shape[:2] == probe[:2]:
                hint = True
            axes = (
                attention_axes(shape) if key else output_axes(found.module, shape, found.units, samples, hint, before)
            )
            if axes is None:
                plans[name + key] = None
                continue
            if not key:
                before[shape] = axes
            whole = layer_map.sizes_of(shape, axes)
            plans[name + (ATTENTION if "head" in axes.names else "")] = Plan(shape, axes, whole, whole)
    return plans


def _hints(models: Mapping[str, nn.Module]) -> dict[nn.Module, bool | None]:
    """Return whether tokens precede samples, as declared by each module or the nearest module that contains it."""
    named = dict(named_modules(models))
    declared = {name: reads_sequence_first(module) for name, module in named.items()}
    found: dict[nn.Module, bool | None] = {}
    for name, module in named.items():
        around = name
        while around and declared.get(around) is None:
            around = around.rpartition(".")[0]
        found[module] = declared.get(around)
    return found


def outputs(output: object) -> list[tuple[str, Tensor]]:
    """Return the tensors of an output that may have a map: "" is the tensor of the row, ATTENTION one beside it."""
    first = first_tensor(output)
    parts = output if isinstance(output, tuple) else ()
    if first is None or isinstance(output, PackedSequence) or any(isinstance(part, PackedSequence) for part in parts):
        return []
    beside = [part for part in parts if isinstance(part, Tensor) and part is not first and part.dim() in (3, 4)]
    return [(key, x) for key, x in (("", first), *((ATTENTION, x) for x in beside[:1])) if is_mappable(x)]


def is_mappable(x: Tensor) -> bool:
    """Return whether a tensor can have a map: plain, of a floating-point dtype, with one to five axes."""
    if type(x) not in (Tensor, nn.Parameter) or x.is_nested or x.layout != torch.strided or x.is_meta:
        return False
    return x.is_floating_point() and x.dtype.itemsize > 1 and 1 <= x.dim() <= 5 and x.numel() > 0


def is_attention(x: Tensor) -> bool:
    """Return whether each row of a tensor is a distribution: none below 0, sum 1. Waits for the device."""
    x = x.detach().float()
    return bool(((x >= 0).all() & ((x.sum(-1) - 1).abs() < 1e-2).all()).item())
