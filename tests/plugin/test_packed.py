"""Histograms that are unpacked row by row as they are asked for, against those that are unpacked at once."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.plugin.histogram_cache import Events, HistogramCache, fingerprint
from tb_nnviz.plugin.packed import LEAST_ROWS, Packed
from tb_nnviz.plugin.series import Points
from tests.support.event_logs import layout

ROWS, STEPS = 200, 5
TABLE = layout([f"row.{i}" for i in range(ROWS)])
TABLES = {TABLE.id: [{"name": row.name} for row in TABLE.rows]}
NAME = "", "run", "gradient"


def counts(seed: int, rows: int = ROWS) -> np.ndarray:
    """Histograms of all sorts: empty ones, full ones, counts beyond 16 bits."""
    random = np.random.default_rng(seed)
    found = random.integers(0, 50, (rows, 520)) * (random.random((rows, 520)) < random.random((rows, 1)))
    found[random.integers(0, rows, 3)] = 0
    found[-1, 17] = 2**31 - 1
    return found.astype(np.int32)


def points(tables: list[np.ndarray], payloads: list[np.ndarray] | None = None) -> tuple[Points, Points]:
    ids = Points.of((step, float(step), np.array([TABLE.id])) for step in range(len(tables)))
    made = [schema.encode_histograms(table) for table in tables] if payloads is None else payloads
    return ids, Points.of((step, float(step), payload) for step, payload in enumerate(made))


@pytest.mark.parametrize("order", [[0], [199], [0, 199], [31, 32, 33, 0], [198, 199], [100, 50, 150, 100, 199, 3]])
def test_any_order_of_asking_gives_what_was_written(order: list[int]) -> None:
    table = counts(1)
    packed = Packed(schema.encode_histograms(table))
    for row in order:
        cells = packed.unpack(row + 1)
        assert cells.size > row
        np.testing.assert_array_equal(cells.dense(0, 520), table[: cells.size])
        assert packed.whole or len(packed._rest) > 0
    np.testing.assert_array_equal(packed.unpack(None).dense(0, 520), table)
    assert packed.whole and packed.nbytes == packed.cells.nbytes


def test_no_more_is_unpacked_than_is_asked_for() -> None:
    packed = Packed(schema.encode_histograms(counts(2)))
    assert [packed.unpack(rows).size for rows in (0, 1, 5, 33, 34, 150)] == [0, 32, 32, 64, 64, 150]
    assert LEAST_ROWS == 32


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 64, 65])
def test_few_rows_are_all_there_is(rows: int) -> None:
    table = counts(3, rows)
    for asked in (1, rows, rows + 5, None):
        packed = Packed(schema.encode_histograms(table))
        packed.unpack(asked)
        np.testing.assert_array_equal(packed.unpack(None).dense(0, 520), table)
        assert packed.whole


def broken() -> dict[str, bytes]:
    good = schema.encode_histograms(counts(4)).tobytes()
    return {
        "no zlib": b"012345678",
        "cut off": good[: len(good) // 2],
        "cut off at the end": good[:-1],
        "changed": good[: len(good) // 2] + bytes(50) + good[len(good) // 2 + 50 :],
        "a wrong checksum": good[:-1] + bytes([good[-1] ^ 1]),
        "half a row": zlib.compress(counts(4).tobytes()[:-7]),
        "nothing": b"",
    }


@pytest.mark.parametrize("what", broken())
@pytest.mark.parametrize("first", [None, 1, 150])
def test_what_is_broken_is_said_as_of_the_whole(what: str, first: int | None) -> None:
    payload = np.frombuffer(broken()[what], np.uint8)
    with pytest.raises(Exception) as of_all:
        schema.decode_histograms(payload)
    packed = Packed(payload)
    with pytest.raises(type(of_all.value)) as found:  # noqa: PT012
        packed.unpack(first)
        packed.unpack(None)
    assert str(found.value) == str(of_all.value)


@pytest.mark.parametrize("asked", [["row.0"], ["row.199"], ["row.7", "row.120", "none"], ["none"], None])
@pytest.mark.parametrize("step", [None, 0, 2.4, 99])
def test_a_history_of_some_rows_answers_as_the_whole_one(asked: list[str] | None, step: float | None) -> None:
    tables = [counts(seed) for seed in range(STEPS)]
    ids, payloads = points(tables)
    cache = HistogramCache()
    history = cache.make(NAME, ids, payloads, TABLES, asked, step)
    again = cache.find(NAME, fingerprint(ids, TABLES), asked, step)
    assert again is not None
    at = np.arange(STEPS) if step is None else np.array([min(round(step), STEPS - 1)])
    names = asked or [row.name for row in TABLE.rows]
    index = [int(name[4:]) if name != "none" else -1 for name in names]
    expected = np.stack([np.where(np.array(index)[:, None] < 0, 0, tables[i][index]) for i in at])
    for one in (history, again):
        assert one.complaints == () and one.steps.tolist() == list(range(STEPS))
        answer = one.answer(names, at, 1 << 40)
        assert answer is not None
        found = np.zeros_like(expected)
        first, width = answer["first_bin"], answer["counts"].shape[2]
        found[:, :, first : first + width] = answer["counts"]
        found[:, :, [0, 1, 2, 518, 519]] = answer["special"]
        np.testing.assert_array_equal(found, expected)


def test_at_one_step_the_others_stay_packed_and_the_next_is_taken_where_it_is_broken() -> None:
    tables = [counts(seed) for seed in range(STEPS)]
    payloads = [schema.encode_histograms(table) for table in tables]
    payloads[3] = payloads[3][:-9]
    payloads[2] = schema.encode_histograms(tables[2][:-1])
    events = Events(*points(tables, payloads), TABLES, {}, Packed)
    history = events.history(None, 3)
    assert history.steps.tolist() == [0, 1, 4]
    assert [cells.size for cells in history.cells] == [0, 0, ROWS]
    assert history.complaints == (
        "invalid histograms: 199 for 200 rows, at 1 steps, the first 2",
        "invalid histograms: error: Error -5 while decompressing data: incomplete or truncated stream, "
        "at 1 steps, the first 3",
    )
    assert [cells.size for cells in events.history(["row.40"]).cells] == [41, 41, ROWS]


def test_more_rows_than_the_table_has_are_told_once_all_are_unpacked() -> None:
    ids, payloads = points([counts(0), counts(1, ROWS + 40)])
    events = Events(ids, payloads, TABLES, {}, Packed)
    assert events.history(["row.0"]).complaints == ()
    assert events.history(["row.199"]).complaints == ("invalid histograms: 240 for 200 rows, at 1 steps, the first 1",)
    assert events.history(["row.0"]).steps.tolist() == [0]


def test_what_grows_while_it_is_unpacked_is_counted() -> None:
    ids, payloads = points([np.tile(np.arange(520, dtype=np.int32), (ROWS, 1)) for _ in range(STEPS)])  # packs well
    cache = HistogramCache()
    cache.make(NAME, ids, payloads, TABLES, ["row.0"])
    few = cache.nbytes
    assert cache.find(NAME, fingerprint(ids, TABLES)) is not None
    assert cache.nbytes > 4 * few
    small = HistogramCache(3 * few)
    for run in "ab":
        small.make(("", run, "gradient"), ids, payloads, TABLES, ["row.0"])
    assert small.nbytes == 2 * few
    history = small.find(("", "b", "gradient"), fingerprint(ids, TABLES))
    assert history is not None and len(history.steps) == STEPS, "it is answered"
    assert small.nbytes == few, "and forgotten, but not the other"
