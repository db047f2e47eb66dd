"""Histograms that are unpacked in parts, compared with those unpacked at once."""

from __future__ import annotations

import contextlib
import tracemalloc
import zlib

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.logs.histograms.packed import LEAST_ROWS, Packed
from tests.support.bins import random_counts


def broken() -> dict[str, bytes]:
    good = schema.encode_histograms(random_counts(4)).tobytes()
    return {
        "no zlib": b"012345678",
        "cut off": good[: len(good) // 2],
        "cut off at the end": good[:-1],
        "changed": good[: len(good) // 2] + bytes(50) + good[len(good) // 2 + 50 :],
        "a wrong checksum": good[:-1] + bytes([good[-1] ^ 1]),
        "half a row": zlib.compress(random_counts(4).tobytes()[:-7]),
        "nothing": b"",
    }


ROWS = 200


@pytest.mark.parametrize("order", [[0], [199], [0, 199], [31, 32, 33, 0], [198, 199], [100, 50, 150, 100, 199, 3]])
def test_unpack_in_any_order_gives_what_was_written(order: list[int]) -> None:
    table = random_counts(1)
    packed = Packed(schema.encode_histograms(table))
    for row in order:
        cells = packed.unpack(row + 1)
        assert cells.size > row
        np.testing.assert_array_equal(cells.dense(0, 520), table[: cells.size])
        assert packed.whole or len(packed._rest) > 0
    np.testing.assert_array_equal(packed.unpack(None).dense(0, 520), table)
    assert packed.whole and packed.nbytes == packed.cells.nbytes


def test_unpack_unpacks_no_more_than_requested() -> None:
    packed = Packed(schema.encode_histograms(random_counts(2)))
    assert [packed.unpack(rows).size for rows in (0, 1, 5, 33, 34, 150)] == [0, 32, 32, 64, 64, 150]
    assert LEAST_ROWS == 32


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 64, 65])
def test_unpack_few_rows_unpacks_all(rows: int) -> None:
    table = random_counts(3, rows)
    for requested in (1, rows, rows + 5, None):
        packed = Packed(schema.encode_histograms(table))
        packed.unpack(requested)
        np.testing.assert_array_equal(packed.unpack(None).dense(0, 520), table)
        assert packed.whole


@pytest.mark.parametrize("what", broken())
@pytest.mark.parametrize("first", [None, 1, 150])
def test_unpack_broken_payload_raises_as_for_whole(what: str, first: int | None) -> None:
    payload = np.frombuffer(broken()[what], np.uint8)
    with pytest.raises((ValueError, zlib.error)) as of_all:
        schema.decode_histograms(payload)
    packed = Packed(payload)
    with pytest.raises((ValueError, zlib.error)) as found:  # noqa: PT012
        packed.unpack(first)
        packed.unpack(None)
    # Changed bytes may decompress to counts below 0 before they cannot be decompressed.
    assert str(found.value) == str(of_all.value) or (what == "changed" and "at least 0" in str(found.value))


@pytest.mark.parametrize("rows", [None, 1, 10_000])
def test_unpack_bomb_takes_little_memory(rows: int | None) -> None:
    payload = np.frombuffer(zlib.compress(bytes(400 << 20), 9), np.uint8)  # 0.4 MB
    packed = Packed(payload, 20)
    tracemalloc.start()
    try:
        with contextlib.suppress(ValueError):
            packed.unpack(rows)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    if rows != 1:
        with pytest.raises(ValueError, match="more than 1044 rows"):
            packed.unpack(None)


def test_decode_histograms_bomb_raises() -> None:
    payload = zlib.compress(bytes(4 * 520 * (schema.MAX_ROWS + 1)), 9)
    with pytest.raises(ValueError, match=f"more than {schema.MAX_ROWS} rows"):
        schema.decode_histograms(payload)


@pytest.mark.parametrize("value", [np.zeros(3, np.float32), np.zeros((1, 2), np.uint8), 1.5, None])
def test_unpack_other_value_raises(value: object) -> None:
    with pytest.raises(ValueError, match="is not a tensor of bytes"):
        Packed(value).unpack(1)
