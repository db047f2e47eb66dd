"""A logged run as tables, as other tools' rules read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tb_nnviz.diagnosis.steps import read_steps
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.rules.step_values import Rows
from tests.faults.scoring import Alarm

#: The statistics that the rules read.
NAMES = {
    "parameter": ("count", "norm", "rms", "std", "mean"),
    "gradient": ("count", "norm", "rms", "mean", "std", "nonfinite"),
    "update": ("count", "norm", "ratio", "zero_fraction"),
    "activation": ("count", "mean", "std", "min", "max", "zero_fraction", "dead_fraction", "saturated_fraction",
                   "nonfinite"),
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """The statistics of one kind.

    Args:
        rows: the rows, in the order of execution.
        steps: int64 [n].
        values: float64 [n, rows] by statistic, NaN where a row is absent.
    """

    rows: Rows
    steps: np.ndarray
    values: Mapping[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    def alarms(self, rule: str, bad: np.ndarray, columns: Sequence[int] | None = None) -> list[Alarm]:
        """Return an alarm per row that is bad at some step.

        Args:
            rule: nnviz's name of the problem.
            bad: bool [n, columns]
            columns: the rows of ``bad``, all by default.
        """
        places = range(len(self.rows)) if columns is None else columns
        return [
            Alarm(rule, self.rows[place].module, int(self.steps[np.argmax(bad[:, i])]))
            for i, place in enumerate(places)
            if bad[:, i].any()
        ]

    def only(self, keep: Callable[[object], bool]) -> list[int]:
        """Return the places of the rows that a function keeps."""
        return [place for place, row in enumerate(self.rows) if keep(row)]


@dataclass(frozen=True)
class History:
    """The tables of a run by kind, and the user's losses.

    Args:
        tables: by kind.
        loss, val_loss: steps [n] and values [n].
    """

    tables: Mapping[str, Table]
    loss: tuple[np.ndarray, np.ndarray]
    val_loss: tuple[np.ndarray, np.ndarray]

    @property
    def weights(self) -> list[int]:
        """The places of the weights of layers among parameters."""
        return self.tables["parameter"].only(lambda row: row.role == "weight") if "parameter" in self.tables else []


def read(folder: Path) -> History:
    """Read a run."""
    reads = [(kind, name) for kind, names in NAMES.items() for name in names]
    steps, _ = read_steps(EventFileReader(folder), ".", reads)
    found: dict[str, list[tuple[int, Mapping[str, np.ndarray]]]] = {}
    rows: dict[str, Rows] = {}
    logged: dict[str, list[tuple[int, float]]] = {"loss": [], "val_loss": []}
    for values in steps:
        for kind, statistics in values.statistics.items():
            found.setdefault(kind, []).append((values.step, statistics))
            rows[kind] = values.rows[kind]
        for name, value in values.logged.items():
            if name in logged:
                logged[name].append((values.step, value))
    tables = {
        kind: Table(
            rows[kind],
            np.array([step for step, _ in entries]),
            {name: np.stack([one[name] for _, one in entries]) for name in entries[0][1]},
        )
        for kind, entries in found.items()
        if kind in NAMES
    }
    losses = {name: (np.array([s for s, _ in one]), np.array([v for _, v in one])) for name, one in logged.items()}
    return History(tables, losses["loss"], losses["val_loss"])
