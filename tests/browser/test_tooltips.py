"""Tests of the end of tooltips: none outlives the element or the values that it describes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SharedPage
from tests.support.browser.page_driver import NARROW, WIDE, View

RUNS = "healthy,deep-sigmoid,lr-too-high,dying-relu"
#: Each element with a tooltip: panel, keys of the address, and selector.
ELEMENTS = {
    "heat map": ("gradient_flow", {}, "[data-testid=heatmap-healthy]"),
    "profile": ("gradient_flow", {}, "[data-testid=profile]"),
    "series": ("gradient_flow", {}, "[data-testid=series] .plot-over"),
    "mark": ("gradient_flow", {}, "[data-testid=marks-deep-sigmoid] button"),
    "tile": ("activations", {"row": "blocks.0.act1"}, "[data-testid=maps-healthy] [data-unit] canvas"),
    "sheet": ("activations", {"row": "fc1"}, "[data-testid=sheet-healthy]"),
    "ridges": ("distributions", {"row": "blocks.0.conv1.weight"}, "[data-testid=distribution-healthy]"),
    "slice": ("distributions", {"row": "blocks.0.conv1.weight"}, "[data-testid=slice-healthy]"),
    "strips": ("distributions", {"hist.view": "layers"}, "[data-testid=strips-healthy]"),
    "weights": ("weights", {"row": "blocks.0.conv1.weight"}, "[data-testid=weights-healthy]"),
    "track": ("weights", {"row": "blocks.0.conv1.weight"}, "[data-testid=tracks-healthy] .plot-over"),
    "evidence": ("health", {}, "[data-run=deep-sigmoid] [data-testid=h-plot]"),
    "node": ("structure", {}, "[data-testid=structure-graph] .box.call"),
    "edge": ("structure", {}, "[data-testid=structure-graph] .edge .reach"),
}


def point_at(view: View, selector: str) -> None:
    """Move the pointer over an element until its tooltip shows."""
    box = view.find(selector).first.bounding_box()
    assert box
    for share in (0.3, 0.5, 0.42):
        view.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * share)
        view.frame.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(view.get("tooltip")).to_have_count(1)


def escape(view: View) -> None:
    view.find("body").press("Escape")


def other_panel(view: View) -> None:
    # The pointer does not move.
    other = "curves" if view.state()["view"]["panel"] == "structure" else "structure"
    view.find("body").press("7" if other == "curves" else "6")
    view.until("__nnviz.state().view.panel === it", other)


def resize(view: View) -> None:
    view.page.set_viewport_size(NARROW)


def leave_frame(view: View) -> None:
    view.page.mouse.move(400, 10)


def fewer_runs(view: View) -> None:
    # The element moves or changes its size, and no event of the pointer tells it.
    view.frame.evaluate("() => document.querySelector('[data-testid=run-healthy] .toggle').click()")


@pytest.fixture
def view(demo_page: SharedPage) -> Iterator[View]:
    demo_page.view.page.set_viewport_size(WIDE)
    yield demo_page.view
    demo_page.guard.check()


@pytest.mark.parametrize("element", ELEMENTS)
def test_tooltip_ends_with_what_it_describes(view: View, element: str) -> None:
    panel, keys, selector = ELEMENTS[element]
    for end in (escape, leave_frame, resize, fewer_runs, other_panel):
        view.page.set_viewport_size(WIDE)
        view.open(panel=panel, runs=RUNS, step="100", **keys)
        # Health draws a picture again when the reference's values come, which are requested last.
        expect(view.find("[data-run=deep-sigmoid] .h-parted[aria-busy=true]")).to_have_count(0)
        point_at(view, selector)
        end(view)
        expect(view.get("tooltip"), f"{element}: {end.__name__}").to_have_count(0)


@pytest.mark.parametrize("element", ["tile", "sheet", "ridges", "slice", "weights", "track", "series"])
def test_tooltip_ends_when_another_layer_is_drawn(view: View, element: str) -> None:
    panel, keys, selector = ELEMENTS[element]
    view.open(panel=panel, runs="healthy,deep-sigmoid", step="100", **keys)
    before = view.state()["view"]["row"]
    point_at(view, selector)
    view.find("body").press("ArrowDown")
    view.until("__nnviz.state().view.row !== it", before)
    expect(view.get("tooltip")).to_have_count(0)


def test_tooltip_of_structure_ends_with_expanded_block(view: View) -> None:
    view.open(panel="structure", runs="healthy,deep-sigmoid", **{"str.open": ""})
    point_at(view, "[data-testid=node-blocks]")
    plus = view.get("unfold-blocks").bounding_box()
    assert plus
    view.page.mouse.move(plus["x"] + plus["width"] / 2, plus["y"] + plus["height"] / 2)
    expect(view.get("tooltip")).to_have_count(1)
    view.page.mouse.down()
    view.page.mouse.up()
    expect(view.get("fold-blocks")).to_be_visible()
    expect(view.get("tooltip")).to_have_count(0)
    # The table collapses the block, and the key pans the drawing, while the pointer rests on a node.
    point_at(view, "[data-testid='node-blocks.0']")
    view.frame.evaluate("() => document.querySelector(\"[data-testid='toggle-blocks']\").click()")
    expect(view.get("tooltip")).to_have_count(0)
    point_at(view, "[data-testid=node-stem]")
    view.find(".paper").evaluate("(it) => it.focus()")
    for _ in range(3):
        view.page.keyboard.press("ArrowLeft")
    expect(view.get("tooltip")).to_have_count(0)


@pytest.mark.parametrize(
    ("element", "scroller"), [("tile", ".act-scroll"), ("strips", ".layers-scroll"), ("weights", ".w-stage")]
)
def test_tooltip_ends_with_scrolling(view: View, element: str, scroller: str) -> None:
    panel, keys, selector = ELEMENTS[element]
    view.page.set_viewport_size({"width": 1000, "height": 640})
    view.open(panel=panel, runs=RUNS, step="100", **keys)
    point_at(view, selector)
    assert view.find(scroller).evaluate("(it) => { it.scrollTop = 7; return it.scrollTop; }") == 7
    expect(view.get("tooltip")).to_have_count(0)


def test_tooltip_of_zoomed_heat_map_ends(view: View) -> None:
    view.open(runs="healthy,deep-sigmoid")
    point_at(view, "[data-testid=heatmap-healthy]")
    view.find("body").press("+")
    view.until("__nnviz.state().zoom !== null")
    expect(view.get("tooltip")).to_have_count(0)


def test_tooltip_of_focused_mark_ends_with_its_lane(view: View) -> None:
    view.open(runs="healthy,deep-sigmoid")
    mark = view.find("[data-testid=marks-deep-sigmoid] button").first
    view.page.keyboard.press("Tab")
    mark.focus()
    expect(view.get("tooltip")).to_have_count(1)
    escape(view)
    expect(view.get("tooltip")).to_have_count(0)


def test_pointer_line_of_curves_ends_with_its_chart(view: View) -> None:
    view.open(panel="curves", runs="healthy,deep-sigmoid", step="100")
    box = view.get("chart-gradient_norm").locator(".plot-over").bounding_box()
    assert box
    view.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40)
    expect(view.find(".step-cursor.faint").first).to_be_visible()
    # The pointer does not move.
    view.get("cur-filter").evaluate("(it) => { it.value = '^loss'; it.dispatchEvent(new Event('input')); }")
    expect(view.get("chart-gradient_norm")).to_have_count(0)
    expect(view.find(".step-cursor.faint")).to_have_count(0)
