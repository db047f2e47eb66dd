"""Runs the models on their probes and sends what each layer puts out, as maps, to the writer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from tb_nnviz import schema
from tb_nnviz.record import maps
from tb_nnviz.record.evaluation import Autocast, evaluation
from tb_nnviz.record.map_axes import Axes, attention_axes, output_axes, plain, reads_sequence_first
from tb_nnviz.record.map_sizes import MOST_BYTES, choose, fit
from tb_nnviz.record.maps import Plan
from tb_nnviz.record.modules import Layer, first_tensor, layers, named_modules
from tb_nnviz.record.probe import Labels, Probe, device_of
from tb_nnviz.record.settings import Settings
from tb_nnviz.record.transfer import Arrival, Ticket, Transfer
from tb_nnviz.record.writer import Writer
from tb_nnviz.schema import MAX_CALLS, row_name

_logger = logging.getLogger("tb_nnviz")

#: Times that outputs may change their shapes before those that do so again have no map at that step.
MOST_PLANS = 8


class Pausable(Protocol):
    """Hooks of ours that see nothing while ``paused``: the probe is no training."""

    paused: bool


class ProbeFailed(RuntimeError):
    """The user's model raised on the user's probe."""


@dataclass
class _Seen:
    """One layer call's outputs in the pass that plans: what maps can be made of, by what is added to the row's name."""

    layer: Layer
    model: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)


class MapRecorder:
    """Takes the maps of one step after the other.

    The first time the models run twice: once to see the shapes, of which it is planned what is kept, and
    once for the maps. The plan holds until a shape changes.

    Args:
        models: by their prefix.
        observed: the modules to observe.
        probes: of the models that have one, by their prefix.
        budget: bytes of an event.
        inputs: whether the probes are logged too, once.
        labels: of the probes' samples or tokens, by the models' prefix.
        paused: the hooks that are not to see the probe.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        observed: Iterable[Layer],
        probes: Mapping[str, Probe],
        budget: int,
        inputs: bool,
        labels: Mapping[str, Labels],
        paused: Sequence[Pausable],
    ) -> None:
        self._models, self._layers, self._probes = models, observed, probes
        self._budget, self._inputs, self._labels = budget, inputs, labels
        self._paused = paused
        self._plans: dict[str, Plan | None] | None = None
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._planned = 0
        self._autocast: Autocast | None = None

    @classmethod
    def of(cls, models: Mapping[str, nn.Module], settings: Settings, paused: Sequence[Pausable]) -> MapRecorder:
        """As ``watch`` was told."""
        return cls(
            models,
            layers(models, settings.include, settings.exclude),
            settings.probes,
            settings.map_bytes,
            settings.probe_inputs,
            settings.probe_labels,
            paused,
        )

    def saw_training(self) -> None:
        """A training pass begins: the probe is run under the autocast that it runs under."""
        device = device_of(next(iter(self._models.values())))
        self._autocast = Autocast.now(device.type)

    def take(self, step: int, writer: Writer) -> None:
        """Run the models on their probes and hand the maps over; nothing waits for the device."""
        if self._plans is None:
            self._plan()
        taken, stale = self._run()
        if stale and self._planned < MOST_PLANS:
            self._plan()
            taken, _ = self._run()
        transfer = Transfer()
        found = [
            (name, plan, transfer.add(codes.reshape(-1)), transfer.add(figures))
            for name, (plan, codes, figures) in taken.items()
        ]
        now, arrive = time.time(), transfer.start()
        if self._inputs:
            self._inputs = False
            writer.submit(step, now, self._input_entries())
        writer.submit(step, now, lambda: _entries(found, arrive()))

    def _plan(self) -> None:
        """See what the layers put out, and choose what is kept of each."""
        self._planned += 1
        seen: dict[str, _Seen] = {}

        def see(name: str, layer: Layer, model: str, output: object) -> None:
            found = seen.setdefault(name, _Seen(layer, model))
            for key, tensor in _tensors(output):
                if not key or is_attention(tensor):
                    found.shapes[key] = tuple(tensor.shape)

        self._each(see)
        plans: dict[str, Plan | None] = {}
        for model in self._probes:
            own = {name: found for name, found in seen.items() if found.model == model}
            plans |= self._axes(own, self._probes[model])
        names = [name for name, plan in plans.items() if plan is not None]
        sizes = [
            {axis: size for axis, size in plan.sizes.items() if axis != "depth"}
            for plan in plans.values()
            if plan is not None
        ]
        for name, kept in zip(names, choose(sizes, self._budget), strict=True):
            plan = plans[name]
            assert plan is not None
            plans[name] = None if kept is None else Plan(plan.shape, plan.axes, plan.sizes, kept)
        self._left_out(plans, names)
        self._plans = plans

    def _left_out(self, plans: Mapping[str, Plan | None], names: Sequence[str]) -> None:
        without = [name for name in names if plans[name] is None]
        if without and self._planned == 1:
            _logger.warning(
                "maps of %d of %d layers: there is no room for more in map_bytes=%d",
                len(names) - len(without),
                len(names),
                self._budget,
            )

    def _axes(self, seen: Mapping[str, _Seen], probe: Probe) -> dict[str, Plan | None]:
        """Plans that keep everything, of one model's outputs."""
        first = tuple(probe.first.shape)
        hints = self._hints()
        swapped = any(
            hints.get(found.layer.module) and len(shape) == 3 and shape[:2] == first[:2]
            for found in seen.values()
            for shape in found.shapes.values()
        )
        samples = first[1] if swapped else first[0] if first else 1
        before: dict[tuple[int, ...], Axes] = {}
        plans: dict[str, Plan | None] = {}
        for name, found in seen.items():
            module = found.layer.module
            for key, shape in found.shapes.items():
                if key:
                    axes = attention_axes(shape)
                else:
                    hint = hints.get(module)
                    if hint is None and swapped and shape[:2] == first[:2]:
                        hint = True
                    axes = output_axes(module, shape, samples, hint, before)
                    if axes is not None:
                        before[shape] = axes
                whole = None if axes is None else maps.sizes_of(shape, axes)
                tag = name + ("@attention" if axes is not None and "head" in axes.names else "")
                plans[tag] = None if axes is None or whole is None else Plan(shape, axes, whole, whole)
        return plans

    def _hints(self) -> dict[nn.Module, bool | None]:
        """What each module, or the nearest one around it, says of the order of samples and tokens."""
        told = {name: reads_sequence_first(module) for name, module in named_modules(self._models)}
        found: dict[nn.Module, bool | None] = {}
        for name, module in named_modules(self._models):
            around = name
            while around and told.get(around) is None:
                around = around.rpartition(".")[0]
            found[module] = told.get(around)
        return found

    def _run(self) -> tuple[dict[str, tuple[Plan, Tensor, Tensor]], bool]:
        """The maps by name, and whether the plan does not hold any more."""
        plans = self._plans or {}
        taken: dict[str, tuple[Plan, Tensor, Tensor]] = {}
        stale = False

        def each(name: str, layer: Layer, model: str, output: object) -> None:
            nonlocal stale
            for key, tensor in _tensors(output):
                attention = name + "@attention"
                tag = attention if key or (attention in plans and name not in plans) else name
                if tag not in plans:
                    stale = stale or not key
                    continue
                plan = plans[tag]
                if plan is None:
                    continue
                if plan.shape != tuple(tensor.shape):
                    stale = True
                    continue
                taken[tag] = plan, *maps.take(tensor, plan)

        self._each(each)
        return taken, stale

    def _each(self, each: Callable[[str, Layer, str, object], None]) -> None:
        """Run the models, and give each layer call's row name, layer, model and output as it comes."""
        with ExitStack() as stack:
            for hooks in self._paused:
                hooks.paused = True
                stack.callback(setattr, hooks, "paused", False)
            for prefix, probe in self._probes.items():
                with evaluation(self._models[prefix], self._autocast), ExitStack() as handles:
                    calls: dict[Layer, int] = {}
                    errors: list[Exception] = []
                    own = set(self._models[prefix].modules())

                    def called(layer: Layer, output: object, prefix: str = prefix, calls: dict[Layer, int] = calls,
                               errors: list[Exception] = errors) -> None:  # fmt: skip
                        number = calls[layer] = calls.get(layer, -1) + 1
                        if number < MAX_CALLS and not errors:
                            try:
                                each(row_name(layer.name, number), layer, prefix, output)
                            except Exception as error:  # not to be taken for one of the model's
                                errors.append(error)

                    for layer in self._layers:
                        if layer.module in own and not isinstance(layer.module, torch.jit.ScriptModule):
                            handle = layer.module.register_forward_hook(_Hook(layer, called))
                            handles.callback(handle.remove)
                    try:
                        probe.call(self._models[prefix])
                    except Exception as error:
                        raise ProbeFailed(
                            f"the model{prefix and ' ' + prefix} raised {type(error).__name__} on the probe, "
                            "which is to be what the model takes, in evaluation: no more maps"
                        ) from error
                    if errors:
                        raise errors[0]

    def _input_entries(self) -> Callable[[], list[schema.Entry]]:
        """What makes entries of the probes' first tensors, with as many samples as the maps have."""
        found: list[tuple[str, Callable[[], np.ndarray]]] = []
        for prefix, probe in self._probes.items():
            tag = schema.TAG_MAP_INPUT + (f"/{prefix}" if prefix else "")
            if (payload := self._input(prefix, probe.first)) is not None:
                found.append((tag, payload))
        return lambda: [schema.Entry(tag, payload(), schema.PLUGIN_MAPS) for tag, payload in found]

    def _input(self, prefix: str, x: Tensor) -> Callable[[], np.ndarray] | None:
        of_model = [
            plan
            for name, plan in (self._plans or {}).items()
            if plan is not None and (not prefix or name.startswith(f"{prefix}."))
        ]
        kept = max((plan.kept["sample"] for plan in of_model), default=8)
        labels = self._labels.get(prefix)
        if not (x.is_floating_point() or x.is_complex()):
            if x.dim() != 2:
                return None
            first = next((plan.axes for plan in of_model if plan.axes.source[:2] == (1, 0)), None)
            tokens = (x.t() if first is not None else x).cpu().numpy()
            most = min(tokens.shape[1], MOST_BYTES // (8 * max(kept, 1)))
            sizes = dict(zip(("sample", "token"), tokens.shape, strict=True))
            cut = tokens[:kept, :most].astype(np.int64)
            more = _labels(labels, *cut.shape)
            return lambda: maps.encode_tokens(cut, sizes, **more)
        if not is_mappable(x):
            return None
        known = next((plan.axes for plan in of_model if len(plan.axes.names) == x.dim()), None)
        axes = known if known is not None and known.fold is None and "head" not in known.names else None
        if axes is None:
            names = {
                2: ("sample", "unit"),
                3: ("sample", "token", "feature"),
                4: ("sample", "channel", "height", "width"),
            }
            if x.dim() not in names:
                return None
            axes = plain(names[x.dim()])
        sizes = maps.sizes_of(tuple(x.shape), axes)
        cut_sizes = {name: min(size, kept) if name == "sample" else size for name, size in sizes.items()}
        fitted = fit({name: size for name, size in cut_sizes.items() if name != "depth"}, MOST_BYTES)
        if fitted is None:
            return None
        plan = Plan(tuple(x.shape), axes, sizes, fitted)
        transfer = Transfer()
        codes, figures = maps.take(x, plan)
        tickets = transfer.add(codes.reshape(-1)), transfer.add(figures)
        arrive = transfer.start()
        more = _labels(labels, fitted["sample"], fitted.get("token", 0))

        def payload() -> np.ndarray:
            arrived = arrive()
            return maps.encode(plan, arrived(tickets[0]), arrived(tickets[1]), **more)

        return payload


class _Hook:
    """A forward hook of one layer. A copy that the model makes of itself in its pass is not to be heard."""

    def __init__(self, layer: Layer, called: Callable[[Layer, object], None]) -> None:
        self._layer, self._called = layer, called

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        if module is self._layer.module:
            self._called(self._layer, output)


def _entries(found: Sequence[tuple[str, Plan, Ticket, Ticket]], arrived: Arrival) -> list[schema.Entry]:
    return [
        schema.Entry(schema.TAG_MAP + name, maps.encode(plan, arrived(codes), arrived(figures)), schema.PLUGIN_MAPS)
        for name, plan, codes, figures in found
    ]


def _tensors(output: object) -> list[tuple[str, Tensor]]:
    """What of an output a map can be made of: "" the tensor that the row is of, "@attention" one beside it."""
    first = first_tensor(output)
    if first is None or isinstance(output, PackedSequence):
        return []
    found = [("", first)] if is_mappable(first) else []
    if isinstance(output, tuple):
        if any(isinstance(part, PackedSequence) for part in output):
            return []
        beside = [part for part in output if isinstance(part, Tensor) and part is not first and part.dim() in (3, 4)]
        found += [("@attention", tensor) for tensor in beside[:1] if is_mappable(tensor)]
    return found


def is_mappable(x: Tensor) -> bool:
    """Whether there can be a map of a tensor: plain, of fractions, of one to five axes."""
    if type(x) not in (Tensor, nn.Parameter) or x.is_nested or x.layout != torch.strided or x.is_meta:
        return False
    return x.is_floating_point() and x.dtype.itemsize > 1 and 1 <= x.dim() <= 5 and x.numel() > 0


def is_attention(x: Tensor) -> bool:
    """Whether a tensor's rows are shares: none below 0, all adding up to 1. Waits for the device."""
    x = x.detach().float()
    return bool(((x >= 0).all() & ((x.sum(-1) - 1).abs() < 1e-2).all()).item())


def _labels(labels: Labels | None, samples: int, tokens: int) -> dict[str, Any]:
    """What the header says of them, cut to what is kept."""
    if labels is None:
        return {}
    kept = [label if isinstance(label, str) else list(label[: tokens or None]) for label in labels[:samples]]
    return {"labels": kept}
