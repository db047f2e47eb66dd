"""The page within TensorBoard: dark mode, reloading, links, servers without data and servers that are gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Edges, Shared, Visit
from tests.support.browser import edge_cases
from tests.support.browser.page_driver import IFRAME, View, largest_difference
from tests.support.browser.servers import Board

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


def test_dark_mode_follows_tensorboards(edge_view: View) -> None:
    corner = (300, 5)
    read = "(body) => getComputedStyle(body).backgroundColor"
    assert luminance(edge_view.picture().at(*corner)) > 240
    light = edge_view.find("body").evaluate(read)
    edge_view.choose_theme("Dark")
    edge_view.settle()
    picture = edge_view.picture()
    assert luminance(picture.at(*corner)) < 60
    assert edge_view.find("body").evaluate(read) != light
    # Numbers have the same colours, the page's background another.
    expected = edge_view.range().colour(edge_cases.NORMAL_VALUE)
    assert picture.centre(edge_view.rect("cells", *edge_cases.NORMAL)) == expected
    ((background, _),) = picture.colours(edge_view.rect("cells", *edge_cases.ABSENT)).most_common(1)
    assert luminance(background) < 60
    edge_view.choose_theme("Light")
    edge_view.settle()
    assert luminance(edge_view.picture().at(*corner)) > 240
    assert edge_view.find("body").evaluate(read) == light


def choose(view: View) -> None:
    """By hand what CHOSEN says."""
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


def test_reloading_the_page_and_opening_its_link_elsewhere_find_the_same_view(
    edge_view: View, edge_board: Board, visit: Visit
) -> None:
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
    elsewhere = visit.to(edge_board)
    elsewhere.page.goto(edge_view.page.url)
    elsewhere.settle()
    assert elsewhere.state() == state
    assert largest_difference(elsewhere.get("stage").screenshot(), stage) <= 1


def test_a_link_made_by_hand(edge_view: View) -> None:
    edge_view.open(**CHOSEN)
    state = edge_view.state()
    assert (state["shown"], state["reference"]) == (["other", "cells"], "other")
    assert (state["row"], state["step"], state["exploding"]) == ("enc.3.weight", 30, 0.25)
    assert state["scale"] == {"mode": "linear", "lo": 0, "hi": 0.5, "diverging": False}
    expect(edge_view.get("row-filter")).to_have_value(CHOSEN["rowFilter"])
    expect(edge_view.get("thresholds-button")).to_contain_text("0.25")


def test_the_reload_button_fetches_what_is_new_and_keeps_the_view(
    edge_view: View, edge_board: Board, edge_logs: Edges
) -> None:
    edge_view.open(runs="growing", row="b.weight", step="4", scale="linear")
    state = edge_view.state()
    expect(edge_view.find("label.step")).to_contain_text("of 9")
    edge_cases.write_steps(edge_logs.growing, range(10, 15))
    edge_board.wait_for({"growing": 14})
    assert edge_view.cell("growing", "a.weight", 14)["step"] == 9
    edge_view.reload_button().click()
    expect(edge_view.find("label.step")).to_contain_text("of 14")
    edge_view.settle()
    cell = edge_view.cell("growing", "a.weight", 14)
    assert cell["step"] == 14 and cell["value"] == pytest.approx(0.024, rel=1e-6)
    # All that is another is how far the steps reach: whole cells of 0 to 14 where they were of 0 to 9.
    assert state["domain"] == [-0.5, 9.5]
    assert edge_view.state() == state | {"domain": [-0.5, 14.5]}
    assert edge_view.picture().centre(edge_view.rect("growing", "a.weight", 14)) == edge_view.range().colour(0.024)


def test_another_tab_and_back(demo_view: View) -> None:
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
def test_an_empty_logdir_shows_what_to_write(tmp_path: Path, visit: Visit) -> None:
    with Board(tmp_path, {}) as board:
        view = visit.to(board)
        view.page.goto(board.url)
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
        # The first run appears without loading the page anew.
        with edge_cases.write(tmp_path):
            board.wait_for({"cells": edge_cases.STEPS[-1], "other": edge_cases.STEPS[-1], "growing": 9})
        view.reload_button().click()
        view.settle()
        assert view.cell("cells", *edge_cases.NORMAL)["value"] == edge_cases.NORMAL_VALUE


@pytest.mark.slow
def test_a_server_that_is_gone_and_comes_back(edge_logs: Edges, visit: Visit) -> None:
    with Board(edge_logs.logdir, {"cells": edge_cases.STEPS[-1], "other": edge_cases.STEPS[-1]}) as board:
        view = visit.to(board).open(runs="cells", row="stem.weight", step="0")
        # The second is that of a connection which Chromium had opened in advance.
        for problem in ("net::ERR_CONNECTION_REFUSED", "net::ERR_EMPTY_RESPONSE"):
            visit.allow(problem)
        port = board.stop()
        view.get("statistic-select").select_option("gradient/nonfinite")
        # Where the data would be, and not the other statistic's data.
        error = view.get("error")
        expect(error).to_contain_text("Could not load the values")
        expect(view.find("canvas[data-testid^=heatmap-]")).to_have_count(0)
        view.save("error")
        # Still gone.
        error.get_by_role("button", name="Retry").click()
        expect(error.first).to_be_visible()
        board.start(port)
        error.first.get_by_role("button", name="Retry").click()
        expect(error).to_have_count(0)
        view.settle()
        assert view.cell("cells", *edge_cases.NAN)["value"] == edge_cases.NAN_ELEMENTS


def test_a_server_that_answers_with_an_error(edge_board: Board, visit: Visit) -> None:
    view = visit.to(edge_board)
    routes = "**/data/plugin/nnviz/runs"
    view.page.route(routes, lambda route: route.fulfill(status=503, content_type="text/plain", body="no <b>room</b>"))
    view.page.goto(f"{edge_board.url}#nnviz&p.nnviz.runs=cells")
    visit.allow("status of 503")
    error = view.get("error")
    expect(error).to_contain_text("Could not load the list of runs")
    expect(error).to_contain_text("503")
    expect(error).to_contain_text("no <b>room</b>")
    view.page.unroute(routes)
    error.get_by_role("button", name="Retry").click()
    view.settle()
    expect(error).to_have_count(0)
    assert view.cell("cells", *edge_cases.NORMAL)["value"] == edge_cases.NORMAL_VALUE


def test_errors_and_violations_do_not_go_unheard(edge_view: View, edge_page: Shared) -> None:
    provoke = """() => {
      console.error("said");
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
    for complaint in ("error: said", "thrown", "CSP violation: script-src"):
        assert complaint in str(failure.value)


@pytest.mark.parametrize(
    ("frame", "file", "fails"),
    [
        pytest.param("host", "/font-roboto/missing.woff2", False, id="a font of the host, asked for by the host"),
        pytest.param("host", "data/plugin/nnviz/missing.js", True, id="our file, asked for by the host"),
        pytest.param("host", "data/missing", True, id="the host's data, asked for by the host"),
        pytest.param("own", "missing.js", True, id="our file, asked for by our page"),
        pytest.param("own", "/font-roboto/another.woff2", True, id="a font of the host, asked for by our page"),
    ],
)
def test_guard_missing_file_fails_unless_the_hosts(
    edge_view: View, edge_page: Shared, frame: str, file: str, fails: bool
) -> None:
    asking = edge_view.page.main_frame if frame == "host" else edge_view.frame
    with edge_view.page.context.expect_event("console", lambda message: file in message.location["url"]):
        assert asking.evaluate("async (file) => (await fetch(file)).status", file) == 404
    if fails:
        with pytest.raises(AssertionError, match=f"404.*{file}"):
            edge_page.guard.check()
    edge_page.guard.check()
