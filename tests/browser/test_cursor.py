"""Tests of the shared cursor of heat maps, profile, curves and list."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import edge_cases
from tests.support.browser.page_driver import View


def check(view: View, row: str, step: int) -> None:
    """Assert that the cursor is at a layer and a step in every part of the page."""
    view.until("__nnviz.state().row === it[0] && __nnviz.state().step === it[1]", [row, step])
    expect(view.get(f"row-{row}")).to_have_attribute("aria-selected", "true")
    expect(view.find("[role=treeitem][aria-selected=true]")).to_have_count(1)
    expect(view.find(".profile-head b")).to_have_text(f"Profile at step {step}")
    expect(view.find(".series-title b")).to_have_text(row)
    expect(view.get("step-input")).to_have_value(str(step))
    box = view.rect("cells", row, step)
    cursor = "(lines) => lines.map((line) => line.getBoundingClientRect().toJSON())"
    for line in view.find(".map .row-cursor").evaluate_all(cursor):
        assert abs(line["top"] - box["y"]) <= 1 and abs(line["height"] - box["height"]) <= 2
    for run, line in zip(["cells", "other"], view.find(".map .step-cursor").evaluate_all(cursor), strict=True):
        own = view.rect(run, row, step)
        assert own["x"] - 1 <= line["left"] + line["width"] / 2 <= own["x"] + own["width"] + 1
    value = view.cell("cells", row, step)
    shown = view.readout()["cells"]
    if value["state"] == "absent":
        assert shown == "absent"
    elif value["state"] == "nonfinite":
        assert shown in ("NaN", "Inf")
    else:
        assert abs(float(shown) - value["value"]) <= 5e-3 * abs(value["value"])


def test_click_in_heat_map_moves_step_and_layer(edge_view: View) -> None:
    for row, step in [edge_cases.NORMAL, edge_cases.NAN, edge_cases.ABSENT]:
        edge_view.click("cells", row, step)
        check(edge_view, row, step)
    edge_view.click("other", "enc.9.weight", 15)
    check(edge_view, "enc.9.weight", 15)
    assert edge_view.readout()["other"] != "absent"


def test_click_in_profile_moves_the_layer_only(edge_view: View) -> None:
    edge_view.click("cells", *edge_cases.NORMAL)
    box = edge_view.rect("cells", "enc.6.weight", 30)
    profile = edge_view.get("profile")
    top = profile.evaluate("(it) => it.getBoundingClientRect().top")
    profile.click(position={"x": 60, "y": box["y"] + box["height"] / 2 - top})
    check(edge_view, "enc.6.weight", edge_cases.NORMAL[1])


def test_click_in_curves_moves_the_step_only(edge_view: View) -> None:
    edge_view.click("cells", *edge_cases.NORMAL)
    over = edge_view.find(".plot-over")
    box = over.bounding_box()
    assert box
    # Steps 0 to 95 are cells of 5, so the plot spans -2.5 to 97.5.
    over.click(position={"x": (80 + 2.5) / 100 * box["width"], "y": box["height"] / 2})
    check(edge_view, edge_cases.NORMAL[0], 80)
    line = edge_view.find(".plot .step-cursor").bounding_box()
    assert line and abs(line["x"] + line["width"] / 2 - box["x"] - 0.825 * box["width"]) <= 2


def test_click_in_list_of_layers_moves_the_layer_only(edge_view: View) -> None:
    edge_view.get("row-head.weight").click()
    check(edge_view, "head.weight", 0)


def test_keys_move_the_cursor(edge_view: View) -> None:
    press = edge_view.page.keyboard.press
    edge_view.click("cells", "stem.weight", 0)
    edge_view.get("stage").focus()
    press("ArrowRight")
    check(edge_view, "stem.weight", 5)
    press("Shift+ArrowRight")
    check(edge_view, "stem.weight", 55)
    press("ArrowLeft")
    check(edge_view, "stem.weight", 50)
    # The header of the block has no cells and is skipped.
    press("ArrowDown")
    check(edge_view, "enc.0.weight", 50)
    press("j")
    check(edge_view, "enc.1.weight", 50)
    press("k")
    press("ArrowUp")
    press("ArrowUp")
    check(edge_view, "stem.weight", 50)
    press("Shift+ArrowLeft")
    press("Shift+ArrowLeft")
    check(edge_view, "stem.weight", 0)


def test_typed_step_moves_to_nearest_logged_step(edge_view: View) -> None:
    edge_view.get("step-input").fill("43")
    edge_view.get("step-input").press("Enter")
    check(edge_view, "stem.weight", 45)


def test_profile_shows_values_at_the_cursor_step(edge_view: View) -> None:
    before = edge_view.get("profile").screenshot()
    edge_view.click("cells", "stem.weight", 50)
    check(edge_view, "stem.weight", 50)
    edge_view.page.mouse.move(0, 0)
    assert edge_view.get("profile").screenshot() != before
    # The NaN of this step is drawn in a separate lane, where the tooltip names its row.
    box, (row, step) = edge_view.get("profile").bounding_box(), edge_cases.NAN
    place = edge_view.rect("cells", row, step)
    assert box
    top = edge_view.get("profile").evaluate("(it) => it.getBoundingClientRect().top")
    y = place["y"] + place["height"] / 2 - top
    edge_view.get("profile").hover(position={"x": box["width"] - 12, "y": y})
    expect(edge_view.get("tooltip")).to_contain_text("5 of 12 elements are NaN or Inf")
