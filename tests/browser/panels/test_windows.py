"""Tests of marks of events between logged steps, and of optimizer statistics."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Pages
from tests.support.browser import window_runs
from tests.support.browser.colours import is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run

BOX = "(it) => it.getBoundingClientRect().toJSON()"


def marks(view: View, run: str, kind: str = "") -> Locator:
    expect(view.get(f"marks-{run}").locator("button").first).to_be_visible()
    return view.get(f"marks-{run}").locator(f"button[data-kind='{kind}']" if kind else "button")


def centre(view: View, run: str, row: str, step: float) -> float:
    """Return the position of a step, interpolated between the cells of the logged steps around it."""
    before = step // window_runs.EVERY * window_runs.EVERY
    left, right = (view.rect(run, row, int(at)) for at in (before, before + window_runs.EVERY))
    share = (step - before) / window_runs.EVERY
    middles = [box["x"] + box["width"] / 2 for box in (left, right)]
    return middles[0] + share * (middles[1] - middles[0])


def test_marks_are_drawn_at_their_steps(window_view: View) -> None:
    # Cells near the skipped step are narrower, so the compared positions are well before it.
    expected = {"peak": [114, 260], "nonfinite": [195, window_runs.LOST[1]], "skipped": [window_runs.SKIPPED]}
    picture = window_view.picture()
    tops = {}
    for kind, steps in expected.items():
        found = marks(window_view, "spikes", kind)
        assert [float(mark.get_attribute("data-step") or "nan") for mark in found.all()] == steps
        for mark, step in zip(found.all(), steps, strict=True):
            box = mark.evaluate(BOX)
            tops[kind] = box["y"]
            if step < 320:
                expected_x = centre(window_view, "spikes", "stem.weight", step)
                assert abs(box["x"] + box["width"] / 2 - expected_x) <= 1
            drawn = picture.colours(box)
            assert len(drawn) > 2, "a shape"
            assert any(map(is_magenta, drawn)) == (kind == "nonfinite")
    # Each kind has a lane between the cells and the axis.
    last = window_view.rect("spikes", "head.weight", 100)
    assert last["y"] + last["height"] <= tops["peak"] < tops["nonfinite"] < tops["skipped"]
    ticks = window_view.find(".cell.axis .ticks").first.evaluate(BOX)
    assert tops["skipped"] < ticks["y"]


def test_ordinary_windows_have_no_peak(window_view: View, window_logs: Path) -> None:
    highest = Run(window_logs / "spikes").scalars["nnviz/window/gradient_norm_max"]
    assert len(highest) == len(window_runs.STEPS)
    assert marks(window_view, "spikes", "peak").count() == len(window_runs.PEAKS)


def test_mark_names_describe_the_window(window_view: View) -> None:
    names = [mark.get_attribute("aria-label") or "" for mark in marks(window_view, "spikes").all()]
    first, nonfinite, second, lost, skipped = names
    start = "gradient norm 812.5 at step 114, between the logged steps 110 and 120, "
    assert first.startswith(start) and " times the median of nearby windows, " in first
    ratio, usual = first.removeprefix(start).split(" times the median of nearby windows, ")
    low, high = window_runs.ORDINARY
    assert low <= float(usual) <= high
    assert float(ratio) == pytest.approx(812.5 / float(usual), rel=0.01)
    assert second.startswith("gradient norm 44 at step 260, at the logged step 260, ")
    assert nonfinite == (
        "NaN or Inf in the gradients of 3 steps, between the logged steps 190 and 200, "
        "17 NaN or Inf elements in the window up to step 200"
    )
    assert lost == "loss NaN at step 297, between the logged steps 290 and 300"
    assert skipped == "skipped by the GradScaler step 333, loss scale 32768"
    toolbar = window_view.get("marks-spikes").get_attribute("aria-label") or ""
    assert toolbar.startswith("Marks of spikes on the step axis: 5.")


def test_tooltip_of_a_mark_has_value_step_and_rule(window_view: View) -> None:
    marks(window_view, "spikes", "peak").first.hover()
    lines = window_view.get("tooltip").inner_text().split("\n")
    where, step, what, value, between, times, rule = (line for line in lines if line)
    assert (where, step, what, value) == ("spikes", "step 114", "gradient norm", "812.5")
    assert between == "between the logged steps 110 and 120"
    assert "times the median of nearby windows" in times
    assert rule == (
        "Marked because it is at least 3 times the median of the 10 preceding and of the 10 following windows."
    )
    window_view.page.mouse.move(0, 0)
    window_view.get("tooltip").wait_for(state="detached")


def test_click_on_mark_moves_cursor_to_nearest_logged_step(window_view: View) -> None:
    peaks = marks(window_view, "spikes", "peak")
    peaks.first.click()
    assert window_view.state()["step"] == 110
    peaks.last.click()
    assert window_view.state()["step"] == 260
    marks(window_view, "spikes", "skipped").click()
    assert window_view.state()["step"] == window_runs.SKIPPED, "a skipped step is logged with its gradients"


def test_keys_move_between_marks(window_view: View) -> None:
    found = marks(window_view, "spikes")
    stops = [mark.get_attribute("tabindex") for mark in found.all()]
    assert sorted(stops) == ["-1", "-1", "-1", "-1", "0"], "one stop of the tab key"
    found.first.focus()
    keyboard = window_view.page.keyboard
    keyboard.press("ArrowRight")
    expect(found.nth(1)).to_be_focused()
    expect(window_view.get("tooltip")).to_contain_text("NaN or Inf in the gradients of 3 steps")
    assert window_view.state()["step"] == window_runs.STEPS[-1], "the cursor is moved by Enter, not by looking"
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    assert window_view.state()["step"] == 260
    keyboard.press("Escape")
    window_view.get("tooltip").wait_for(state="detached")
    for _ in range(9):
        keyboard.press("ArrowRight")
    expect(found.last).to_be_focused()


def test_many_marks_are_merged_without_overlap(window_view: View) -> None:
    window_view.open(runs="crowded,spikes")
    for kind in ("peak", "nonfinite", "skipped"):
        found = marks(window_view, "crowded", kind).all()
        boxes = [mark.evaluate(BOX) for mark in found]
        counts = [int(mark.get_attribute("data-count") or 0) for mark in found]
        assert sum(counts) > 100 and len(counts) < 40
        assert all(a["right"] <= b["left"] + 1 for a, b in itertools.pairwise(boxes))
        many = found[int(np.argmax(counts))]
        assert f"one of {max(counts)} marks here, steps " in (many.get_attribute("aria-label") or "")
    window_view.save("windows-crowded")


def test_legend_has_the_marks_that_occur(window_view: View) -> None:
    def named() -> list[str]:
        return [text.strip() for text in window_view.find("[data-testid=legend] .chip:has(svg)").all_inner_texts()]

    marks(window_view, "spikes")
    assert named() == ["peak", "unlogged NaN, Inf", "skipped step"]
    assert "at least 3 times" in (window_view.get("legend-peak").get_attribute("title") or "")
    window_view.open(runs="adam")
    marks(window_view, "adam")
    assert named() == ["finding", "peak", "skipped step"]


def test_run_without_marks_has_no_lanes(edge_view: View) -> None:
    edge_view.open(runs="growing")
    expect(edge_view.find(".marks")).to_have_count(0)
    expect(edge_view.find("[data-testid=legend] svg")).to_have_count(0)
    axis = edge_view.find(".cell.axis .ticks").first.evaluate(BOX)
    last = edge_view.rect("growing", "b.weight", 0)
    assert axis["y"] - (last["y"] + last["height"]) < 60


def test_marks_of_a_trained_run_equal_event_file(window_view: View, window_logs: Path) -> None:
    window_view.open(runs="adam")
    scalars = Run(window_logs / "adam").scalars
    highest, places = (scalars[f"nnviz/window/gradient_norm_max{end}"] for end in ("", "_step"))
    peaks = marks(window_view, "adam", "peak").all()
    by_place = {int(places[step]): highest[step] for step in highest}
    assert {int(mark.get_attribute("data-step") or 0) for mark in peaks} <= by_place.keys()
    names = [mark.get_attribute("aria-label") or "" for mark in peaks]
    assert any(name.split(" at step 85,")[0].removeprefix("gradient norm ") in str(by_place[85]) for name in names)
    (loss,) = (
        scalars["nnviz/window/loss_max"][at] for at, step in scalars["nnviz/window/loss_max_step"].items() if step == 85
    )
    assert any(f", also loss {loss:.0f}"[:-1] in name for name in names), "two at one step are one mark that says both"
    skipped = [step for step, value in scalars["nnviz/global/skipped"].items() if value]
    assert skipped == [3, 133, 134, 250]
    shown = marks(window_view, "adam", "skipped").all()
    assert sum(int(mark.get_attribute("data-count") or 0) for mark in shown) == len(skipped)
    assert [int(mark.get_attribute("data-step") or 0) for mark in shown] == [3, 133, 250]
    assert marks(window_view, "adam", "nonfinite").count() == 0, "skipped steps are marked as that"


def test_marks_that_fail_to_load_show_error_and_retry(pages: Pages, window_server: Server) -> None:
    view = pages.new(window_server)
    pages.allow("503")

    def refuse(route: Any) -> None:
        if '"last":true' in (route.request.post_data or ""):
            route.continue_()
        else:
            route.fulfill(status=503, content_type="text/plain", body="no data server")

    view.page.route("**/scalars", refuse)
    view.open(runs="spikes")
    expect(view.get("error")).to_contain_text("Could not load the marks of events between logged steps")
    expect(view.get("error")).to_contain_text("no data server")
    assert view.cell("spikes", "stem.weight", 100)["state"] == "value"
    view.page.unroute("**/scalars")
    view.get("error").get_by_role("button").click()
    marks(view, "spikes")
    expect(view.get("error")).to_have_count(0)


@pytest.mark.parametrize("statistic", ["first_moment_norm", "second_moment_norm", "effective_step_size"])
def test_optimizer_statistics_equal_event_file(window_view: View, window_logs: Path, statistic: str) -> None:
    window_view.open(runs="adam", kind="optimizer", statistic=statistic)
    run, scale = Run(window_logs / "adam"), window_view.range()
    assert scale.log
    for step in (0, 100, 290):
        written = run.statistics("optimizer", step)
        weights = {row: found[statistic] for row, found in written.items() if row.endswith("weight")}
        shown = window_view.cells("adam", [(row, step) for row in weights])
        for (row, value), (cell, _) in zip(weights.items(), shown, strict=True):
            np.testing.assert_equal(cell["value"], value, err_msg=f"{row} at {step}")
            assert cell["state"] == scale.state(value)


def test_optimizer_statistics_without_data_are_explained(window_view: View) -> None:
    window_view.open(runs="adam,sgd", kind="optimizer", statistic="norm")
    state = window_view.state()
    assert (state["kind"], state["statistic"]) == ("optimizer", "first_moment_norm"), "a link may name another's"
    group = window_view.get("statistic-select").locator("optgroup[label=Optimizer] option")
    names = ["First moment norm", "Second moment norm", "Effective step size"]
    names += ["Gradient over its usual size", "Optimizer element count"]
    expect(group).to_have_text(names)
    expect(window_view.find(".no-data")).to_contain_text("no first moment norm in this run")
    expect(window_view.find(".no-data")).to_contain_text("Optimizers such as Adam provide it.")
    window_view.get("statistic-select").select_option("gradient/norm")
    window_view.settle()
    assert window_view.cell("sgd", "0.weight", 100)["state"] == "value"
    window_view.get("statistic-select").select_option("optimizer/effective_step_size")
    assert "p.nnviz.kind=optimizer" in window_view.settle().page.url


def test_optimizer_statistics_of_blocks_are_combined(window_view: View) -> None:
    depth = np.arange(2, 6)
    expected = {
        "first_moment_norm": (np.sqrt(np.sum((0.3 * depth / 2) ** 2)), "root of the sum of squares of 4 rows"),
        "effective_step_size": (
            np.sqrt(np.mean((1e-3 / depth) ** 2)),
            "root of the mean square of all elements of 4 rows",
        ),
    }
    for statistic, (value, words) in expected.items():
        window_view.open(runs="spikes", kind="optimizer", statistic=statistic, collapsed="enc.*", row="enc.*")
        assert window_view.cell("spikes", "enc.*", 100)["value"] == pytest.approx(value, rel=1e-6)
        expect(window_view.find(".series-title")).to_contain_text(words)
