"""Tests of the Activations panel: values and colours against the event files, and its controls."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Pages
from tests.support.browser.colours import VIRIDIS, Range, Rgb, distance, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_logs import Log, layout
from tests.support.event_reader import Run
from tests.support.logs import map_payloads as maps

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]
LAYER = "blocks.3.act1"
STEP = 20
SAMPLE = 3
TIMES = "\N{MULTIPLICATION SIGN}"
IMAGE = ["sample", "channel", "height", "width"]


def values(run: Run, layer: str, step: int) -> np.ndarray:
    """Return a layer's dequantized map from the event file."""
    return maps.decode(run.tensors[f"nnviz/map/{layer}"][step])[1]


def box(locator: Locator) -> dict[str, float]:
    found: dict[str, float] = locator.evaluate("(it) => it.getBoundingClientRect().toJSON()")
    return found


def tile(view: View, run: str, channel: int) -> Locator:
    return view.get(f"tile-{run}-{channel}")


def part(picture: dict[str, float], row: int, column: int, shape: tuple[int, ...]) -> dict[str, float]:
    """Return the rectangle of one value within a map."""
    width, height = picture["width"] / shape[1], picture["height"] / shape[0]
    return {"x": picture["x"] + column * width, "y": picture["y"] + row * height, "width": width, "height": height}


def ends(view: View) -> Range:
    """Return the ends of the scale as displayed in the legend."""
    low, *_, high = view.get("legend-values").locator(".ends span").all_inner_texts()
    return Range(float(low.strip("<> ")), float(high.strip("<> ")), log=False)


def order(view: View, run: str) -> list[int]:
    """Return the units in the displayed order, row by row."""
    read = "(tiles) => tiles.map((it) => [it.offsetTop, it.offsetLeft, Number(it.dataset.unit)])"
    places = view.get(f"maps-{run}").locator("[data-unit]").evaluate_all(read)
    return [unit for _, _, unit in sorted(places)]


def hover(view: View, target: Locator, x: float = 0.5, y: float = 0.5) -> list[str]:
    """Point at a place within an element, and return the lines of the tooltip."""
    inner = box(target)
    target.hover(position={"x": inner["width"] * x, "y": inner["height"] * y})
    return [line for line in view.get("tooltip").inner_text().split("\n") if line]


@pytest.fixture
def view(demo_view: View) -> View:
    """Open the demo's runs at a layer, a step and a sample."""
    keys = {"runs": ",".join(RUNS), "row": LAYER, "step": str(STEP), "act.sample": str(SAMPLE)}
    return demo_view.open(panel="activations", **keys)


def test_tiles_have_colours_of_logged_values_on_one_scale(view: View, demo_runs: dict[str, Run]) -> None:
    shown = {name: values(demo_runs[name], LAYER, STEP)[SAMPLE] for name in RUNS}
    # At this step no run has values far beyond those of the reference.
    scale = Range(float(min(v.min() for v in shown.values())), float(max(v.max() for v in shown.values())), log=False)
    legend = ends(view)
    assert (legend.lo, legend.hi) == pytest.approx((scale.lo, scale.hi), rel=5e-3, abs=1e-9)
    picture = view.picture()
    for name, planes in shown.items():
        for channel in (0, 7, 12):
            frame = box(tile(view, name, channel).locator("canvas"))
            for row, column in [(0, 0), (3, 4), (7, 2), (5, 7)]:
                drawn = picture.centre(part(frame, row, column, planes[channel].shape))
                expected = scale.colour(planes[channel, row, column])
                # Rounding to float32 may choose either of two neighbouring colours.
                assert distance(drawn, expected) < 8, (name, channel, row, column)


def test_channels_are_ordered_by_activity_of_reference_run(view: View, demo_runs: dict[str, Run]) -> None:
    newest = demo_runs["healthy"].tensors[f"nnviz/map/{LAYER}"]
    units = maps.decode(newest[max(newest)])[0]["units"]
    activity = np.maximum(np.abs(units["min"]), np.abs(units["max"]))
    expected = sorted(range(16), key=lambda channel: (-activity[channel], channel))
    assert {name: order(view, name) for name in RUNS} == dict.fromkeys(RUNS, expected)
    view.get("act-order").select_option("index")
    assert order(view, "dying-relu") == list(range(16))


