"""The moments and the effective step size of optimizers of Adam's family."""

from __future__ import annotations

import math
from functools import partial

from torch import Tensor

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.optimizers.adam_state import AdamState, adam_state
from tb_nnviz.record.collect.parameter_rows import ParameterRows
from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.refusal import attempt, has_numbers, is_plain
from tb_nnviz.record.measure.stats import moments
from tb_nnviz.record.model.optimizers import WatchedOptimizer, own_groups
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class OptimizerStateCollector(Collector):
    """The collector of an optimizer's state of each parameter that it has just stepped.

    Args:
        parameters: those that have rows, and those of each optimizer.
        updated: the collector that knows which of them had a gradient.
        rows: the tables of all kinds of parameters, with that of ``optimizer`` if it is written.
    """

    part = "optimizer state"
    kinds = ("optimizer",)
    needs = (ParameterCollector.part,)

    def __init__(self, parameters: WatchedParameters, updated: ParameterCollector, rows: ParameterRows) -> None:
        self._parameters, self._updated, self._rows = parameters, updated, rows
        self._table = rows.tables.get("optimizer")
        self._has_moments = False

    def begin(self, plan: StepPlan) -> None:
        self._plan = plan
        self.active = plan.complete and self._table is not None
        self._moments: dict[str, tuple[int, Tensor]] = {}
        self._skipped: set[WatchedOptimizer] = set()

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        self._skipped.add(optimizer)

    def after(self, optimizer: WatchedOptimizer) -> None:
        if optimizer in self._skipped:
            self._skipped.discard(optimizer)
            return
        if not self._plan.statistics:
            return
        if optimizer.wraps:
            optimizer.search()
        found: set[str] = set()
        for one in reversed(optimizer.within):  # the innermost keeps the moments, and its class tells the formula
            for group in own_groups(one) or ():
                for tensor in group["params"]:
                    name = self._parameters.name_of(tensor)
                    if name is None or name in found or tensor not in self._updated.updated:
                        continue
                    if (state := adam_state(one, group, tensor)) is not None:
                        found.add(name)
                        self._read(name, state)

    def _read(self, name: str, state: AdamState) -> None:
        """Measure the moments of a parameter. If they refuse to be measured, its row is absent."""
        self._has_moments = True
        odd = next((x for x in (state.first, state.second, state.denominator) if not is_plain(x)), None)
        if odd is None:
            self._moments[name] = state.first.numel(), _measure(state)
            return
        sums = attempt(odd, partial(_measure, state)) if has_numbers(odd) else None
        if sums is not None and type(sums) is Tensor:
            self._moments[name] = state.first.numel(), sums
        else:
            self._rows.refuse("optimizer", name, odd)

    def close(self, pending: PendingStep) -> None:
        if self._table is not None and self._has_moments:  # no rows for an optimizer of another family
            pending.add_layout(self._table)
            pending.moments = {name: (numel, pending.copy.add(sums)) for name, (numel, sums) in self._moments.items()}


def _measure(state: AdamState) -> Tensor:
    scale = math.nan if state.step_scale is None else state.step_scale
    denominator = None if state.denominator is state.second else state.denominator
    return moments(state.first, state.second, scale, state.correction, state.epsilon, denominator)
