"""The growing table of a kind's rows, and the layout that stands for it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tb_nnviz.schema import Layout, Row


class Table:
    """Rows of one kind: appended when new ones appear, never reordered.

    ``unwritten`` is true while readers could not yet know the present layout.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.unwritten = True
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._layout: Layout | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def __getitem__(self, name: str) -> int:
        """The index of a row."""
        return self._index[name]

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def layout(self) -> Layout:
        if self._layout is None:
            self._layout = Layout(self.kind, tuple(self._rows))
        return self._layout

    def append(self, row: Row) -> None:
        """Add a row that is not there yet."""
        self._index[row.name] = len(self._rows)
        self._rows.append(row)
        self._changed()

    def fit_shape(self, name: str, shape: Sequence[int]) -> None:
        """Widen a row's shape to admit what was just seen: an axis that varies becomes None."""
        row = self._rows[self._index[name]]
        common: tuple[int | None, ...] = (None,) * len(row.shape)
        if len(row.shape) == len(shape):
            common = tuple(a if a == b else None for a, b in zip(row.shape, shape, strict=True))
        if common != row.shape:
            self._rows[self._index[name]] = replace(row, shape=common)
            self._changed()

    def set_trainable(self, name: str, trainable: bool) -> None:
        """Follow a layer that was frozen or unfrozen."""
        row = self._rows[self._index[name]]
        if row.trainable != trainable:
            self._rows[self._index[name]] = replace(row, trainable=trainable)
            self._changed()

    def _changed(self) -> None:
        self._layout, self.unwritten = None, True
