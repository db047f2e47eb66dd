"""The tensors that the watched models are called with, and their results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.dataflow.tensors import tensors_of
from tb_nnviz.record.collect.passes.units import count_largest, largest_share, sum_deviation
from tb_nnviz.record.collect.unit_axis.unit_axes import UnitAxes
from tb_nnviz.record.hooks.modes import has_values
from tb_nnviz.record.measure.host_copy import HostArrays, Slot
from tb_nnviz.record.measure.refusal import has_numbers, real_numbers
from tb_nnviz.record.measure.spread import spread
from tb_nnviz.record.measure.stats import measure_any
from tb_nnviz.record.model.metadata import dtype_name
from tb_nnviz.record.model.modules import Layer, call_shape, first_tensor
from tb_nnviz.record.model.sharding import is_distributed
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.reduce.local import StepBuffer
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.schema import MAX_CALLS, PASS_KINDS, Row, row_name


class PassCollector(Collector):
    """The collector of the models' inputs and outputs. The passes of one step merge into one row per tensor.

    Args:
        kinds: the kinds to write.
        models: the watched models by their prefix.
        units: the axis of units of each row.
    """

    part = "inputs and outputs"
    kinds = PASS_KINDS
    needs = ("activations",)  # whose hooks report the passes

    def __init__(self, kinds: Iterable[str], models: Mapping[str, nn.Module], units: UnitAxes) -> None:
        wanted = frozenset(kinds)
        self._tables = {kind: RowTable(kind) for kind in self.kinds if kind in wanted}
        self._buffers = {kind: StepBuffer() for kind in self._tables}
        self._prefixes = {model: prefix for prefix, model in reversed(list(models.items()))}
        self._units = units
        self._spreads: dict[tuple[str, str], Tensor | None] = {}  # by kind and row, of the step's first pass
        self._counts: dict[str, Tensor] = {}

    def begin(self, plan: StepPlan) -> None:
        self._plan, self.active = plan, plan.complete and bool(self._tables)
        for buffer in self._buffers.values():
            buffer.clear()
        self._spreads.clear()
        self._counts.clear()

    def inputs(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Measure the tensors that a model is called with.

        Args:
            model: a watched model.
            args, kwargs: the arguments of the call.
        """
        if not (self.active and "input" in self._tables):
            return
        given = [*args, *(kwargs[name] for name in sorted(kwargs))]
        tensors = [x for one in given for x in tensors_of(one) if has_numbers(x)]
        for number, x in enumerate(tensors[:MAX_CALLS]):
            self._measure("input", model, row_name(self._name(model, "input"), number), number, x)

    def output(self, model: nn.Module, output: Any) -> None:
        """Measure the first tensor of a model's result.

        Args:
            model: a watched model.
            output: the result.
        """
        x = first_tensor(output) if self.active and "output" in self._tables else None
        if x is not None:
            self._measure("output", model, self._name(model, "output"), 0, x)

    def close(self, pending: PendingStep) -> None:
        for kind, table in self._tables.items():
            pending.add(table, self._buffers[kind])
        put, add = pending.copy.add, pending.add_value
        for (kind, name), found in self._spreads.items():
            if found is not None:
                add(kind, "batch_std~", name, partial(_first, put(found)))
        for name, counts in self._counts.items():
            slot = put(counts)
            add("output", "largest_share", name, partial(_share, slot))
            add("output", "sum_deviation", name, partial(_deviation, slot))

    def drop(self) -> None:
        super().drop()
        for kept in (self._tables, self._buffers, self._spreads, self._counts):
            kept.clear()

    def _name(self, model: nn.Module, name: str) -> str:
        prefix = self._prefixes.get(model, "")
        return f"{prefix}.{name}" if prefix else name

    def _measure(self, kind: str, model: nn.Module, name: str, number: int, x: Tensor) -> None:
        if is_distributed(x) or not has_values(x):
            return
        stats = measure_any(x, bin_counts=self._plan.histograms)
        layer, table = Layer(self._prefixes.get(model, ""), model), self._tables[kind]
        shape = call_shape(x)
        if name in table:
            table.update(name, shape, layer.trainable)
        else:
            dtype = dtype_name(x, measured=stats is not None)
            described = (layer.type, shape, math.prod(shape), dtype, "other", layer.trainable)
            table.put(Row(name, layer.name, number, *described))
        if stats is None:
            return
        self._buffers[kind].merge(name, stats, self._plan.statistics)
        if self._plan.statistics:
            if kind == "output":
                self._compare(name, model, x)
            elif (kind, name) not in self._spreads and (values := real_numbers(x)) is not None:
                # the first axis of an input without another one need not be that of samples
                self._spreads[kind, name] = spread(values, 0) if x.dim() > 1 else None

    def _compare(self, name: str, model: nn.Module, output: Tensor) -> None:
        """Compare the units and the samples of an output."""
        # no layer has a name that ends with a dot
        axis = self._units.of(f"{name}.", model, (), output)
        axis = output.dim() - 1 if axis is None else axis
        if (x := real_numbers(output)) is None:
            return
        if ("output", name) not in self._spreads:
            self._spreads["output", name] = spread(x, 0) if axis > 0 else None
        counts = count_largest(x, axis) if axis > 0 and not output.is_complex() else None
        earlier = self._counts.get(name)
        if counts is not None and (earlier is None or earlier.shape == counts.shape):
            self._counts[name] = counts if earlier is None else earlier + counts.to(earlier.device)


def _first(slot: Slot, arrays: HostArrays) -> float:
    return float(arrays(slot)[0])


def _share(slot: Slot, arrays: HostArrays) -> float:
    return largest_share(arrays(slot))


def _deviation(slot: Slot, arrays: HostArrays) -> float:
    return sum_deviation(arrays(slot))
