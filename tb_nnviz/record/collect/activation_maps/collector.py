"""Maps of what each layer puts out when the models run on their probes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.activation_maps import layer_map
from tb_nnviz.record.collect.activation_maps.inputs import Payload, input_payload
from tb_nnviz.record.collect.activation_maps.layer_map import Plan
from tb_nnviz.record.collect.activation_maps.plan import ATTENTION, Plans, Seen, outputs, plan
from tb_nnviz.record.collect.activation_maps.probe import Labels, Probe, device_of
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy
from tb_nnviz.record.model.evaluation import Autocast, evaluation
from tb_nnviz.record.model.modules import Layer, takes_hooks
from tb_nnviz.record.pending_step import MakeEntries, PendingStep
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.schema import MAX_CALLS, row_name

Optimizer = torch.optim.Optimizer

_logger = logging.getLogger("tb_nnviz")

#: Times that it is planned; outputs whose shapes change again after that have no map at that step.
MOST_PLANS = 8

#: Told of each layer call as it returns: the row's name, the layer, the model's prefix, the output.
Told = Callable[[str, Layer, str, object], None]


class Pausable(Protocol):
    """Hooks of ours that see nothing while ``paused``: the probe is no training."""

    paused: bool


class ProbeFailed(RuntimeError):
    """The user's model raised on the user's probe."""


class ActivationMaps(Collector):
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

    part = "maps"

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
        self._models, self._observed, self._probes = models, observed, probes
        self._budget, self._inputs, self._labels = budget, inputs, labels
        self._paused = paused
        self._plans: Plans = {}
        self._planned = 0
        self._autocast: Autocast | None = None

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.activation_maps
        self._taken: dict[str, tuple[Plan, Tensor, Tensor]] | None = None

    def opened(self) -> None:
        """Remember the autocast of a training pass that begins: the probe runs under the same."""
        if self._taken is None:
            device = device_of(next(iter(self._models.values())))
            self._autocast = Autocast.now(device.type)

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        if self._taken is None:  # before the first update, so that maps show the values that the step began with
            self._take()

    def close(self, pending: PendingStep) -> None:
        if self._taken is None:
            self._take()
        taken, self._taken = self._taken or {}, None
        put = pending.copy.add
        sent = [(name, plan, put(codes.reshape(-1)), put(figures)) for name, (plan, codes, figures) in taken.items()]

        def entries(arrays: HostArrays) -> list[schema.Entry]:
            return [
                _entry(schema.TAG_MAP + name, layer_map.encode(plan, arrays(codes), arrays(figures)))
                for name, plan, codes, figures in sent
            ]

        if self._inputs:
            self._inputs = False
            pending.events.append(self._input_entries(pending.copy))
        pending.events.append(entries)

    def drop(self) -> None:
        super().drop()
        self._taken = None

    def _take(self) -> None:
        """Run the models on their probes; nothing waits for the device."""
        if not self._planned:
            self._plan()
        taken, holds = self._run()
        if not holds and self._planned < MOST_PLANS:
            self._plan()
            taken, _ = self._run()
        self._taken = taken

    def _plan(self) -> None:
        """See what the layers put out, and choose what is kept of each."""
        seen: dict[str, Seen] = {}
        self._each(lambda name, layer, model, output: seen.setdefault(name, Seen(layer.module, model)).take(output))
        probes = {model: tuple(probe.first.shape) for model, probe in self._probes.items()}
        self._plans = plan(self._models, probes, seen, self._budget)
        self._planned += 1
        possible = sum(len(found.shapes) for found in seen.values())
        kept = sum(plan is not None for plan in self._plans.values())
        if self._planned == 1 and kept < possible:
            _logger.warning("maps of %d of %d outputs: map_bytes=%d has no room for more", kept, possible, self._budget)

    def _run(self) -> tuple[dict[str, tuple[Plan, Tensor, Tensor]], bool]:
        """The maps by name, and whether the plan still holds."""
        taken: dict[str, tuple[Plan, Tensor, Tensor]] = {}
        strangers = []

        def each(name: str, layer: Layer, model: str, output: object) -> None:
            for key, tensor in outputs(output):
                tag = name + key
                if not key and name not in self._plans:  # a softmax's own output
                    tag = name + ATTENTION
                known = self._plans.get(tag)
                if known is not None and known.shape == tuple(tensor.shape):
                    taken[tag] = known, *layer_map.take(tensor, known)
                elif known is not None or not (key or tag in self._plans):
                    strangers.append(tag)

        self._each(each)
        return taken, not strangers

    def _each(self, told: Told) -> None:
        """Run the models on their probes."""
        with ExitStack() as stack:
            for hooks in self._paused:
                hooks.paused = True
                stack.callback(setattr, hooks, "paused", False)
            told_of: set[nn.Module] = set()  # what several models share has one row, and the first one's maps
            for prefix, probe in self._probes.items():
                self._each_of(prefix, probe, told, told_of)
                told_of.update(self._models[prefix].modules())

    def _each_of(self, prefix: str, probe: Probe, told: Told, but: Collection[nn.Module]) -> None:
        model = self._models[prefix]
        calls: dict[Layer, int] = {}
        ours: list[Exception] = []

        def called(layer: Layer, output: object) -> None:
            number = calls[layer] = calls.get(layer, -1) + 1
            if number < MAX_CALLS and not ours:
                try:
                    told(row_name(layer.name, number), layer, prefix, output)
                except Exception as error:  # not to be taken for one of the model's
                    ours.append(error)

        within = set(model.modules()).difference(but)
        with evaluation(model, self._autocast), ExitStack() as handles:
            for layer in self._observed:
                if layer.module in within and takes_hooks(layer.module):
                    handles.callback(layer.module.register_forward_hook(_Hook(layer, called)).remove)
            try:
                probe.call(model)
            except Exception as error:
                raise ProbeFailed(
                    f"the model{prefix and ' ' + prefix} raised {error!r:.200} on the probe "
                    "(inputs as it takes them, in evaluation): no maps of this run from here on"
                ) from error
        if ours:
            raise ours[0]

    def _input_entries(self, copy: HostCopy) -> MakeEntries:
        """Add the probes' first tensors to the copy, and return what makes entries of them."""
        found: list[tuple[str, Payload]] = []
        for prefix, probe in self._probes.items():
            own = [
                plan
                for name, plan in self._plans.items()
                if plan is not None and (not prefix or name.startswith(f"{prefix}."))
            ]
            payload = input_payload(probe.first, own, self._labels.get(prefix), copy)
            if payload is None:
                _logger.warning(
                    "the probe%s is not logged: there is no map of %s %s",
                    prefix and f" of {prefix}",
                    probe.first.dtype,
                    list(probe.first.shape),
                )
            else:
                found.append((schema.TAG_MAP_INPUT + (f"/{prefix}" if prefix else ""), payload))
        return lambda arrays: [_entry(tag, payload(arrays)) for tag, payload in found]


class _Hook:
    """A forward hook of one layer. Of a copy that the model makes of itself in its pass nothing is told."""

    def __init__(self, layer: Layer, called: Callable[[Layer, object], None]) -> None:
        self._layer, self._called = layer, called

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        if module is self._layer.module:
            self._called(self._layer, output)


def _entry(tag: str, payload: Any) -> schema.Entry:
    return schema.Entry(tag, payload, schema.PLUGIN_MAPS)
