"""The rows of parameters, which several kinds share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from torch import Tensor, nn

from tb_nnviz.record.model.metadata import dtype_name, metadata
from tb_nnviz.record.model.modules import NamedParameter, type_name
from tb_nnviz.record.model.sharding import is_sharded
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.schema import PARAMETER_KINDS, Row


class ParameterRows:
    """One table of rows per kind. All tables have the same rows.

    Args:
        kinds: the kinds that need a table. Kinds whose rows are not parameters are left out.
        depth: position of a module in order of execution.
    """

    def __init__(self, kinds: Iterable[str], depth: Callable[[nn.Module], int | None]) -> None:
        self.tables = {kind: RowTable(kind) for kind in PARAMETER_KINDS if kind in set(kinds)}
        self._depth = depth
        self._rows: dict[str, Row] = {}  # the rows in the tables, by name
        self._dtypes: dict[tuple[str, str], str] = {}  # in place of the parameter's, by kind and name
        self._changed: set[str] = set()

    def refuse(self, kind: str, name: str, tensor: Tensor) -> None:
        """Give a row the dtype of a tensor that could not be measured, which says why."""
        dtype = dtype_name(tensor, measured=False)
        if self._dtypes.get((kind, name)) != dtype:
            self._dtypes[kind, name] = dtype
            self._changed.add(name)

    def update(self, parameters: Iterable[tuple[NamedParameter, tuple[int, ...]]]) -> None:
        """Append new parameters in the order given, with their whole shapes, and update known ones in place."""
        for parameter, shape in parameters:
            row = self._row(parameter, shape)
            if self._rows.get(row.name) != row or row.name in self._changed:
                self._rows[row.name] = row
                for kind, table in self.tables.items():
                    table.put(replace(row, dtype=self._dtypes.get((kind, row.name), row.dtype)))
        self._changed.clear()

    def _row(self, parameter: NamedParameter, shape: tuple[int, ...]) -> Row:
        tensor = parameter.tensor
        with metadata():
            return Row(
                name=parameter.name,
                module=parameter.owner_name,
                call=0,
                type=type_name(parameter.owner),
                shape=shape,
                numel=tensor.numel() if tensor.is_nested else math.prod(shape),
                dtype=("sharded " if is_sharded(tensor) else "") + dtype_name(tensor),
                role=parameter.role,
                trainable=tensor.requires_grad,
                depth=self._depth(parameter.owner),
                tied_to=parameter.tied_to or None,
            )
