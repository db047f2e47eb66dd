"""Tests of the default view of the demo's four runs, on both of TensorBoard's loaders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages
from tests.support.browser.colours import is_grey, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]


def compare(view: View, name: str, run: Run) -> set[str]:
    """Compare a run's cells and pixels with its event file, and return the states of the cells."""
    picture, scale, state = view.picture(), view.range(), view.state()
    rows = [line["key"] for line in state["lines"] if line["type"] == "row"]
    assert rows == [row["name"] for row in run.rows("gradient", 0) if row["role"] == "weight"]
    steps = sorted(run.tensors["nnviz/gradient/norm"])
    seen = set()
    # The cursor covers the first row and the last step.
    written = {step: run.statistics("gradient", step) for step in steps[3:-3:13]}
    places = [(row, step) for step in written for row in rows[1:]]
    for (row, step), (shown, box) in zip(places, view.cells(name, places), strict=True):
        value, where = written[step][row]["norm"], f"{name} {row} at step {step}"
        np.testing.assert_equal(shown["value"], value, err_msg=where)
        assert shown["state"] == scale.state(value), where
        seen.add(shown["state"])
        if shown["state"] == "value":
            assert picture.centre(box) == scale.colour(value), where
        elif shown["state"] == "zero":
            assert is_grey(picture.centre(box)), where
        elif shown["state"] == "nonfinite":
            strip = {**box, "x": box["x"] - 6, "width": box["width"] + 12}
            assert any(is_magenta(colour) for colour in picture.colours(strip)), where
    return seen


@pytest.mark.parametrize("load_fast", ["true", "false"])
def test_main_picture_equals_event_files_on_both_loaders(
    load_fast: str, demo_server: Callable[[str], Server], demo_runs: dict[str, Run], pages: Pages
) -> None:
    view = pages.new(demo_server(load_fast))
    # The URL does not name the tab, as if the user typed only the server's address.
    view.page.goto(view.server.url)
    view.page.get_by_role("tab", name="NNVIZ").click()
    view.settle()
    assert view.state()["view"]["panel"] == "health"
    view.get("tab-gradient_flow").click()
    view.settle()
    state = view.state()
    assert (state["shown"], state["reference"]) == (RUNS, "healthy")
    assert (state["kind"], state["statistic"], state["role"]) == ("gradient", "norm", "weight")
    for run in RUNS:
        expect(view.get(f"heatmap-{run}")).to_be_visible()
        expect(view.get(f"run-{run}")).to_be_visible()
    for part in ("profile", "series", "legend", "readout"):
        expect(view.get(part)).to_be_visible()
    # The maps are side by side on the same rows.
    boxes = [view.get(f"heatmap-{run}").bounding_box() for run in RUNS]
    lefts = [box["x"] for box in boxes if box]
    assert lefts == sorted(set(lefts)) and len({(box["y"], box["height"]) for box in boxes if box}) == 1
    last = max(demo_runs["healthy"].tensors["nnviz/gradient/norm"])
    assert state["step"] == last
    # A single run is wide enough for at least one pixel per step.
    view.open(runs="healthy")
    assert compare(view, "healthy", demo_runs["healthy"]) == {"value"}


@pytest.mark.parametrize("name", RUNS[1:])
def test_run_has_values_and_colours_of_event_file(demo_view: View, demo_runs: dict[str, Run], name: str) -> None:
    demo_view.open(runs=name)
    seen = compare(demo_view, name, demo_runs[name])
    assert "value" in seen


def test_headline_metric_is_last_test_accuracy(demo_view: View, demo_runs: dict[str, Run]) -> None:
    for name, run in demo_runs.items():
        accuracies = run.scalars["nnviz/log/test_accuracy"]
        expected = f"{100 * float(accuracies[max(accuracies)]):.1f}%"
        expect(demo_view.get(f"run-{name}").locator(".metric")).to_have_text(expected)
        expect(demo_view.find(f".run-head[title='{name}']")).to_contain_text(expected)


def test_readout_and_tooltip_have_values_of_event_files(demo_view: View, demo_runs: dict[str, Run]) -> None:
    row, step = "fc1.weight", sorted(demo_runs["healthy"].tensors["nnviz/gradient/norm"])[5]
    demo_view.click("healthy", row, step)
    shown = demo_view.readout()
    assert list(shown) == RUNS
    for name in RUNS:
        value = demo_runs[name].statistics("gradient", step)[row]["norm"]
        assert float(shown[name]) == pytest.approx(value, rel=5e-3)
        tooltip = demo_view.hover(name, row, step)
        exact = np.float32(tooltip.locator(".value").inner_text())
        # If steps share a pixel, the tooltip has the one that is drawn.
        displayed = int(tooltip.locator(".where span").inner_text().removeprefix("step "))
        assert exact == np.float32(demo_runs[name].statistics("gradient", displayed)[row]["norm"])
        assert abs(displayed - step) <= 4
        assert name in tooltip.inner_text() and row in tooltip.inner_text()
