"""TensorBoard's own histograms, as other tools write them, on both loaders and from event files.

Every cell is compared with a direct reading of the event files (tests/support/stock_oracle.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.compat.proto import summary_pb2
from tensorboard.context import RequestContext
from torch.utils.tensorboard import SummaryWriter

from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.logs.histograms.quantiles import SPECIAL
from tb_nnviz.logs.histograms.reading import HistogramReading
from tests.support.bins import bin_of
from tests.support.event_logs import Log
from tests.support.stock_oracle import (
    cells,
    event,
    expected,
    histogram_proto,
    keras_buckets,
    keras_constant,
)
from tests.support.tensorboards import TensorBoard

RANDOM = np.random.default_rng(3)
NORMAL = RANDOM.standard_normal(800) * 0.01
DBL_MAX = float(np.finfo(np.float64).max)
#: The limits of TensorFlow 1: 1.1^k of both signs and 0, between -DBL_MAX and DBL_MAX.
POSITIVE = [1e-12 * 1.1**k for k in range(774)]
TF1_LIMITS = [-DBL_MAX, *(-limit for limit in reversed(POSITIVE)), 0.0, *POSITIVE, DBL_MAX]


def with_values(values: np.ndarray, *more: float) -> np.ndarray:
    return np.concatenate([values, more])


#: What torch's SummaryWriter is given, by tag.
TORCH = {
    "normal": NORMAL,
    "one NaN": with_values(NORMAL, np.nan),
    "many NaN": with_values(NORMAL, *[np.nan] * 500),
    "Inf": with_values(NORMAL, np.inf),
    "-Inf": with_values(NORMAL, -np.inf),
    "both Inf": with_values(NORMAL, np.inf, -np.inf),
    "NaN and Inf": with_values(NORMAL, np.inf, np.nan),
    "ones": np.ones(64),
    "zeros": np.zeros(64),
    "constant": np.full(7, -0.3),
    "ReLU": np.maximum(NORMAL, 0),
    "negative": -np.abs(NORMAL) - 1e-3,
    "zero and NaN": with_values(np.zeros(5), 1.0, np.nan),
    "tiny": np.array([5e-13, -5e-13, 2e-30]),
    "huge": np.array([1e10, 2e19, -3e15, 1.0]),
    "float32": (NORMAL * 1e3).astype(np.float32),
    "whole numbers": np.arange(-50, 50),
}
#: Histograms of other writers, by tag.
OTHERS: dict[str, Any] = {
    "keras/normal": keras_buckets(NORMAL),
    "keras/ones": keras_buckets(np.ones(12)),
    "keras/ReLU": keras_buckets(np.maximum(NORMAL, 0)),
    "keras/negative": keras_buckets(-np.abs(NORMAL)),
    "keras/7 buckets": keras_buckets(NORMAL, 7),
    "old keras/zeros": keras_constant(0.0, 9),
    "old keras/ones": keras_constant(1.0, 9),
    "old keras/constant": keras_constant(-2.25, 9),
    "one bucket": np.array([[-1.0, 3.0, 8.0]]),
    "float32": keras_buckets(NORMAL).astype(np.float32),
    "unbounded": np.array([[-DBL_MAX, -0.5, 0.0], [-0.5, 0.5, 4.0], [0.5, 0.75, 6.0], [0.75, DBL_MAX, 0.0]]),
    "tf1/normal": histogram_proto(NORMAL, TF1_LIMITS),
    "tf1/ones": histogram_proto(np.ones(5), TF1_LIMITS),
    "tf1/zeros": histogram_proto(np.zeros(5), TF1_LIMITS),
    "tf1/negative": histogram_proto(-np.abs(NORMAL), TF1_LIMITS),
    "tf1/two limits": histogram_proto(NORMAL, [0.0, DBL_MAX]),
    "tensorboardX/raw": histogram_proto(NORMAL, np.linspace(-0.05, 0.05, 21)),
    "tensorboardX/NaN": histogram_proto(with_values(NORMAL, np.nan), TF1_LIMITS),
}


class Stock:
    """A logdir with runs of other writers, and the wall time of each run's last event."""

    def __init__(self, logdir: Path) -> None:
        self.logdir = logdir
        self.last: dict[str, float] = {}
        with SummaryWriter(str(logdir / "torch")) as writer, np.errstate(invalid="ignore"):
            for step in (0, 10, 20):
                for tag, values in TORCH.items():
                    writer.add_histogram(tag, values, step)
        self.last["torch"] = max(one.wall_time for tag in cells(logdir / "torch").values() for one in tag.values())
        self._write("others", [(3, tag, content) for tag, content in OTHERS.items()])
        # The tags have steps of their own, and each event has a wall time of its own.
        layers = [f"layer{i}/kernel" for i in (0, 1, 2, 10, 11, 100)]
        often = [(step, tag, keras_buckets(NORMAL * (step + 1))) for step in range(12) for tag in layers]
        rare = [(5 * i, "rare", keras_buckets(NORMAL)) for i in range(3)]
        self._write(
            "cadence", [(0, "a first", keras_buckets(NORMAL)), *often, *rare, (40, "a last", keras_buckets(NORMAL))]
        )
        again = [*range(6), 3, 3, 4, 2, 5]
        self._write("again", [(step, "steps", keras_buckets(NORMAL + i)) for i, step in enumerate(again)])
        whole = keras_buckets(NORMAL)
        self._write(
            "invalid",
            [
                (0, "sound", whole),
                (0, "empty", np.zeros((0, 3))),
                (0, "no elements", whole * [1, 1, 0]),
                (0, "nowhere", whole * [np.nan, np.nan, 1]),
                (0, "nothing", whole * [np.nan, np.nan, 0]),
                (0, "two columns", whole[:, :2]),
                (0, "flat", whole.ravel()),
                (0, "negative", whole * -1),
                (0, "texts", np.array([["a", "b", "c"]])),
                (0, "huge", np.tile(whole, (3000, 1))),
                (1, "sound", whole),
            ],
        )  # fmt: skip
        with Log(logdir / "by name") as log:
            for i, name in enumerate(("b10", "b9", "a", "b1.x10", "b1.x9", "b01")):
                log.event(event(0, 100.0 + i, f"parameters/{name}", whole))
            self.last["by name"] = 105.0

    def _write(self, run: str, events: list[tuple[int, str, Any]]) -> None:
        with Log(self.logdir / run) as log:
            for i, (step, tag, content) in enumerate(events):
                self.last[run] = 1000.0 + i
                log.event(event(step, self.last[run], tag, content))


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    return Stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture(scope="module")
def stock_board(loader: str, stock: Stock) -> Iterator[TensorBoard]:
    with TensorBoard(loader, stock.logdir, "--samples_per_plugin=histograms=500") as board:

        def is_read() -> bool:
            listed = board.provider.list_tensors(RequestContext(), experiment_id="", plugin_name="histograms")
            latest = {run: max(one.max_wall_time for one in tags.values()) for run, tags in listed.items()}
            return all(latest.get(run, 0) >= last for run, last in stock.last.items())

        board.until(is_read)
        yield board