def test_input_is_shown_beside_its_maps(view: View, demo_runs: dict[str, Run]) -> None:
    header, inputs = maps.decode(demo_runs["healthy"].tensors["nnviz/map_input"][0])
    image = inputs[SAMPLE, 0]
    grey = np.rint((image - image.min()) / (image.max() - image.min()) * 255)
    frame, picture = box(view.get("input")), view.picture()
    for place in [(0, 0), (3, 3), (4, 6), (7, 4)]:
        assert picture.centre(part(frame, *place, image.shape)) == pytest.approx((grey[place],) * 3, abs=1)
    expect(view.get("sample-label")).to_have_text(f"“{header['labels'][SAMPLE]}”")
    expect(view.get("sample")).to_have_text(f"sample {SAMPLE + 1} of 8")
    view.get("sample-next").click()
    expect(view.get("sample-label")).to_have_text(f"“{header['labels'][SAMPLE + 1]}”")
    assert "act.sample=4" in view.page.url


def test_tooltip_has_value_precision_and_unit_statistics(view: View, demo_runs: dict[str, Run]) -> None:
    header, planes = maps.decode(demo_runs["dying-relu"].tensors[f"nnviz/map/{LAYER}"][STEP])
    lines = hover(view, tile(view, "dying-relu", 5).locator("canvas"), 2.5 / 8, 6.5 / 8)
    assert lines[:3] == ["dying-relu", f"step {STEP}", "channel 5 · row 6 · column 2"]
    assert float(lines[3]) == pytest.approx(planes[SAMPLE, 5, 6, 2], rel=1e-4, abs=1e-9)
    (precision,) = re.findall(r"± (\S+):", lines[4])
    assert float(precision) == pytest.approx(header["scale"] / 2, rel=5e-3)
    figures = [float(number) for number in re.findall(r"(?:min|max|mean) ([^,]+)", lines[5])]
    assert figures == pytest.approx([header["units"][name][5] for name in ("min", "max", "mean")], rel=1e-6)
    for name in RUNS:
        expect(tile(view, name, 5)).to_have_class(re.compile("hovered"))
    expect(view.find(".act-tile.hovered")).to_have_count(4)


def test_difference_mode_subtracts_the_reference_run(view: View, demo_runs: dict[str, Run]) -> None:
    view.get("act-mode-difference").click()
    own, reference = (values(demo_runs[name], LAYER, STEP)[SAMPLE, 7] for name in ("dying-relu", "healthy"))
    for row, column in [(1, 1), (4, 4), (6, 3)]:
        lines = hover(view, tile(view, "dying-relu", 7).locator("canvas"), (column + 0.5) / 8, (row + 0.5) / 8)
        expected = own[row, column] - reference[row, column]
        assert float(lines[3]) == pytest.approx(expected, rel=1e-3, abs=1e-5)
    view.page.mouse.move(0, 0)
    # Blue is below 0 and red above.
    frame, picture = box(tile(view, "dying-relu", 7).locator("canvas")), view.picture()
    reach = float(view.get("legend-difference").locator(".ends span").last.inner_text())
    difference = own - reference
    clear = [place for place in np.ndindex(8, 8) if abs(difference[place]) > 0.15 * reach]
    assert clear
    for place in clear:
        red, _, blue = picture.centre(part(frame, *place, (8, 8)))
        assert (red > blue) == (difference[place] > 0), place


def test_scale_and_colour_options_recolour_tiles(view: View, demo_runs: dict[str, Run]) -> None:
    planes = values(demo_runs["deep-sigmoid"], LAYER, STEP)[SAMPLE]

    def drawn(channel: int, row: int, column: int) -> Rgb:
        frame = box(tile(view, "deep-sigmoid", channel).locator("canvas"))
        return view.picture().centre(part(frame, row, column, (8, 8)))

    view.get("act-scale-channel").click()
    own = Range(float(planes[2].min()), float(planes[2].max()), log=False)
    for place in [(0, 0), (4, 4), (7, 7)]:
        assert distance(drawn(2, *place), own.colour(planes[2][place])) < 8
    view.get("act-scale-fixed").click()
    view.get("act-fixed").fill("0.75")
    view.get("act-fixed").press("Enter")
    for place in [(0, 0), (4, 4)]:
        assert planes[2][place] < 0.75
        assert distance(drawn(2, *place), Range(0, 0.75, log=False).colour(planes[2][place])) < 8
    view.get("act-colours").select_option("grey")
    shade = round(planes[2][4, 4] / 0.75 * 255)
    assert drawn(2, 4, 4) == pytest.approx((shade,) * 3, abs=1)
    assert "act.fixed=0.75" in view.page.url and "act.scale=fixed" in view.page.url


