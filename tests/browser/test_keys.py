"""Keys that work wherever the focus is, the list of them, and the browser's back button."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import edges
from tests.browser.driving import View


def test_keys_move_the_cursor_without_a_click_before(edge_view: View) -> None:
    first = edge_view.state()
    edge_view.page.keyboard.press("ArrowRight")
    edge_view.page.keyboard.press("j")
    state = edge_view.state()
    assert state["step"] == edges.STEPS[1] and state["row"] != first["row"]
    edge_view.page.keyboard.press("End")
    assert edge_view.state()["step"] == edges.STEPS[-1]
    edge_view.page.keyboard.press("Home")
    edge_view.page.keyboard.press("k")
    assert (edge_view.state()["step"], edge_view.state()["row"]) == (first["step"], first["row"])
    # In a field they are letters.
    edge_view.get("row-filter").press("j")
    expect(edge_view.get("row-filter")).to_have_value("j")
    assert edge_view.state()["step"] == first["step"]
    edge_view.page.keyboard.press("Escape")
    edge_view.page.keyboard.press("End")
    assert edge_view.state()["step"] == edges.STEPS[-1]


def test_the_list_of_keys(edge_view: View) -> None:
    expect(edge_view.get("keys")).to_have_count(0)
    edge_view.page.keyboard.press("?")
    expect(edge_view.get("keys")).to_contain_text("previous or next layer")
    edge_view.page.keyboard.press("Escape")
    expect(edge_view.get("keys")).to_have_count(0)
    edge_view.get("keys-button").click()
    expect(edge_view.get("keys")).to_be_visible()
    edge_view.get("keys").get_by_role("button").click()
    expect(edge_view.get("keys")).to_have_count(0)


def test_back_undoes_going_elsewhere_and_not_each_move_of_the_cursor(edge_view: View) -> None:
    before = edge_view.state()
    edge_view.get("statistic-select").select_option("gradient/nonfinite")
    edge_view.settle()
    edge_view.click("cells", "enc.3.weight", 20)
    edge_view.click("cells", "enc.3.weight", 30)
    edge_view.get("run-other").get_by_role("checkbox").click()
    edge_view.settle()
    assert edge_view.state()["shown"] == ["cells"]
    edge_view.page.go_back()
    edge_view.until("__nnviz.state().shown.length === 2")
    state = edge_view.settle().state()
    assert (state["kind"], state["statistic"], state["step"]) == ("gradient", "nonfinite", 30)
    edge_view.page.go_back()
    edge_view.until("__nnviz.state().statistic === 'norm'")
    assert edge_view.settle().state() | {"loading": False} == before | {"loading": False}
    edge_view.page.go_forward()
    edge_view.until("__nnviz.state().statistic === 'nonfinite'")
    assert edge_view.settle().state()["step"] == 30
