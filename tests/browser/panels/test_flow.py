"""Tests of the Gradient flow panel: comparison, backward gain, percentiles, order, zoom and the tree."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Pages
from tests.support.browser import edge_cases
from tests.support.browser.colours import is_grey, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_logs import Log, layout
from tests.support.event_reader import Run

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]
ROW = "blocks.7.conv1.weight"
TIMES, OVER = "\N{MULTIPLICATION SIGN}", "\N{DIVISION SIGN}"


def norms(run: Run, statistic: str = "norm", kind: str = "gradient") -> dict[int, dict[str, float]]:
    """Return {step: {row: value}} of a run."""
    steps = sorted(run.tensors[f"nnviz/{kind}/{statistic}"])
    return {step: {row: of[statistic] for row, of in run.statistics(kind, step).items()} for step in steps}


def log10_factor(text: str) -> float:
    """Return the decimal logarithm of a displayed factor."""
    if text == "1":
        return 0.0
    return (1 if text[0] == TIMES else -1) * math.log10(float(text[1:]))


def rows(view: View) -> list[str]:
    return [line["key"] for line in view.state()["lines"] if line["type"] == "row"]


def test_compare_divides_each_run_by_the_reference_run(demo_view: View, demo_runs: dict[str, Run]) -> None:
    expect(demo_view.get("compare-ref")).to_have_text("vs healthy")
    demo_view.get("compare-ref").click()
    demo_view.settle()
    state, reference = demo_view.state(), norms(demo_runs["healthy"])
    scale = state["scale"]
    assert state["compared"] and scale["factor"] and scale["diverging"]
    assert scale["lo"] == -scale["hi"], "symmetric about 1"
    assert "p.nnviz.flow.vs=ref" in demo_view.page.url
    for name in RUNS[1:]:
        own = norms(demo_runs[name])
        step = sorted(own)[12]
        for row, (cell, _) in zip(
            rows(demo_view), demo_view.cells(name, [(row, step) for row in rows(demo_view)]), strict=True
        ):
            ours, theirs = own[step][row], reference[step][row]
            if ours == 0:
                assert cell["state"] == "zero"
            elif not math.isfinite(ours):
                assert cell["state"] == "nonfinite"
            else:
                expected = math.log10(ours) - math.log10(theirs)
                assert cell["value"] == pytest.approx(expected, abs=1e-6), (name, row)
                assert cell["state"] == (
                    "under" if expected < scale["lo"] else "over" if expected > scale["hi"] else "value"
                )
            assert cell["compared"] == {"at": 12, "far": False, "reference": "healthy"}
    # The column of the reference has its own values and is labelled as the reference.
    step = sorted(reference)[12]
    assert demo_view.cell("healthy", ROW, step)["value"] == np.float32(reference[step][ROW])
    expect(demo_view.find(".run-head[title='healthy']")).to_contain_text("reference")
    assert demo_view.readout()["healthy"] != "1"


def test_ratios_have_diverging_colours(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs="healthy,deep-sigmoid", **{"flow.vs": "ref", "row": "stem.weight", "lo": "1e-3", "hi": "1000"})
    picture, reference, own = demo_view.picture(), norms(demo_runs["healthy"]), norms(demo_runs["deep-sigmoid"])
    step = sorted(own)[20]
    seen = {"less": 0, "far less": 0}
    for row in rows(demo_view)[1:]:
        decades = math.log10(own[step][row] / reference[step][row]) if own[step][row] else -math.inf
        red, _, blue = colour = picture.centre(demo_view.rect("deep-sigmoid", row, step))
        if decades < -3:
            assert sum(colour) < 120, (row, colour)
            seen["far less"] += 1
        elif decades < -1:
            assert blue > red + 15, (row, colour)
            seen["less"] += 1
    assert all(seen.values()), seen
    # The legend labels the middle, and has a separate scale for the reference.
    expect(demo_view.find("[data-testid=legend] .ends .inner")).to_have_text("1 = healthy")
    ends = demo_view.find("[data-testid=legend] .ends > span")
    assert [ends.first.inner_text(), ends.last.inner_text()] == [f"{OVER}1000", f"{TIMES}1000"]
    expect(demo_view.get("legend-reference")).to_contain_text("healthy")


def test_tooltip_of_a_ratio_has_both_values(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs=",".join(RUNS), **{"flow.vs": "ref"})
    step = sorted(demo_runs["healthy"].tensors["nnviz/gradient/norm"])[9]
    demo_view.hover("deep-sigmoid", ROW, step)
    tooltip = demo_view.get("tooltip")
    displayed = int(tooltip.locator(".where span").inner_text().removeprefix("step "))
    ours, theirs = (
        demo_runs[run].statistics("gradient", displayed)[ROW]["norm"] for run in ("deep-sigmoid", "healthy")
    )
    sides = tooltip.get_by_test_id("sides").locator("td").all_inner_texts()
    assert [side.strip() for side in sides[::2]] == [f"deep-sigmoid, step {displayed}", f"healthy, step {displayed}"]
    assert [np.float32(side) for side in sides[1::2]] == [np.float32(ours), np.float32(theirs)]
    assert log10_factor(tooltip.locator(".value").inner_text()) == pytest.approx(math.log10(ours / theirs), abs=3e-3)


def test_compare_zero_nan_and_distant_steps_are_marked(edge_view: View) -> None:
    edge_view.open(runs="cells,other,growing", ref="cells", **{"flow.vs": "ref", "row": "stem.weight", "step": "0"})
    state = {cell: edge_view.cell("other", *cell)["state"] for cell in (edge_cases.NAN, edge_cases.ZERO)}
    assert state == {edge_cases.NAN: "refNonfinite", edge_cases.ZERO: "refZero"}
    assert edge_view.cell("other", "extra.weight", 50)["state"] == "refAbsent"
    assert edge_view.cell("other", *edge_cases.ABSENT)["state"] == "absent"
    picture = edge_view.picture()
    ((bad, _),) = picture.colours(edge_view.rect("other", *edge_cases.NAN)).most_common(1)
    ((zero, _),) = picture.colours(edge_view.rect("other", *edge_cases.ZERO)).most_common(1)
    assert is_magenta(bad) and is_grey(zero)
    for cell, words in [
        (edge_cases.NAN, "NaN or Inf in the reference"),
        (edge_cases.ZERO, "the reference is exactly 0"),
        (("extra.weight", 50), "the reference has no value to compare with"),
    ]:
        expect(edge_view.hover("other", *cell)).to_contain_text(words)
    # `growing` ends at step 9, so later steps of `cells` have no nearby step to compare with.
    assert edge_view.cell("other", "head.weight", 95)["compared"]["far"] is False
    edge_view.open(runs="cells,growing", ref="growing", **{"flow.vs": "ref", "step": "0"})
    assert edge_view.cell("cells", "stem.weight", 5)["compared"] == {"at": 5, "far": False, "reference": "growing"}
    assert edge_view.cell("cells", "stem.weight", 60)["compared"]["far"] is True
    expect(edge_view.hover("cells", "stem.weight", 60)).to_contain_text("further apart than half a logging interval")
    expect(edge_view.get("legend")).to_contain_text("steps far apart")


def test_compare_signed_statistics_subtracts_on_symlog(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs=",".join(RUNS), statistic="mean")
    assert demo_view.state()["scale"]["mode"] == "symlog"
    expect(demo_view.get("scale-log")).to_have_text("symlog")
    demo_view.get("compare-ref").click()
    demo_view.settle()
    step = sorted(demo_runs["healthy"].tensors["nnviz/gradient/mean"])[5]
    ours, theirs = (demo_runs[run].statistics("gradient", step)[ROW]["mean"] for run in ("dying-relu", "healthy"))
    assert demo_view.cell("dying-relu", ROW, step)["value"] == pytest.approx(ours - theirs, rel=1e-6)
    demo_view.get("scale-linear").click()
    demo_view.settle()
    assert demo_view.state()["scale"]["mode"] == "linear"


def test_backward_gain_is_ratio_of_rms(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.get("statistic-select").select_option("activation_gradient/backward_gain")
    demo_view.until("__nnviz.state().statistic === it", "backward_gain")
    demo_view.settle()
    expect(demo_view.find(".series-title span").first).to_have_text("backward gain over steps")
    for name in ("healthy", "deep-sigmoid"):
        rms = norms(demo_runs[name], "rms", "activation_gradient")
        step = sorted(rms)[7]
        order = list(rms[step])
        assert demo_view.cell(name, order[0], step)["state"] == "undefined", "the first layer passes nothing on"
        shown = demo_view.cells(name, [(row, step) for row in order[1:]])
        for (before, row), (cell, _) in zip(itertools.pairwise(order), shown, strict=True):
            expected = math.log10(rms[step][before] / rms[step][row])
            assert cell["value"] == pytest.approx(expected, abs=1e-6), (name, row)
    # A sigmoid's slope is at most a quarter. The tooltip has both operands.
    rms = norms(demo_runs["deep-sigmoid"], "rms", "activation_gradient")
    step = sorted(rms)[7]
    assert demo_view.cell("deep-sigmoid", "act", step)["value"] <= math.log10(0.2501)
    demo_view.hover("deep-sigmoid", "act", step)
    parts = demo_view.get("gain-parts").locator("td").all_inner_texts()
    displayed = int(demo_view.get("tooltip").locator(".where span").inner_text().removeprefix("step "))
    assert parts[2] == "RMS at stem"
    assert [np.float32(parts[1]), np.float32(parts[3])] == [np.float32(rms[displayed][row]) for row in ("act", "stem")]


def test_percentile_band_is_drawn_behind_the_profile(demo_view: View, demo_runs: dict[str, Run]) -> None:
    demo_view.open(runs="healthy", row="stem.weight", **{"flow.band": "on"})
    profile = demo_view.get("profile")
    place = demo_view.rect("healthy", ROW, 0)
    top = profile.evaluate("(it) => it.getBoundingClientRect().top")
    profile.hover(position={"x": 100, "y": place["y"] + place["height"] / 2 - top})
    text = demo_view.get("percentiles").inner_text()
    values = [of[ROW] for of in norms(demo_runs["healthy"]).values()]
    low, high = (float(it) for it in re.findall(r": (\S+) \S (\S+)$", text)[0])
    assert [low, high] == pytest.approx(list(np.quantile(values, [0.05, 0.95])), rel=6e-3)
    demo_view.page.mouse.move(0, 0)
    # Switched off, the band is not drawn.
    before = profile.screenshot()
    demo_view.get("band-switch").click()
    expect(demo_view.get("band-switch")).to_have_attribute("aria-pressed", "false")
    demo_view.page.mouse.move(0, 0)
    assert profile.screenshot() != before
    assert "flow.band" not in demo_view.page.url


def test_rows_are_ordered_by_name_and_by_value(demo_view: View, demo_runs: dict[str, Run]) -> None:
    by_depth = rows(demo_view)
    demo_view.get("order-select").select_option("name")
    demo_view.settle()
    assert rows(demo_view) == sorted(by_depth, key=lambda row: row.removesuffix(".weight"))
    step = demo_view.state()["step"]
    demo_view.get("order-select").select_option(f"value@{step}")
    demo_view.settle()
    values = demo_runs["healthy"].statistics("gradient", step)
    shown = [values[row]["norm"] for row in rows(demo_view)]
    assert shown == sorted(shown, reverse=True)
    assert set(rows(demo_view)) == set(by_depth)
    assert demo_view.cell("healthy", ROW, step)["value"] == np.float32(values[ROW]["norm"])


def test_brush_zooms_all_maps_and_the_curves(demo_view: View, demo_runs: dict[str, Run]) -> None:
    steps = sorted(demo_runs["healthy"].tensors["nnviz/gradient/norm"])
    first, last = steps[len(steps) // 4], steps[len(steps) // 2]
    corner = demo_view._corner()
    boxes = [demo_view.rect("lr-too-high", ROW, step) for step in (first, last)]
    (x0, y), (x1, _) = ((corner[0] + box["x"] + 0.5, corner[1] + box["y"] + 5) for box in boxes)
    before = demo_view.state()
    mouse = demo_view.page.mouse
    mouse.move(x0, y)
    mouse.down()
    mouse.move((x0 + x1) / 2, y)
    mouse.move(x1, y)
    expect(demo_view.find(".map .brush")).to_have_count(len(RUNS))
    mouse.up()
    demo_view.until("__nnviz.state().zoom !== null")
    demo_view.settle()
    state = demo_view.state()
    low, high = state["zoom"]
    assert low in steps and high in steps
    gap = steps[1] - steps[0]
    assert abs(low - first) <= 4 * gap and abs(high - last) <= 4 * gap
    assert state["step"] == high and before["step"] == steps[-1], "the cursor is at the nearest end"
    assert f"p.nnviz.flow.from={low}" in demo_view.page.url and "p.nnviz.step" not in demo_view.page.url
    # Values stay the same, and each map contains only these steps.
    assert demo_view.cell("healthy", ROW, low)["value"] == np.float32(
        demo_runs["healthy"].statistics("gradient", low)[ROW]["norm"]
    )
    edge = demo_view.get("heatmap-healthy").evaluate("(it) => it.getBoundingClientRect().left")
    assert abs(demo_view.rect("healthy", ROW, low)["x"] - edge) <= 1
    # Keys stay within the zoomed steps.
    demo_view.get("stage").focus()
    demo_view.page.keyboard.press("ArrowRight")
    assert demo_view.state()["step"] == high
    demo_view.page.keyboard.press("ArrowLeft")
    assert demo_view.state()["step"] == steps[steps.index(high) - 1]
    demo_view.get("zoom-reset").click()
    assert demo_view.state()["zoom"] is None
    demo_view.page.keyboard.press("+")
    demo_view.until("__nnviz.state().zoom !== null")
    over = demo_view.find(".plot-over")
    over.dblclick()
    demo_view.until("__nnviz.state().zoom === null")


@pytest.fixture(scope="module")
def deep_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server on a run of 1000 layers in blocks of ten, with a finding."""
    logdir = tmp_path_factory.mktemp("deep")
    names = [f"{kind}.{block}.fc{i}.weight" for kind in ("enc", "dec") for block in range(50) for i in range(10)]
    steps = range(0, 200, 10)
    norms = np.geomspace(1e-4, 1, len(names)) * np.linspace(1, 2, len(steps))[:, None]
    with Log(logdir / "deep") as log:
        norms[6:, names.index("enc.7.fc3.weight")] = 0  # from step 60 on
        values = {"count": np.full(norms.shape, 12, np.float32), "norm": norms.astype(np.float32)}
        log.table(layout(names), values, steps)
    with Server(logdir, {"deep": steps[-1]}) as server:
        yield server


