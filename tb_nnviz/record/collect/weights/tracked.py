"""Single weights whose every logged value is kept: the first few of each layer, or those that the user chose."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.model.modules import NamedParameter
from tb_nnviz.record.row_table import RowTable

Index = tuple[int, ...]
#: How many of each weight, or which of which parameter.
Choice = int | Mapping[str, Sequence[Index]]


def checked(choice: Any, parameters: Iterable[NamedParameter]) -> Choice:
    """``watch``'s argument ``tracked_weights`` as a choice.

    Raises:
        ValueError, TypeError: it is none, or it names what there is not.
    """
    if choice is None:
        return 0
    if isinstance(choice, int) and not isinstance(choice, bool) and choice >= 0:
        return choice
    if not isinstance(choice, Mapping):
        raise ValueError(
            f"invalid tracked_weights: {choice!r:.120} (a number of at least 0, "
            'indices by parameter such as {"fc1.weight": [(0, 3)]}, or None)'
        )
    known = {parameter.name: parameter.tensor for parameter in parameters}
    found = {}
    for name, indices in choice.items():
        if name not in known:
            raise ValueError(f"unknown parameter in tracked_weights: {name!r} (one of {', '.join(known):.200})")
        if not _is_read(known[name]):
            raise ValueError(f"invalid tracked_weights: {name!r} is {_what(known[name])}, and has no single values")
        found[name] = [_index(name, index, tuple(known[name].shape)) for index in indices]
    return found


def _index(name: str, index: Any, shape: tuple[int, ...]) -> Index:
    whole = (index,) if isinstance(index, int) and not isinstance(index, bool) else index
    if (
        not isinstance(whole, tuple | list)
        or len(whole) != len(shape)
        or not all(type(i) is int and 0 <= i < size for i, size in zip(whole, shape, strict=True))
    ):
        raise ValueError(f"invalid index in tracked_weights: {index!r} of {name!r} (its shape is {shape})")
    return tuple(whole)


def _is_read(tensor: Tensor) -> bool:
    return (
        tensor.is_floating_point()
        and tensor.layout == torch.strided
        and not (tensor.is_meta or tensor.is_nested)
        and type(tensor.detach()) is Tensor
    )


def _what(tensor: Tensor) -> str:
    return f"{type(tensor.detach()).__name__} of {tensor.dtype}, {tensor.layout}".replace("torch.", "")


class TrackedWeights:
    """Gathers single weights at logged steps: one small tensor for each optimizer and dtype."""

    def __init__(self, choice: Choice, depth: Callable[[nn.Module], int | None]) -> None:
        self._choice, self._depth = choice, depth
        self._table = RowTable(schema.TRACKED)
        self._rows: dict[str, tuple[Index, list[schema.TrackedRow]]] = {}
        self._put: dict[str, tuple[list[schema.TrackedRow], int | None]] = {}  # as the table has them
        self._places: tuple[schema.Layout | None, dict[str, int]] = None, {}
        self.begin(False)

    def begin(self, wanted: bool) -> None:
        """Open a step; what is pending of an unfinished one is dropped."""
        self.wanted = wanted and bool(self._choice)
        self._parts: list[tuple[list[str], Tensor]] = []
        self._read: set[str] = set()

    def read(self, parameters: Iterable[NamedParameter]) -> None:
        """Read parameters as they are now; what is read last of one counts."""
        together: dict[tuple[torch.device, torch.dtype], tuple[list[str], list[Tensor]]] = {}
        for parameter in parameters:
            rows = self._rows_of(parameter)
            if rows:
                x = parameter.tensor.detach()
                names, values = together.setdefault((x.device, x.dtype), ([], []))
                names += [row.name for row in rows]
                values.append(self._elements(x, rows))
                self._read.add(parameter.name)
        for names, values in together.values():
            self._parts.append((names, torch.cat(values).float()))

    def unread(self, parameters: Iterable[NamedParameter]) -> list[NamedParameter]:
        """Those that were not read in this step."""
        return [parameter for parameter in parameters if parameter.name not in self._read]

    def _rows_of(self, parameter: NamedParameter) -> list[schema.TrackedRow]:
        """The rows of a parameter, which are those of its first sight; others where it has taken another shape."""
        shape = tuple(parameter.tensor.shape)
        known = self._rows.get(parameter.name)
        if known is None or known[0] != shape:
            rows = [_row(parameter, index) for index in self._indices(parameter)]
            known = self._rows[parameter.name] = shape, rows
        return known[1]

    def _indices(self, parameter: NamedParameter) -> Sequence[Index]:
        if isinstance(self._choice, Mapping):
            chosen, shape = self._choice.get(parameter.name, ()), tuple(parameter.tensor.shape)
            if not (chosen and _is_read(parameter.tensor)):  # it may have been replaced since it was checked
                return ()
            return [index for index in chosen if len(index) == len(shape) and all(map(operator.lt, index, shape))]
        if parameter.role != "weight" or not _is_read(parameter.tensor):
            return ()
        shape = tuple(parameter.tensor.shape)
        first = range(min(self._choice, math.prod(shape)))
        return [tuple(int(i) for i in np.unravel_index(at, shape)) for at in first]

    def _elements(self, x: Tensor, rows: Sequence[schema.TrackedRow]) -> Tensor:
        """The elements of some rows, [rows], a copy or a view that is copied at once."""
        if isinstance(self._choice, Mapping):
            return torch.stack([x[row.index] for row in rows])
        if x.is_contiguous():
            return x.view(-1)[: len(rows)]
        # the first ones by their indices lie apart (channels last, say): copy only the block that has them
        count = len(rows)
        while x.dim() > 1 and (inner := math.prod(x.shape[1:])) > 0:
            if inner < count:
                x = x[: math.ceil(count / inner)]
                break
            x = x[0]
        return x.reshape(-1)[:count]

    def send(
        self, ordered: Iterable[NamedParameter], transfer: HostCopy
    ) -> tuple[schema.Layout | None, Callable[[HostArrays], list[schema.Entry]]]:
        """Take the values along: a layout that readers do not know yet, and what makes entries on the host."""
        for parameter in ordered:
            rows, depth = self._rows.get(parameter.name, ((), []))[1], self._depth(parameter.owner)
            known = self._put.get(parameter.name)
            if known is None or known[0] is not rows or known[1] != depth:
                self._put[parameter.name] = rows, depth
                for row in rows:
                    self._table.put(replace(row, depth=depth))
        tickets: list[tuple[list[str], Slot]] = [(names, transfer.add(values)) for names, values in self._parts]
        if not len(self._table) or not tickets:
            return None, lambda arrived: []
        layout = self._table.layout
        if self._places[0] is not layout:
            self._places = layout, {row.name: i for i, row in enumerate(layout.rows)}
        place = self._places[1]

        def entries(arrived: HostArrays) -> list[schema.Entry]:
            values = np.full(len(layout.rows), np.nan)
            for names, ticket in tickets:  # of one that was read twice the last counts
                values[[place[name] for name in names]] = arrived(ticket)
            return [schema.layout_id_entry(layout), schema.vector(schema.TRACKED, "value", values)]

        return self._table.take_unwritten(), entries


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
