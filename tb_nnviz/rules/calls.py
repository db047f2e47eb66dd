"""The module calls of a layout, with what rules need to know of their types."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tb_nnviz.rules.step_values import Rows
from tb_nnviz.schema import Row

#: Parts of the names of modules whose outputs are exactly 0 for most negative inputs.
_RECTIFIERS = ("relu", "gelu", "silu", "swish", "mish", "hardshrink", "softshrink", "threshold")
#: Parts of the names of modules that look like rectifiers, but pass negative inputs on.
_LEAKY = ("leaky", "prelu", "rrelu")
#: Parts of the names of other activation functions. A name with "elu" is a rectifier or leaky.
_BOUNDED = ("elu", "sigmoid", "tanh", "softplus", "softsign")
#: Parts of the names of modules that multiply by weights.
_WEIGHTED = ("linear", "conv", "attention", "bilinear")


class Calls:
    """The rows of a kind of module calls, with masks of types: bool [rows] each.

    >>> rows = Rows(Row(name, name, 0, type, (4,), 4, "float32", "other", type == "Linear", -1) for name, type in
    ...             [("fc", "Linear"), ("act", "ReLU"), ("norm", "LayerNorm"), ("leaky", "LeakyReLU")])
    >>> calls = Calls(rows)
    >>> calls.rectifies.tolist(), calls.weighs.tolist(), calls.normalizes.tolist()
    ([False, True, False, False], [True, False, False, False], [False, False, True, False])
    >>> calls.activates.tolist()
    [False, True, False, True]
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        types = [row.type.lower() for row in rows]
        leaky = _has(types, _LEAKY)
        self.rectifies = _has(types, _RECTIFIERS) & ~leaky
        self.activates = self.rectifies | leaky | _has(types, _BOUNDED)
        self.normalizes = _has(types, ("norm",))
        self.batch_norms = _has(types, ("batchnorm",))
        self.embeds = rows.has_role("embedding")
        holds = np.array([row.trainable for row in rows], bool)
        self.weighs = (holds | _has(types, _WEIGHTED)) & ~(self.normalizes | self.embeds | leaky | self.rectifies)
        self.softmax = _has(types, ("softmax", "softmin"))
        #: Recurrent layers, whose outputs begin near 0 and are bounded.
        self.recurs = _has(types, ("lstm", "gru", "rnn")) & ~leaky
        #: The number of units of each row, NaN if it is unknown: float64 [rows].
        self.units = np.array([_units(row) for row in rows], np.float64)
        self._indices: dict[tuple[str, ...], list[int]] = {}
        self._models: dict[tuple[str, ...], tuple[np.ndarray, np.ndarray]] = {}

    def model(self, models: Iterable[str]) -> np.ndarray:
        """Return the index of each row's model, -1 if it belongs to none: int64 [rows].

        Args:
            models: the names of the models, "" for a single one.
        """
        return self._of(models)[0]

    def models(self, models: Iterable[str]) -> list[int]:
        """Return the indices in ``model``, each once."""
        key = tuple(models)
        if key not in self._indices:
            self._indices[key] = np.unique(self.model(key)).tolist()
        return self._indices[key]

    def last(self, models: Iterable[str]) -> np.ndarray:
        """Return a mask of the rows that are the last of their model: bool [rows]."""
        return self._of(models)[1]

    def _of(self, models: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        key = tuple(models)
        if key not in self._models:
            model, names = np.full(len(self.rows), -1), [row.module for row in self.rows]
            for i, name in enumerate(key):
                model[[not name or f"{module}.".startswith(f"{name}.") for module in names]] = i
            last = np.zeros(len(self.rows), bool)
            for one in np.unique(model):
                last |= np.array(names, object) == names[np.flatnonzero(model == one)[-1]]
            self._models[key] = model, last
        return self._models[key]


class CallsOf:
    """The calls of the newest layout. They are computed again when the layout changes."""

    def __init__(self) -> None:
        self._calls: Calls | None = None

    def __call__(self, rows: Rows) -> Calls:
        if self._calls is None or self._calls.rows is not rows:
            self._calls = Calls(rows)
        return self._calls


def _units(row: Row) -> float:
    axis = row.unit_axis
    if axis is None or not row.shape:
        return np.nan
    # an axis counts from the batch axis, which a shape lacks
    size = row.shape[-1 if axis == -1 else max(axis - 1, 0)] if axis <= len(row.shape) else None
    return np.nan if size is None else float(size)


def _has(types: list[str], parts: tuple[str, ...]) -> np.ndarray:
    return np.array([any(part in one for part in parts) for one in types], bool)