def test_channel_history_has_one_frame_per_logged_step(view: View, demo_runs: dict[str, Run]) -> None:
    tile(view, "healthy", 9).click()
    steps = sorted(demo_runs["healthy"].tensors[f"nnviz/map/{LAYER}"])
    frames = view.get("strip-healthy").locator("button")
    expect(frames).to_have_count(len(steps))
    expect(view.get(f"frame-healthy-{STEP}")).to_have_attribute("aria-pressed", "true")
    expect(view.get("figure-max").locator("canvas")).to_be_visible()
    expect(view.get("figure-mean").locator("canvas")).to_be_visible()
    view.get("frame-healthy-0").click()
    assert view.state()["step"] == 0
    expect(view.get("step-value")).to_contain_text("step 0 ")
    assert "act.unit=9" in view.page.url
    view.page.keyboard.press("Escape")
    expect(view.get("history")).to_have_count(0)


def test_play_button_and_keys_change_step_and_layer(view: View, demo_runs: dict[str, Run]) -> None:
    steps = sorted(demo_runs["healthy"].tensors[f"nnviz/map/{LAYER}"])
    view.open(panel="activations", runs="healthy", row=LAYER, step=str(steps[-2]), **{"act.sample": str(SAMPLE)})
    canvas = tile(view, "healthy", 9).locator("canvas")
    before = canvas.evaluate("(it) => it.toDataURL()")
    view.get("play").click()
    expect(view.get("step-value")).to_contain_text(f"step {steps[-1]} ")
    view.settle()
    assert canvas.evaluate("(it) => it.toDataURL()") != before
    expect(view.get("play")).to_have_attribute("aria-label", "Play through the steps")
    view.find("body").press("ArrowLeft")
    view.settle()
    assert canvas.evaluate("(it) => it.toDataURL()") == before
    view.find("body").press("j")
    expect(view.get("layer-blocks.3.conv2")).to_have_attribute("aria-selected", "true")


def test_exports_hold_logged_values_and_the_picture(view: View, demo_runs: dict[str, Run]) -> None:
    with view.page.expect_download() as download:
        view.get("export-csv").click()
    assert download.value.suggested_filename == f"nnviz_activations_{LAYER}_sample_4_step_{STEP}.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert len(rows) == len(RUNS) * 16 * 64
    for name in RUNS:
        planes = values(demo_runs[name], LAYER, STEP)[SAMPLE]
        written = np.zeros_like(planes)
        for row in rows:
            if row["run"] == name:
                assert (int(row["step"]), int(row["sample"])) == (STEP, SAMPLE)
                written[int(row["channel"]), int(row["height"]), int(row["width"])] = float(row["value"])
        np.testing.assert_allclose(written, planes, rtol=1e-6)
    with view.page.expect_download() as download:
        view.get("export-png").click()
    picture = Image.open(download.value.path()).convert("RGB")
    assert picture.width >= 2 * box(view.get("columns"))["width"]
    assert len({colour for _, colour in picture.getcolors(1 << 20) or []}) > 100


def test_attention_tooltip_names_query_and_key(gpt_server: Server, gpt_runs: dict[str, Run], pages: Pages) -> None:
    run = gpt_runs["gpt/healthy"]
    (tag, *_) = [tag for tag in run.tensors if tag.startswith("nnviz/map/") and tag.endswith("@attention")]
    layer, step = tag.removeprefix("nnviz/map/"), max(run.tensors[tag])
    weights = values(run, layer, step)[1]
    labels = maps.decode(next(iter(run.tensors["nnviz/map_input"].values())))[0]["labels"][1]
    view = pages.new(gpt_server).open(panel="activations", runs="gpt/healthy", row=layer, **{"act.sample": "1"})
    size = weights.shape[-1]
    query, key = (int(i) for i in np.unravel_index(weights[2].argmax(), weights[2].shape))
    lines = hover(view, tile(view, "gpt/healthy", 2).locator("canvas"), (key + 0.5) / size, (query + 0.5) / size)
    signs = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥"})
    names = [labels[i].translate(signs) for i in (query, key)]
    assert lines[2] == f"head 2 · “{names[0]}” attends to “{names[1]}”"
    assert float(lines[3]) == pytest.approx(weights[2, query, key], rel=1e-4)
    assert view.get("tokens").locator("span").all_inner_texts() == [label.translate(signs) for label in labels]


