"""Decoding and joining of layouts."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.logs.layouts import Rows, decode_layouts, merge_layouts
from tb_nnviz.logs.points import Points


def rows(*names: str) -> Rows:
    return Rows({"name": name} for name in names)


def test_merge_layouts_keeps_first_order_and_appends() -> None:
    table, columns = merge_layouts([rows("a", "b"), rows("b", "c"), rows("c", "d", "a")])
    assert [row["name"] for row in table] == ["a", "b", "c", "d"]
    assert [column.tolist() for column in columns] == [[0, 1], [1, 2], [2, 3, 0]]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"not json", "invalid layout: b'not json' is not JSON"),
        (b'{"version": 2, "id": 1, "rows": []}', "unknown layout version: 2"),
        (b'{"version": 1, "id": 1, "rows": [{}]}', "invalid layout: row 0: missing name (a string)"),
        (b'{"version": 1, "id": "1", "rows": []}', "invalid layout: id '1'"),
    ],
)
def test_decode_layouts_invalid_layout_is_reported(payload: bytes, message: str) -> None:
    reported: list[str] = []
    data = Points.of([(0, 0.0, np.frombuffer(payload, np.uint8))])
    assert decode_layouts(data, reported.append) == {}
    assert [message in text for text in reported] == [True]