def ask(board: TensorBoard, *runs: str, **more: Any) -> Any:
    return board._binary("histograms", {"runs": runs, "kind": "stock", **more})


def whole(series: dict[str, Any]) -> np.ndarray:
    """Return the counts of all 520 bins: [steps, rows, 520]."""
    counts = series["counts"]
    table = np.zeros((*counts.shape[:2], 520))
    table[:, :, series["first_bin"] : series["first_bin"] + counts.shape[2]] = counts
    table[:, :, SPECIAL] = series["special"]
    return table


def check(series: dict[str, Any], run: Path, left_out: tuple[str, ...] = ()) -> int:
    """Compare every cell of an answer with the files, and return their number."""
    found = cells(run)
    steps = series["steps"].astype(int).tolist()
    assert steps == sorted({step for tag in found.values() for step in tag})
    walls = [max(tag[step].wall_time for tag in found.values() if step in tag) for step in steps]
    assert series["wall_times"].tolist() == walls
    table, checked = whole(series), 0
    for column, row in enumerate(series["rows"]):
        for at, step in enumerate(steps):
            if step not in found[row] or row in left_out:
                assert series["absent"][at, column] == 1 and not table[at, column].any(), (row, step)
                continue
            wanted = expected(found[row][step])
            total = np.nansum(wanted)
            # The Python loader rounds the edges of a HistogramProto to float32.
            np.testing.assert_allclose(
                table[at, column], wanted, rtol=1e-4, atol=1e-4 * total, err_msg=f"{row}, {step}"
            )
            assert series["absent"][at, column] == 0
            checked += 1
    return checked


@pytest.mark.parametrize("run", ["torch", "others", "cadence", "again"])
def test_stock_cells_equal_the_event_files(stock_board: TensorBoard, stock: Stock, run: str) -> None:
    tags = list(cells(stock.logdir / run))
    answer = ask(stock_board, run, rows=tags)
    assert answer["missing"] == []
    (series,) = answer["series"]
    assert series["rows"] == tags
    assert check(series, stock.logdir / run) == sum(map(len, cells(stock.logdir / run).values()))


@pytest.mark.parametrize("run", ["torch", "others", "cadence", "again"])
def test_stock_cells_from_event_files_are_equal(stock: Stock, run: str) -> None:
    reading = HistogramReading(EventFileReader(stock.logdir), [run], "stock")
    (one,) = reading.read(list(cells(stock.logdir / run)))
    dense = one.histograms
    series = {"rows": one.rows, "steps": one.steps, "wall_times": one.wall_times, "first_bin": dense.first_bin}
    check({**series, "counts": dense.counts, "special": dense.special, "absent": dense.absent}, stock.logdir / run)
    assert reading.missing == []


def test_stock_all_rows_at_a_step_are_those_of_the_step(stock_board: TensorBoard, stock: Stock) -> None:
    (series,) = ask(stock_board, "cadence", step=5)["series"]
    rows = dict(zip(series["rows"], series["absent"][0].tolist(), strict=True))
    assert [name for name, absent in rows.items() if not absent] == [
        *(f"layer{i}/kernel" for i in (0, 1, 2, 10, 11, 100)),
        "rare",
    ]
    assert len(rows) == 9


