"""Maps of each layer's output when the models run on their probes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.activation_maps import layer_map
from tb_nnviz.record.collect.activation_maps.inputs import Payload, input_payload
from tb_nnviz.record.collect.activation_maps.labels import Labels
from tb_nnviz.record.collect.activation_maps.layer_map import Plan
from tb_nnviz.record.collect.activation_maps.plan import ATTENTION, Plans, Seen, outputs, plan
from tb_nnviz.record.collect.activation_maps.probe import Probe
from tb_nnviz.record.collect.activation_maps.probe_passes import Pausable, ProbePasses
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.unit_axis.unit_axes import UnitAxes
from tb_nnviz.record.hooks.notices import NotRecorded
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy
from tb_nnviz.record.model.evaluation import is_uninitialized
from tb_nnviz.record.model.modules import Layer, first_tensor
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.model.sharding import any_sharded
from tb_nnviz.record.pending_step import MakeEntries, PendingStep
from tb_nnviz.record.step_plan import StepPlan

#: Most plans per run. After that, an output whose shape has changed has no map.
MOST_PLANS = 8


class ActivationMaps(Collector):
    """The collector of activation maps, which are taken before the first update of a step.

    In the first step the models run twice: once to plan the maps from the shapes, and once to take them. The plan
    is kept until a shape changes.

    Args:
        models: by their prefix.
        observed: the layers to observe.
        probes: by prefix, of the models that have one.
        budget: most bytes of an event.
        inputs: whether the probes are logged too, once.
        labels: by prefix, of the probes' samples or tokens.
        paused: the hooks that must not see the probe.
        units: the axis of units of each row.
        notice: reports a part that is not logged, by key, reason and kinds.
    """

    part = "maps"
    kinds = (schema.MAP,)

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        observed: Iterable[Layer],
        probes: Mapping[str, Probe],
        budget: int,
        inputs: bool,
        labels: Mapping[str, Labels],
        paused: Sequence[Pausable],
        units: UnitAxes,
        notice: Callable[[str, str, tuple[str, ...]], None],
    ) -> None:
        self._notice, self._units = notice, units
        self._models, self._probes = models, probes
        self._budget, self._inputs, self._labels = budget, inputs, labels
        self._passes = ProbePasses(models, observed, probes, paused)
        self._plans: Plans = {}
        self._planned = 0

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.activation_maps
        self._taken: dict[str, tuple[Plan, Tensor, Tensor]] | None = None

    def opened(self) -> None:
        """Use the autocast of a training pass that begins."""
        if self._taken is None:
            self._passes.use_current_autocast()

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if self._taken is None:  # before the first update, so that maps show the values that the step began with
            self._take()

    def close(self, pending: PendingStep) -> None:
        if self._taken is None:
            self._take()
        taken, self._taken = self._taken or {}, None
        put = pending.copy.add
        sent = [(name, plan, put(codes.reshape(-1)), put(numbers)) for name, (plan, codes, numbers) in taken.items()]

        def entries(arrays: HostArrays) -> list[schema.Entry]:
            return [
                _entry(schema.TAG_MAP + name, layer_map.encode(plan, arrays(codes), arrays(numbers)))
                for name, plan, codes, numbers in sent
            ]

        if self._inputs:
            self._inputs = False
            pending.events.append(self._input_entries(pending.copy))
        pending.events.append(entries)

    def drop(self) -> None:
        super().drop()
        self._taken = None

    def _take(self) -> None:
        """Run the models on their probes, without waiting for the device."""
        if any_sharded(self._models.values()):
            raise NotRecorded("not recorded: the model is sharded over ranks, which would all have to run the probe")
        if any(is_uninitialized(self._models[prefix]) for prefix in self._probes):
            reason = (
                "no activation maps of steps in which the model has lazy parameters, which the probe would initialize"
            )
            self._notice("lazy", reason, self.kinds)
            self._taken = {}
            return
        if not self._planned or (self._planned < MOST_PLANS and not self._has_units_of_rows()):
            self._plan()
        taken, holds = self._run()
        if not holds and self._planned < MOST_PLANS:
            self._plan()
            taken, _ = self._run()
        self._taken = taken

    def _plan(self) -> None:
        """Run once for the shapes, and choose the size of each map."""
        seen: dict[str, Seen] = {}
        units = UnitAxes()  # of outputs that are no rows

        def see(name: str, layer: Layer, model: str, inputs: tuple[Any, ...], output: object) -> None:
            found = seen.setdefault(name, Seen(layer.module, model))
            found.take(output)
            if (tensor := first_tensor(output)) is not None:
                tensors = [x for x in inputs if isinstance(x, Tensor)]
                known = self._units if name in self._units else units
                found.units = known.of(name, layer.module, tensors, tensor)
                units.note(tensor, found.units)

        self._passes.run(see)
        probes = {model: tuple(probe.first.shape) for model, probe in self._probes.items()}
        self._plans = plan(self._models, probes, seen, self._budget)
        self._planned += 1
        possible = sum(len(found.shapes) for found in seen.values())
        kept = sum(plan is not None for plan in self._plans.values())
        if self._planned == 1 and kept < possible:
            reason = f"maps of {kept} of {possible} outputs: map_bytes={self._budget} has no room for more"
            self._notice("map_bytes", reason, self.kinds)

    def _has_units_of_rows(self) -> bool:
        """Return True if the maps have the axes of units that were inferred for the rows, perhaps after the plan."""
        found = [(name, one) for name, one in self._plans.items() if one is not None and not one.axes.is_attention]
        return all(self._units.known(name, len(one.shape)) in (None, one.axes.output_unit) for name, one in found)

    def _run(self) -> tuple[dict[str, tuple[Plan, Tensor, Tensor]], bool]:
        """Return the maps by name, and whether the plan still fits all outputs."""
        taken: dict[str, tuple[Plan, Tensor, Tensor]] = {}
        unplanned = []

        def take(name: str, layer: Layer, model: str, inputs: tuple[Any, ...], output: object) -> None:
            for key, tensor in outputs(output):
                tag = name + key
                if not key and name not in self._plans:  # the output of a softmax module is attention itself
                    tag = name + ATTENTION
                known = self._plans.get(tag)
                if known is not None and known.shape == tuple(tensor.shape):
                    taken[tag] = known, *layer_map.take(tensor, known)
                elif known is not None or not (key or tag in self._plans):
                    unplanned.append(tag)

        self._passes.run(take)
        return taken, not unplanned

    def _input_entries(self, copy: HostCopy) -> MakeEntries:
        """Add the probes' first tensors to the copy, and return the function that makes their entries."""
        found: list[tuple[str, Payload]] = []
        for prefix, probe in self._probes.items():
            own = [
                plan
                for name, plan in self._plans.items()
                if plan is not None and (not prefix or name.startswith(f"{prefix}."))
            ]
            payload = input_payload(probe.first, own, self._labels.get(prefix), copy)
            if payload is None:
                reason = (
                    f"the probe{prefix and f' of {prefix}'} is not logged: "
                    f"a tensor of {probe.first.dtype} {list(probe.first.shape)} cannot be shown as a map"
                )
                self._notice(f"probe {prefix}", reason, self.kinds)
            else:
                found.append((schema.TAG_MAP_INPUT + (f"/{prefix}" if prefix else ""), payload))
        return lambda arrays: [_entry(tag, payload(arrays)) for tag, payload in found]


def _entry(tag: str, payload: Any) -> schema.Entry:
    return schema.Entry(tag, payload, schema.PLUGIN_MAPS)
