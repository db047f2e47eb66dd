"""The values of one step, as rules read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from tb_nnviz.schema import Row

#: What rules share.
Value = TypeVar("Value")


class Rows(tuple[Row, ...]):
    """The rows of one kind, with their attributes as arrays.

    Compare layouts with ``is``: a run's rows are the same object until its layout changes.

    >>> weight = Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True, depth=3)
    >>> bias = Row("fc.bias", "fc", 0, "Linear", (1,), 1, "float32", "bias", True, depth=3)
    >>> rows = Rows([weight, bias])
    >>> rows.layers, rows.layer.tolist(), rows.has_role("weight").tolist()
    (['fc'], [0, 0], [True, False])
    """

    _weighted: tuple[Rows, np.ndarray] | None = None
    _ordered: tuple[np.ndarray, np.ndarray] | None = None  # a mask of weighted calls, and their order of execution
    _aligned: tuple[Rows, np.ndarray | None] | None = None  # the last other rows, and the place of each row in them

    @cached_property
    def layers(self) -> list[str]:
        """The names of the owning modules, each once, in the order of the rows."""
        return list(dict.fromkeys(row.module for row in self))

    @cached_property
    def layer(self) -> np.ndarray:
        """The index in ``layers`` of each row: int64 [rows]."""
        index = {name: i for i, name in enumerate(self.layers)}
        return np.array([index[row.module] for row in self], np.int64)

    @cached_property
    def depth(self) -> np.ndarray:
        """The position of each row's module in the order of execution: float64 [rows], NaN if it was not called."""
        return np.array([np.nan if row.depth is None else row.depth for row in self], np.float64)

    @cached_property
    def numel(self) -> np.ndarray:
        """The number of elements: float64 [rows]."""
        return np.array([row.numel for row in self], np.float64)

    @cached_property
    def trainable(self) -> np.ndarray:
        """True for a row that requires gradients: bool [rows]."""
        return np.array([row.trainable for row in self], bool)

    @cached_property
    def place(self) -> dict[str, int]:
        """The position of each row by name."""
        return {row.name: i for i, row in enumerate(self)}

    @cached_property
    def fan_in(self) -> np.ndarray:
        """The product of all axes but the first, the number of inputs of a weight's unit: float64 [rows]."""
        return np.array([math.prod(size or 1 for size in row.shape[1:]) for row in self], np.float64)

    @cached_property
    def smallest_norm(self) -> np.ndarray:
        """The norm of each row if its elements are 1/sqrt(fan-in), which keeps a signal's variance: float64 [rows]."""
        return np.asarray(np.sqrt(np.maximum(self.numel, 1.0) / np.maximum(self.fan_in, 1.0)))

    @cached_property
    def measured(self) -> np.ndarray:
        """True for a row that is not sharded, nested or without values: bool [rows]."""
        return np.array([" " not in row.dtype for row in self], bool)

    @cached_property
    def is_half(self) -> np.ndarray:
        """True for a row of a dtype that rounds updates of a usual size: bool [rows]."""
        return np.array([row.dtype in ("float16", "bfloat16") for row in self], bool)

    @cached_property
    def dtypes(self) -> np.ndarray:
        """The name of each row's dtype: str [rows]."""
        return np.array([row.dtype for row in self], np.str_)

    @cached_property
    def _roles(self) -> np.ndarray:
        return np.array([row.role for row in self], np.str_)

    @cached_property
    def _types(self) -> np.ndarray:
        return np.array([row.type for row in self], np.str_)

    @cached_property
    def _masks(self) -> dict[tuple[str, ...], np.ndarray]:
        return {}

    def has_role(self, *roles: str) -> np.ndarray:
        """Return a mask of the rows with one of some roles: bool [rows]. Callers must not change it."""
        return self._mask("role", self._roles, roles)

    def has_type(self, *types: str) -> np.ndarray:
        """Return a mask of the rows whose module's class has one of some names: bool [rows]. As ``has_role``."""
        return self._mask("type", self._types, types)

    def _mask(self, attribute: str, values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        key = (attribute, *names)
        if key not in self._masks:
            self._masks[key] = np.isin(values, names)
            self._masks[key].flags.writeable = False
        return self._masks[key]

    def weighted(self, parameters: Rows) -> np.ndarray:
        """Return a mask of the calls whose module has a trainable weight or embedding: bool [rows].

        Args:
            parameters: rows of a kind of parameters.
        """
        if self._weighted is None or self._weighted[0] is not parameters:
            judged = parameters.has_role("weight", "embedding") & parameters.trainable
            weights = np.unique(parameters.layer[judged]).tolist()
            modules = {parameters.layers[layer] for layer in weights}
            mask = np.array([name in modules for name in self.layers], bool)[self.layer]
            self._weighted = parameters, mask
        return self._weighted[1]

    def weighted_in_order(self, parameters: Rows) -> np.ndarray:
        """Return the positions of ``weighted`` calls in the order of execution: int64 [calls]."""
        mask = self.weighted(parameters)
        if self._ordered is None or self._ordered[0] is not mask:
            self._ordered = mask, self._in_order(mask)
        return self._ordered[1]

    @cached_property
    def weights_in_order(self) -> np.ndarray:
        """The positions of the trainable weights in the order of execution: int64 [weights]."""
        return self._in_order(self.has_role("weight") & self.trainable)

    def _in_order(self, mask: np.ndarray) -> np.ndarray:
        places = np.flatnonzero(mask & ~np.isnan(self.depth))
        return np.asarray(places[np.argsort(self.depth[places], kind="stable")])

    def align(self, other: Rows, values: np.ndarray) -> np.ndarray:
        """Return another kind's values in the order of these rows, by name: float64 [rows], NaN if it has no such row.

        Args:
            other: the rows of the other kind.
            values: the values of those rows.
        """
        if self is other:
            return np.asarray(values, np.float64)
        if self._aligned is None or self._aligned[0] is not other:
            places = [other.place.get(row.name, -1) for row in self]
            is_same = len(self) == len(other) and places == list(range(len(self)))
            self._aligned = other, None if is_same else np.array(places, np.int64)
        at = self._aligned[1]
        return np.asarray(values, np.float64) if at is None else np.append(np.asarray(values, np.float64), np.nan)[at]


@dataclass(frozen=True)
class StepValues:
    """The values of one step.

    Training passes a step twice: first its statistics, then what the user logs for it. Each time the other half is
    empty.

    Args:
        step: the optimizer step.
        rows: the rows of each kind, one per entry of its statistics.
        statistics: float64 [rows] by kind and statistic. An absent row has count 0 and NaN elsewhere.
        scalars: the values of ``nnviz/global`` by the rest of their tag, such as ``learning_rate/0``.
        logged: the user's scalars, such as ``loss``.
        optimizers: the document of the optimizers' options, None if the log has none.

    >>> row = Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True)
    >>> absent = Row("fc.bias", "fc", 0, "Linear", (1,), 1, "float32", "bias", True)
    >>> statistics = {"count": np.array([2.0, 0.0]), "norm": np.array([0.5, np.nan])}
    >>> values = StepValues(0, {"gradient": Rows([row, absent])}, {"gradient": statistics})
    >>> values.present("gradient").tolist(), values.get("gradient", "norm").tolist()
    ([True, False], [0.5, nan])
    """

    step: int
    rows: Mapping[str, Rows] = field(default_factory=dict)
    statistics: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)
    logged: Mapping[str, float] = field(default_factory=dict)
    optimizers: Sequence[Mapping[str, Any]] | None = None
    _present: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    _shared: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def has(self, kind: str, statistic: str) -> bool:
        """Return True if the step has a statistic."""
        return statistic in self.statistics.get(kind, ())

    def get(self, kind: str, statistic: str) -> np.ndarray:
        """Return a statistic: float64 [rows of the kind]."""
        return np.asarray(self.statistics[kind][statistic], np.float64)

    def present(self, kind: str) -> np.ndarray:
        """Return a mask of the rows that are present: bool [rows of the kind]. Callers must not change it."""
        if kind not in self._present:
            self._present[kind] = np.asarray(self.statistics[kind]["count"] > 0)
            self._present[kind].flags.writeable = False
        return self._present[kind]

    def share(self, key: Hashable, compute: Callable[[StepValues], Value]) -> Value:
        """Return what several rules compute of this step. It is computed once, and callers must not change it.

        Args:
            key: its name.
            compute: computes it. Functions of one key must agree.

        >>> values = StepValues(3)
        >>> values.share("next", lambda values: values.step + 1), values.share("next", lambda values: 0)
        (4, 4)
        """
        if key not in self._shared:
            self._shared[key] = compute(self)
        return self._shared[key]  # type: ignore[no-any-return]

    @property
    def skipped(self) -> bool:
        """True if a GradScaler skipped the step."""
        return bool(self.scalars.get("skipped", 0))
