"""The moments and the effective step size of optimizers of Adam's family, and their gradients over the moments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from torch import Tensor, nn

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.optimizers.adam_state import AdamState, adam_state
from tb_nnviz.record.collect.optimizers.second_moment import SecondMoment, second_moment
from tb_nnviz.record.collect.parameter_rows import ParameterRows
from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.moments import gradient_ratio, moments
from tb_nnviz.record.measure.refusal import attempt, has_numbers, is_plain
from tb_nnviz.record.model.metadata import gradient_of
from tb_nnviz.record.model.optimizers import Group, WatchedOptimizer, own_groups
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
        self._ratios: dict[str, tuple[int, Tensor, Tensor | None]] = {}
        self._skipped: set[WatchedOptimizer] = set()

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if not closure:
            self.computed(optimizer)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        if not self._plan.statistics:
            return
        scale = optimizer.attribute("grad_scale")  # of a fused optimizer, which unscales the gradients itself
        factor = None if scale is None else scale.detach().reshape(1).double()
        seen: set[str] = set()
        for one, group, name, tensor in self._parameters_within(optimizer):
            if name in seen or (gradient := gradient_of(tensor)) is None:
                continue
            self._ratios.pop(name, None)  # of an earlier call in the same step
            if (moment := second_moment(one, group, tensor)) is not None:
                seen.add(name)
                self._read_ratio(name, gradient, moment, factor)

    def _read_ratio(self, name: str, gradient: Tensor, moment: SecondMoment, scale: Tensor | None) -> None:
        """Compare a gradient with the moment of earlier ones. If they refuse to be measured, the ratio is NaN."""
        measure = partial(gradient_ratio, gradient, *moment)
        odd = next((x for x in (gradient, moment.value) if not is_plain(x)), None)
        found = measure() if odd is None else attempt(odd, measure)
        if found is not None and type(found[1]) is Tensor:
            self._ratios[name] = *found, scale

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
        for one, group, name, tensor in self._parameters_within(optimizer):
            if name in found or tensor not in self._updated.updated:
                continue
            if (state := adam_state(one, group, tensor)) is not None:
                found.add(name)
                self._read(name, state)

    def _parameters_within(self, optimizer: WatchedOptimizer) -> Iterator[tuple[Any, Group, str, nn.Parameter]]:
        """Yield each parameter that has a row, with the optimizer within that holds it, and with its group."""
        for one in reversed(optimizer.within):  # the innermost keeps the moments, and its class tells the formula
            for group in own_groups(one) or ():
                for tensor in group["params"]:
                    if (name := self._parameters.name_of(tensor)) is not None:
                        yield one, group, name, tensor

    def _read(self, name: str, state: AdamState) -> None:
        """Measure the moments of a parameter. If they refuse to be measured, its row is absent."""
        self._has_moments = True
        moments_kept = (state.first, state.second, state.denominator)
        odd = next((x for x in moments_kept if x is not None and not is_plain(x)), None)
        if odd is None:
            self._moments[name] = state.second.numel(), _measure(state)
            return
        sums = attempt(odd, partial(_measure, state)) if has_numbers(odd) else None
        if sums is not None and type(sums) is Tensor:
            self._moments[name] = state.second.numel(), sums
        else:
            self._rows.refuse("optimizer", name, odd)

    def close(self, pending: PendingStep) -> None:
        if self._table is not None and self._has_moments:  # no rows for an optimizer of another family
            pending.add_layout(self._table)
            pending.moments = {name: (numel, pending.copy.add(sums)) for name, (numel, sums) in self._moments.items()}
            put = pending.copy.add
            pending.gradient_ratios = {
                name: (numel, put(sum_sq), None if scale is None else put(scale))
                for name, (numel, sum_sq, scale) in self._ratios.items()
            }


def _measure(state: AdamState) -> Tensor:
    scale = math.nan if state.step_scale is None else state.step_scale
    denominator = None if state.denominator is state.second else state.denominator
    first = state.second if state.first is None else state.first
    sums = moments(first, state.second, scale, state.correction, state.epsilon, denominator)
    if state.first is None:
        sums[0] = math.nan
    return sums
