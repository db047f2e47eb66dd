"""The outputs of layers and the gradients with respect to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.loss_scaling import LossScale
from tb_nnviz.record.collect.unit_axis.unit_axes import UnitAxes
from tb_nnviz.record.measure.histogram import count_codes
from tb_nnviz.record.measure.stats import TensorStats, measure_any
from tb_nnviz.record.model.metadata import dtype_name
from tb_nnviz.record.model.modules import Layer, call_shape
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.reduce.local import StepBuffer
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.schema import Row, row_name


class ActivationCollector(Collector):
    """The collector of layer calls, each measured as it happens. The passes of one step merge into one row per call.

    Args:
        kinds: the kinds to write.
        depth: position of a module in order of execution.
        units: the axis of units of each row.
        scale: the loss scale, which gradients contain until it is divided out.
    """

    part = "activations"
    kinds = ("activation", "activation_gradient")

    def __init__(
        self, kinds: Iterable[str], depth: Callable[[nn.Module], int | None], units: UnitAxes, scale: LossScale
    ) -> None:
        wanted = frozenset(kinds)
        self._tables = {kind: RowTable(kind) for kind in self.kinds if kind in wanted}
        self._buffers = {kind: StepBuffer() for kind in self._tables}
        self._depth, self._units, self._scale = depth, units, scale

    def begin(self, plan: StepPlan) -> None:
        self._plan, self.active = plan, plan.complete
        self._units.next_step()
        self._scale.begin()
        for buffer in self._buffers.values():
            buffer.clear()
        self._new_rows: dict[str, dict[str, tuple[int, Row]]] = {kind: {} for kind in self._tables}

    def activation(self, layer: Layer, call: int, order: int, output: Tensor, inputs: Iterable[Any] = ()) -> None:
        """Measure a layer's output.

        Args:
            layer: the layer.
            call: number of the call in its pass.
            order: place of the call among all calls of the step.
            output: the tensor that the row describes, with its place in autograd's graph.
            inputs: the positional arguments of the call.
        """
        name = row_name(layer.name, call)
        if name in self._units:
            axis = self._units.known(name, output.dim())
        else:
            axis = self._units.of(name, layer.module, [x for x in inputs if isinstance(x, Tensor)], output)
        if "activation" in self._tables:
            stats = measure_any(output, -1 if axis is None else axis, layer.bounds, bin_counts=self._plan.histograms)
            self._add("activation", name, layer, call, order, output, axis, stats)

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Measure the gradient with respect to a layer's output. The arguments are those of ``activation``."""
        if "activation_gradient" in self._tables:
            name, scale = row_name(layer.name, call), self._scale.current()
            # counts cannot be divided later, unless the scale is a power of two, which only the device knows
            divided = self._plan.histograms and scale is not None and self._scale.late is None
            stats = measure_any(gradient, bin_counts=self._plan.histograms and not divided)
            if divided and stats is not None and scale is not None:
                stats = stats._replace(bin_counts=_bin_counts_of_quotient(gradient, scale))
            axis = self._units.known(name, gradient.dim())
            self._add("activation_gradient", name, layer, call, order, gradient, axis, stats, scale)

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if "activation_gradient" in self._tables:
            self._scale.find()

    def close(self, pending: PendingStep) -> None:
        for kind, table in self._tables.items():
            for _, row in sorted(self._new_rows[kind].values(), key=lambda item: item[0]):
                table.put(row)
            if kind == "activation_gradient" and self._scale.late is not None:
                self._buffers[kind].set_scale(self._scale.late)
                pending.bin_scales[kind] = pending.copy.add(self._scale.late)
            pending.add(table, self._buffers[kind])

    def drop(self) -> None:
        super().drop()
        self._tables.clear()
        self._buffers.clear()
        self._new_rows.clear()

    def _add(
        self,
        kind: str,
        name: str,
        layer: Layer,
        call: int,
        order: int,
        x: Tensor,
        unit_axis: int | None,
        stats: TensorStats | None,
        scale: Tensor | None = None,
    ) -> None:
        # an axis of units in the first place leaves none for a batch
        shape, table = call_shape(x, batched=unit_axis != 0), self._tables[kind]
        if name in table:
            table.update(name, shape, layer.trainable)
        elif name not in self._new_rows[kind]:
            # The role is that of the module itself, because the row has no parameter.
            role = "norm" if "Norm" in layer.type else "embedding" if "Embedding" in layer.type else "other"
            last = unit_axis is None or unit_axis == x.dim() - 1
            row = Row(
                name=name,
                module=layer.name,
                call=call,
                type=layer.type,
                shape=shape,
                numel=math.prod(shape),
                dtype=dtype_name(x, measured=stats is not None),
                role=role,
                trainable=layer.trainable,
                unit_axis=None if kind != "activation" else -1 if last else unit_axis,
                depth=self._depth(layer.module),
            )
            self._new_rows[kind][name] = order, row
        if stats is not None:
            self._buffers[kind].merge(name, stats, self._plan.statistics, scale)


def _bin_counts_of_quotient(x: Tensor, scale: Tensor) -> Tensor | None:
    """Return the bin counts of x / scale in float64, so that a small quotient does not become 0."""
    x = x if x.layout == torch.strided else x.to_dense()
    wide = torch.complex128 if x.is_complex() else torch.float32 if x.device.type == "mps" else torch.float64
    return count_codes(x.to(wide) / scale.to(x.device))