def test_thousand_layers_open_as_blocks(pages: Pages, deep_server: Server) -> None:
    view = pages.new(deep_server).open(panel="gradient_flow")
    lines = view.state()["lines"]
    assert len(lines) == 100 and all(line["type"] == "block" for line in lines)
    assert view.find(".tree .line").count() < 100, "only those in sight are in the document"
    squares = np.geomspace(1e-4, 1, 1000)[:10] ** 2
    assert view.cell("deep", "enc.0.*", 0)["value"] == pytest.approx(math.sqrt(squares.sum()), rel=1e-5)
    assert "collapsed" not in view.page.url, "folded by itself"
    view.get("row-enc.1.*").locator(".caret").click()
    view.until("__nnviz.state().lines.length === 110")
    assert "p.nnviz.collapsed=%400%2C-enc.1.*" in view.page.url
    # The list scrolls to the cursor at one of the last layers and draws it.
    view.open(row="dec.49.fc9.weight", step="50")
    expect(view.get("row-dec.49.*")).to_be_in_viewport()
    cell = view.cell("deep", "dec.49.*", 50)
    assert cell["rgb"] == cell["drawn"]


def test_findings_have_marks_that_move_the_cursor(pages: Pages, deep_server: Server) -> None:
    view = pages.new(deep_server).open(panel="gradient_flow")
    mark = view.get("marks-deep").locator("button")
    expect(mark).to_have_count(1)
    assert (mark.get_attribute("data-kind"), mark.get_attribute("data-step")) == ("finding", "60")
    mark.hover()
    for words in ("No gradient arrives", "enc.7.fc3", "since step 60", "exactly 0 since step 60"):
        expect(view.get("tooltip")).to_contain_text(words)
    mark.click()
    state = view.state()
    assert (state["step"], state["row"]) == (60, "enc.7.*"), "the block that holds the layer"
    assert "p.nnviz.row=enc.7.fc3.weight" in view.page.url
    expect(view.get("legend-finding")).to_have_text("finding")