# Cases that the demo does not have.

NAMES = ["conv", "fc", "only"]


def write(logdir: Path) -> None:
    """Write a run with a dead, a constant and a broken channel, and one with other steps, sizes and layers."""
    rows = layout(NAMES, "activation")
    pattern = np.linspace(-1, 2, 2 * 4 * 6 * 6, dtype=np.float32).reshape(2, 4, 6, 6)
    for run, steps, width in [("a", (0, 10, 20), 5), ("b", (0, 8, 20), 7)]:
        with Log(logdir / run) as log:
            for step in steps:
                conv = pattern + step
                if run == "a":
                    conv[:, 1], conv[:, 2] = 0, 1.5
                    conv[0, 3, 2, 4] = np.nan
                entries = [maps.entry("nnviz/map/conv", conv, IMAGE)]
                fc = np.arange(2 * width, dtype=np.float32).reshape(2, width)
                fc[:, 0] = 0
                entries.append(maps.entry("nnviz/map/fc", fc, ["sample", "unit"]))
                if run == "a":
                    entries.append(maps.entry("nnviz/map/only", pattern, IMAGE))
                log.vectors(step, rows, {"norm": np.ones(3, np.float32)}, entries)


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    logdir = tmp_path_factory.mktemp("maps")
    write(logdir)
    with Server(logdir, {"a": 20, "b": 20}) as server:
        yield server


def test_dead_constant_and_broken_channels_are_marked(odd_server: Server, pages: Pages) -> None:
    view = pages.new(odd_server).open(panel="activations", row="conv", step="10")
    captions = {i: tile(view, "a", i).locator(".act-caption span").all_inner_texts() for i in range(4)}
    assert [captions[i][-1] for i in (1, 2, 3)] == ["dead", "constant", "NaN, Inf"]
    expect(tile(view, "a", 1)).to_have_attribute("aria-label", "channel 1 of a, dead")
    expect(tile(view, "a", 1).locator(".act-dead svg")).to_be_visible()
    expect(view.get("maps-a").locator(".act-dead")).to_have_count(1)
    expect(view.find(".run-head[title=a] span")).to_have_text("NaN, Inf in 1 of 4")
    picture = view.picture()
    dead = picture.centre(box(tile(view, "a", 1).locator(".act-dead")))
    assert max(dead) - min(dead) <= 16 and dead not in VIRIDIS
    broken = part(box(tile(view, "a", 3).locator("canvas")), 2, 4, (6, 6))
    colours = picture.colours(broken)
    (ground, _), (line, lines) = colours.most_common()
    assert is_magenta(ground) and min(line) > min(ground), "hatched: lighter lines of whole pixels, one pixel in six"
    assert lines / sum(colours.values()) == pytest.approx(1 / 6, abs=0.02)
    assert "dead" in view.get("legend").inner_text() and "NaN, Inf" in view.get("legend").inner_text()


def test_maps_that_cannot_be_compared_give_the_reason(odd_server: Server, pages: Pages) -> None:
    view = pages.new(odd_server).open(panel="activations", row="conv", step="10")
    # The other run is shown at its nearest step, which is displayed.
    expect(view.find(".run-head[title=b] span")).to_have_text("step 8 · 4 channels")
    expect(view.get("no-input")).to_contain_text("probe_inputs=True")
    view.open(panel="activations", row="fc", **{"act.mode": "difference"})
    expect(view.get("maps-b")).to_contain_text(f"this layer is 2 {TIMES} 7 here and 2 {TIMES} 5 in the reference run")
    expect(view.get("sheet-a").locator("canvas")).to_be_visible()
    expect(view.find(".run-head[title=a] span")).to_contain_text("1 of 5 units dead")
    view.open(panel="activations", row="only")
    expect(view.get("maps-b")).to_contain_text("This run has no maps of this layer.")


def test_panel_without_maps_names_the_code_that_fills_it(edge_view: View) -> None:
    edge_view.open(panel="activations", runs="cells")
    expect(edge_view.get("panel-empty")).to_contain_text("probe=probe")
