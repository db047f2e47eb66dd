"""`histograms` on real event files of both loaders: counts and quantiles against the samples that were binned."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz import schema
from tb_nnviz.plugin import stock_histograms
from tb_nnviz.plugin.histogram_cache import HistogramCache, fingerprint
from tb_nnviz.plugin.histograms import QUANTILES, SPECIAL, arrays, join, pack, quantiles
from tb_nnviz.plugin.series import Points
from tb_nnviz.plugin.stock_histograms import kinds_of, rebin, stock_history
from tests.support.bins import bin_of, ends
from tests.support.event_logs import WALL_TIME, Log, layout, numbers
from tests.support.tensorboards import TensorBoard

AB, ABC = layout(["a.weight", "b.weight"]), layout(["a.weight", "b.weight", "c.weight"])


def counts_of(*samples: np.ndarray) -> np.ndarray:
    """Histograms of these rows: int32 [rows, 520]."""
    return np.stack([np.bincount([bin_of(x) for x in row], minlength=520) for row in samples]).astype(np.int32)


def entries(kind: str, table: schema.Layout, counts: np.ndarray) -> list[schema.Entry]:
    ids = schema.Entry(schema.histogram_layout_id_tag(kind), np.array([table.id], "<i8"), schema.PLUGIN_HISTOGRAMS)
    payload = schema.encode_histograms(counts)
    return [
        ids,
        schema.Entry(schema.histogram_tag(kind), payload, schema.PLUGIN_HISTOGRAMS),
        schema.layout_entry(table),
    ]


RANDOM = np.random.default_rng(0)
#: At each step two rows: gaussians of several sizes, and all that is special.
SAMPLES = [
    [
        RANDOM.standard_normal(500) * 10.0 ** (i - 3),
        np.concatenate(
            [np.zeros(40), [np.nan] * (3 * i), [np.inf] * i, [-np.inf], [2.0**24, -1e30, 2.0**-41, -1e-20], [1.0] * 30]
        ),
    ]
    for i in range(4)
]


class Logs:
    """Runs with histograms of ours, with stock ones, resumed, broken."""

    def __init__(self, logdir: Path) -> None:
        self.logdir = logdir
        self.last: dict[str, float] = {}
        self._simple("ours", range(0, 40, 10))
        with Log(logdir / "resumed") as log:
            for i, step in enumerate((0, 10, 20)):
                log.entries(step, [*entries("gradient", AB, counts_of(*SAMPLES[i])), *self._vector()])
        with Log(logdir / "resumed", 1, WALL_TIME + 1000) as log:
            for step in (10, 15):
                c = RANDOM.standard_normal(20)
                last = log.entries(step, [*entries("gradient", ABC, counts_of(*SAMPLES[3], c)), *self._vector()])
        self.last["resumed"] = last
        with Log(logdir / "broken") as log:
            for step in range(3):
                more = entries("gradient", AB, counts_of(*SAMPLES[0]))
                if step == 1:
                    more[1] = schema.Entry(more[1].tag, np.arange(9, dtype=np.uint8), more[1].plugin)
                self.last["broken"] = log.entries(step, [*more, *self._vector()])
        with Log(logdir / "stock") as log:
            for step in (0, 50):
                stock = schema.stock_histogram(counts_of(SAMPLES[2][0])[0])
                more = [schema.Entry("parameters/a.weight", stock, "histograms")]
                more.append(schema.Entry("mine", np.array([[-1.0, 1.0, 4.0], [1.0, 3.0, 6.0]]), "histograms"))
                self.last["stock"] = log.entries(step, [*more, *self._vector()])

    def _vector(self) -> list[schema.Entry]:
        """Statistics, so that the run is one of ours and tests can wait for it."""
        rows = [schema.vector("gradient", name, table[0]) for name, table in numbers(1, 2).items()]
        return [*rows, schema.layout_id_entry(AB)]

    def _simple(self, run: str, steps: range) -> None:
        with Log(self.logdir / run) as log:
            for samples, step in zip(SAMPLES, steps, strict=True):
                self.last[run] = log.entries(step, [*entries("gradient", AB, counts_of(*samples)), *self._vector()])


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    return Logs(tmp_path_factory.mktemp("histograms"))


@pytest.fixture(scope="module")
def histogram_board(loader: str, logs: Logs) -> Iterator[TensorBoard]:
    with TensorBoard(loader, logs.logdir) as board:
        board.until_written(logs.last)
        yield board


def ask(board: TensorBoard, *runs: str, kind: str = "gradient", **more: Any) -> Any:
    return board._binary("histograms", {"runs": runs, "kind": kind, **more})


def whole(series: dict[str, Any]) -> np.ndarray:
    """All 520 bins again: [steps, rows, 520]."""
    counts = series["counts"]
    table = np.zeros((*counts.shape[:2], 520))
    table[:, :, series["first_bin"] : series["first_bin"] + counts.shape[2]] = counts
    table[:, :, SPECIAL] = series["special"]
    return table


def test_every_bin_of_every_row_and_step(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "ours", rows=["b.weight", "a.weight"])
    assert answer["missing"] == [] and answer["quantiles"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    (series,) = answer["series"]
    assert (series["run"], series["source"], series["rows"]) == ("ours", "nnviz", ["b.weight", "a.weight"])
    assert_array_equal(series["steps"], [0, 10, 20, 30])
    assert_array_equal(series["wall_times"], WALL_TIME + 1 + np.arange(4))
    assert_array_equal(whole(series), np.stack([counts_of(b, a) for a, b in SAMPLES]))
    assert series["counts"].dtype == series["special"].dtype == np.int32
    # NaN, -Inf, beyond -2^24, beyond 2^24, +Inf of row b at the last step; none of them in `counts`
    assert series["special"][3, 0].tolist() == [9, 1, 1, 1, 3]
    bins = series["first_bin"] + np.arange(series["counts"].shape[2])
    assert bins[0] >= 3 and bins[-1] <= 517
    assert [int(series["counts"][0, 0, 259 - bins[0] + k]) for k in range(3)] == [1, 40, 1]
    assert not series["absent"].any()


def test_quantiles_lie_in_the_bin_of_numpys(histogram_board: TensorBoard) -> None:
    (series,) = ask(histogram_board, "ours", rows=["a.weight", "b.weight"])["series"]
    for at, samples in enumerate(SAMPLES):
        for row, sample in enumerate(samples):
            numbers = sample[~np.isnan(sample)]
            for share, got in zip(QUANTILES, series["quantiles"][at, row], strict=True):
                expected = np.quantile(numbers, share, method="inverted_cdf")
                b = bin_of(float(expected))
                if b in (1, 519):
                    assert got == expected
                elif b in (2, 518):
                    assert got == np.sign(expected) * 2.0**24
                else:
                    low, high = ends(b)
                    assert low <= got <= high


def test_within_a_bin_quantiles_are_interpolated() -> None:
    counts = np.zeros((3, 520), np.int64)
    counts[0, bin_of(1.0)] = 4  # from 1 to 1.25
    counts[1, [bin_of(-1.0), 260, bin_of(1.5)]] = 1, 2, 1
    np.testing.assert_allclose(quantiles(pack(counts), (0, 0.25, 0.5, 1))[0], [1, 1.0625, 1.125, 1.25])
    assert quantiles(pack(counts), (0.5,))[1] == 0
    assert np.isnan(quantiles(pack(counts))[2]).all()
    counts[2, 0] = 7  # nothing but NaN
    assert np.isnan(quantiles(pack(counts))[2]).all()


def test_at_one_step_all_rows(histogram_board: TensorBoard) -> None:
    (series,) = ask(histogram_board, "ours", step=16)["series"]
    assert series["rows"] == ["a.weight", "b.weight"] and series["steps"].tolist() == [20]
    assert_array_equal(whole(series)[0], counts_of(*SAMPLES[2]))
    (series,) = ask(histogram_board, "ours", step=15, rows=["b.weight"])["series"]
    assert series["steps"].tolist() == [10]


def test_resumed_and_grown(histogram_board: TensorBoard) -> None:
    (series,) = ask(histogram_board, "resumed", rows=["c.weight", "a.weight"])["series"]
    assert series["steps"].tolist() == [0, 10, 15]  # what was written from step 10 on is left out, step 20 too
    assert series["absent"].tolist() == [[1, 0], [0, 0], [0, 0]]
    table = whole(series)
    assert_array_equal(table[0], [np.zeros(520), counts_of(SAMPLES[0][0])[0]])
    assert_array_equal(table[1, 1], counts_of(SAMPLES[3][0])[0])
    assert table[2, 0].sum() == 20
    assert np.isnan(series["quantiles"][0, 0]).all()


def test_the_listing(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "ours", "resumed", "stock", kind="gradient")
    runs = {run["run"]: run for run in answer["runs"]}
    assert runs["ours"]["kinds"] == {"gradient": "nnviz"}
    assert runs["stock"]["kinds"] == {"parameter": "stock", "stock": "stock"}
    assert runs["ours"]["steps"].tolist() == [0, 10, 20, 30] and runs["stock"]["steps"].size == 0

    def names(run: str) -> list[str]:
        return [row["name"] for row in answer["layouts"][str(runs[run]["layout"])]]

    assert names("ours") == ["a.weight", "b.weight"]
    assert names("resumed") == ["a.weight", "b.weight", "c.weight"]
    assert answer["layouts"][str(runs["ours"]["layout"])][0]["shape"] == [4, 3]
    (stock,) = ask(histogram_board, "stock", kind="stock")["runs"]
    assert stock["steps"].tolist() == [0, 50]


def test_stock_histograms_where_there_are_no_others(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "stock", "ours", kind="parameter", rows=["a.weight"])
    (series,) = answer["series"]
    assert (series["source"], series["steps"].tolist()) == ("stock", [0, 50])
    assert [problem["run"] for problem in answer["missing"]] == ["ours"]
    sample = SAMPLES[2][0]
    buckets = schema.stock_histogram(counts_of(sample)[0])
    assert series["counts"].dtype == np.float32
    for step in (0, 1):
        np.testing.assert_allclose(series["counts"][step].sum(), len(sample), rtol=1e-6)
        for share, got in zip(QUANTILES, series["quantiles"][step, 0], strict=True):
            # bins are joined to at most 60 buckets: exact to those
            expected = np.quantile(sample, share, method="inverted_cdf")
            (bucket,) = [one for one in buckets if one[0] <= expected <= one[1]]
            assert bucket[0] - 1e-7 <= got <= bucket[1] + 1e-7
    (mine,) = ask(histogram_board, "stock", kind="stock", rows=["mine"])["series"]
    # 4 spread over -1 to 1 and 6 over 1 to 3
    np.testing.assert_allclose(mine["quantiles"][0, 0], [-0.75, 0.25, 4 / 3, 2 + 1 / 6, 2 + 5 / 6], rtol=1e-5)
    table = whole(mine)[0, 0]
    np.testing.assert_allclose(table[bin_of(2.0)], 6 * 0.5 / 2, rtol=1e-6)
    np.testing.assert_allclose(table[bin_of(-0.5)], 4 * 0.125 / 2, rtol=1e-6)
    assert table[260] == 0


def test_stock_kinds() -> None:
    tags = ["gradients/x", "mine", "parameters/x"]
    assert kinds_of(tags, ["gradient", "parameter"]) == {"stock": {"mine": "mine"}}
    assert kinds_of(tags, []).keys() == {"gradient", "stock", "parameter"}


def test_stock_buckets_of_odd_shapes() -> None:
    # what the data server makes of a histogram: empty buckets, ends the wrong way round, no width
    counts = rebin(np.array([[0.3, 0.1, 0], [1.0, 1.0, 5], [-1e-12, 1e-12, 3], [-2.0, -2.0, 2], [1e7, np.inf, 4]]))
    assert counts[bin_of(1.0)] == 5 and counts[260] == 3 and counts[bin_of(-2.0)] == 2
    np.testing.assert_allclose(counts[518], 4, rtol=1e-6)
    np.testing.assert_allclose(counts.sum(), 14)
    assert rebin(np.zeros((0, 3))).sum() == 0


def test_what_is_broken_or_not_there_is_named(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "broken", "ours", "none", rows=["a.weight", "z"])
    broken, ours = answer["series"]
    assert broken["steps"].tolist() == [0, 2] and ours["rows"] == ["a.weight"]
    reasons = [(problem["run"], problem["row"], problem["reason"]) for problem in answer["missing"]]
    assert ("broken", None, "invalid histograms: error: Error -3 while decompressing data: incorrect header check, "
            "at 1 steps, the first 1") in reasons  # fmt: skip
    assert ("ours", "z", "no histograms of 'z' in run 'ours'") in reasons
    assert ("none", None, "no histograms of kind 'gradient' in run 'none'") in reasons


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"runs": [], "kind": "weights"}, "unknown kind: 'weights'"),
        ({"runs": []}, "missing kind"),
        ({"runs": [], "kind": "gradient", "rows": 7}, "invalid rows: 7"),
        ({"runs": [], "kind": "gradient", "step": -1}, "invalid step: -1"),
        ({"runs": [], "kind": "gradient", "bins": 1}, "unknown key: 'bins'"),
    ],
)
def test_bad_questions(histogram_board: TensorBoard, body: dict[str, Any], words: str) -> None:
    response = histogram_board.post("histograms", body)
    assert response.status_code == 400 and words in response.text


def test_what_is_appended_appears_and_the_rest_is_not_decoded_again(loader: str, tmp_path: Path) -> None:
    counts = counts_of(*SAMPLES[0])
    vector = [schema.vector("gradient", "norm", np.zeros(2)), schema.layout_id_entry(AB)]
    with TensorBoard(loader, tmp_path) as board, Log(tmp_path / "live") as log:
        plugin = next(p for p in board.app._plugins if p.plugin_name == "nnviz")
        for step in range(3):
            last = log.entries(step, [*entries("gradient", AB, counts), *vector])
        board.until_written({"live": last})
        for _ in range(3):
            assert ask(board, "live", rows=["a.weight"])["series"][0]["steps"].tolist() == [0, 1, 2]
        assert plugin._histograms.decoded == 3
        last = log.entries(3, [*entries("gradient", AB, counts), *vector])
        board.until_written({"live": last})
        assert ask(board, "live", rows=["b.weight"])["series"][0]["steps"].tolist() == [0, 1, 2, 3]
        assert plugin._histograms.decoded == 4


def _events(steps: range) -> tuple[Points, Points]:
    payload = schema.encode_histograms(counts_of(*SAMPLES[0]))
    ids = Points.of((step, float(step), np.array([AB.id])) for step in steps)
    return ids, Points.of((step, float(step), payload) for step in steps)


TABLES = {AB.id: [{"name": row.name} for row in AB.rows]}


def test_the_cache_is_bounded_and_forgets_the_oldest() -> None:
    ids, payloads = _events(range(4))
    size = HistogramCache().make(("", "x", "gradient"), ids, payloads, TABLES).nbytes
    cache = HistogramCache(2 * size)
    for run in "abc":
        cache.make(("", run, "gradient"), ids, payloads, TABLES)
    found = [cache.find(("", run, "gradient"), fingerprint(ids, TABLES)) is not None for run in "abc"]
    assert found == [False, True, True] and cache.nbytes == 2 * size
    small = HistogramCache(size - 1)
    assert len(small.make(("", "a", "gradient"), ids, payloads, TABLES).steps) == 4
    assert small.nbytes == 0


def test_an_event_whose_counts_are_still_to_come_is_asked_for_again() -> None:
    """The Python loader publishes the tags of an event one after the other."""
    cache, name = HistogramCache(), ("", "run", "gradient")
    ids, payloads = _events(range(4))
    _, early = _events(range(3))
    assert len(cache.make(name, ids, early, TABLES).steps) == 3
    assert cache.find(name, fingerprint(ids, TABLES)) is None
    assert len(cache.make(name, ids, payloads, TABLES).steps) == 4
    assert cache.decoded == 4 and cache.find(name, fingerprint(ids, TABLES)) is not None


def test_threads_decode_once() -> None:
    cache, name = HistogramCache(), ("", "run", "gradient")
    ids, payloads = _events(range(50))
    threads = [threading.Thread(target=cache.make, args=(name, ids, payloads, TABLES)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.decoded == 50


def test_cells_are_dense_again() -> None:
    counts = np.random.default_rng(1).integers(0, 3, (7, 520)) * np.random.default_rng(2).integers(0, 2, (7, 1))
    counts[2, 300] = 1 << 30
    parts = join([pack(counts[:3]), pack(counts[3:3]), pack(counts[3:])])
    assert_array_equal(parts.dense(0, 520), counts)
    assert_array_equal(
        parts.take(np.array([6, -1, 2, 2])).dense(100, 300)[:, 200], [counts[6, 300], 0, 1 << 30, 1 << 30]
    )
    assert_array_equal(parts.totals(), counts.sum(1))


def test_an_answer_beyond_its_bound_is_not_made() -> None:
    cells = pack(counts_of(*SAMPLES[0]))
    made = arrays(cells, 1, cells.size, 1 << 20)
    assert made is not None
    size = made["counts"].size
    assert arrays(cells, 1, cells.size, size) is not None and arrays(cells, 1, cells.size, size - 1) is None


def test_of_stock_histograms_only_the_step_asked_for_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = np.array([[1.0, 2.0, 3.0]])
    tags = {name: Points.of((step, float(step), bucket) for step in range(0, 50, 10)) for name in "ab"}
    seen: list[np.ndarray] = []

    def counted(buckets: np.ndarray) -> np.ndarray:
        seen.append(buckets)
        return rebin(buckets)

    monkeypatch.setattr(stock_histograms, "rebin", counted)
    whole, one = stock_history(tags), stock_history(tags, 14)
    assert len(seen) == 10 + 2
    assert one.steps.tolist() == [10.0] and one.wall_times.tolist() == [10.0]
    assert one.cells[0].dense(0, 520).tolist() == whole.cells[1].dense(0, 520).tolist()
