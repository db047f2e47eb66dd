"""What has been measured in the open step, and the tables of rows that outlive it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor, nn

from tb_nnviz.record.histogram import count_codes
from tb_nnviz.record.modules import Layer, NamedParameter
from tb_nnviz.record.statistics import Part, measure
from tb_nnviz.record.table import Table
from tb_nnviz.record.transfer import Arrival, Ticket, Transfer
from tb_nnviz.schema import KINDS, PARAMETER_KINDS, Layout, Row, row_name

#: Kinds of which histograms are taken.
HISTOGRAM_KINDS = ("parameter", "gradient")


@dataclass
class Measured:
    """A closed step on its way to the host: where each row's numbers will arrive.

    Row names lead into the ``layouts``. A number in a name's place stands for a parameter that has no
    row (excluded by the user, or not the model's) but counts in the global gradient norm. A row has
    several parts where passes are merged.
    """

    step: int
    kinds: frozenset[str]
    statistics: bool
    histograms: bool
    layouts: dict[str, Layout] = field(default_factory=dict)
    unwritten: list[Layout] = field(default_factory=list)
    parts: dict[str, dict[str | int, list[tuple[int, Ticket]]]] = field(default_factory=dict)
    units: list[tuple[str, Ticket, Ticket]] = field(default_factory=list)
    codes: dict[str, dict[str, Ticket]] = field(default_factory=dict)
    rates: dict[int, tuple[str, float | Ticket]] = field(default_factory=dict)
    arrive: Callable[[], Arrival] | None = None


class Recorder:
    """Measures tensors as they come by and keeps the small results on their device until the step closes."""

    def __init__(self, kinds: Iterable[str], depth: Callable[[nn.Module], int | None]) -> None:
        self.kinds = frozenset(kinds)
        self._depth = depth
        # an update's ratio needs the parameter's norm, whether or not that is written
        measured = {*self.kinds, "parameter"} if "update" in self.kinds else self.kinds
        self._tables = {kind: Table(kind) for kind in KINDS if kind in measured}
        self.begin(0, False, False)

    def begin(self, step: int, statistics: bool, histograms: bool) -> None:
        """Open a step; what is pending of an unfinished one is dropped."""
        self.statistics, self.histograms = statistics, histograms
        self._measured = Measured(step, self.kinds, statistics, histograms)
        self._transfer = Transfer()
        self._units: dict[str, tuple[Tensor, Tensor]] = {}
        self._new_rows: dict[str, dict[str, tuple[int, Row]]] = {}
        self._before: dict[nn.Parameter, Tensor] = {}
        self._seen: set[nn.Parameter] = set()

    # Module calls

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        """Measure a layer's output; passes of one step merge into one row."""
        part = measure(output, layer.unit_axis, layer.bounds)
        name = self._call_row("activation", layer, call, order, output, part)
        if part is None or part.unit_low is None or part.unit_high is None:
            return
        earlier = self._units.get(name)
        if earlier is None:
            self._units[name] = part.unit_low, part.unit_high
        elif earlier[0].shape == part.unit_low.shape:
            self._units[name] = torch.minimum(earlier[0], part.unit_low), torch.maximum(earlier[1], part.unit_high)
        else:  # the number of units changed within a step: every one of them counts as a unit
            self._units[name] = torch.cat([earlier[0], part.unit_low]), torch.cat([earlier[1], part.unit_high])

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Measure the gradient with respect to a layer's output."""
        self._call_row("activation_gradient", layer, call, order, gradient, measure(gradient))

    def _call_row(self, kind: str, layer: Layer, call: int, order: int, x: Tensor, part: Part | None) -> str:
        name, shape = row_name(layer.name, call), tuple(x.shape[1:])
        table = self._tables[kind]
        if name in table:
            table.see(name, shape, layer.trainable)
        elif name not in self._new_rows.setdefault(kind, {}):
            axis = layer.unit_axis if kind == "activation" else None
            dtype, position = str(x.dtype).removeprefix("torch."), self._depth(layer.module)
            # its role is its owner's business: a layer is a norm, an embedding, or something else
            role = "norm" if "Norm" in layer.type else "embedding" if "Embedding" in layer.type else "other"
            row = Row(
                name, layer.name, call, layer.type, shape, prod(shape), dtype, role, layer.trainable, axis, position
            )
            self._new_rows[kind][name] = order, row
        if part is not None:
            self._parts(kind).setdefault(name, []).append((part.numel, self._transfer.add(part.values)))
        return name

    # Parameters

    def rows_of(self, parameters: Iterable[NamedParameter]) -> None:
        """Take parameters into the tables: new ones in the order given, known ones as they are now."""
        tables = [self._tables[kind] for kind in PARAMETER_KINDS if kind in self._tables]
        for parameter in parameters:
            tensor = parameter.tensor
            row = Row(
                name=parameter.name,
                module=parameter.owner_name,
                call=0,
                type=type(parameter.owner).__name__,
                shape=tuple(tensor.shape),
                numel=tensor.numel(),
                dtype=str(tensor.dtype).removeprefix("torch."),
                role=parameter.role,
                trainable=tensor.requires_grad,
                depth=self._depth(parameter.owner),
                tied_to=parameter.tied_to or None,
            )
            for table in tables:
                table.put(row)

    def parameter(self, name: str, tensor: nn.Parameter) -> None:
        """Measure a parameter as it is now, before its update; once a step."""
        if tensor not in self._seen:
            self._seen.add(tensor)
            self._measure("parameter", name, tensor.detach())

    def gradient(self, name: str | int, tensor: nn.Parameter) -> None:
        """Measure a gradient as it is now; a number for a name: it has no row but counts in the global norm."""
        if tensor.grad is not None:
            self._measure("gradient", name, tensor.grad.detach())

    def keep(self, tensor: nn.Parameter) -> None:
        """Remember a parameter's value, to tell its update from."""
        if "update" in self._tables and self.statistics:
            self._before[tensor] = tensor.detach().clone()

    def update(self, name: str, tensor: nn.Parameter) -> None:
        """Measure what the optimizer did to a parameter whose value was kept."""
        before = self._before.pop(tensor, None)
        if before is None:
            return
        after = tensor.detach()
        if after.dtype in (torch.float16, torch.bfloat16):  # their difference need not be one of them
            before, after = before.float(), after.float()
        self._measure("update", name, after - before)

    def learning_rate(self, number: int, group: str, rate: object) -> None:
        """Take along a parameter group's learning rate, a tensor without waiting for it; None where it has none."""
        if isinstance(rate, Tensor):
            if rate.numel() == 1:
                self._measured.rates[number] = group, self._transfer.add(rate.detach().reshape(1).double())
        elif isinstance(rate, int | float):
            self._measured.rates[number] = group, float(rate)

    def _measure(self, kind: str, name: str | int, x: Tensor) -> None:
        if kind not in self._tables:
            return
        if self.statistics and (part := measure(x)) is not None:
            self._parts(kind)[name] = [(part.numel, self._transfer.add(part.values))]
        if not self.histograms or kind not in self.kinds.intersection(HISTOGRAM_KINDS) or not isinstance(name, str):
            return
        if (codes := count_codes(x)) is not None:
            self._measured.codes.setdefault(kind, {})[name] = self._transfer.add(codes)

    def _parts(self, kind: str) -> dict[str | int, list[tuple[int, Ticket]]]:
        return self._measured.parts.setdefault(kind, {})

    def forget(self, parameters: Iterable[tuple[str | int, nn.Parameter]]) -> None:
        """Drop what was measured of these parameters in this step: their optimizer steps once more."""
        for name, tensor in parameters:
            self._seen.discard(tensor)
            self._before.pop(tensor, None)
            for kind in PARAMETER_KINDS:
                self._measured.parts.get(kind, {}).pop(name, None)
                if isinstance(name, str):
                    self._measured.codes.get(kind, {}).pop(name, None)

    def drop(self, kinds: Iterable[str]) -> None:
        """Measure these kinds no more, not in this step either: half of a step would not be true."""
        self.kinds -= frozenset(kinds)
        self._measured.kinds = self.kinds
        for kind in kinds:
            self._tables.pop(kind, None)
            self._measured.parts.pop(kind, None)
            self._measured.codes.pop(kind, None)
            self._new_rows.pop(kind, None)

    def close(self) -> Measured:
        """Begin the copy to the host and give the step away."""
        measured = self._measured
        for kind, rows in self._new_rows.items():
            for _, row in sorted(rows.values(), key=lambda item: item[0]):
                self._tables[kind].put(row)
        measured.units = [
            (name, self._transfer.add(low), self._transfer.add(high)) for name, (low, high) in self._units.items()
        ]
        for kind, table in self._tables.items():
            if len(table):
                measured.layouts[kind] = table.layout
                if kind in self.kinds and (layout := table.take_unwritten()) is not None:
                    measured.unwritten.append(layout)
        measured.arrive = self._transfer.start()
        return measured
