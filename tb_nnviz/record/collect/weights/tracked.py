"""Single weights whose value is logged at every logged step."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.collect.weights.choice import Choice, Index, has_elements
from tb_nnviz.record.measure.host_copy import HostArrays
from tb_nnviz.record.model.modules import NamedParameter
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.record.step_plan import StepPlan


class TrackedWeights(Collector):
    """The collector of single weights. It reads them just before their optimizer steps, others when the step closes.

    The values are one small tensor per optimizer and dtype.

    Args:
        parameters: those that have rows, and those of each optimizer.
        choice: the elements to log.
        depth: position of a module in order of execution.
    """

    part = "tracked weights"
    kinds = (schema.TRACKED,)

    def __init__(self, parameters: WatchedParameters, choice: Choice, depth: Callable[[nn.Module], int | None]) -> None:
        self._parameters, self._choice, self._depth = parameters, choice, depth
        self._table = RowTable(schema.TRACKED)
        self._rows: dict[str, tuple[Index, list[schema.TrackedRow]]] = {}
        self._put: dict[str, tuple[list[schema.TrackedRow], int | None]] = {}  # the rows in the table, by parameter
        self._places: tuple[schema.Layout | None, dict[str, int]] = None, {}

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.statistics and plan.complete and bool(self._choice)
        self._parts: list[tuple[list[str], Tensor]] = []
        self._read_names: set[str] = set()

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        self._read(self._parameters.stepped_by(optimizer))

    def close(self, pending: PendingStep) -> None:
        self._read([p for p in self._parameters.ordered() if p.name not in self._read_names])
        self._update_table()
        slots = [(names, pending.copy.add(values)) for names, values in self._parts]
        if not len(self._table) or not slots:
            return
        if (new := self._table.take_unwritten()) is not None:
            pending.new_layouts[new.kind] = new
        layout, place = self._table.layout, self._place()

        def entries(arrays: HostArrays) -> list[schema.Entry]:
            values = np.full(len(layout.rows), np.nan)
            for names, slot in slots:  # the last reading of a row counts
                values[[place[name] for name in names]] = arrays(slot)
            return [schema.layout_id_entry(layout), schema.vector(schema.TRACKED, "value", values)]

        pending.tracked = entries

    def drop(self) -> None:
        super().drop()
        self._parts.clear()

    def _read(self, parameters: Iterable[NamedParameter]) -> None:
        """Read the current values of parameters."""
        together: dict[tuple[torch.device, torch.dtype], tuple[list[str], list[Tensor]]] = {}
        for parameter in parameters:
            rows = self._rows_of(parameter)
            if rows:
                x = parameter.tensor.detach()
                names, values = together.setdefault((x.device, x.dtype), ([], []))
                names += [row.name for row in rows]
                values.append(self._elements(x, rows))
                self._read_names.add(parameter.name)
        for names, values in together.values():
            self._parts.append((names, torch.cat(values).float()))

    def _rows_of(self, parameter: NamedParameter) -> list[schema.TrackedRow]:
        """Return the rows of a parameter. They stay the same unless its shape changes."""
        if not has_elements(parameter.tensor):  # also a parameter that has been replaced since the choice
            return []
        shape = tuple(parameter.tensor.shape)
        known = self._rows.get(parameter.name)
        if known is None or known[0] != shape:
            rows = [_row(parameter, index) for index in self._indices(parameter)]
            known = self._rows[parameter.name] = shape, rows
        return known[1]

    def _indices(self, parameter: NamedParameter) -> Sequence[Index]:
        if isinstance(self._choice, Mapping):
            chosen, shape = self._choice.get(parameter.name, ()), tuple(parameter.tensor.shape)
            return [index for index in chosen if len(index) == len(shape) and all(map(operator.lt, index, shape))]
        if parameter.role != "weight":
            return ()
        shape = tuple(parameter.tensor.shape)
        first = range(min(self._choice, math.prod(shape)))
        return [tuple(int(i) for i in np.unravel_index(at, shape)) for at in first]

    def _elements(self, x: Tensor, rows: Sequence[schema.TrackedRow]) -> Tensor:
        """Return the elements of some rows, [rows], as a copy or a view that the caller copies at once."""
        if isinstance(self._choice, Mapping):
            return torch.stack([x[row.index] for row in rows])
        if x.is_contiguous():
            return x.view(-1)[: len(rows)]
        # In another memory format the first elements are not adjacent: copy only the block that contains them.
        count = len(rows)
        while x.dim() > 1 and (inner := math.prod(x.shape[1:])) > 0:
            if inner < count:
                x = x[: math.ceil(count / inner)]
                break
            x = x[0]
        return x.reshape(-1)[:count]

    def _update_table(self) -> None:
        """Append new rows in order of execution, and update known ones in place."""
        for parameter in self._parameters.ordered():
            rows, depth = self._rows.get(parameter.name, ((), []))[1], self._depth(parameter.owner)
            known = self._put.get(parameter.name)
            if known is None or known[0] is not rows or known[1] != depth:
                self._put[parameter.name] = rows, depth
                for row in rows:
                    self._table.put(replace(row, depth=depth))

    def _place(self) -> dict[str, int]:
        """Return the place of each row in the layout."""
        layout = self._table.layout
        if self._places[0] is not layout:
            self._places = layout, {row.name: i for i, row in enumerate(layout.rows)}
        return self._places[1]


def _row(parameter: NamedParameter, index: Index) -> schema.TrackedRow:
    return schema.TrackedRow(
        name=f"{parameter.name}{list(index)}",
        module=parameter.owner_name,
        call=0,
        type=type(parameter.owner).__name__,
        shape=(),
        numel=1,
        dtype=str(parameter.tensor.dtype).removeprefix("torch."),
        role=parameter.role,
        trainable=parameter.tensor.requires_grad,
        tied_to=parameter.tied_to or None,
        parameter=parameter.name,
        index=index,
    )
