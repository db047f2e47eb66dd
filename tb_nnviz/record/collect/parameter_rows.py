"""The rows of parameters, which several kinds share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from torch import nn

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

    def update(self, parameters: Iterable[tuple[NamedParameter, tuple[int, ...]]]) -> None:
        """Append new parameters in the order given, with their whole shapes, and update known ones in place."""
        for parameter, shape in parameters:
            tensor = parameter.tensor
            row = Row(
                name=parameter.name,
                module=parameter.owner_name,
                call=0,
                type=type_name(parameter.owner),
                shape=shape,
                numel=math.prod(shape),
                dtype=("sharded " if is_sharded(tensor) else "") + str(tensor.dtype).removeprefix("torch."),
                role=parameter.role,
                trainable=tensor.requires_grad,
                depth=self._depth(parameter.owner),
                tied_to=parameter.tied_to or None,
            )
            if self._rows.get(row.name) != row:
                self._rows[row.name] = row
                for table in self.tables.values():
                    table.put(row)
