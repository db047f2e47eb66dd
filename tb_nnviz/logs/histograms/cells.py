"""Cells: histograms without their empty bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tb_nnviz import schema


@dataclass(frozen=True)
class Cells:
    """A sequence of histograms without their empty bins, in a tenth of the memory of all 520 bins.

    Histogram i has the bins and counts from ``starts[i]`` to ``starts[i + 1]``. Its bins ascend.

    Attributes:
        starts: int64 [histograms + 1].
        bins: uint16 [n].
        counts: integers or floats [n], none of them 0. A count is NaN if the number of elements is unknown.
    """

    starts: np.ndarray
    bins: np.ndarray
    counts: np.ndarray

    @property
    def size(self) -> int:
        """Number of histograms."""
        return len(self.starts) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the histograms take."""
        return self.starts.nbytes + self.bins.nbytes + self.counts.nbytes

    def at(self) -> np.ndarray:
        """Return the index of the histogram that each count belongs to: int64 [n]."""
        return np.repeat(np.arange(self.size), np.diff(self.starts))

    def totals(self) -> np.ndarray:
        """Return the number of elements of each histogram, without those of unknown number: float64 [histograms]."""
        return np.bincount(self.at(), self.known(), self.size)

    def known(self) -> np.ndarray:
        """Return the counts, 0 in place of unknown ones: [n]."""
        return np.nan_to_num(self.counts, nan=0.0) if self.counts.dtype.kind == "f" else self.counts

    def take(self, cells: np.ndarray) -> Cells:
        """Return the histograms with these indices. -1 stands for an empty one."""
        if not self.size:
            return Cells(np.zeros(len(cells) + 1, np.int64), self.bins, self.counts)
        if len(cells) == 1 and cells[0] >= 0:  # a row over many steps: several times faster
            within = slice(self.starts[cells[0]], self.starts[cells[0] + 1])
            bins = self.bins[within]
            return Cells(np.array([0, len(bins)]), bins, self.counts[within])
        wanted = np.where(cells < 0, 0, cells)
        lengths = np.where(cells < 0, 0, self.starts[wanted + 1] - self.starts[wanted])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        index = np.arange(starts[-1]) + np.repeat(self.starts[wanted] - starts[:-1], lengths)
        return Cells(starts, self.bins[index], self.counts[index])

    def dense(self, first: int, width: int) -> np.ndarray:
        """Return the counts of ``width`` bins from bin ``first`` on: int32 or float32 [histograms, width]."""
        table = np.zeros((self.size, width), np.float32 if self.counts.dtype.kind == "f" else np.int32)
        within = (self.bins >= first) & (self.bins < first + width)
        if within.any():  # rarely true for the special bins
            table[self.at()[within], self.bins[within].astype(np.int64) - first] = self.counts[within]
        return table


def pack(counts: np.ndarray) -> Cells:
    """Drop the empty bins of counts [histograms, 520]. Counts that fit into 16 bits are stored as uint16.

    >>> cells = pack(np.eye(2, 520, 260, dtype=np.int32) * 7)
    >>> cells.bins.tolist(), cells.counts.tolist(), cells.counts.dtype.name
    ([260, 261], [7, 7], 'uint16')
    """
    flat = counts.reshape(-1)
    used = np.flatnonzero(flat != 0)  # several times faster than np.nonzero of the table
    values = flat[used]
    if values.dtype.kind != "f" and values.size and values.min() >= 0 and values.max() < 1 << 16:
        values = values.astype(np.uint16)
    starts = np.searchsorted(used, np.arange(len(counts) + 1) * counts.shape[1])
    bins = used - np.repeat(np.arange(len(counts)) * counts.shape[1], np.diff(starts))
    return Cells(starts, bins.astype(np.uint16), values)


def join(parts: Sequence[Cells]) -> Cells:
    """Concatenate several sequences of histograms."""
    ends = np.cumsum([0, *(part.starts[-1] for part in parts)])
    starts = [part.starts[1:] + before for part, before in zip(parts, ends[:-1], strict=True)]
    if not parts:
        return pack(np.zeros((0, schema.BINS), np.int32))
    return Cells(
        np.concatenate([[0], *starts]),
        np.concatenate([part.bins for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )
