"""Tests of the Weights panel: values and colours against the demo's event files."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from demo.runs import RUNS
from tb_nnviz import schema
from tests.browser.conftest import Pages
from tests.support.browser.colours import Rgb, distance, is_grey, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_logs import Log, layout, numbers
from tests.support.event_reader import Run

NAMES = [run.name for run in RUNS]
KERNELS = "blocks.0.conv1.weight"
#: ColorBrewer's RdBu of 11 colours, blue first.
_RDBU = ["053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"]


def red_or_blue(place: float) -> Rgb:
    """Return the colour of RdBu at 0 to 1: the uniform B-spline of its colours."""
    colours = np.array([[int(one[i : i + 2], 16) for i in (0, 2, 4)] for one in _RDBU], float)
    padded = np.vstack([2 * colours[0] - colours[1], colours, 2 * colours[-1] - colours[-2]])
    last = len(colours) - 1
    at = min(last - 1, math.floor(place * last))
    t = place * last - at
    weights = np.array([(1 - t) ** 3, 4 - 6 * t**2 + 3 * t**3, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3]) / 6
    red, green, blue = np.clip(np.floor(weights @ padded[at : at + 4] + 0.5), 0, 255).astype(int)
    return int(red), int(green), int(blue)


def weights(run: Run, parameter: str, step: int) -> np.ndarray:
    """Return a map as float64, NaN for nonfinite values."""
    header, codes = schema.decode_map(run.tensors[f"nnviz/weight/{parameter}"][step])
    values: np.ndarray = header["offset"] + header["scale"] * codes.astype(np.float64)
    values[codes == (schema.NONFINITE_CODE if header["nonfinite"] else 256)] = np.nan
    return values


def middle(canvas: Locator, row: int, column: int) -> tuple[float, float]:
    """Return the middle of a map's cell in the pixels of the canvas."""
    cell, block, gap = (canvas.get_attribute(f"data-{name}") for name in ("cell", "block", "gap"))
    assert cell and block and gap

    def along(at: int, axis: int) -> float:
        size, images = float(cell.split()[axis]), int(block.split()[axis])
        return (at + 0.5) * size + at // images * float(gap)

    return along(column, 0), along(row, 1)


def colour(view: View, run: str, row: int, column: int) -> Rgb:
    """Return the colour of a cell on the screen."""
    canvas = view.get(f"weights-{run}")
    box = canvas.evaluate("(it) => { const { x, y } = it.getBoundingClientRect(); return [x, y]; }")
    x, y = middle(canvas, row, column)
    return view.picture().at(box[0] + x, box[1] + y)


def scale(view: View) -> float:
    """Return the largest value of the scale as displayed in the legend."""
    low, high = view.find("[data-testid=weights-legend] .w-ramp > span").all_inner_texts()
    assert float(low) == -float(high)
    return float(high)


@pytest.fixture
def view(demo_view: View, demo_runs: dict[str, Run]) -> View:
    """Open the kernels of one layer at the last step."""
    return demo_view.open(runs=",".join(NAMES), panel="weights", row=KERNELS)


def test_list_has_layers_with_weights_in_execution_order(view: View, demo_runs: dict[str, Run]) -> None:
    items = view.find("[role=option]")
    rows = demo_runs["healthy"].rows("parameter", 0)
    expected = [row["name"] for row in rows if len(row["shape"]) > 1]
    assert items.locator(".label").all_inner_texts() == expected
    assert items.last.locator(".note").inner_text() == "10 \u00d7 64"


def test_kernels_have_colours_of_logged_weights(view: View, demo_runs: dict[str, Run]) -> None:
    hi = scale(view)
    for name in ("healthy", "deep-sigmoid", "dying-relu"):
        steps = demo_runs[name].tensors[f"nnviz/weight/{KERNELS}"]
        values = weights(demo_runs[name], KERNELS, max(steps))
        for out, into, y, x in [(0, 0, 0, 0), (3, 5, 1, 2), (15, 15, 2, 2), (8, 0, 0, 1)]:
            value = values[out, into, y, x]
            if not 0 < abs(value) < hi:
                continue
            place = min(255, max(0, math.floor((value / hi + 1) / 2 * 255 + 0.5))) / 255
            seen = colour(view, name, 3 * out + y, 3 * into + x)
            assert distance(seen, red_or_blue(place)) <= 2, (name, out, into, y, x, value)


def test_kernels_of_one_input_are_arranged_in_a_square(view: View, demo_runs: dict[str, Run]) -> None:
    view.find("[role=option] .label").get_by_text("stem.weight", exact=True).click()
    view.settle()
    hi = scale(view)
    run = demo_runs["healthy"]
    values = weights(run, "stem.weight", max(run.tensors["nnviz/weight/stem.weight"]))
    assert values.shape == (16, 1, 3, 3)
    seen = 0
    for out, y, x in [(0, 0, 0), (3, 2, 1), (4, 0, 0), (9, 1, 1), (15, 2, 2)]:
        value = values[out, 0, y, x]
        if not 0 < abs(value) < hi:
            continue
        seen += 1
        place = min(255, max(0, math.floor((value / hi + 1) / 2 * 255 + 0.5))) / 255
        drawn = colour(view, "healthy", 3 * (out % 4) + y, 3 * (out // 4) + x)
        assert distance(drawn, red_or_blue(place)) <= 2, (out, y, x, value)
    assert seen >= 3
    canvas = view.get("weights-healthy")
    x, y = middle(canvas, 3 * 1 + 1, 3 * 2 + 2)
    canvas.hover(position={"x": x, "y": y})
    expect(view.get("tooltip").locator(".what")).to_have_text("stem.weight[9, 0, 1, 2]")


def test_tooltip_has_weight_and_its_value_in_other_runs(view: View, demo_runs: dict[str, Run]) -> None:
    canvas = view.get("weights-healthy")
    x, y = middle(canvas, 3 * 4 + 1, 3 * 2)
    canvas.hover(position={"x": x, "y": y})
    tooltip = view.get("tooltip")
    expect(tooltip.locator(".what")).to_have_text(f"{KERNELS}[4, 2, 1, 0]")
    last = max(demo_runs["healthy"].tensors[f"nnviz/weight/{KERNELS}"])
    expect(tooltip.locator(".where")).to_contain_text(f"step {last}")
    value = weights(demo_runs["healthy"], KERNELS, last)[4, 2, 1, 0]
    assert float(tooltip.locator(".value").inner_text()) == pytest.approx(value, rel=1e-6)
    fellows = dict(line.split(": ") for line in tooltip.locator(".state").all_inner_texts())
    assert set(fellows) == {"deep-sigmoid", "lr-too-high", "dying-relu"}
    expected = weights(demo_runs["dying-relu"], KERNELS, last)[4, 2, 1, 0]
    assert float(fellows["dying-relu"]) == pytest.approx(expected, rel=5e-3)


def test_slider_plays_logged_steps_and_moves_shared_cursor(view: View, demo_runs: dict[str, Run]) -> None:
    steps = sorted(demo_runs["healthy"].tensors[f"nnviz/weight/{KERNELS}"])
    expect(view.get("step-value")).to_contain_text(f"step {steps[-1]} of {steps[-1]}")
    view.page.keyboard.press("Home")
    expect(view.get("step-value")).to_contain_text(f"step {steps[0]} of")
    displayed, play = view.record("step-value"), view.get("play")
    play.click()
    expect(play).to_have_attribute("aria-label", "Pause")
    view.until("it.length > 3", displayed)
    play.click()
    expect(play).to_have_attribute("aria-label", "Play through the steps")
    texts = displayed.json_value()
    # Playing shows each logged step.
    assert texts == [f"step {step} of {steps[-1]}" for step in steps[: len(texts)]]
    view.page.keyboard.press("Home")
    expect(view.get("step-value")).to_contain_text(f"step {steps[0]} of")
    assert view.state()["step"] == steps[0]
    view.page.keyboard.press("j")
    expect(view.find("[role=option][aria-selected=true] .label")).to_have_text("blocks.0.conv2.weight")


def test_unmoved_kernels_are_grey_and_counted(view: View, demo_runs: dict[str, Run]) -> None:
    view.get("minus-first").click()
    view.page.keyboard.press("Home")
    view.settle()
    for name in NAMES:
        expect(view.get(f"facts-{name}")).to_contain_text("256 of 256 kernels unchanged")
        assert is_grey(colour(view, name, 20, 20))
    view.page.keyboard.press("End")
    expect(view.get("facts-healthy")).not_to_contain_text("256 of 256")
    steps = sorted(demo_runs["deep-sigmoid"].tensors[f"nnviz/weight/{KERNELS}"])
    first, last = (weights(demo_runs["deep-sigmoid"], KERNELS, step) for step in (steps[0], steps[-1]))
    if (first == last).all():  # no gradient reaches this layer
        expect(view.get("facts-deep-sigmoid")).to_contain_text("256 of 256 kernels unchanged")


def test_difference_mode_subtracts_the_reference_run(view: View, demo_runs: dict[str, Run], tmp_path: Path) -> None:
    view.get("minus-ref").click()
    view.settle()
    expect(view.get("weights-healthy")).to_have_count(0)
    expect(view.find(".w-run").first).to_contain_text("the reference")
    with view.page.expect_download() as download:
        view.get("export-csv").click()
    download.value.save_as(tmp_path / "weights.csv")
    lines = list(csv.DictReader((tmp_path / "weights.csv").read_text("utf-8").splitlines()))
    last = max(demo_runs["healthy"].tensors[f"nnviz/weight/{KERNELS}"])
    maps = {name: demo_runs[name].tensors[f"nnviz/weight/{KERNELS}"][last] for name in ("healthy", "dying-relu")}
    least = sum(schema.decode_map(one)[0]["scale"] for one in maps.values()) / 2
    moved = weights(demo_runs["dying-relu"], KERNELS, last) - weights(demo_runs["healthy"], KERNELS, last)
    expected = np.where(np.abs(moved) < least * (1 - 1e-9), 0, moved)
    found = [line for line in lines if line["run"] == "dying-relu"]
    assert len(found) == moved.size and {int(line["step"]) for line in found} == {last}
    for line in found[:: moved.size // 50]:
        index = tuple(int(i) for i in line["index"].split(", "))
        assert float(line["mean"]) == pytest.approx(expected[index], rel=1e-6)
    with view.page.expect_download() as download:
        view.get("export-png").click()
    assert download.value.suggested_filename == f"nnviz_weights_{KERNELS}_minus_healthy_step_{last}.png"


def test_signs_count_single_weights_beyond_the_row(view: View) -> None:
    hidden = """(row) => {
      const { left, right } = row.getBoundingClientRect();
      const boxes = [...row.children].map((item) => item.getBoundingClientRect());
      return [boxes.filter((box) => box.left < left - 2).length, boxes.filter((box) => box.right > right + 2).length];
    }"""
    row, signs = view.get("track-picks"), [view.get(f"track-picks-{side}") for side in ("left", "right")]
    view.page.set_viewport_size({"width": 1000, "height": 760})
    view.settle()
    for side in (1, 0):
        expect(signs[1 - side]).to_have_count(0)
        for _ in range(10):
            if signs[side].count() == 0:
                break
            for count, sign in zip(row.evaluate(hidden), signs, strict=True):
                expect(sign).to_have_count(min(1, count))
                assert count == 0 or str(count) in sign.inner_text()
            box, other = row.bounding_box(), signs[side].bounding_box()
            assert box and other
            assert box["x"] + box["width"] <= other["x"] if side else other["x"] + other["width"] <= box["x"]
            signs[side].click()
            view.settle()
        expect(row.locator("button").nth(-side)).to_be_in_viewport(ratio=0.9)
    view.page.set_viewport_size({"width": 1440, "height": 860})


def test_tracked_weight_has_value_of_every_logged_step(view: View, demo_runs: dict[str, Run]) -> None:
    view.get("track-[0, 0, 0, 2]").click()
    chart = view.get("tracks")
    over = chart.locator(".plot-over").bounding_box()
    assert over
    run = demo_runs["healthy"]
    row = [row["name"] for row in run.rows("tracked", 0)].index(f"{KERNELS}[0, 0, 0, 2]")
    view.page.mouse.move(over["x"] + over["width"] / 2, over["y"] + over["height"] / 2)
    tooltip = view.get("tooltip")
    expect(tooltip.locator(".what")).to_have_text(f"{KERNELS}[0, 0, 0, 2]")
    match = re.search(r"^([\w-]+)\s+step (\d+)$", tooltip.locator(".where").inner_text().replace("\n", " "))
    assert match
    expected = demo_runs[match[1]].tensors["nnviz/tracked/value"][int(match[2])]
    assert np.float32(tooltip.locator(".value").inner_text()) == expected[row]
    view.page.mouse.down()
    view.page.mouse.up()
    assert view.state()["step"] == int(match[2])
    view.get("track-all").click()
    expect(view.find(".w-chart")).to_have_count(4)


# Cases that the demo does not have: tiles, rows of zeros, a large column, NaN, runs without maps.

ROWS, COLUMNS = 6, 5


def tiled() -> tuple[dict[str, object], np.ndarray]:
    """Return a map of tiles of 4 by 2 with NaN, rows of zeros, and a column of large norm."""
    codes = np.full((3, ROWS, COLUMNS), 127, np.uint8)
    codes[0], codes[1], codes[2] = 140, 117, 157
    codes[:, 2, 3] = schema.NONFINITE_CODE
    codes[:, 5] = 127
    codes[:, :5, 4] = 254
    header = {
        "shape": list(codes.shape),
        "axes": ["reduction", "row", "column"],
        "scale": 0.01,
        "offset": -1.27,
        "zero": 127,
        "downsampled": {"row": [23, ROWS, "mean"], "column": [10, COLUMNS, "mean"]},
        "unit_order": None,
        "nonfinite": 3,
        "norms": {
            "row": {"min": [1, 1, 1, 0, 1, 0], "max": [1, 1, None, 1, 1, 0]},
            "column": {"min": [1, 1, 1, 1, 9], "max": [1, 1, 1, 1, 30]},
        },
        "tensor": {"shape": [23, 10], "dtype": "float32"},
    }
    return header, codes


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    logdir = tmp_path_factory.mktemp("weights")
    rows = layout(["fc.weight"])
    for run in ("tiled", "bare"):
        with Log(logdir / run) as log:
            log.table(rows, numbers(3, 1))
            if run == "tiled":
                payload = schema.encode_map(*tiled())
                log.entries(2, [schema.Entry("nnviz/weight/fc.weight", payload, schema.PLUGIN_MAPS)])
    with Server(logdir, {"tiled": 2, "bare": 2}) as server:
        yield server


def test_facts_name_tiles_nan_zero_rows_and_large_columns(odd_server: Server, pages: Pages) -> None:
    view = pages.new(odd_server).open(panel="weights", runs="tiled,bare")
    facts = view.get("facts-tiled").inner_text().split(" · ")
    assert facts == [
        "3 NaN or Inf",
        "at least 4 rows all 0",
        "column 8\u20139: 30.0 \u00d7 the median norm",
        "tiles of 4 \u00d7 2",
    ]
    assert is_magenta(colour(view, "tiled", 2, 3)) or colour(view, "tiled", 2, 3) == (255, 255, 255)
    assert is_grey(colour(view, "tiled", 5, 0))
    expect(view.find(".w-run").filter(has_text="bare")).to_contain_text("no map of this layer")
    canvas = view.get("weights-tiled")
    x, y = middle(canvas, 1, 2)
    canvas.hover(position={"x": x, "y": y})
    expect(view.get("tooltip").locator(".what")).to_have_text("fc.weight[4\u20137, 4\u20135]")
    expect(view.get("tooltip").locator(".state")).to_have_text(
        ["tile of 8 weights", "mean 0.130 · min -0.100 · max 0.300"]
    )
    seen = {}
    for reduction in ("mean", "min", "max"):
        view.get(f"reduction-{reduction}").click()
        view.settle()
        seen[reduction] = colour(view, "tiled", 1, 2)
    assert seen["min"][2] > seen["min"][0], "negative is blue"
    assert seen["mean"][0] > seen["mean"][2] and seen["max"][0] > seen["max"][2], "positive is red"
    expect(view.page).to_have_url(re.compile("weights.show=max"))


def test_panel_without_maps_names_the_code_that_fills_it(odd_server: Server, pages: Pages) -> None:
    view = pages.new(odd_server).open(panel="weights", runs="bare")
    expect(view.get("panel-empty")).to_contain_text("weights_every=")
    expect(view.get("panel-empty")).to_contain_text("tracked_weights=")
