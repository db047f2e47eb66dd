"""Tests of values that are requested and not yet loaded: they look pending, never absent, and never like others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import Error, Route, expect

from tests.browser.conftest import Pages
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run


@contextmanager
def held(view: View, route: str) -> Iterator[list[Route]]:
    """Hold all requests to a route until the end of the block."""
    waiting: list[Route] = []
    address = f"**/plugin/nnviz/{route}"
    view.page.route(address, lambda route: waiting.append(route))
    yield waiting
    view.page.unroute(address)
    for one in waiting:
        with suppress(Error):  # The page has cancelled the request.
            one.continue_()
    view.settle()


@pytest.fixture
def view(demo_server: Callable[[str], Server], pages: Pages) -> View:
    return pages.new(demo_server("true"))


def add_run(view: View, run: str) -> None:
    view.get(f"run-{run}").get_by_role("checkbox").click()


def test_structure_draws_pending_values_as_pending(view: View, demo_runs: dict[str, Run]) -> None:
    view.open(panel="structure", runs="healthy,deep-sigmoid", step="20", kind="gradient", statistic="norm")
    cell, node = view.get("value-healthy-fc1"), view.get("node-fc1")
    before = cell.inner_text()
    with held(view, "series"):
        # The kind changes and the name of the statistic stays: the values of the first kind must go.
        view.get("statistic-select").select_option("parameter/norm")
        expect(cell).to_have_text("…")
        expect(cell.locator(".track.pending")).to_have_count(1)
        expect(view.find(".structure-table .dotted")).to_have_count(0)
        expect(node).to_have_attribute("aria-label", "fc1, Linear, Parameter norm pending")
        expect(node).to_have_class("box call coming")
        legend = view.get("legend")
        expect(legend.get_by_text("pending")).to_be_visible()
        expect(legend.get_by_text("absent")).to_have_count(0)
        expect(view.get("step-value")).to_contain_text("20")
        expect(view.get("export-csv")).to_be_disabled()
        view.get("node-stem").hover()
        expect(view.get("tooltip")).to_contain_text("pending")
    norm = demo_runs["healthy"].statistics("parameter", 20)["fc1.weight"]["norm"]
    assert cell.inner_text() == f"{norm:.3g}" != before
    expect(view.find(".structure-table .pending")).to_have_count(0)


def test_structure_draws_values_of_another_step_as_pending(view: View, demo_runs: dict[str, Run]) -> None:
    view.open(panel="structure", runs="healthy,deep-sigmoid", step="20")
    cell = view.get("value-healthy-fc1")
    with held(view, "series"):
        view.get("step-slider").evaluate("(it) => { it.value = '50'; it.dispatchEvent(new Event('input')); }")
        expect(cell).to_have_text("…")
    step = view.state()["view"]["step"]
    assert cell.inner_text() == f"{demo_runs['healthy'].statistics('gradient', step)['fc1.weight']['norm']:.3g}"


def test_structure_draws_an_added_run_as_pending(view: View) -> None:
    view.open(panel="structure", runs="healthy,deep-sigmoid", step="20", **{"str.show": "table"})
    before = view.get("value-healthy-fc1").inner_text()
    with held(view, "series"):
        add_run(view, "dying-relu")
        expect(view.get("value-dying-relu-fc1")).to_have_text("…")
        # The table of layers is the same, so that the others' values stay.
        expect(view.get("value-healthy-fc1")).to_have_text(before)


@pytest.mark.parametrize(
    ("panel", "route", "keys"),
    [
        ("distributions", "histograms", {}),
        ("distributions", "histograms", {"hist.view": "map"}),
        ("distributions", "histograms", {"hist.view": "layers"}),
        ("weights", "maps", {}),
        ("activations", "maps", {"row": "fc1"}),
    ],
)
def test_added_run_is_pending_in_panel(view: View, panel: str, route: str, keys: dict[str, str]) -> None:
    view.open(panel=panel, runs="healthy,deep-sigmoid", **{"row": "fc1.weight", **keys})
    stage = view.find("#tab-panel")
    with held(view, route):
        add_run(view, "dying-relu")
        expect(stage.locator(".stale").first).to_be_visible()
        expect(stage.locator(".no-data")).to_have_count(0)
        if panel != "activations":
            expect(stage.locator(".stale .pending, .pending").first).to_be_visible()
    expect(stage.locator(".no-data, .stale")).to_have_count(0)
    expect(stage).to_contain_text("dying-relu")


def test_weights_of_previous_layer_keep_its_name(view: View) -> None:
    view.open(panel="weights", runs="healthy", row="fc1.weight")
    canvas = view.get("weights-healthy")
    with held(view, "maps"):
        view.find("body").press("ArrowDown")
        expect(view.find(".layer.selected")).to_contain_text("head.weight")
        expect(view.find(".w-runs.stale").first).to_be_visible()
        assert "fc1.weight" in str(canvas.get_attribute("aria-label"))
    assert "head.weight" in str(canvas.get_attribute("aria-label"))
