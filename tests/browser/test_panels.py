"""Tests of every panel: readable, linkable, stable while loading, shows errors, idle while hidden."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import Pages
from tests.support.browser.page_driver import IFRAME, NARROW, WIDE, View
from tests.support.browser.servers import Server

PANELS = ("health", "gradient_flow", "activations", "distributions", "weights", "structure", "curves")
#: Route whose response fills the panel, per panel.
ROUTES = {
    "health": "health",
    "gradient_flow": "series",
    "activations": "maps",
    "distributions": "histograms",
    "weights": "maps",
    "structure": "structure",
    "curves": "scalars",
}
NOTEBOOK = {"width": 800, "height": 700}
AIDS = (Path(__file__).parent / "reading_aids.js").read_text().partition("\n")[2].rstrip().rstrip(";")

#: Keys of the page's state that Gradient flow derives. Its choices are in `view` and `panelKeys`.
FLOWS = ("role", "scale", "step", "row", "lines", "compared", "zoom", "domain")

every_panel = pytest.mark.parametrize("panel", PANELS)


def picture(view: View) -> str:
    """Return the canvases and the text of the panel as one string."""
    read = """(panel) => panel.innerText + [...panel.querySelectorAll("canvas")].map((one) => one.toDataURL()).join()"""
    drawn: str = view.find("#tab-panel").evaluate(read)
    return drawn


@every_panel
def test_panel_is_readable_in_both_themes_and_all_widths(demo_view: View, panel: str) -> None:
    demo_view.get(f"tab-{panel}").click()
    demo_view.settle()
    expect(demo_view.get(f"tab-{panel}")).to_have_attribute("aria-selected", "true")
    expect(demo_view.find("#tab-panel canvas, #tab-panel svg, #tab-panel table").first).to_be_visible()
    expect(demo_view.get("panel-empty")).to_have_count(0)
    complaints: list[str] = []
    for size, theme in product((WIDE, NARROW, NOTEBOOK), ("dark", "light")):
        demo_view.page.set_viewport_size(size)
        toggle = "(dark) => document.body.classList.toggle('dark-mode', dark)"
        demo_view.page.evaluate(toggle, theme == "dark")
        demo_view.until("__nnviz.state().dark === it", theme == "dark")
        demo_view.settle()
        complaints += [f"{size['width']} {theme}: {text}" for text in demo_view.frame.evaluate(AIDS)]
    assert complaints == []


@every_panel
def test_panel_reopens_from_its_link(
    demo_view: View, demo_server: Callable[[str], Server], pages: Pages, panel: str
) -> None:
    demo_view.get(f"tab-{panel}").click()
    demo_view.settle()
    demo_view.page.mouse.move(0, 0)
    drawn, state = picture(demo_view), demo_view.state()
    elsewhere = pages.new(demo_server("true"))
    elsewhere.page.goto(demo_view.page.url)
    elsewhere.settle()
    assert elsewhere.page.url == demo_view.page.url
    reopened = elsewhere.state()
    if panel != "gradient_flow":  # derived of values that no other panel has loaded
        for name in FLOWS:
            reopened[name] = state[name]
    assert reopened == state
    assert picture(elsewhere) == drawn


def test_hidden_runs_are_not_fetched(demo_view: View) -> None:
    requested: list[tuple[str, dict[str, Any]]] = []

    def note(request: Request) -> None:
        if "/plugin/nnviz/" in request.url and request.method == "POST":
            requested.append((request.url.rpartition("/")[2], request.post_data_json))

    demo_view.page.on("request", note)
    for panel in PANELS:
        demo_view.page.goto("about:blank")
        demo_view.open(runs="healthy", panel=panel)
    demo_view.page.remove_listener("request", note)
    assert {route for route, _ in requested} >= {*ROUTES.values(), "findings"}
    others = [(route, body) for route, body in requested if set(body["runs"]) != {"healthy"}]
    # Of other runs, only the headline values of those visible in the list are fetched.
    assert all(route == "scalars" and body["last"] and body["prefix"] == "nnviz/log/" for route, body in others), others


@every_panel
def test_panel_shows_error_in_place_and_retry_recovers(
    demo_server: Callable[[str], Server], pages: Pages, panel: str
) -> None:
    view = pages.new(demo_server("true"))
    pages.allow("500 (Internal Server Error)")

    def fail(route: Route) -> None:
        route.fulfill(status=500, body="invalid thing: 7", content_type="text/plain")

    address = f"**/plugin/nnviz/{ROUTES[panel]}"
    view.page.route(address, fail)
    view.page.goto(f"{view.server.url}#nnviz&p.nnviz.panel={panel}")
    error = view.find("#tab-panel [data-testid=error]").first
    expect(error).to_contain_text("500 Internal Server Error: invalid thing: 7")
    view.page.unroute(address)
    error.get_by_role("button", name="Retry").click()
    expect(view.find("#tab-panel [data-testid=error]")).to_have_count(0)
    view.settle()
    expect(view.find("#tab-panel canvas, #tab-panel svg, #tab-panel table").first).to_be_visible()


#: Record each layout shift: its score and the elements that moved.
RECORD_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries())
    window.shifts.push([one.value, one.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? "")]);
}).observe({ type: "layout-shift", buffered: true });"""
#: Maximum score of the Layout Instability API. Up to 0.1 counts as good. Axis labels account for 0.005.
MAX_SHIFT = 0.005


