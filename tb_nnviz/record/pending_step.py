"""What has been measured in the open step, and the tables of rows that outlive it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.optimizer_state import AdamState
from tb_nnviz.record.collect.snapshot import Snapshot
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.stats import TensorStats, measure, merge_units, moments
from tb_nnviz.record.model.modules import Layer, NamedParameter, call_shape, dtype_name
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.schema import KINDS, PARAMETER_KINDS, Entry, Layout, Row, row_name


@dataclass
class PendingStep:
    """A closed step on its way to the host: where each row's numbers will arrive.

    Row names lead into the ``layouts``. A number in a name's place stands for a parameter that has no
    row (excluded by the user, or not the model's) but counts in the global gradient norm. A row has
    several parts where passes are merged. Gradients that a fused optimizer unscales by itself were
    measured as they are: ``scales`` has what they are to be divided by.
    """

    step: int
    kinds: frozenset[str]
    statistics: bool
    histograms: bool
    layouts: dict[str, Layout] = field(default_factory=dict)
    unwritten: list[Layout] = field(default_factory=list)
    parts: dict[str, dict[str | int, list[tuple[int, Slot]]]] = field(default_factory=dict)
    scales: dict[str | int, Slot] = field(default_factory=dict)
    units: dict[str, Slot] = field(default_factory=dict)
    moments: dict[str, tuple[int, Slot]] = field(default_factory=dict)
    bin_counts: dict[str, dict[str, Slot]] = field(default_factory=dict)
    rates: dict[int, tuple[str, float | Slot]] = field(default_factory=dict)
    loss_scale: Slot | None = None
    all_gradients: bool = True
    skipped: list[bool | Slot] = field(default_factory=list)
    tracked: Callable[[HostArrays], list[Entry]] | None = None
    arrive: Callable[[], HostArrays] | None = None


class Recorder:
    """Measures tensors as they come by and keeps the small results on their device until the step closes."""

    def __init__(self, kinds: Iterable[str], depth: Callable[[nn.Module], int | None]) -> None:
        self.kinds = frozenset(kinds)
        self._depth = depth
        # an update's ratio needs the parameter's norm, whether or not that is written
        measured = {*self.kinds, "parameter"} if "update" in self.kinds else self.kinds
        self._tables = {kind: RowTable(kind) for kind in KINDS if kind in measured}
        self._rows: dict[str, Row] = {}  # of parameters, as the tables have them
        self._has_moments = False
        self.begin(0, False, False)

    def begin(self, step: int, statistics: bool, histograms: bool, only: frozenset[str] | None = None) -> None:
        """Open a step, for all kinds or for some; what is pending of an unfinished one is dropped."""
        self.statistics, self.histograms = statistics, histograms
        self._only = only
        self._measured = PendingStep(step, self._open_kinds(), statistics, histograms)
        self.transfer = HostCopy()
        self._units: dict[str, Tensor] = {}
        self._codes: dict[tuple[str, str], Tensor] = {}
        self._new_rows: dict[str, dict[str, tuple[int, Row]]] = {}
        self._seen: set[nn.Parameter] = set()

    @property
    def is_whole(self) -> bool:
        """Whether the open step is for all kinds."""
        return self._only is None

    def _open_kinds(self) -> frozenset[str]:
        return self.kinds if self._only is None else self.kinds & self._only

    def measures(self, kind: str) -> bool:
        """Whether anything of this kind is measured in the open step."""
        return (self.statistics or self.histograms) and kind in self._measured.kinds

    # Module calls

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        """Measure a layer's output; passes of one step merge into one row."""
        part = _measure_call(output, layer.unit_axis, layer.bounds, bin_counts=self.histograms)
        name = self._call_row("activation", layer, call, order, output, part)
        if part is not None and part.units is not None and self.statistics:
            earlier = self._units.get(name)
            # replicas of DataParallel lie on several devices
            units = part.units if earlier is None else merge_units(earlier, part.units.to(earlier.device))
            self._units[name] = units

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Measure the gradient with respect to a layer's output."""
        part = _measure_call(gradient, bin_counts=self.histograms)
        self._call_row("activation_gradient", layer, call, order, gradient, part)

    def _call_row(self, kind: str, layer: Layer, call: int, order: int, x: Tensor, part: TensorStats | None) -> str:
        name, shape = row_name(layer.name, call), call_shape(x)
        table = self._tables[kind]
        if name in table:
            table.see(name, shape, layer.trainable)
        elif name not in self._new_rows.setdefault(kind, {}):
            axis = layer.unit_axis if kind == "activation" else None
            dtype, position = dtype_name(x), self._depth(layer.module)
            # its role is its owner's business: a layer is a norm, an embedding, or something else
            role = "norm" if "Norm" in layer.type else "embedding" if "Embedding" in layer.type else "other"
            row = Row(
                name,
                layer.name,
                call,
                layer.type,
                shape,
                math.prod(shape),
                dtype,
                role,
                layer.trainable,
                axis,
                position,
            )
            self._new_rows[kind][name] = order, row
        if part is None:
            return name
        if self.statistics:
            self._parts(kind).setdefault(name, []).append((part.numel, self.transfer.add(part.values)))
        if part.bin_counts is not None:
            earlier = self._codes.get((kind, name))
            self._codes[kind, name] = (
                part.bin_counts if earlier is None else _add_counts(earlier, part.bin_counts.to(earlier.device))
            )
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
            if self._rows.get(row.name) != row:
                self._rows[row.name] = row
                for table in tables:
                    table.put(row)

    def parameter(
        self, name: str, tensor: nn.Parameter, snapshot: Snapshot | None = None, updated: bool = False
    ) -> None:
        """Measure a parameter as it is now, once a step; copy it into the snapshot if it is about to be updated."""
        if tensor in self._seen:
            return
        self._seen.add(tensor)
        copy = snapshot.buffer(tensor) if snapshot is not None and updated and self.measures("update") else None
        part = self._measure("parameter", name, tensor.detach(), copy_to=copy)
        if part is None and copy is not None and snapshot is not None:
            snapshot.take(tensor)

    def gradient(self, name: str | int, tensor: nn.Parameter, scale: Tensor | None = None) -> None:
        """Measure a gradient as it is now, less its scale, if it has one.

        A number for a name: it has no row but counts in the global norm.
        """
        if tensor.grad is None or not self.measures("gradient"):
            return
        gradient = tensor.grad.detach()
        if scale is not None:
            scale = scale.detach()
            if self.histograms:
                # as the optimizer does it, which computes in float32
                gradient = gradient.float() if gradient.dtype in (torch.float16, torch.bfloat16) else gradient
                gradient, scale = gradient / scale.to(gradient.device), None
            else:  # all statistics follow from those of the scaled one, which need no copy of it
                self._measured.scales[name] = self.transfer.add(scale.reshape(1).double())
        self._measure("gradient", name, gradient)

    def update(self, name: str, tensor: nn.Parameter, snapshot: Snapshot) -> None:
        """Measure what the optimizer did to a parameter whose value is in the snapshot."""
        before = snapshot.take(tensor)
        if before is not None:
            self._measure("update", name, tensor.detach(), minus=before)

    def moments(self, name: str, state: AdamState) -> None:
        """Measure what an optimizer of Adam's family keeps of a parameter."""
        if not (self.statistics and self.measures("optimizer")):
            return
        scale = math.nan if state.step_scale is None else state.step_scale
        denominator = None if state.denominator is state.second else state.denominator
        values = moments(state.first, state.second, scale, state.correction, state.epsilon, denominator)
        self._has_moments = True
        self._measured.moments[name] = state.first.numel(), self.transfer.add(values)

    def learning_rate(self, number: int, group: str, rate: object) -> None:
        """Take along a parameter group's learning rate, a tensor without waiting for it; None where it has none."""
        if isinstance(rate, Tensor):
            if rate.numel() == 1:
                self._measured.rates[number] = group, self.transfer.add(rate.detach().reshape(1).double())
        elif isinstance(rate, int | float):
            self._measured.rates[number] = group, float(rate)

    def loss_scale(self, scale: Tensor) -> None:
        """Take along what the losses of this step were multiplied by."""
        self._measured.loss_scale = self.transfer.add(scale.detach().reshape(1).double())

    def lacks_gradients(self) -> None:
        """Some of the step's gradients have been applied before it was known that it would be logged."""
        self._measured.all_gradients = False

    def skipped(self, skipped: bool | Tensor) -> None:
        """Take along whether an optimizer's step was skipped: a tensor that is not 0 where it was."""
        if isinstance(skipped, Tensor):
            self._measured.skipped.append(self.transfer.add(skipped.detach().reshape(1).double()))
        else:
            self._measured.skipped.append(skipped)

    def tracked(self, unwritten: Layout | None, entries: Callable[[HostArrays], list[Entry]]) -> None:
        """Take along single weights: their layout where readers do not know it, and what makes their entries."""
        if unwritten is not None:
            self._measured.unwritten.append(unwritten)
        self._measured.tracked = entries

    def _measure(
        self, kind: str, name: str | int, x: Tensor, *, minus: Tensor | None = None, copy_to: Tensor | None = None
    ) -> TensorStats | None:
        if kind not in self._tables or not (self._only is None or kind in self._only):
            return None
        bin_counts = self.histograms and kind in self.kinds and isinstance(name, str)
        if not (self.statistics or bin_counts):
            return None
        part = measure(x, minus=minus, copy_to=copy_to, bin_counts=bin_counts)
        if part is not None and self.statistics:
            self._parts(kind)[name] = [(part.numel, self.transfer.add(part.values))]
        if part is not None and part.bin_counts is not None and isinstance(name, str):
            self._codes[kind, name] = part.bin_counts
        return part

    def _parts(self, kind: str) -> dict[str | int, list[tuple[int, Slot]]]:
        return self._measured.parts.setdefault(kind, {})

    def forget(self, parameters: Iterable[tuple[str | int, nn.Parameter]]) -> None:
        """Drop what was measured of these parameters in this step: their optimizer steps once more."""
        for name, tensor in parameters:
            self._seen.discard(tensor)
            self._measured.scales.pop(name, None)
            for kind in PARAMETER_KINDS:
                self._measured.parts.get(kind, {}).pop(name, None)
                if isinstance(name, str):
                    self._codes.pop((kind, name), None)

    def forget_gradients(self, names: Iterable[str | int]) -> None:
        """Drop what was measured of these gradients in this step: they are computed once more."""
        for name in names:
            self._measured.scales.pop(name, None)
            self._measured.parts.get("gradient", {}).pop(name, None)
            if isinstance(name, str):
                self._codes.pop(("gradient", name), None)

    def drop(self, kinds: Iterable[str]) -> None:
        """Measure these kinds no more, not in this step either: half of a step would not be true."""
        self.kinds -= frozenset(kinds)
        self._measured.kinds = self._open_kinds()
        for kind in kinds:
            self._tables.pop(kind, None)
            self._measured.parts.pop(kind, None)
            self._new_rows.pop(kind, None)
        self._codes = {key: bin_counts for key, bin_counts in self._codes.items() if key[0] in self.kinds}

    def close(self) -> PendingStep:
        """Begin the copy to the host and give the step away."""
        measured = self._measured
        for kind, rows in self._new_rows.items():
            for _, row in sorted(rows.values(), key=lambda item: item[0]):
                self._tables[kind].put(row)
        measured.units = {name: self.transfer.add(units.reshape(-1)) for name, units in self._units.items()}
        for (kind, name), bin_counts in self._codes.items():
            measured.bin_counts.setdefault(kind, {})[name] = self.transfer.add(bin_counts)
        for kind, table in self._tables.items():
            if len(table) and (kind != "optimizer" or self._has_moments):
                measured.layouts[kind] = table.layout
                if kind in measured.kinds and (layout := table.take_unwritten()) is not None:
                    measured.unwritten.append(layout)
        measured.arrive = self.transfer.start()
        return measured


def _add_counts(a: Tensor, b: Tensor) -> Tensor:
    """Counts of two passes; of another dtype within a step, the later ones."""
    return a.long() + b if a.shape == b.shape else b


def _measure_call(x: Tensor, *args: Any, bin_counts: bool) -> TensorStats | None:
    """Measure what a layer puts out; None too for tensors that refuse it: of another class, of float8 ..."""
    if x.is_meta:
        return None
    try:
        return measure(x, *args, bin_counts=bin_counts)
    except Exception:
        if type(x) is Tensor and x.layout == torch.strided and (x.is_complex() or x.dtype.itemsize > 1):
            raise
        return None
