"""Decoding and joining of layouts."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from tb_nnviz.logs.layouts import Documents, Rows, decode_layout_ids, decode_layouts, merge_layouts
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


def test_documents_keeps_results_and_errors_up_to_bytes() -> None:
    calls: list[bytes] = []

    def decode(data: bytes) -> int:
        calls.append(data)
        return int(data)

    documents = Documents(decode, 10)
    for data in (b"1", b"2", b"1", b"x", b"x", b"999999999999", b"999999999999"):
        with contextlib.suppress(ValueError):
            documents(data)
    with pytest.raises(ValueError, match="invalid literal"):
        documents(b"x")
    assert calls == [b"1", b"2", b"x", b"999999999999", b"999999999999"], "one beyond the limit is not kept"
    documents(b"34567890")
    documents(b"2")
    assert calls[-2:] == [b"34567890", b"2"], "the one that was not used for the longest time was dropped"


def test_decode_layout_ids_other_values_are_reported() -> None:
    reported: list[str] = []
    values = [np.array([7]), np.array([7.0]), np.array([8], np.int32), np.array([], np.int64), np.array([-1])]
    ids = decode_layout_ids(Points.of((i, i, value) for i, value in enumerate(values)), reported.append)
    assert (ids.steps.tolist(), np.asarray(ids.values).tolist()) == ([0, 2], [[7], [8]])
    assert [text.partition(", at ")[2] for text in reported] == ["step 1", "step 3", "step 4"]
