"""The main picture: the demo's four runs, on both of TensorBoard's loaders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.support.browser.colours import is_grey, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Board
from tests.support.event_reader import Run

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]


def compare(view: View, name: str, run: Run) -> set[str]:
    """A run's cells with its event file's numbers, and the pixels with what the numbers say; the states seen."""
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
def test_main_picture(
    load_fast: str, demo_board: Callable[[str], Board], demo_runs: dict[str, Run], visit: Visit
) -> None:
    view = visit.to(demo_board(load_fast))
    # Without our tab in the address, as after typing only the server's name.
    view.page.goto(view.board.url)
    view.page.get_by_role("tab", name="NNVIZ").click()
    view.settle()
    assert view.page.url.endswith("#nnviz")
    state = view.state()
    assert (state["shown"], state["reference"]) == (RUNS, "healthy")
    assert (state["kind"], state["statistic"], state["role"]) == ("gradient", "norm", "weight")
    for run in RUNS:
        expect(view.get(f"heatmap-{run}")).to_be_visible()
        expect(view.get(f"run-{run}")).to_be_visible()
    for part in ("profile", "series", "legend", "readout"):
        expect(view.get(part)).to_be_visible()
    # Maps side by side on the same rows.
    boxes = [view.get(f"heatmap-{run}").bounding_box() for run in RUNS]
    lefts = [box["x"] for box in boxes if box]
    assert lefts == sorted(set(lefts)) and len({(box["y"], box["height"]) for box in boxes if box}) == 1
    last = max(demo_runs["healthy"].tensors["nnviz/gradient/norm"])
    assert state["step"] == last
    # One run at a time is wide enough for a pixel or more a step.
    view.open(runs="healthy")
    assert compare(view, "healthy", demo_runs["healthy"]) == {"value"}


@pytest.mark.parametrize("name", RUNS[1:])
def test_numbers_and_colours_of_a_run(demo_view: View, demo_runs: dict[str, Run], name: str) -> None:
    demo_view.open(runs=name)
    seen = compare(demo_view, name, demo_runs[name])
    assert "value" in seen


def test_headline_metrics_are_the_last_test_accuracies(demo_view: View, demo_runs: dict[str, Run]) -> None:
    for name, run in demo_runs.items():
        accuracies = run.scalars["nnviz/log/test_accuracy"]
        expected = f"{100 * float(accuracies[max(accuracies)]):.1f}%"
        expect(demo_view.get(f"run-{name}").locator(".metric")).to_have_text(expected)
        expect(demo_view.find(f".run-head[title='{name}']")).to_contain_text(expected)


def test_readout_and_tooltip_say_the_event_files_numbers(demo_view: View, demo_runs: dict[str, Run]) -> None:
    row, step = "fc1.weight", sorted(demo_runs["healthy"].tensors["nnviz/gradient/norm"])[5]
    demo_view.click("healthy", row, step)
    shown = demo_view.readout()
    assert list(shown) == RUNS
    for name in RUNS:
        value = demo_runs[name].statistics("gradient", step)[row]["norm"]
        assert float(shown[name]) == pytest.approx(value, rel=5e-3)
        tooltip = demo_view.hover(name, row, step)
        exact = np.float32(tooltip.locator(".value").inner_text())
        # Where steps share a pixel, the tooltip speaks of the one that is drawn.
        told = int(tooltip.locator(".where span").inner_text().removeprefix("step "))
        assert exact == np.float32(demo_runs[name].statistics("gradient", told)[row]["norm"])
        assert abs(told - step) <= 4
        assert name in tooltip.inner_text() and row in tooltip.inner_text()
