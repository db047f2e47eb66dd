"""Tests of what is drawn above charts: it follows every change of the chart's size and range."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages
from tests.support.browser.page_driver import NARROW, WIDE, View
from tests.support.browser.servers import Server

RUNS = "healthy,deep-sigmoid,lr-too-high,dying-relu"
#: Pixels between a mark and its step.
TOLERANCE = 1.5


def places(view: View, chart: str) -> dict[str, tuple[list[float], list[float]]]:
    """Return where a chart's marks and cursor are, and where their steps are, in pixels of the page."""
    found = view.get(f"chart-{chart}")
    box = found.locator(".plot-over").bounding_box()
    low, high = (float(end) for end in str(found.locator(".plot").get_attribute("data-x")).split(" "))
    assert box

    def expected(step: float) -> float:
        return box["x"] + box["width"] * (step - low) / (high - low)

    marks = found.locator(".chart-marks button").evaluate_all(
        "(all) => all.map((it) => [Number(it.dataset.step), it.getBoundingClientRect()])"
        ".map(([step, { left, right }]) => [step, (left + right) / 2])"
    )
    frame = view.page.locator("iframe[src*='name=nnviz']").bounding_box()
    assert frame
    result = {"marks": ([x + frame["x"] for _, x in marks], [expected(step) for step, _ in marks])}
    cursor = found.get_by_test_id("curve-cursor")
    if cursor.count():
        line = cursor.bounding_box()
        assert line
        result["cursor"] = ([line["x"] + line["width"] / 2], [expected(view.state()["view"]["step"])])
    return result


def check(view: View, charts: tuple[str, ...] = ("loss", "gradient_norm")) -> int:
    """Compare all marks and cursors of the charts, and return their number."""
    view.settle()
    count = 0
    for chart in charts:
        for what, (found, wanted) in places(view, chart).items():
            assert found == pytest.approx(wanted, abs=TOLERANCE), f"{what} of {chart}"
            count += len(found)
    return count


def enlarge(view: View) -> None:
    view.get("enlarge-loss").click()


def drag(view: View) -> None:
    box = view.get("chart-loss").locator(".plot-over").bounding_box()
    assert box
    y = box["y"] + 60
    view.page.mouse.move(box["x"] + box["width"] * 0.1, y)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=4)
    view.page.mouse.up()
    expect(view.get("cur-reset")).to_be_visible()


def wall_time(view: View) -> None:
    view.get("cur-x-relative").click()
    view.get("cur-x-step").click()


def narrow(view: View) -> None:
    view.page.set_viewport_size(NARROW)


def low(view: View) -> None:
    view.page.set_viewport_size({"width": 1440, "height": 600})


def fold_runs(view: View) -> None:
    view.find(".side button.icon").first.click()


def dark(view: View) -> None:
    view.choose_theme("Dark")
    view.choose_theme("Light")


def resize_while_hidden(view: View) -> None:
    view.get("tab-structure").click()
    view.page.set_viewport_size(NARROW)
    view.get("tab-curves").click()


def fewer_runs(view: View) -> None:
    view.get("run-healthy").click()


@pytest.mark.parametrize(
    "change", [enlarge, drag, wall_time, narrow, low, fold_runs, dark, resize_while_hidden, fewer_runs]
)
def test_marks_of_curves_follow_every_change(
    demo_server: Callable[[str], Server], pages: Pages, change: Callable[[View], None]
) -> None:
    view = pages.new(demo_server("true"))
    view.open(runs=RUNS, panel="curves", step="100")
    before = check(view)
    assert before > 4
    change(view)
    assert check(view) > 2


def test_marks_of_curves_follow_zoom_of_enlarged_chart(demo_view: View) -> None:
    demo_view.open(runs=RUNS, panel="curves", step="100", **{"cur.large": "loss"})
    drag(demo_view)
    assert check(demo_view) > 2
    box = demo_view.get("chart-gradient_norm").locator(".plot-over").bounding_box()
    assert box
    demo_view.page.mouse.dblclick(box["x"] + 80, box["y"] + 60)
    expect(demo_view.get("cur-reset")).to_have_count(0)
    enlarge(demo_view)
    assert check(demo_view) > 4


def share(view: View, plot: str) -> float:
    """Return the place of the cursor's line in a plot, from 0 at the left to 1 at the right."""
    found = view.get(plot)
    line, area = found.locator(".step-cursor").bounding_box(), found.locator(".plot-over").bounding_box()
    assert line and area
    return (line["x"] + line["width"] / 2 - area["x"]) / area["width"]


@pytest.mark.parametrize(
    ("panel", "keys", "plot"),
    [
        ("gradient_flow", {}, "series"),
        ("weights", {"row": "blocks.0.conv1.weight"}, "tracks-healthy"),
        ("activations", {"row": "blocks.0.act1", "act.unit": "3"}, "figure-max"),
    ],
)
def test_cursor_of_plot_follows_size(demo_view: View, panel: str, keys: dict[str, str], plot: str) -> None:
    demo_view.open(runs="healthy,deep-sigmoid", panel=panel, step="100", **keys)
    expect(demo_view.get(plot).locator(".step-cursor")).to_have_count(1)
    first = share(demo_view, plot)
    assert 0.35 < first < 0.5
    for size in (NARROW, {"width": 1440, "height": 700}, WIDE):
        demo_view.page.set_viewport_size(size)
        demo_view.settle()
        assert share(demo_view, plot) == pytest.approx(first, abs=0.01)
