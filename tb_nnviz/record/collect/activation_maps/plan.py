"""What becomes of each layer's output: planned once, from the shapes of a first pass, and then held to."""

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

#: What is added to the name of a layer that gives attention weights, for those.
ATTENTION = "@attention"

#: By the map's name, which is the row's, maybe with ATTENTION; None: seen, and no map is made of it.
Plans = dict[str, Plan | None]


@dataclass
class Seen:
    """The outputs of one layer call: their shapes by what is added to the row's name."""

    module: nn.Module
    model: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def take(self, output: object) -> None:
        """See the outputs in the pass that plans; tells attention weights by their values, and waits for those."""
        for key, tensor in outputs(output):
            if not key or is_attention(tensor):
                self.shapes[key] = tuple(tensor.shape)


def plan(
    models: Mapping[str, nn.Module], probes: Mapping[str, tuple[int, ...]], seen: Mapping[str, Seen], budget: int
) -> Plans:
    """What is kept of each map, so that an event takes no more than the budget of bytes.

    Args:
        models: by their prefix.
        probes: the shapes of the probes' first tensors, by the models' prefix.
        seen: the layer calls in the order of execution, by the row's name.
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
    """Plans that keep everything, of one model's outputs."""
    shapes = [(hints.get(found.module), shape) for found in seen.values() for shape in found.shapes.values()]
    # a model of [token, sample, feature] has such modules, and is given tokens first
    swapped = any(hint and len(shape) == 3 and shape[:2] == probe[:2] for hint, shape in shapes)
    samples = probe[1] if swapped else probe[0] if probe else 1
    before: dict[tuple[int, ...], Axes] = {}
    plans: Plans = {}
    for name, found in seen.items():
        for key, shape in found.shapes.items():
            hint = hints.get(found.module)
            if hint is None and swapped and shape[:2] == probe[:2]:
                hint = True
            axes = attention_axes(shape) if key else output_axes(found.module, shape, samples, hint, before)
            if axes is None:
                plans[name + key] = None
                continue
            if not key:
                before[shape] = axes
            whole = layer_map.sizes_of(shape, axes)
            plans[name + (ATTENTION if "head" in axes.names else "")] = Plan(shape, axes, whole, whole)
    return plans


def _hints(models: Mapping[str, nn.Module]) -> dict[nn.Module, bool | None]:
    """Whether tokens come before samples, as each module or the nearest one around it says."""
    named = dict(named_modules(models))
    told = {name: reads_sequence_first(module) for name, module in named.items()}
    found: dict[nn.Module, bool | None] = {}
    for name, module in named.items():
        around = name
        while around and told.get(around) is None:
            around = around.rpartition(".")[0]
        found[module] = told.get(around)
    return found


def outputs(output: object) -> list[tuple[str, Tensor]]:
    """What of a layer's output there may be a map of: "" the tensor that the row is of, ATTENTION one beside it."""
    first = first_tensor(output)
    parts = output if isinstance(output, tuple) else ()
    if first is None or isinstance(output, PackedSequence) or any(isinstance(part, PackedSequence) for part in parts):
        return []
    beside = [part for part in parts if isinstance(part, Tensor) and part is not first and part.dim() in (3, 4)]
    return [(key, x) for key, x in (("", first), *((ATTENTION, x) for x in beside[:1])) if is_mappable(x)]


def is_mappable(x: Tensor) -> bool:
    """Whether there can be a map of a tensor: plain, of fractions, of one to five axes."""
    if type(x) not in (Tensor, nn.Parameter) or x.is_nested or x.layout != torch.strided or x.is_meta:
        return False
    return x.is_floating_point() and x.dtype.itemsize > 1 and 1 <= x.dim() <= 5 and x.numel() > 0


def is_attention(x: Tensor) -> bool:
    """Whether a tensor's rows are shares: none below 0, all adding up to 1. Waits for the device."""
    x = x.detach().float()
    return bool(((x >= 0).all() & ((x.sum(-1) - 1).abs() < 1e-2).all()).item())
