"""Histories: the histograms of one kind of one run over steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells, join
from tb_nnviz.logs.histograms.quantiles import QUANTILES, SPECIAL, quantiles
from tb_nnviz.logs.layouts import Rows

_FIRST, _LAST = 3, schema.BINS - 3


@dataclass(frozen=True)
class DenseHistograms:
    """Histograms [steps, rows] on the bins in use.

    Attributes:
        first_bin: the first bin of ``counts``.
        counts: int32 or float32 [steps, rows, bins].
        special: the counts of the bins ``SPECIAL``, [steps, rows, 5]. They are kept apart, so that a single NaN does
            not make ``counts`` 520 bins wide. A count is NaN if the bin has elements of an unknown number.
        absent: uint8 [steps, rows], 1 if the row has no histogram at the step.
        quantiles: float32 [steps, rows, 5], for ``QUANTILES``.
    """

    first_bin: int
    counts: np.ndarray
    special: np.ndarray
    absent: np.ndarray
    quantiles: np.ndarray


@dataclass(frozen=True)
class History:
    """The histograms of one kind of one run: per step those of the rows of its layout.

    Attributes:
        steps: float64 [n].
        wall_times: float64 [n].
        layout_ids: the layout id of each step, [n].
        cells: the histograms of each step, [n]. If only the first rows were requested, the others may be missing.
        tables: the rows by layout id.
        problems: the reasons why events are left out.
        row_problems: pairs of a row and the reason why histograms of it are left out.
    """

    steps: np.ndarray
    wall_times: np.ndarray
    layout_ids: tuple[int, ...]
    cells: tuple[Cells, ...]
    tables: Mapping[int, Rows]
    problems: tuple[str, ...] = ()
    row_problems: tuple[tuple[str, str], ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the counts take."""
        return sum(cells.nbytes for cells in self.cells)

    def positions(self, names: Sequence[str]) -> dict[int, np.ndarray]:
        """Return the positions of some rows by layout id, -1 for a row that the layout lacks."""
        result = {}
        for layout in set(self.layout_ids):
            index = {row["name"]: i for i, row in enumerate(self.tables[layout])}
            result[layout] = np.array([index.get(name, -1) for name in names], np.int64)
        return result

    def dense(self, names: Sequence[str], steps: np.ndarray, limit: int) -> DenseHistograms | None:
        """Return the histograms of some rows at the steps with these indices.

        Return None if they have more counts than ``limit``.
        """
        positions = self.positions(names)
        cells = join([self.cells[i].take(positions[self.layout_ids[i]]) for i in steps])
        return dense_histograms(cells, len(steps), len(names), limit)


def dense_histograms(cells: Cells, steps: int, rows: int, limit: int) -> DenseHistograms | None:
    """Make histograms [steps * rows] dense on the bins in use. Return None if they need more counts than ``limit``."""
    ordinary = cells.bins[(cells.bins >= _FIRST) & (cells.bins <= _LAST)]
    first = int(ordinary.min()) if ordinary.size else schema.BINS // 2
    width = int(ordinary.max()) - first + 1 if ordinary.size else 0
    if steps * rows * max(width, 1) > limit:
        return None
    special = np.concatenate([cells.dense(b, 1) for b in SPECIAL], axis=1)
    return DenseHistograms(
        first_bin=first,
        counts=cells.dense(first, width).reshape(steps, rows, width),
        special=special.reshape(steps, rows, len(SPECIAL)),
        absent=(cells.totals() == 0).astype(np.uint8).reshape(steps, rows),
        quantiles=quantiles(cells).reshape(steps, rows, len(QUANTILES)),
    )