def check_shifts(view: View) -> None:
    shifts = view.frame.evaluate("() => window.shifts")
    assert sum(value for value, _ in shifts) < MAX_SHIFT, "\n".join(map(str, shifts))


@every_panel
def test_panel_while_loading_does_not_shift(demo_server: Callable[[str], Server], pages: Pages, panel: str) -> None:
    view = pages.new(demo_server("true"))
    view.page.add_init_script(RECORD_SHIFTS)

    requests = count(1)

    def late(route: Route, request: Request) -> None:
        # Responses arrive one by one, so that a shift caused by any of them is drawn.
        view.page.wait_for_timeout(120 * min(8, next(requests)))
        route.continue_()

    view.page.route("**/plugin/nnviz/*", late)
    view.open(panel=panel)
    check_shifts(view)
    # Prefetches may still be pending.
    view.page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("runs", ["lr-too-high", "healthy"])
def test_late_findings_do_not_shift_the_panel(demo_server: Callable[[str], Server], pages: Pages, runs: str) -> None:
    view = pages.new(demo_server("true"))
    view.page.add_init_script(RECORD_SHIFTS)
    late: list[Route] = []
    view.page.route("**/plugin/nnviz/findings", lambda route: late.append(route))
    view.page.goto(f"{view.server.url}#nnviz&p.nnviz.panel=gradient_flow&p.nnviz.runs={runs}")
    # The panel is shown although it is not known yet whether there are findings.
    expect(view.find("#tab-panel .stage canvas").first).to_be_visible(timeout=20_000)
    expect(view.find("main.settling")).to_have_count(0)
    assert len(late) == 1
    late.pop().continue_()
    view.page.unroute_all(behavior="ignoreErrors")
    view.settle()
    expect(view.get("finding")).to_have_count(0 if runs == "healthy" else 1)
    check_shifts(view)


def test_pending_queries_are_shown_and_keep_their_place(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true"))
    held: list[Route] = []
    let_through: list[list[str]] = []

    def hold(route: Route, request: Request) -> None:
        body = request.post_data_json
        first = body["runs"] == ["healthy"] and body["statistics"] == ["norm"]
        route.continue_() if first or body["runs"] in let_through else held.append(route)

    view.page.route("**/plugin/nnviz/series", hold)
    view.page.goto(f"{view.server.url}#nnviz&p.nnviz.runs=healthy,deep-sigmoid,dying-relu")
    view.until("document.querySelector('[data-testid=heatmap-healthy]')")
    busy = view.find(".busy")
    expect(busy).to_have_text("Loading… 1 of 3 runs")
    expect(busy.locator("i.share")).to_have_attribute("style", "width: 33.3333%;")
    expect(busy.locator("span")).to_have_css("opacity", "1")
    read = view.readout()
    assert float(read.pop("healthy")) > 0 and read == {"deep-sigmoid": "…", "dying-relu": "…"}
    place = view.get("readout").locator("li").last.bounding_box()
    # After a change of the statistic, the rows stay and values are pending.
    view.until("document.querySelectorAll('.line.row').length > 0")
    lines = view.state()["lines"]
    with view.page.expect_request(lambda request: '"rms"' in (request.post_data or "")) as rms_request:
        view.get("statistic-select").select_option("gradient/rms")
    expect(busy).to_have_text("Loading… 0 of 3 runs")
    assert view.state()["lines"] == lines and set(view.readout().values()) == {"…"}
    expect(view.get("legend")).to_be_hidden()
    # The requests of norms were cancelled.
    let_through += [["deep-sigmoid"], ["dying-relu"]]
    while not (waiting := [route for route in held if route.request == rms_request.value]):
        view.page.wait_for_timeout(20)
    waiting[0].continue_()
    view.settle()
    expect(busy).to_have_count(0)
    expect(view.get("legend")).to_be_visible()
    assert "…" not in view.readout().values()
    assert view.get("readout").locator("li").last.bounding_box() == place
    view.page.unroute_all(behavior="ignoreErrors")


def test_hidden_tab_sends_no_requests_until_shown(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true")).open(panel="curves")
    requested: list[str] = []
    view.page.on("request", lambda request: requested.append(request.url) if "/plugin/nnviz/" in request.url else None)
    view.page.get_by_role("tab", name="SCALARS").click()
    view.page.wait_for_function(f"() => document.querySelector({IFRAME!r}).offsetHeight === 0")
    view.reload_button().click()
    view.page.wait_for_timeout(500)
    assert requested == []
    view.page.get_by_role("tab", name="NNVIZ").click()
    view.settle()
    assert any(url.endswith("/scalars") for url in requested)
