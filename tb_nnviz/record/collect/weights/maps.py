"""Maps of weights: read before each update, one event per step."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from tb_nnviz import schema
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.collect.weights import encode
from tb_nnviz.record.collect.weights.plan import Plan, View, plans
from tb_nnviz.record.collect.weights.pool import Pooled, has_map, pool, view_of
from tb_nnviz.record.measure.host_copy import HostArrays
from tb_nnviz.record.model.modules import NamedParameter
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class WeightMaps(Collector):
    """The collector of weight maps. It reads weights just before their optimizer steps, others when the step closes.

    A weight is a floating-point parameter of at least two dimensions in one block of memory. Complex, sparse and
    quantized ones have no map.

    Args:
        parameters: those that have rows, and those of each optimizer.
        budget: bytes of all maps of a step.
    """

    part = "weight maps"
    kinds = (schema.WEIGHT,)

    def __init__(self, parameters: WatchedParameters, budget: int) -> None:
        self._parameters, self._budget = parameters, budget
        self._plans: dict[tuple[View, ...], list[Plan]] = {}

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.weight_maps
        self._pooled: dict[str, Pooled] = {}

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        self._read(self._parameters.stepped_by(optimizer))

    def close(self, pending: PendingStep) -> None:
        self._read([p for p in self._parameters.ordered() if p.name not in self._pooled])
        maps = {name: encode.send(pooled, pending.copy) for name, pooled in self._pooled.items()}
        self._pooled = {}

        def entries(arrays: HostArrays) -> list[schema.Entry]:
            return [
                schema.Entry(schema.TAG_WEIGHT + name, encode.payload(sent, arrays), schema.PLUGIN_MAPS)
                for name, sent in maps.items()
            ]

        pending.events.append(entries)

    def drop(self) -> None:
        super().drop()
        self._pooled = {}

    def _read(self, parameters: Iterable[NamedParameter]) -> None:
        """Read the current values of parameters, in place of earlier ones."""
        shared = [parameter for parameter in self._parameters.ordered() if has_map(parameter.tensor)]
        views = tuple(view_of(parameter) for parameter in shared)
        if views not in self._plans:
            self._plans = {views: plans(views, self._budget)}
        by_name = {p.name: plan for p, plan in zip(shared, self._plans[views], strict=True)}
        with torch.no_grad():
            for parameter in parameters:
                if (plan := by_name.get(parameter.name)) is not None:
                    self._pooled[parameter.name] = pool(parameter.tensor.detach(), plan)
