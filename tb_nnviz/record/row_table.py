"""The growing table of a kind's rows, and its current layout."""

from __future__ import annotations

from dataclasses import replace

from tb_nnviz.schema import Layout, Row


class RowTable:
    """The rows of one kind. New rows are appended, known ones change in place, and none is reordered.

    A layout is written whole. So that layers that are frozen in turn do not write one at every step, a layout in which
    only ``trainable`` differs is written after 1, 2, 4 ... further events. Until then the former one applies.

    >>> table = RowTable("gradient")
    >>> row = Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True)
    >>> table.put(row)
    >>> table.take_unwritten() is table.layout, table.take_unwritten()
    (True, None)
    >>> table.put(replace(row, trainable=False))
    >>> table.take_unwritten().rows[0].trainable
    False
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._layout: Layout | None = None
        self._written: set[int] = set()
        self._is_flipped = False  # True if only `trainable` may differ from the layout
        self._events, self._delay = 0, 1  # since a layout was written, and until the next may be

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def layout(self) -> Layout:
        """The layout of the next event."""
        if self._layout is None:
            self._layout, self._is_flipped = Layout(self.kind, tuple(self._rows)), False
        return self._layout

    def put(self, row: Row) -> None:
        """Add a row, or replace the one of the same name."""
        place = self._index.setdefault(row.name, len(self._rows))
        if place == len(self._rows):
            self._rows.append(row)
            self._layout = None
            return
        known = self._rows[place]
        if known == row:
            return
        self._rows[place] = row
        if replace(known, trainable=row.trainable) == row:
            self._is_flipped = True
        else:
            self._layout = None

    def update(self, name: str, shape: tuple[int, ...], trainable: bool) -> None:
        """Update the row of a repeated call. The size of an axis that varies becomes None."""
        row = self._rows[self._index[name]]
        if row.shape == shape and row.trainable == trainable:
            return
        common: tuple[int | None, ...] = (None,) * len(row.shape)
        if len(row.shape) == len(shape):
            common = tuple(a if a == b else None for a, b in zip(row.shape, shape, strict=True))
        self.put(replace(row, shape=common, trainable=trainable))

    def take_unwritten(self) -> Layout | None:
        """Return the layout of the next event if no event contains it yet, and mark it as written."""
        self._events += 1
        if self._is_flipped and self._events > self._delay:
            self._is_flipped = False
            if self._layout is not None and self._layout.rows != tuple(self._rows):
                self._layout = None
                self._events, self._delay = 0, 2 * self._delay
        layout = self.layout
        if layout.id in self._written:
            return None
        self._written.add(layout.id)
        return layout
