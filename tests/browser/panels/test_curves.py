"""Tests of the Curves panel: values and lines against the event files, and links from a peak to its layer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from tensorboard.compat.proto import event_pb2

from tb_nnviz import schema
from tests.browser.conftest import Pages
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_logs import Log, layout
from tests.support.event_reader import Run

LOSS = "nnviz/log/loss"
COLOUR = {"healthy": (0x42, 0x50, 0x66)}


def plot(view: View, chart: str) -> dict[str, Any]:
    """Return the plot area of a chart in the page, and the ranges of its axes."""
    found = view.get(f"chart-{chart}").locator(".plot")
    box = found.locator(".plot-over").bounding_box()
    mode, low, high = str(found.get_attribute("data-y")).split(" ")
    x = [float(end) for end in str(found.get_attribute("data-x")).split(" ")]
    assert box
    return {"box": box, "x": x, "log": mode == "log", "y": (float(low), float(high))}


def rows_at(picture: Any, at: dict[str, Any], step: float, colour: tuple[int, int, int]) -> list[float]:
    """Return the rows of pixels at which a line of a colour crosses the column of a step."""
    box = at["box"]
    x = box["x"] + box["width"] * (step - at["x"][0]) / (at["x"][1] - at["x"][0])
    rows = range(int(box["y"]), int(box["y"] + box["height"]) + 1)
    found = []
    for row in rows:
        near = [picture.getpixel((int(x) + dx, row)) for dx in (-1, 0, 1)]
        if any(max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) <= 40 for pixel in near):
            found.append(row)
    return found


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Return TensorBoard's debiased moving average, computed as a weighted mean."""
    n = len(values)
    weights = weight ** np.arange(n)[::-1] if weight else None
    if weights is None:
        return values
    return np.array([np.average(values[: i + 1], weights=weights[n - 1 - i :]) for i in range(n)])


def values(view: View, chart: str) -> dict[tuple[str, str], str]:
    """Return the displayed values by run and tag."""
    return {
        (str(item.get_attribute("data-run")), str(item.get_attribute("data-tag"))): item.locator(".value").inner_text()
        for item in view.get(f"chart-{chart}").locator(".values li").all()
    }


def test_every_scalar_has_a_chart(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs=",".join(demo_runs), panel="curves")
    charts = [str(chart.get_attribute("data-testid")) for chart in demo_view.find("article.chart").all()]
    assert charts == [
        *(f"chart-{name}" for name in ("loss", "accuracy", "learning_rate", "gradient_norm")),
        *(f"chart-{name}" for name in ("stale_gradient", "batch_norm_evaluation", "overhead_seconds")),
    ]
    expect(demo_view.get("chart-accuracy").locator("header")).to_contain_text("test")


def test_readout_has_values_of_event_files(demo_view: View, demo_runs: dict[str, Run]) -> None:
    step = sorted(demo_runs["healthy"].scalars[LOSS])[-3]
    demo_view.open(runs=",".join(demo_runs), panel="curves", step=str(step))
    shown = values(demo_view, "loss") | values(demo_view, "accuracy") | values(demo_view, "learning_rate")
    for (run, tag), text in shown.items():
        scalars = demo_runs[run].scalars[tag]
        nearest = min(scalars, key=lambda other: (abs(other - step), other))
        value = float(scalars[nearest])
        assert float(text.replace("Inf", "inf")) == pytest.approx(value, rel=5e-3, nan_ok=True), (run, tag)
    assert {run for run, tag in shown if tag == LOSS} == set(demo_runs)


