"""What every panel owes: it opens, can be read and operated, says its errors, and is idle when it is hidden."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import Visit
from tests.support.browser.page_driver import IFRAME, NARROW, WIDE, View
from tests.support.browser.servers import Board

PANELS = ("gradient_flow", "activations", "distributions", "weights", "structure", "curves")
#: The route whose answer fills each panel.
ROUTES = {
    "gradient_flow": "series",
    "activations": "maps",
    "distributions": "histograms",
    "weights": "maps",
    "structure": "structure",
    "curves": "scalars",
}
NOTEBOOK = {"width": 800, "height": 700}
AIDS = (Path(__file__).parent / "reading_aids.js").read_text().partition("\n")[2].rstrip().rstrip(";")

#: What the page says of Gradient flow; what was chosen of it is in `view` and `panelKeys`.
FLOWS = ("role", "scale", "step", "row", "lines", "compared", "zoom", "domain")

every_panel = pytest.mark.parametrize("panel", PANELS)


def picture(view: View) -> str:
    """What is on the canvases and in the text of the panel, as one string."""
    read = """(panel) => panel.innerText + [...panel.querySelectorAll("canvas")].map((one) => one.toDataURL()).join()"""
    drawn: str = view.find("#tab-panel").evaluate(read)
    return drawn


@every_panel
def test_it_can_be_read_in_both_themes_and_all_widths(demo_view: View, panel: str) -> None:
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
def test_a_link_reopens_it(demo_view: View, demo_board: Callable[[str], Board], visit: Visit, panel: str) -> None:
    demo_view.get(f"tab-{panel}").click()
    demo_view.settle()
    demo_view.page.mouse.move(0, 0)
    drawn, state = picture(demo_view), demo_view.state()
    elsewhere = visit.to(demo_board("true"))
    elsewhere.page.goto(demo_view.page.url)
    elsewhere.settle()
    assert elsewhere.page.url == demo_view.page.url
    reopened = elsewhere.state()
    if panel != "gradient_flow":  # what follows of values that no other panel has loaded
        for name in FLOWS:
            reopened[name] = state[name]
    assert reopened == state
    assert picture(elsewhere) == drawn


def test_nothing_is_fetched_of_runs_that_are_not_shown(demo_view: View) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def note(request: Request) -> None:
        if "/plugin/nnviz/" in request.url and request.method == "POST":
            asked.append((request.url.rpartition("/")[2], request.post_data_json))

    demo_view.page.on("request", note)
    for panel in PANELS:
        demo_view.page.goto("about:blank")
        demo_view.open(runs="healthy", panel=panel)
    demo_view.page.remove_listener("request", note)
    assert {route for route, _ in asked} >= {*ROUTES.values(), "findings"}
    others = [(route, body) for route, body in asked if set(body["runs"]) != {"healthy"}]
    # But for the newest figure beside each run in the list, of those whose lines can be seen.
    assert all(route == "scalars" and body["last"] and body["prefix"] == "nnviz/log/" for route, body in others), others


@every_panel
def test_an_error_stands_where_the_data_would_be_and_retry_mends_it(
    demo_board: Callable[[str], Board], visit: Visit, panel: str
) -> None:
    view = visit.to(demo_board("true"))
    visit.allow("500 (Internal Server Error)")

    def fail(route: Route) -> None:
        route.fulfill(status=500, body="invalid thing: 7", content_type="text/plain")

    address = f"**/plugin/nnviz/{ROUTES[panel]}"
    view.page.route(address, fail)
    view.page.goto(f"{view.board.url}#nnviz&p.nnviz.panel={panel}")
    error = view.find("#tab-panel [data-testid=error]").first
    expect(error).to_contain_text("500 Internal Server Error: invalid thing: 7")
    view.page.unroute(address)
    error.get_by_role("button", name="Retry").click()
    expect(view.find("#tab-panel [data-testid=error]")).to_have_count(0)
    view.settle()
    expect(view.find("#tab-panel canvas, #tab-panel svg, #tab-panel table").first).to_be_visible()


@every_panel
def test_nothing_jumps_while_it_loads(demo_board: Callable[[str], Board], visit: Visit, panel: str) -> None:
    view = visit.to(demo_board("true"))
    view.page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
          for (const one of list.getEntries())
            window.shifts.push([one.value, one.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? "")]);
        }).observe({ type: "layout-shift", buffered: true });"""
    )

    asked = count(1)

    def late(route: Route, request: Request) -> None:
        # Each answer comes alone, so that what it alone moves is drawn.
        view.page.wait_for_timeout(120 * min(8, next(asked)))
        route.continue_()

    view.page.route("**/plugin/nnviz/*", late)
    view.open(panel=panel)
    shifts = view.frame.evaluate("() => window.shifts")
    # What is fetched ahead may still be on its way.
    view.page.unroute_all(behavior="ignoreErrors")
    # Layout Instability's own measure, of which up to 0.1 counts as good; 0.005 are labels of an axis that grows.
    assert sum(value for value, _ in shifts) < 0.005, "\n".join(map(str, shifts))


