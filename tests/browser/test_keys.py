"""Tests of keyboard shortcuts, of the dialog that lists them, and of the browser's back button."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages
from tests.support.browser import edge_cases
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server


@pytest.fixture
def fresh_view(edge_server: Server, pages: Pages) -> View:
    """Open a page in which nothing has been clicked."""
    return pages.new(edge_server).open(runs="cells,other", row="stem.weight", step="0")


def test_keys_work_without_a_click_before(fresh_view: View) -> None:
    first = fresh_view.state()
    fresh_view.page.keyboard.press("ArrowRight")
    fresh_view.page.keyboard.press("j")
    state = fresh_view.state()
    assert state["step"] == edge_cases.STEPS[1] and state["row"] != first["row"]
    fresh_view.page.keyboard.press("End")
    assert fresh_view.state()["step"] == edge_cases.STEPS[-1]
    fresh_view.page.keyboard.press("Home")
    fresh_view.page.keyboard.press("k")
    assert (fresh_view.state()["step"], fresh_view.state()["row"]) == (first["step"], first["row"])
    # In a text field they are letters.
    fresh_view.get("row-filter").press("j")
    expect(fresh_view.get("row-filter")).to_have_value("j")
    assert fresh_view.state()["step"] == first["step"]
    fresh_view.page.keyboard.press("Escape")
    fresh_view.page.keyboard.press("End")
    assert fresh_view.state()["step"] == edge_cases.STEPS[-1]


def test_list_of_keys_opens_and_closes(fresh_view: View) -> None:
    expect(fresh_view.get("keys")).to_have_count(0)
    fresh_view.page.keyboard.press("?")
    expect(fresh_view.get("keys")).to_contain_text("previous or next layer")
    fresh_view.page.keyboard.press("Escape")
    expect(fresh_view.get("keys")).to_have_count(0)
    fresh_view.get("keys-button").click()
    expect(fresh_view.get("keys")).to_be_visible()
    fresh_view.get("keys").get_by_role("button").click()
    expect(fresh_view.get("keys")).to_have_count(0)


def test_back_button_skips_moves_of_the_cursor(fresh_view: View) -> None:
    before = fresh_view.state()
    fresh_view.get("statistic-select").select_option("gradient/nonfinite")
    fresh_view.settle()
    fresh_view.click("cells", "enc.3.weight", 20)
    fresh_view.click("cells", "enc.3.weight", 30)
    fresh_view.get("run-other").get_by_role("checkbox").click()
    fresh_view.settle()
    assert fresh_view.state()["shown"] == ["cells"]
    fresh_view.page.go_back()
    fresh_view.until("__nnviz.state().shown.length === 2")
    state = fresh_view.settle().state()
    assert (state["kind"], state["statistic"], state["step"]) == ("gradient", "nonfinite", 30)
    fresh_view.page.go_back()
    fresh_view.until("__nnviz.state().statistic === 'norm'")
    assert fresh_view.settle().state() | {"loading": False} == before | {"loading": False}
    fresh_view.page.go_forward()
    fresh_view.until("__nnviz.state().statistic === 'nonfinite'")
    assert fresh_view.settle().state()["step"] == 30