def test_stock_listing_has_the_steps_of_all_rows_in_natural_order(stock_board: TensorBoard) -> None:
    answer = ask(stock_board, "cadence", "again")
    cadence, again = answer["runs"]
    assert cadence["steps"].tolist() == [*range(12), 40]
    assert again["steps"].tolist() == [0, 1, 2, 5]
    names = [row["name"] for row in answer["layouts"][str(cadence["layout"])]]
    assert names == ["a first", "a last", *(f"layer{i}/kernel" for i in (0, 1, 2, 10, 11, 100)), "rare"]


def test_stock_rows_by_name_come_in_natural_order(stock_board: TensorBoard) -> None:
    (series,) = ask(stock_board, "by name", kind="parameter", step=0)["series"]
    assert series["rows"] == ["a", "b01", "b1.x9", "b1.x10", "b9", "b10"]


def test_stock_nonfinite_elements_have_unknown_counts(stock_board: TensorBoard) -> None:
    tags = ["one NaN", "Inf", "-Inf", "both Inf", "NaN and Inf", "normal"]
    (series,) = ask(stock_board, "torch", rows=tags, step=0)["series"]
    unknown = np.isnan(series["special"][0])[:, [0, 1, 4]].tolist()
    nan, inf, negative, both, all_of_them, none = unknown
    assert nan == all_of_them == [True, True, True] and none == [False, False, False]
    assert inf == [False, False, True] and negative == [False, True, False] and both == [False, True, True]
    assert not series["special"][0][:, [2, 3]].any(), "no finite element is shown beyond 2^24"
    # Quantiles are those of the finite elements.
    for row in series["quantiles"][0]:
        low, high = np.quantile(NORMAL, [0.45, 0.55])
        assert low <= row[2] <= high


def test_stock_constants_lie_in_their_bin(stock_board: TensorBoard) -> None:
    (torch_run,) = ask(stock_board, "torch", rows=["ones", "zeros", "constant"], step=0)["series"]
    (others,) = ask(stock_board, "others", rows=["old keras/ones", "old keras/zeros", "keras/ones", "tf1/ones"])[
        "series"
    ]
    for series, values in ((torch_run, [1.0, 0.0, -0.3]), (others, [1.0, 0.0, 1.0, 1.0])):
        places = [np.flatnonzero(row).tolist() for row in whole(series)[0]]
        assert places == [[bin_of(value)] for value in values]


def test_stock_invalid_histograms_are_missing_by_row(stock_board: TensorBoard) -> None:
    answer = ask(stock_board, "invalid", step=0)
    (series,) = answer["series"]
    present = [row for row, absent in zip(series["rows"], series["absent"][0], strict=True) if not absent]
    assert present == ["sound"]
    reasons = {item["row"]: item["reason"].removesuffix(", at step 0") for item in answer["missing"]}
    assert reasons == {
        "nowhere": "invalid histogram: elements without a place (both edges of a bucket are NaN or infinite)",
        "nothing": "invalid histogram: no element has a place (its edges are NaN or infinite)",
        "two columns": "invalid histogram: shape [30, 2] (expected [buckets, 3])",
        "flat": "invalid histogram: shape [90] (expected [buckets, 3])",
        "negative": "invalid histogram: a bucket with -1 elements (expected 0 or more)",
        None: "texts: cannot be read: invalid tensor: dtype DT_STRING (expected numbers)",
        "huge": "too many buckets: 90000 (at most 65536 in a histogram)",
    }


def test_stock_one_place_for_nan_of_one_value_is_unknown(loader: str, tmp_path: Path) -> None:
    """The Python loader keeps neither edge of a bucket that is the first and the last with elements."""
    with Log(tmp_path / "run") as log:
        log.event(event(0, 7.0, "x", histogram_proto(np.array([1.0, 1.0, np.nan]), TF1_LIMITS)))
    with TensorBoard(loader, tmp_path) as board:
        answer = board.until(lambda: (one := ask(board, "run", rows=["x"]))["series"] and one)
    (series,) = answer["series"]
    if loader == "python":
        assert series["absent"].tolist() == [[1]] and "elements without a place" in answer["missing"][0]["reason"]
    else:
        # 1.0 lies between the limits 0.917 and 1.009.
        table = whole(series)[0, 0]
        assert table[[bin_of(0.95), bin_of(1.0)]].sum() == pytest.approx(2) and math.isnan(table[0])


def test_stock_raw_proto_without_buckets_is_empty(loader: str, tmp_path: Path) -> None:
    with Log(tmp_path / "run") as log:
        log.event(event(0, 7.0, "x", summary_pb2.HistogramProto(min=DBL_MAX, max=-DBL_MAX)))
        log.event(event(0, 8.0, "y", keras_buckets(NORMAL)))
    with TensorBoard(loader, tmp_path) as board:
        answer = board.until(lambda: (one := ask(board, "run", rows=["x", "y"]))["series"] and one)
    assert answer["series"][0]["absent"].tolist()[0] == [1, 0] and answer["missing"] == []