def test_what_is_on_its_way_is_said_and_has_its_place(demo_board: Callable[[str], Board], visit: Visit) -> None:
    view = visit.to(demo_board("true"))
    held: list[Route] = []
    let_through: list[list[str]] = []

    def hold(route: Route, request: Request) -> None:
        asked = request.post_data_json
        first = asked["runs"] == ["healthy"] and asked["statistics"] == ["norm"]
        route.continue_() if first or asked["runs"] in let_through else held.append(route)

    view.page.route("**/plugin/nnviz/series", hold)
    view.page.goto(f"{view.board.url}#nnviz&p.nnviz.runs=healthy,deep-sigmoid,dying-relu")
    view.until("document.querySelector('[data-testid=heatmap-healthy]')")
    busy = view.find(".busy")
    expect(busy).to_have_text("Loading… 1 of 3 runs")
    expect(busy.locator("i.share")).to_have_attribute("style", "width: 33.3333%;")
    expect(busy.locator("span")).to_have_css("opacity", "1")
    read = view.readout()
    assert float(read.pop("healthy")) > 0 and read == {"deep-sigmoid": "…", "dying-relu": "…"}
    place = view.get("readout").locator("li").last.bounding_box()
    # Another statistic: what it is of stays, and nothing is said of it.
    view.until("document.querySelectorAll('.line.row').length > 0")
    lines = view.state()["lines"]
    with view.page.expect_request(lambda request: '"rms"' in (request.post_data or "")) as asked_rms:
        view.get("statistic-select").select_option("gradient/rms")
    expect(busy).to_have_text("Loading… 0 of 3 runs")
    assert view.state()["lines"] == lines and set(view.readout().values()) == {"…"}
    expect(view.get("legend")).to_be_hidden()
    # What was asked of norms was given up.
    let_through += [["deep-sigmoid"], ["dying-relu"]]
    while not (waiting := [route for route in held if route.request == asked_rms.value]):
        view.page.wait_for_timeout(20)
    waiting[0].continue_()
    view.settle()
    expect(busy).to_have_count(0)
    expect(view.get("legend")).to_be_visible()
    assert "…" not in view.readout().values()
    assert view.get("readout").locator("li").last.bounding_box() == place
    view.page.unroute_all(behavior="ignoreErrors")


def test_a_hidden_tab_asks_nothing_until_it_is_shown(demo_board: Callable[[str], Board], visit: Visit) -> None:
    view = visit.to(demo_board("true")).open(panel="curves")
    asked: list[str] = []
    view.page.on("request", lambda request: asked.append(request.url) if "/plugin/nnviz/" in request.url else None)
    view.page.get_by_role("tab", name="SCALARS").click()
    view.page.wait_for_function(f"() => document.querySelector({IFRAME!r}).offsetHeight === 0")
    view.reload_button().click()
    view.page.wait_for_timeout(500)
    assert asked == []
    view.page.get_by_role("tab", name="NNVIZ").click()
    view.settle()
    assert any(url.endswith("/scalars") for url in asked)