@pytest.mark.parametrize("weight", ["0", "0.9"])
def test_lines_are_drawn_at_logged_values(demo_view: View, demo_runs: dict[str, Run], weight: str) -> None:
    demo_view.open(runs="healthy", panel="curves", **{"cur.smooth": weight, "cur.y": "linear", "cur.outliers": "1"})
    scalars = demo_runs["healthy"].scalars[LOSS]
    steps = sorted(scalars)
    expected = smoothed(np.array([scalars[step] for step in steps], np.float64), float(weight))
    at, picture = plot(demo_view, "loss"), demo_view.picture().image
    (low, high), box = at["y"], at["box"]
    for i in range(5, len(steps) - 5, max(1, len(steps) // 25)):
        y = box["y"] + box["height"] * (1.01 - (expected[i] - low) / (high - low)) / 1.02
        found = rows_at(picture, at, steps[i], COLOUR["healthy"])
        # The line between neighbours may leave a point by a pixel or two.
        assert found and min(found) - 4 <= y <= max(found) + 4, (steps[i], y, found)


def test_click_moves_cursor_and_explain_opens_the_layer(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs="deep-sigmoid", panel="curves")
    at = plot(demo_view, "loss")
    box, last = at["box"], max(demo_runs["deep-sigmoid"].scalars[LOSS])
    x = box["x"] + box["width"] * (0.7 * last - at["x"][0]) / (at["x"][1] - at["x"][0])
    demo_view.page.mouse.click(x, box["y"] + box["height"] / 2)
    demo_view.until("__nnviz.state().step !== null")
    step = int(demo_view.get("explain").inner_text().rpartition(" ")[2])
    assert abs(step - 0.7 * last) <= 2
    cursor = demo_view.get("curve-cursor").first.bounding_box()
    assert cursor and abs(cursor["x"] - x) < 4
    demo_view.get("explain").click()
    demo_view.until("__nnviz.state().panel === null")
    state = demo_view.settle().state()
    # Expected is the row with the largest ratio to its median over the 20 logged steps before.
    best = (0.0, "", "", 0)
    run = demo_runs["deep-sigmoid"]
    for kind, statistic in (("gradient", "norm"), ("update", "ratio")):
        logged = sorted(run.tensors[f"nnviz/{kind}/{statistic}"])
        near = min(logged, key=lambda other: (abs(other - step), other))
        place = logged.index(near)
        table = np.array([run.tensors[f"nnviz/{kind}/{statistic}"][s] for s in logged[max(0, place - 20) : place]])
        with np.errstate(all="ignore"):  # rows without a gradient
            ratios = run.tensors[f"nnviz/{kind}/{statistic}"][near] / np.median(table, axis=0)
        row = int(np.nanargmax(ratios))
        best = max(best, (float(ratios[row]), kind, run.rows(kind, near)[row]["name"], near))
    assert (state["kind"], state["row"], state["step"]) == best[1:]


def test_drag_zooms_all_charts_and_double_click_resets(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs="healthy", panel="curves")
    before = plot(demo_view, "loss")
    box, mouse = before["box"], demo_view.page.mouse
    y = box["y"] + 60
    mouse.move(box["x"] + box["width"] * 0.25, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    mouse.up()
    expect(demo_view.get("cur-reset")).to_be_visible()
    span = before["x"][1] - before["x"][0]
    ends = [before["x"][0] + share * span for share in (0.25, 0.5)]
    for chart in ("loss", "gradient_norm"):
        assert plot(demo_view, chart)["x"] == pytest.approx(ends, abs=span / 80)
    assert "cur.zoom" in demo_view.page.url
    box = plot(demo_view, "gradient_norm")["box"]
    mouse.dblclick(box["x"] + 80, box["y"] + 60)
    expect(demo_view.get("cur-reset")).to_have_count(0)
    assert plot(demo_view, "loss")["x"] == before["x"]


def test_csv_holds_all_logged_values(demo_view: View, demo_runs: dict[str, Run], tmp_path: Path) -> None:
    demo_view.open(runs="healthy,deep-sigmoid", panel="curves", **{"cur.filter": "^loss"})
    expect(demo_view.find("article.chart")).to_have_count(1)
    with demo_view.page.expect_download() as download:
        demo_view.get("export-csv").click()
    download.value.save_as(tmp_path / "curves.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "curves.csv").read_text())))
    for name in ("healthy", "deep-sigmoid"):
        scalars = demo_runs[name].scalars[LOSS]
        displayed = {int(row["step"]): np.float32(row["value"]) for row in rows if row["run"] == name}
        assert displayed == {step: np.float32(value) for step, value in scalars.items()}


def test_pinned_and_enlarged_charts_are_first_and_in_the_link(demo_view: View) -> None:
    demo_view.open(runs="healthy", panel="curves")
    demo_view.get("pin-gradient_norm").click()
    demo_view.get("enlarge-learning_rate").click()
    charts = demo_view.find("article.chart")
    expect(charts.nth(0)).to_have_attribute("data-testid", "chart-learning_rate")
    expect(charts.nth(1)).to_have_attribute("data-testid", "chart-gradient_norm")
    keys = demo_view.state()["panelKeys"]
    assert (keys["cur.pins"], keys["cur.large"]) == ("gradient_norm", "learning_rate")


ROWS = layout(["stem.weight", "middle.weight", "head.weight"])
SPIKE, STEPS = 80, 100


@pytest.fixture(scope="module")
def spike_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server on a run with a peak, a skipped step and scalars per epoch, and on a run without scalars."""
    logdir = tmp_path_factory.mktemp("curves")
    random = np.random.default_rng(0)
    with Log(logdir / "spike") as log, Log(logdir / "bare") as bare:
        for step in range(STEPS):
            norms = (1 + 0.1 * random.random(3)).astype(np.float32)
            loss = 1 + 0.05 * random.random()
            if step == SPIKE:
                norms[1], norms[2], loss = 40.0, 9.0, 30.0
            scalars = [schema.scalar(LOSS, loss), schema.scalar("nnviz/global/gradient_norm", float(norms.sum()))]
            scalars.append(schema.scalar("nnviz/global/skipped", float(step == 30)))
            if step % 10 == 9:  # a scalar per epoch by the user's own writer
                scalars.append(schema.scalar(LOSS.replace("loss", "val_loss"), 1.5))
            counts = np.full(3, 12, np.float32)
            wall = log.vectors(step, ROWS, {"norm": norms, "count": counts}, scalars)
            if step % 10 == 9:
                own = event_pb2.Event(step=step // 10, wall_time=wall + 0.5)
                own.summary.value.add(tag="my/score", simple_value=step / 10)
                log.event(own)
            bare.vectors(step, ROWS, {"norm": norms, "count": counts})
    with Server(logdir, {"spike": STEPS - 1, "bare": STEPS - 1}) as server:
        yield server


def test_click_on_peak_opens_its_layer(spike_server: Server, pages: Pages) -> None:
    view = pages.new(spike_server).open(runs="spike", panel="curves")
    marks = view.get("chart-loss").locator(".chart-marks button")
    assert {(m.get_attribute("data-kind"), m.get_attribute("data-step")) for m in marks.all()} == {
        ("peak", str(SPIKE)),
        ("finding", "0"),
        ("finding", str(SPIKE)),
        ("skipped", "30"),
    }
    expect(view.get("chart-loss").locator("header")).to_contain_text("validation")
    # The user's scalars count epochs and are drawn at the step of the same wall time.
    own = view.get("chart-own:my/score")
    expect(own.get_by_test_id("by-time")).to_contain_text("by time")
    assert plot(view, "own:my/score")["x"] == plot(view, "loss")["x"]
    marks.locator("xpath=self::*[@data-kind='peak']").click()
    view.until("__nnviz.state().panel === null")
    state = view.settle().state()
    assert (state["kind"], state["row"], state["step"]) == ("gradient", "middle.weight", SPIKE)


def test_panel_without_scalars_names_code_that_fills_it(spike_server: Server, pages: Pages) -> None:
    view = pages.new(spike_server).open(runs="bare", panel="curves")
    expect(view.get("panel-empty")).to_contain_text("monitor.log(loss=loss)")
