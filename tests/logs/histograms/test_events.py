"""Histogram events of a run, unpacked in part and completely."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cache import HistogramCache, fingerprint
from tb_nnviz.logs.histograms.events import HistogramEvents
from tb_nnviz.logs.histograms.packed import Packed
from tb_nnviz.logs.points import Points
from tests.support.bins import random_counts
from tests.support.event_logs import layout

ROWS, STEPS = 200, 5


TABLE = layout([f"row.{i}" for i in range(ROWS)])


TABLES = {TABLE.id: [{"name": row.name} for row in TABLE.rows]}


NAME = "", "run", "gradient"


def points(tables: list[np.ndarray], payloads: list[np.ndarray] | None = None) -> tuple[Points, Points]:
    ids = Points.of((step, float(step), np.array([TABLE.id])) for step in range(len(tables)))
    made = [schema.encode_histograms(table) for table in tables] if payloads is None else payloads
    return ids, Points.of((step, float(step), payload) for step, payload in enumerate(made))


@pytest.mark.parametrize("requested", [["row.0"], ["row.199"], ["row.7", "row.120", "none"], ["none"], None])
@pytest.mark.parametrize("step", [None, 0, 2.4, 99])
def test_history_of_some_rows_equals_the_whole_one(requested: list[str] | None, step: float | None) -> None:
    tables = [random_counts(seed) for seed in range(STEPS)]
    ids, payloads = points(tables)
    cache = HistogramCache()
    history = cache.make(NAME, ids, payloads, TABLES, requested, step)
    again = cache.find(NAME, fingerprint(ids, TABLES), requested, step)
    assert again is not None
    at = np.arange(STEPS) if step is None else np.array([min(round(step), STEPS - 1)])
    names = requested or [row.name for row in TABLE.rows]
    index = [int(name[4:]) if name != "none" else -1 for name in names]
    expected = np.stack([np.where(np.array(index)[:, None] < 0, 0, tables[i][index]) for i in at])
    for one in (history, again):
        assert one.problems == () and one.steps.tolist() == list(range(STEPS))
        answer = one.dense(names, at, 1 << 40)
        assert answer is not None
        found = np.zeros_like(expected)
        first, width = answer.first_bin, answer.counts.shape[2]
        found[:, :, first : first + width] = answer.counts
        found[:, :, [0, 1, 2, 518, 519]] = answer.special
        np.testing.assert_array_equal(found, expected)


def test_history_at_a_broken_step_unpacks_the_next_nearest() -> None:
    tables = [random_counts(seed) for seed in range(STEPS)]
    payloads = [schema.encode_histograms(table) for table in tables]
    payloads[3] = payloads[3][:-9]
    payloads[2] = schema.encode_histograms(tables[2][:-1])
    events = HistogramEvents(*points(tables, payloads), TABLES, {}, Packed)
    history = events.history(None, 3)
    assert history.steps.tolist() == [0, 1, 4]
    assert [cells.size for cells in history.cells] == [0, 0, ROWS]
    assert history.problems == (
        "invalid histograms: 199 for 200 rows, at step 2",
        "invalid histograms: error: Error -5 while decompressing data: incomplete or truncated stream, at step 3",
    )
    assert [cells.size for cells in events.history(["row.40"]).cells[:2]] == [41, 41]


def test_history_too_many_rows_are_reported_when_requested() -> None:
    """The answer to a request does not depend on what was requested before."""
    ids, payloads = points([random_counts(0), random_counts(1, ROWS + 40)])
    events = HistogramEvents(ids, payloads, TABLES, {}, Packed)
    for _ in range(2):
        assert events.history(["row.0"]).problems == ()
        assert events.history(["row.0"]).steps.tolist() == [0, 1]
        whole = events.history(["row.199"])
        assert whole.problems == ("invalid histograms: 240 for 200 rows, at step 1",)
        assert whole.steps.tolist() == [0]


def broken_at(row: int) -> dict[str, np.ndarray]:
    """Return payloads of 200 rows that cannot be decoded from some row on."""
    table = random_counts(3)
    negative = table.copy()
    negative[row, 5] = -1
    compressor = zlib.compressobj()
    # A flush ends a block, so that what follows the sound rows is the start of the next block.
    before = compressor.compress(table[:row].tobytes()) + compressor.flush(zlib.Z_FULL_FLUSH)
    payloads = {
        "negative count": zlib.compress(negative.tobytes()),
        "cut off": before,
        "garbage": before + b"\xff" * 100,
        "few rows": zlib.compress(table[:row].tobytes()),
    }
    return {what: np.frombuffer(payload, np.uint8) for what, payload in payloads.items()}


@pytest.mark.parametrize("what", broken_at(0))
@pytest.mark.parametrize("row", [0, 1, 31, 32, 40, 199])
@pytest.mark.parametrize("before", [[], ["row.0"], ["row.35"], ["row.198"], ["row.199"]])
def test_history_broken_payload_depends_on_request_alone(what: str, row: int, before: list[str]) -> None:
    payload = broken_at(row)[what]
    events = HistogramEvents(*points([random_counts(3)], [payload]), TABLES, {}, Packed)
    if before:
        events.history(before)
    # zlib reads on up to the next output, so the row before the garbage is lost too.
    sound = row - 1 if what == "garbage" else row
    for name in (0, 30, 31, 32, 33, 39, 40, 41, 150, 198, 199):
        history = events.history([f"row.{name}"])
        assert (history.steps.size, len(history.problems)) == ((1, 0) if name < sound else (0, 1)), name
        if name < sound:
            found = history.dense([f"row.{name}"], np.array([0]), 1 << 40)
            assert found is not None
            assert found.counts.sum() + found.special.sum() == random_counts(3)[name].sum()


def test_cache_counts_what_grows_while_unpacked() -> None:
    ids, payloads = points(
        [np.tile(np.arange(520, dtype=np.int32), (ROWS, 1)) for _ in range(STEPS)]
    )  # compresses well
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
    assert history is not None and len(history.steps) == STEPS, "it is returned"
    assert small.nbytes == few, "it is dropped, and the other is kept"
