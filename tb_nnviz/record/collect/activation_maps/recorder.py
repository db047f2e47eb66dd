"""Runs the models on their probes and sends what each layer puts out, as maps, to the writer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.activation_maps import layer_map
from tb_nnviz.record.collect.activation_maps.inputs import input_payload
from tb_nnviz.record.collect.activation_maps.layer_map import Plan
from tb_nnviz.record.collect.activation_maps.plan import ATTENTION, Plans, Seen, outputs, plan
from tb_nnviz.record.collect.activation_maps.probe import Labels, Probe, device_of
from tb_nnviz.record.measure.host_copy import HostCopy
from tb_nnviz.record.model.evaluation import Autocast, evaluation
from tb_nnviz.record.model.modules import Layer, layers, takes_hooks
from tb_nnviz.record.write.writer import Writer
from tb_nnviz.schema import MAX_CALLS, row_name

if TYPE_CHECKING:
    from tb_nnviz.record.settings import Settings

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
        self._models, self._observed, self._probes = models, observed, probes
        self._budget, self._inputs, self._labels = budget, inputs, labels
        self._paused = paused
        self._plans: Plans = {}
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
        if not self._planned:
            self._plan()
        taken, holds = self._run()
        if not holds and self._planned < MOST_PLANS:
            self._plan()
            taken, _ = self._run()
        transfer = HostCopy()
        found = [
            (name, plan, transfer.add(codes.reshape(-1)), transfer.add(figures))
            for name, (plan, codes, figures) in taken.items()
        ]
        now, arrive = time.time(), transfer.start()

        def entries() -> list[schema.Entry]:
            arrived = arrive()
            return [
                _entry(schema.TAG_MAP + name, layer_map.encode(plan, arrived(codes), arrived(figures)))
                for name, plan, codes, figures in found
            ]

        if self._inputs:
            self._inputs = False
            writer.submit(step, now, self._input_entries())
        writer.submit(step, now, entries)

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

    def _input_entries(self) -> Callable[[], list[schema.Entry]]:
        """What makes entries of the probes' first tensors."""
        found = []
        for prefix, probe in self._probes.items():
            own = [
                plan
                for name, plan in self._plans.items()
                if plan is not None and (not prefix or name.startswith(f"{prefix}."))
            ]
            payload = input_payload(probe.first, own, self._labels.get(prefix))
            if payload is None:
                _logger.warning(
                    "the probe%s is not logged: there is no map of %s %s",
                    prefix and f" of {prefix}",
                    probe.first.dtype,
                    list(probe.first.shape),
                )
            else:
                found.append((schema.TAG_MAP_INPUT + (f"/{prefix}" if prefix else ""), payload))
        return lambda: [_entry(tag, payload()) for tag, payload in found]


class _Hook:
    """A forward hook of one layer. Of a copy that the model makes of itself in its pass nothing is told."""

    def __init__(self, layer: Layer, called: Callable[[Layer, object], None]) -> None:
        self._layer, self._called = layer, called

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        if module is self._layer.module:
            self._called(self._layer, output)


def _entry(tag: str, payload: Any) -> schema.Entry:
    return schema.Entry(tag, payload, schema.PLUGIN_MAPS)
