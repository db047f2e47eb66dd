"""The norm of each gradient at the steps since the last event, kept on the host until a finding needs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tb_nnviz import schema
from tb_nnviz.record.measure.norms import RowNorms
from tb_nnviz.record.pending_step import GradientNorm
from tb_nnviz.schema import Entry, Layout

#: Most steps that are kept, and most bytes of their norms. The oldest are dropped first.
MOST_STEPS, MOST_BYTES = 1000, 16 * 2**20

#: Writes an event of an earlier step: its step, its wall time and its entries.
WriteEarlier = Callable[[int, float, Sequence[Entry]], None]


class _Held(NamedTuple):
    step: int
    wall_time: float
    layout: Layout
    total: GradientNorm
    rows: RowNorms
    skipped: bool


class WindowNorms:
    """The norms of the steps since the last event. Only the writer's thread calls it.

    The events of these steps are written before that of the next logged step, because the steps of a tag must ascend.

    >>> written = []
    >>> kept = WindowNorms(lambda step, wall_time, entries: written.append(step))
    >>> row = schema.Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True)
    >>> rows = RowNorms(["fc.weight"], [2], np.array([[25.0, 0.0, 0.0]]))
    >>> for step in (1, 2, 3):
    ...     kept.add(step, 0.5 * step, Layout("gradient", (row,)), GradientNorm(5.0, 5.0, 0.0), rows)
    >>> kept.release(3)
    >>> written  # the layout, and the steps
    [1, 1, 2, 3]

    Args:
        write: writes an event.
        most_steps: steps that are kept.
        most_bytes: bytes of norms that are kept.
    """

    def __init__(self, write: WriteEarlier, most_steps: int = MOST_STEPS, most_bytes: int = MOST_BYTES) -> None:
        self._write, self._most_steps, self._most_bytes = write, most_steps, most_bytes
        self._held: deque[_Held] = deque()
        self._bytes = 0
        self._known: set[int] = set()  # ids of layouts that are in the file
        self._wanted: int | None = None  # the step of a finding

    def __len__(self) -> int:
        return len(self._held)

    def wrote(self, layouts: Iterable[Layout]) -> None:
        """Report layouts of gradients that are in the file."""
        self._known.update(layout.id for layout in layouts)

    def add(
        self,
        step: int,
        wall_time: float,
        layout: Layout,
        total: GradientNorm,
        rows: RowNorms,
        skipped: bool = False,
    ) -> None:
        """Keep a step that is not logged, or write it, if there is a finding of this step or a later one.

        Args:
            step: the step.
            wall_time: the time at which it closed.
            layout: the rows of gradients.
            total: the norm of all gradients together.
            rows: the norm of each.
            skipped: whether a GradScaler skipped the step.
        """
        if not rows.names:
            return
        self._held.append(_Held(step, wall_time, layout, total, rows, skipped))
        self._bytes += rows.sums.nbytes
        while len(self._held) > self._most_steps or self._bytes > self._most_bytes:
            self._bytes -= self._held.popleft().rows.sums.nbytes
        if self._wanted is not None and step <= self._wanted:
            self.release(self._wanted)

    def release(self, step: int) -> None:
        """Write what is kept, because of a finding of a step, which may still be open."""
        self._wanted = step
        while self._held:
            held = self._held.popleft()
            if held.layout.id not in self._known:
                self._known.add(held.layout.id)
                self._write(held.step, held.wall_time, [schema.layout_entry(held.layout)])
            self._write(held.step, held.wall_time, _entries(held))
        self._bytes = 0

    def restart(self) -> None:
        """Drop what is kept: an event was written, or earlier steps are abandoned."""
        self._held.clear()
        self._bytes, self._wanted = 0, None


def _entries(held: _Held) -> list[Entry]:
    """Return the event of a step."""
    rows, index = held.rows, {row.name: i for i, row in enumerate(held.layout.rows)}
    places = [index[name] for name in rows.names]
    count = np.zeros(len(index))
    count[places] = rows.counts
    sum_sq, nonfinite, nan = np.full((3, len(index)), np.nan)
    for values, column in zip((sum_sq, nonfinite, nan), rows.sums.T, strict=True):
        values[places] = column
    with np.errstate(all="ignore"):
        finite_norm = np.sqrt(sum_sq)
        norm = np.where(nonfinite > 0, np.where(nan > 0, np.nan, np.inf), finite_norm)
        found = {"count": count, "norm": norm, "rms": norm / np.sqrt(count), "nonfinite": nonfinite}
    if (nonfinite > 0).any():
        found["finite_norm"] = finite_norm
    entries = [schema.layout_id_entry(held.layout)]
    entries += [schema.vector("gradient", name, found[name]) for name in schema.WINDOW_STATISTICS if name in found]
    entries.append(schema.scalar(schema.TAG_GLOBAL + "gradient_norm", held.total.norm))
    if held.skipped:
        entries.append(schema.scalar(schema.TAG_GLOBAL + "skipped", 1.0))
    return entries
