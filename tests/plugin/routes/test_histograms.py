"""The route ``histograms`` on both loaders, compared with the samples behind the histograms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tb_nnviz import schema
from tb_nnviz.logs.histograms.quantiles import QUANTILES, SPECIAL
from tests.support.bins import bin_of, counts_of, ends
from tests.support.event_logs import WALL_TIME, Log
from tests.support.logs.histograms import AB, SAMPLES, Logs, entries
from tests.support.tensorboards import TensorBoard


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
    """Return the counts of all 520 bins: [steps, rows, 520]."""
    counts = series["counts"]
    table = np.zeros((*counts.shape[:2], 520))
    table[:, :, series["first_bin"] : series["first_bin"] + counts.shape[2]] = counts
    table[:, :, SPECIAL] = series["special"]
    return table


def test_histograms_of_rows_have_every_bin_and_step(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "own", rows=["b.weight", "a.weight"])
    assert answer["missing"] == [] and answer["quantiles"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    (series,) = answer["series"]
    assert (series["run"], series["source"], series["rows"]) == ("own", "nnviz", ["b.weight", "a.weight"])
    assert_array_equal(series["steps"], [0, 10, 20, 30])
    assert_array_equal(series["wall_times"], WALL_TIME + 1 + np.arange(4))
    assert_array_equal(whole(series), np.stack([counts_of(b, a) for a, b in SAMPLES]))
    assert series["counts"].dtype == series["special"].dtype == np.int32
    # Counts of NaN, -Inf, x <= -2^24, x >= 2^24 and +Inf in row b at the last step. None of them is in `counts`.
    assert series["special"][3, 0].tolist() == [9, 1, 1, 1, 3]
    bins = series["first_bin"] + np.arange(series["counts"].shape[2])
    assert bins[0] >= 3 and bins[-1] <= 517
    assert [int(series["counts"][0, 0, 259 - bins[0] + k]) for k in range(3)] == [1, 40, 1]
    assert not series["absent"].any()


def test_histograms_quantiles_lie_in_numpys_bin(histogram_board: TensorBoard) -> None:
    (series,) = ask(histogram_board, "own", rows=["a.weight", "b.weight"])["series"]
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


def test_histograms_at_one_step_have_all_rows(histogram_board: TensorBoard) -> None:
    (series,) = ask(histogram_board, "own", step=16)["series"]
    assert series["rows"] == ["a.weight", "b.weight"] and series["steps"].tolist() == [20]
    assert_array_equal(whole(series)[0], counts_of(*SAMPLES[2]))
    (series,) = ask(histogram_board, "own", step=15, rows=["b.weight"])["series"]
    assert series["steps"].tolist() == [10]


def test_histograms_of_resumed_and_grown_run(histogram_board: TensorBoard) -> None:
    (series,) = ask(histogram_board, "resumed", rows=["c.weight", "a.weight"])["series"]
    assert series["steps"].tolist() == [0, 10, 15]  # step 20 and the first step 10 were abandoned
    assert series["absent"].tolist() == [[1, 0], [0, 0], [0, 0]]
    table = whole(series)
    assert_array_equal(table[0], [np.zeros(520), counts_of(SAMPLES[0][0])[0]])
    assert_array_equal(table[1, 1], counts_of(SAMPLES[3][0])[0])
    assert table[2, 0].sum() == 20
    assert np.isnan(series["quantiles"][0, 0]).all()


def test_histograms_without_rows_are_listed(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "own", "resumed", "stock", kind="gradient")
    runs = {run["run"]: run for run in answer["runs"]}
    assert runs["own"]["kinds"] == {"gradient": "nnviz"}
    assert runs["stock"]["kinds"] == {"parameter": "stock", "stock": "stock"}
    assert runs["own"]["steps"].tolist() == [0, 10, 20, 30] and runs["stock"]["steps"].size == 0

    def names(run: str) -> list[str]:
        return [row["name"] for row in answer["layouts"][str(runs[run]["layout"])]]

    assert names("own") == ["a.weight", "b.weight"]
    assert names("resumed") == ["a.weight", "b.weight", "c.weight"]
    assert answer["layouts"][str(runs["own"]["layout"])][0]["shape"] == [4, 3]
    (stock,) = ask(histogram_board, "stock", kind="stock")["runs"]
    assert stock["steps"].tolist() == [0, 50]


def test_histograms_stock_ones_are_used_without_own(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "stock", "own", kind="parameter", rows=["a.weight"])
    (series,) = answer["series"]
    assert (series["source"], series["steps"].tolist()) == ("stock", [0, 50])
    assert [problem["run"] for problem in answer["missing"]] == ["own"]
    sample = SAMPLES[2][0]
    buckets = schema.stock_histogram(counts_of(sample)[0])
    assert series["counts"].dtype == np.float32
    for step in (0, 1):
        np.testing.assert_allclose(series["counts"][step].sum(), len(sample), rtol=1e-6)
        for share, got in zip(QUANTILES, series["quantiles"][step, 0], strict=True):
            # Bins are joined into at most 60 buckets, so a quantile is known only up to its bucket.
            expected = np.quantile(sample, share, method="inverted_cdf")
            (bucket,) = [one for one in buckets if one[0] <= expected <= one[1]]
            assert bucket[0] - 1e-7 <= got <= bucket[1] + 1e-7
    (mine,) = ask(histogram_board, "stock", kind="stock", rows=["mine"])["series"]
    # 4 elements are spread over -1 to 1, and 6 over 1 to 3.
    np.testing.assert_allclose(mine["quantiles"][0, 0], [-0.75, 0.25, 4 / 3, 2 + 1 / 6, 2 + 5 / 6], rtol=1e-5)
    table = whole(mine)[0, 0]
    np.testing.assert_allclose(table[bin_of(2.0)], 6 * 0.5 / 2, rtol=1e-6)
    np.testing.assert_allclose(table[bin_of(-0.5)], 4 * 0.125 / 2, rtol=1e-6)
    assert table[260] == 0


def test_histograms_broken_or_unknown_are_missing(histogram_board: TensorBoard) -> None:
    answer = ask(histogram_board, "broken", "own", "none", rows=["a.weight", "z"])
    broken, own = answer["series"]
    assert broken["steps"].tolist() == [0, 2] and own["rows"] == ["a.weight"]
    reasons = [(problem["run"], problem["row"], problem["reason"]) for problem in answer["missing"]]
    assert ("broken", None, "invalid histograms: error: Error -3 while decompressing data: incorrect header check, "
            "at step 1") in reasons  # fmt: skip
    assert ("own", "z", "no histograms of 'z' in run 'own'") in reasons
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
def test_histograms_invalid_query_answers_400(histogram_board: TensorBoard, body: dict[str, Any], words: str) -> None:
    response = histogram_board.post("histograms", body)
    assert response.status_code == 400 and words in response.text


def test_histograms_appended_step_decodes_only_that_step(loader: str, tmp_path: Path) -> None:
    counts = counts_of(*SAMPLES[0])
    vector = [schema.vector("gradient", "norm", np.zeros(2)), schema.layout_id_entry(AB)]
    with TensorBoard(loader, tmp_path) as board, Log(tmp_path / "live") as log:
        plugin = next(p for p in board.app._plugins if p.plugin_name == "nnviz")
        for step in range(3):
            last = log.entries(step, [*entries("gradient", AB, counts), *vector])
        board.until_written({"live": last})
        for _ in range(3):
            assert ask(board, "live", rows=["a.weight"])["series"][0]["steps"].tolist() == [0, 1, 2]
        assert plugin.caches.histograms.decoded == 3
        last = log.entries(3, [*entries("gradient", AB, counts), *vector])
        board.until_written({"live": last})
        assert ask(board, "live", rows=["b.weight"])["series"][0]["steps"].tolist() == [0, 1, 2, 3]
        assert plugin.caches.histograms.decoded == 4
