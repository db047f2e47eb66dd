"""Histograms of one run and kind: packed counts -> the bins in use, and figures of them. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.series import Rows

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: Bins that are no stretch of the axis: they are answered apart from the others, so that one NaN does not make
#: an answer 520 bins wide. In this order: NaN, -Inf, at most -2^24, at least 2^24, +Inf.
SPECIAL = (0, 1, 2, schema.BINS - 2, schema.BINS - 1)
_FIRST, _LAST = 3, schema.BINS - 3
_NAN = 0


@dataclass(frozen=True)
class Cells:
    """Histograms one after the other, empty bins left out: a tenth of the memory of all 520.

    Bins and counts of histogram i are those from ``starts[i]`` to ``starts[i + 1]``, bins ascending.
    """

    starts: np.ndarray  # int64 [cells + 1]
    bins: np.ndarray  # uint16 [n]
    counts: np.ndarray  # unsigned, int or float [n], none of them 0

    @property
    def size(self) -> int:
        """Number of histograms."""
        return len(self.starts) - 1

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return self.starts.nbytes + self.bins.nbytes + self.counts.nbytes

    def at(self) -> np.ndarray:
        """Which histogram each of the counts belongs to: int64 [n]."""
        return np.repeat(np.arange(self.size), np.diff(self.starts))

    def totals(self) -> np.ndarray:
        """Elements of each histogram: float64 [cells]."""
        return np.bincount(self.at(), self.counts, self.size)

    def take(self, cells: np.ndarray) -> Cells:
        """The histograms with these indices; -1: an empty one."""
        wanted = np.where(cells < 0, 0, cells)
        if not self.size:
            return Cells(np.zeros(len(cells) + 1, np.int64), self.bins, self.counts)
        lengths = np.where(cells < 0, 0, self.starts[wanted + 1] - self.starts[wanted])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        index = np.arange(starts[-1]) + np.repeat(self.starts[wanted] - starts[:-1], lengths)
        return Cells(starts, self.bins[index], self.counts[index])

    def dense(self, first: int, width: int) -> np.ndarray:
        """Counts of these bins, int32 or float32 [cells, width]."""
        table = np.zeros((self.size, width), np.float32 if self.counts.dtype.kind == "f" else np.int32)
        within = (self.bins >= first) & (self.bins < first + width)
        table[self.at()[within], self.bins[within].astype(np.int64) - first] = self.counts[within]
        return table


def pack(counts: np.ndarray) -> Cells:
    """Counts [cells, 520] without the empty bins, in the smallest type that holds them.

    >>> cells = pack(np.eye(2, 520, 260, dtype=np.int32) * 7)
    >>> cells.bins.tolist(), cells.counts.tolist(), cells.counts.dtype.name
    ([260, 261], [7, 7], 'uint16')
    """
    flat = counts.reshape(-1)
    used = np.flatnonzero(flat != 0)  # several times as fast as np.nonzero of the table
    values = flat[used]
    if values.dtype.kind != "f" and values.size and values.min() >= 0 and values.max() < 1 << 16:
        values = values.astype(np.uint16)
    starts = np.searchsorted(used, np.arange(len(counts) + 1) * counts.shape[1])
    bins = used - np.repeat(np.arange(len(counts)) * counts.shape[1], np.diff(starts))
    return Cells(starts, bins.astype(np.uint16), values)


def join(parts: Sequence[Cells]) -> Cells:
    """Several of them as one."""
    ends = np.cumsum([0, *(part.starts[-1] for part in parts)])
    starts = [part.starts[1:] + before for part, before in zip(parts, ends[:-1], strict=True)]
    if not parts:
        return pack(np.zeros((0, schema.BINS), np.int32))
    return Cells(
        np.concatenate([[0], *starts]),
        np.concatenate([part.bins for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )


def bounds() -> np.ndarray:
    """Ends of the bins from 2 (at most -2^24) to 518, ascending: [518]. Bin b lies between entries b - 2 and b - 1.

    Zero, bin 260, has no width; what lies beyond 2^24 is given as 2^24, since nobody knows how far it goes.
    """
    edges = schema.bin_edges()
    return np.concatenate([-edges[-1:], -edges[::-1], [0.0, 0.0], edges, edges[-1:]])


def quantiles(cells: Cells, shares: Sequence[float] = QUANTILES) -> np.ndarray:
    """Quantiles of the elements that are numbers, infinite ones included: float32 [cells, shares].

    The bin is exact: it is the one of the smallest element that at least this share of them does not exceed.
    Within it the place is interpolated, as if its elements were spread evenly. NaN where nothing is a number;
    what lies at 2^24 and beyond is given as 2^24.
    """
    at = cells.at()
    counts = np.where(cells.bins == _NAN, 0, cells.counts).astype(np.float64)
    sums = np.cumsum(counts)
    before = np.concatenate([[0.0], sums])[cells.starts[:-1]]
    totals = np.bincount(at, counts, cells.size)
    result = np.full((cells.size, len(shares)), np.nan, np.float32)
    known = np.flatnonzero(totals > 0)
    ends = bounds()
    for column, share in enumerate(shares):
        rank = before[known] + share * totals[known]
        # Rounding must not carry a rank beyond the last number of its own histogram.
        found = np.searchsorted(sums, rank * (1 - 1e-15), "left")
        found = np.clip(found, cells.starts[known], cells.starts[known + 1] - 1)
        place = np.clip((rank - (sums[found] - counts[found])) / np.maximum(counts[found], 1e-300), 0, 1)
        bins = cells.bins[found].astype(np.int64)
        low, high = ends[np.clip(bins - 2, 0, 517)], ends[np.clip(bins - 1, 0, 517)]
        values = low + place * (high - low)
        values = np.where(bins == SPECIAL[1], -np.inf, np.where(bins == SPECIAL[4], np.inf, values))
        result[known, column] = values
    return result


def nearest(steps: np.ndarray, step: float) -> int:
    """Index of the step that is nearest, the earlier one of two."""
    return int(np.abs(steps - step).argmin())


@dataclass(frozen=True)
class History:
    """All histograms of one kind of one run: step after step, each with the rows of its own layout.

    Of those that nobody has asked for, ``cells`` may hold some rows only, from the first.
    """

    steps: np.ndarray  # float64 [n]
    wall_times: np.ndarray  # float64 [n]
    layouts: tuple[int, ...]  # [n]
    cells: tuple[Cells, ...]  # [n]
    tables: Mapping[int, Rows]
    complaints: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Memory that the counts take."""
        return sum(cells.nbytes for cells in self.cells)

    def columns(self, names: Sequence[str]) -> dict[int, np.ndarray]:
        """For each layout where these rows stand in it; -1: it lacks the row."""
        result = {}
        for layout in set(self.layouts):
            index = {row["name"]: i for i, row in enumerate(self.tables[layout])}
            result[layout] = np.array([index.get(name, -1) for name in names], np.int64)
        return result

    def answer(self, names: Sequence[str], steps: np.ndarray, most: int) -> dict[str, Any] | None:
        """Arrays of the wire: these rows at the steps with these indices; None for more than so many counts."""
        columns = self.columns(names)
        cells = join([self.cells[i].take(columns[self.layouts[i]]) for i in steps])
        return arrays(cells, len(steps), len(names), most)


def arrays(cells: Cells, steps: int, rows: int, most: int) -> dict[str, Any] | None:
    """What is answered of histograms [steps * rows], see http_api.md; None, unmade, beyond ``most`` counts."""
    ordinary = cells.bins[(cells.bins >= _FIRST) & (cells.bins <= _LAST)]
    first = int(ordinary.min()) if ordinary.size else schema.BINS // 2
    width = int(ordinary.max()) - first + 1 if ordinary.size else 0
    if steps * rows * max(width, 1) > most:
        return None
    special = np.concatenate([cells.dense(b, 1) for b in SPECIAL], axis=1)
    totals = cells.totals()
    return {
        "first_bin": first,
        "counts": cells.dense(first, width).reshape(steps, rows, width),
        "special": special.reshape(steps, rows, len(SPECIAL)),
        "absent": (totals == 0).astype(np.uint8).reshape(steps, rows),
        "quantiles": quantiles(cells).reshape(steps, rows, len(QUANTILES)),
    }
