"""The rows of parameters, which several kinds share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from torch import Tensor, nn

from tb_nnviz.record.model.metadata import dtype_name, metadata
from tb_nnviz.record.model.modules import NamedParameter
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

    def update(self, parameters: Iterable[NamedParameter]) -> None:
        """Append new parameters in the order given, and update known ones in place."""
        for parameter in parameters:
            row = self._row(parameter)
            if self._rows.get(row.name) != row or row.name in self._changed:
                self._rows[row.name] = row
                for kind, table in self.tables.items():
                    table.put(replace(row, dtype=self._dtypes.get((kind, row.name), row.dtype)))
        self._changed.clear()

    def _row(self, parameter: NamedParameter) -> Row:
        tensor = parameter.tensor
        with metadata():
            return Row(
                name=parameter.name,
                module=parameter.owner_name,
                call=0,
                type=type(parameter.owner).__name__,
                shape=() if tensor.is_nested else tuple(tensor.shape),
                numel=tensor.numel(),
                dtype=dtype_name(tensor),
                role=parameter.role,
                trainable=tensor.requires_grad,
                depth=self._depth(parameter.owner),
                tied_to=parameter.tied_to or None,
            )
