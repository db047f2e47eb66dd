"""The series of a run: statistics by kind and row, and scalars of the whole run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tb_nnviz.rules.step_values import Rows

#: Statistics that say nothing new beside another one: ``rms`` is ``norm`` without the number of elements, which the
#: batch size changes. The finite ones are left out of most steps.
REDUNDANT = {"norm": "rms", "finite_norm": "norm", "finite_absmax": "absmax"}


class Name(NamedTuple):
    """The name of a series: kind, statistic, row and layer.

    Of a scalar of the whole run, all but ``statistic`` are empty.
    """

    kind: str
    statistic: str
    row: str
    layer: str


@dataclass(frozen=True)
class KindSeries:
    """The statistics of one kind.

    Attributes:
        steps: float64 [n], ascending.
        rows: the rows of the layout.
        values: float32 [n, rows] per statistic, NaN where a row is absent.
        present: bool [n, rows], False where a row has no value at a step.
    """

    steps: np.ndarray
    rows: Rows
    values: Mapping[str, np.ndarray]
    present: np.ndarray


@dataclass(frozen=True)
class Scalar:
    """One scalar: steps float64 [n] and values float64 [n]."""

    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class RunSeries:
    """The series of one run.

    Attributes:
        run: the name of the run.
        kinds: the statistics by kind.
        scalars: the values of ``nnviz/global`` by the rest of their tag, such as ``learning_rate/0``.
        logged: the user's scalars, such as ``loss``.
        optimizers: the documents of the optimizers by the step from which they apply, ascending.
        settings: the settings that the user gave.
    """

    run: str
    kinds: Mapping[str, KindSeries] = field(default_factory=dict)
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    logged: Mapping[str, Scalar] = field(default_factory=dict)
    optimizers: tuple[tuple[int, tuple[Mapping[str, Any], ...]], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> np.ndarray:
        """The steps with statistics of any kind: float64 [n], ascending."""
        found = [one.steps for one in self.kinds.values()]
        return np.unique(np.concatenate(found)) if found else np.zeros(0)
