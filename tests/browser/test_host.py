"""Tests of the page within TensorBoard: dark mode, reload, links, empty logdirs, failing servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EdgeCaseLogs, Pages, SharedPage
from tests.support.browser import edge_cases
from tests.support.browser.page_driver import IFRAME, View, largest_difference
from tests.support.browser.servers import Server

CHOSEN = {
    "runs": "other,cells",
    "ref": "other",
    "row": "enc.3.weight",
    "step": "30",
    "rowFilter": r"stem|enc\.[2-7]",
    "scale": "linear",
    "hi": "0.5",
    "exploding": "0.25",
}


def luminance(colour: tuple[int, int, int]) -> float:
    return sum(colour) / 3


def test_dark_mode_follows_tensorboard(edge_view: View) -> None:
    corner = (300, 5)
    read = "(body) => getComputedStyle(body).backgroundColor"
    assert luminance(edge_view.picture().at(*corner)) > 240
    light = edge_view.find("body").evaluate(read)
    edge_view.choose_theme("Dark")
    edge_view.settle()
    picture = edge_view.picture()
    assert luminance(picture.at(*corner)) < 60
    assert edge_view.find("body").evaluate(read) != light
    # Colours of values stay the same, but the background changes.
    expected = edge_view.range().colour(edge_cases.NORMAL_VALUE)
    assert picture.centre(edge_view.rect("cells", *edge_cases.NORMAL)) == expected
    ((background, _),) = picture.colours(edge_view.rect("cells", *edge_cases.ABSENT)).most_common(1)
    assert luminance(background) < 60
    edge_view.choose_theme("Light")
    edge_view.settle()
    assert luminance(edge_view.picture().at(*corner)) > 240
    assert edge_view.find("body").evaluate(read) == light


def choose(view: View) -> None:
    """Make the choices of CHOSEN by mouse and keys instead of by URL."""
    view.get("run-other").get_by_role("button", name="reference run").click()
    view.get("row-filter").fill(CHOSEN["rowFilter"])
    view.get("scale-linear").click()
    for button, field, value in [("range", "range-hi", "0.5"), ("thresholds", "threshold-exploding", "0.25")]:
        view.get(f"{button}-button").click()
        view.get(field).fill(value)
        view.get(field).press("Enter")
        view.page.keyboard.press("Escape")
    view.settle()
    view.click("cells", *edge_cases.NORMAL)
    view.page.mouse.move(0, 0)
    view.until("__nnviz.state().row === it", edge_cases.NORMAL[0])
    view.settle()


def test_reload_and_link_restore_the_same_view(edge_view: View, edge_server: Server, pages: Pages) -> None:
    choose(edge_view)
    state, stage = edge_view.state(), edge_view.get("stage").screenshot()
    assert {"row": state["row"], "step": state["step"], "hi": state["hi"]} == {
        "row": "enc.3.weight",
        "step": 30,
        "hi": 0.5,
    }
    assert (state["shown"], state["scale"]["mode"]) == (["other", "cells"], "linear")
    edge_view.page.reload()
    edge_view.settle()
    edge_view.get("stage").hover(position={"x": 5, "y": 100})
    edge_view.page.mouse.move(0, 0)
    assert edge_view.state() == state
    assert largest_difference(edge_view.get("stage").screenshot(), stage) <= 1
    elsewhere = pages.new(edge_server)
    elsewhere.page.goto(edge_view.page.url)
    elsewhere.settle()
    assert elsewhere.state() == state
    assert largest_difference(elsewhere.get("stage").screenshot(), stage) <= 1


def test_link_written_by_hand_sets_the_view(edge_view: View) -> None:
    edge_view.open(**CHOSEN)
    state = edge_view.state()
    assert (state["shown"], state["reference"]) == (["other", "cells"], "other")
    assert (state["row"], state["step"], state["exploding"]) == ("enc.3.weight", 30, 0.25)
    assert state["scale"] == {"mode": "linear", "lo": 0, "hi": 0.5, "diverging": False}
    expect(edge_view.get("row-filter")).to_have_value(CHOSEN["rowFilter"])
    expect(edge_view.get("thresholds-button")).to_contain_text("0.25")


def test_reload_button_loads_new_steps_and_keeps_the_view(
    edge_view: View, edge_server: Server, edge_logs: EdgeCaseLogs
) -> None:
    edge_view.open(runs="growing", row="b.weight", step="4", scale="linear")
    state = edge_view.state()
    expect(edge_view.find("label.step")).to_contain_text("of 9")
    edge_cases.write_steps(edge_logs.growing, range(10, 15))
    edge_server.wait_for({"growing": 14})
    assert edge_view.cell("growing", "a.weight", 14)["step"] == 9
    edge_view.reload_button().click()
    expect(edge_view.find("label.step")).to_contain_text("of 14")
    edge_view.settle()
    cell = edge_view.cell("growing", "a.weight", 14)
    assert cell["step"] == 14 and cell["value"] == pytest.approx(0.024, rel=1e-6)
    # Only the range of steps differs: cells of 0 to 14 instead of 0 to 9.
    assert state["domain"] == [-0.5, 9.5]
    assert edge_view.state() == state | {"domain": [-0.5, 14.5]}
    assert edge_view.picture().centre(edge_view.rect("growing", "a.weight", 14)) == edge_view.range().colour(0.024)


def test_other_tab_and_back_keeps_the_view(demo_view: View) -> None:
    place = ("fc1.weight", demo_view.state()["step"])
    demo_view.click("healthy", *place)
    demo_view.until("__nnviz.state().row === it", place[0])
    state = demo_view.state()
    demo_view.page.get_by_role("tab", name="SCALARS").click()
    demo_view.page.locator(IFRAME).wait_for(state="hidden")
    assert "#scalars" in demo_view.page.url
    demo_view.page.get_by_role("tab", name="NNVIZ").click()
    demo_view.page.locator(IFRAME).wait_for(state="visible")
    demo_view.settle()
    assert demo_view.state() == state
    assert "#nnviz" in demo_view.page.url and f"p.nnviz.row={place[0]}" in demo_view.page.url


@pytest.mark.slow
def test_empty_logdir_names_code_that_fills_it(tmp_path: Path, pages: Pages) -> None:
    with Server(tmp_path, {}) as server:
        view = pages.new(server)
        view.page.goto(server.url)
        view.page.get_by_role("combobox", name="Inactive").click()
        view.page.get_by_role("option", name="NNViz").click()
        view.until("document.querySelector('[data-testid=empty-state]')")
        shown = view.get("empty-state")
        expect(shown).to_be_visible()
        for line in ["pip install tb_nnviz", "import tb_nnviz", "tb_nnviz.watch(model, optimizer, logdir="]:
            expect(shown).to_contain_text(line)
        expect(shown).to_contain_text("tensorboard --logdir")
        expect(view.get("error")).to_have_count(0)
        view.save("empty")
        view.choose_theme("Dark")
        view.save("empty-dark")
        # The first run appears without a reload of the page.
        with edge_cases.write(tmp_path):
            server.wait_for({"cells": edge_cases.STEPS[-1], "other": edge_cases.STEPS[-1], "growing": 9})
        view.reload_button().click()
        view.settle()
        view.get("tab-gradient_flow").click()
        view.settle()
        assert view.cell("cells", *edge_cases.NORMAL)["value"] == edge_cases.NORMAL_VALUE


@pytest.mark.slow
def test_server_that_stops_and_restarts_is_retried(edge_logs: EdgeCaseLogs, pages: Pages) -> None:
    with Server(edge_logs.logdir, {"cells": edge_cases.STEPS[-1], "other": edge_cases.STEPS[-1]}) as server:
        view = pages.new(server).open(runs="cells", row="stem.weight", step="0")
        # The second message is about a connection that Chromium had opened in advance.
        for problem in ("net::ERR_CONNECTION_REFUSED", "net::ERR_EMPTY_RESPONSE"):
            pages.allow(problem)
        port = server.stop()
        view.get("statistic-select").select_option("gradient/nonfinite")
        # The error is in place of the data, and no data of the previous statistic remains.
        error = view.get("error")
        expect(error).to_contain_text("Could not load the values")
        expect(view.find("canvas[data-testid^=heatmap-]")).to_have_count(0)
        view.save("error")
        # The server is still down.
        error.get_by_role("button", name="Retry").click()
        expect(error.first).to_be_visible()
        server.start(port)
        error.first.get_by_role("button", name="Retry").click()
        expect(error).to_have_count(0)
        view.settle()
        assert view.cell("cells", *edge_cases.NAN)["value"] == edge_cases.NAN_ELEMENTS


def test_server_error_is_shown_and_retry_recovers(edge_server: Server, pages: Pages) -> None:
    view = pages.new(edge_server)
    routes = "**/data/plugin/nnviz/runs"
    view.page.route(routes, lambda route: route.fulfill(status=503, content_type="text/plain", body="no <b>room</b>"))
    view.page.goto(f"{edge_server.url}#nnviz&p.nnviz.runs=cells")
    pages.allow("status of 503")
    error = view.get("error")
    expect(error).to_contain_text("Could not load the list of runs")
    expect(error).to_contain_text("503")
    expect(error).to_contain_text("no <b>room</b>")
    view.page.unroute(routes)
    error.get_by_role("button", name="Retry").click()
    view.settle()
    expect(error).to_have_count(0)
    assert view.cell("cells", *edge_cases.NORMAL)["value"] == edge_cases.NORMAL_VALUE


def test_guard_errors_and_csp_violations_fail(edge_view: View, edge_page: SharedPage) -> None:
    provoke = """() => {
      console.error("logged");
      setTimeout(() => { throw new Error("thrown"); });
      document.body.append(Object.assign(document.createElement("script"), { textContent: "0" }));
    }"""
    context = edge_view.page.context
    with (
        context.expect_event("weberror", lambda error: "thrown" in str(error.error)),
        context.expect_event("console", lambda message: message.text.startswith("CSP violation")),
    ):
        edge_view.frame.evaluate(provoke)
    with pytest.raises(AssertionError) as failure:
        edge_page.guard.check()
    for complaint in ("error: logged", "thrown", "CSP violation: script-src"):
        assert complaint in str(failure.value)


@pytest.mark.parametrize(
    ("frame", "file", "fails"),
    [
        pytest.param("host", "/font-roboto/missing.woff2", False, id="a font of the host, requested by the host"),
        pytest.param("host", "data/plugin/nnviz/missing.js", True, id="a file of nnviz, requested by the host"),
        pytest.param("host", "data/missing", True, id="data of the host, requested by the host"),
        pytest.param("own", "missing.js", True, id="a file of nnviz, requested by nnviz"),
        pytest.param("own", "/font-roboto/another.woff2", True, id="a font of the host, requested by nnviz"),
    ],
)
def test_guard_missing_file_fails_unless_of_tensorboard(
    edge_view: View, edge_page: SharedPage, frame: str, file: str, fails: bool
) -> None:
    asking = edge_view.page.main_frame if frame == "host" else edge_view.frame
    with edge_view.page.context.expect_event("console", lambda message: file in message.location["url"]):
        assert asking.evaluate("async (file) => (await fetch(file)).status", file) == 404
    if fails:
        with pytest.raises(AssertionError, match=f"404.*{file}"):
            edge_page.guard.check()
    edge_page.guard.check()