def test_keys_in_the_tree_move_and_fold(demo_view: View) -> None:
    demo_view.open(runs="healthy", row="blocks.0.conv1.weight")
    tree, keyboard = demo_view.find("[role=tree]"), demo_view.page.keyboard
    assert tree.locator("[tabindex='0']").count() == 1, "one stop of the tab key"
    demo_view.get("row-blocks.0.conv1.weight").focus()
    keyboard.press("ArrowDown")
    assert demo_view.state()["row"] == "blocks.0.conv2.weight"
    keyboard.press("ArrowLeft")
    expect(demo_view.get("row-blocks.0.*")).to_be_focused()
    keyboard.press("ArrowLeft")
    expect(demo_view.get("row-blocks.0.*")).to_have_attribute("aria-expanded", "false")
    assert demo_view.state()["row"] == "blocks.0.*"
    keyboard.press("ArrowRight")
    expect(demo_view.get("row-blocks.0.*")).to_have_attribute("aria-expanded", "true")
    keyboard.press("End")
    assert demo_view.state()["row"] == rows(demo_view)[-1]


def test_tooltip_of_dead_fraction_defines_the_unit(demo_view: View) -> None:
    demo_view.open(
        runs="dying-relu", kind="activation", statistic="dead_fraction", row="stem", rowFilter="^(stem|act|act1)$"
    )
    for row, words in [
        ("stem", "units: 16 channels"),
        ("act", "units: 16 channels"),
        ("act1", "units: 64 indices of the last axis"),
    ]:
        expect(demo_view.hover("dying-relu", row, 0)).to_contain_text(words)
