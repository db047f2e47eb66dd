"""Tests of the Distributions panel: values and colours on the screen against the event files."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tb_nnviz import schema
from tests.browser.conftest import SharedPage, shared_page
from tests.support.bins import bin_of, ends
from tests.support.browser.colours import VIRIDIS, Rgb, distance, is_grey, is_magenta
from tests.support.browser.page_driver import WIDE, View
from tests.support.browser.servers import Server
from tests.support.event_logs import Log, layout, numbers
from tests.support.event_reader import Run

ROW = "blocks.1.conv2.weight"
KNOWN = layout(["fc.weight", "out.weight"])
STEPS = (0, 10, 20, 30)


def histogram(run: Run, kind: str, row: str, step: int) -> np.ndarray:
    """Return the counts of a row at a step from the event file: [520]."""
    table = schema.decode_histograms(run.tensors[f"nnviz/{kind}/histogram"][step])
    counts: np.ndarray = table[[one["name"] for one in run.rows(kind, step)].index(row)]
    return counts


def density(counts: np.ndarray, b: int) -> float:
    """Return the share of the elements per decade at a bin."""
    low, high = sorted(abs(end) for end in ends(b))
    return float(counts[b] / counts.sum() / math.log10(high / low))


def steps_of(run: Run, kind: str) -> list[int]:
    return sorted(run.tensors[f"nnviz/{kind}/histogram"])


@pytest.fixture(scope="module")
def known_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server on runs with known histograms that have NaN, zeros and values beyond the axis."""
    logdir = tmp_path_factory.mktemp("known")
    for run, nan in (("first", 25), ("second", 0)):
        with Log(logdir / run) as log:
            for step in STEPS:
                counts = np.zeros((2, 520), np.int32)
                counts[:, [0, 260, bin_of(1.0), bin_of(-1.0), bin_of(0.01)]] = nan, 50, 15, 6, 4
                counts[0, [518, 519]] = nan // 5, nan // 25
                entries = [schema.vector("gradient", name, table[0]) for name, table in numbers(1, 2).items()]
                packed = schema.encode_histograms(counts)
                ids = np.array([KNOWN.id], "<i8")
                entries += [
                    schema.layout_id_entry(KNOWN),
                    schema.Entry("nnviz/histogram_layout_id/gradient", ids, schema.PLUGIN_HISTOGRAMS),
                    schema.Entry("nnviz/gradient/histogram", packed, schema.PLUGIN_HISTOGRAMS),
                    schema.layout_entry(KNOWN),
                ]
                log.entries(step, entries)
    with Server(logdir, {"first": STEPS[-1], "second": STEPS[-1]}) as server:
        yield server


@pytest.fixture(scope="module")
def known_page(browser: Browser, known_server: Server) -> Iterator[SharedPage]:
    yield from shared_page(browser, known_server)


@pytest.fixture
def known_view(known_page: SharedPage) -> Iterator[View]:
    """Yield the shared page, and check it after the test."""
    yield known_page.view
    known_page.guard.check()


class Axis(NamedTuple):
    """A run's canvas and the labels below it, in the frame's pixels."""

    box: dict[str, float]
    ticks: dict[float, float]
    strips: dict[str, float]

    def x(self, value: float) -> float:
        """Return the position of a value, from the two labels on its side of zero."""
        (a, left), (b, right) = [(v, x) for v, x in self.ticks.items() if v * value > 0][:2]
        share = math.log10(value / a) / math.log10(b / a)
        return left + share * (right - left)


def axis(view: View, run: str, canvas: str = "distribution") -> Axis:
    read = """(canvas) => {
      const cell = canvas.closest(".hist-cell");
      const middle = (one) => { const box = one.getBoundingClientRect(); return box.left + box.width / 2; };
      const all = (tag) => [...cell.querySelectorAll(`.values ${tag}`)].map((one) => [one.innerText, middle(one)]);
      return [canvas.getBoundingClientRect().toJSON(), all("span"), all("b")];
    }"""
    box, ticks, strips = view.get(f"{canvas}-{run}").evaluate(read)
    return Axis(box, {float(text): x for text, x in ticks}, dict(strips))


def middle(b: int) -> float:
    """Return the value in the middle of a bin on a log scale."""
    low, high = ends(b)
    return math.copysign(math.sqrt(abs(low * high)), low + high)


def open_panel(view: View, **keys: str) -> View:
    view.page.set_viewport_size(WIDE)
    return view.open(panel="distributions", **keys)


def quantiles(view: View, run: str) -> list[str]:
    return view.get(f"quantiles-{run}").locator("td").all_inner_texts()


def test_quantiles_and_shares_equal_event_files(demo_view: View, demo_runs: dict[str, Run]) -> None:
    for kind, row in (("gradient", ROW), ("activation", "blocks.0.act1")):
        open_panel(demo_view, runs=",".join(demo_runs), row=row, **{"hist.kind": kind})
        for name, run in demo_runs.items():
            counts = histogram(run, kind, row, steps_of(run, kind)[-1])
            shown = quantiles(demo_view, name)
            assert shown[-1] == {True: f"{counts.sum() / 1000:.1f}k", False: str(counts.sum())}[
                counts.sum() >= 1000
            ].replace(".0k", "k")
            total = counts[1:].sum()
            for share, text in zip((0.05, 0.25, 0.5, 0.75, 0.95), shown, strict=False):
                if total == 0:
                    assert text == ("NaN" if counts[0] else "")
                    continue
                b = 1 + int(np.searchsorted(np.cumsum(counts[1:]), share * total * (1 - 1e-12)))
                if 2 < b < 518:
                    low, high = ends(b)
                    assert low - abs(low) * 0.005 <= float(text) <= high + abs(high) * 0.005, (name, share)
            assert float(shown[5].split()[0]) == pytest.approx(100 * counts[260] / counts.sum(), rel=5e-3)
            bad = counts[[0, 1, 519]].sum() / counts.sum()
            assert float(shown[6].split()[0]) == pytest.approx(100 * bad, rel=5e-3)


def test_heat_map_colours_are_densities(demo_view: View, demo_runs: dict[str, Run]) -> None:
    open_panel(demo_view, runs="healthy", row=ROW, **{"hist.view": "map", "hist.kind": "parameter"})
    run, picture, place = demo_runs["healthy"], demo_view.picture(), axis(demo_view, "healthy")
    low, high = (
        float(text.split()[0]) / 100
        for text in demo_view.find("[data-testid=density-legend] .ramp-line > span").all_inner_texts()[:2]
    )
    steps = steps_of(run, "parameter")
    spacing = steps[1] - steps[0]
    per_step = place.box["height"] / (steps[-1] - steps[0] + spacing)
    checked = 0
    for step in (steps[0], steps[len(steps) // 2]):
        counts = histogram(run, "parameter", ROW, step)
        y = place.box["y"] + (step - steps[0] + spacing / 4) * per_step
        for b in np.argsort(counts)[::-1][:40].tolist():
            if b < 3 or b > 517 or b == 260 or density(counts, b) < low:
                continue
            t = math.log(density(counts, b) / low) / math.log(high / low)
            # A higher density is darker on a light page.
            expected = VIRIDIS[255 - round(255 * t)]
            colours = [picture.at(place.x(middle(b)) + dx, y) for dx in (-1, 0, 1)]
            # A quantile line may cover it.
            if min(distance(colour, expected) for colour in colours) < 8:
                checked += 1
            elif not any(is_line(colour) for colour in colours):
                raise AssertionError((step, b, expected, colours))
    assert checked > 20


def is_line(colour: Rgb) -> bool:
    """Return True for the colour of a quantile line or its halo, which differ clearly from the scale."""
    return min(distance(colour, other) for other in VIRIDIS) > 12


def test_slice_heights_are_densities(demo_view: View, demo_runs: dict[str, Run]) -> None:
    open_panel(demo_view, runs="healthy", row=ROW, step="20", **{"hist.kind": "parameter"})
    counts = histogram(demo_runs["healthy"], "parameter", ROW, 20)
    picture, place = demo_view.picture(), axis(demo_view, "healthy", "slice")
    bins = [b for b in range(3, 518) if b != 260 and counts[b]]
    peak = max(density(counts, b) for b in bins)
    base, tall = place.box["height"] - 10, place.box["height"] - 14
    checked = 0
    for b in sorted(bins, key=lambda one: -counts[one])[:16]:
        expected = base - tall * density(counts, b) / peak
        x = place.x(middle(b))
        column = [picture.at(x, place.box["y"] + y) for y in range(int(base) - 1)]
        top = next((y for y, colour in enumerate(column) if sum(colour) < 3 * 225), None)
        assert top is not None and abs(top - expected) <= 2.5, (b, top, expected)
        checked += 1
    assert checked == 16


def test_nan_zero_and_values_beyond_axis_have_strips(known_view: View) -> None:
    view = open_panel(known_view, row="fc.weight", **{"hist.view": "map"})
    picture, first, second = view.picture(), axis(view, "first"), axis(view, "second")
    assert list(first.strips) == list(second.strips) == ["NaN", "0", "≥", "Inf"]

    def at(place: Axis, strip: str) -> dict[str, float]:
        """Return the lower half of a strip at step 10."""
        height = place.box["height"] / len(STEPS)
        return {"x": place.strips[strip] - 8, "y": place.box["y"] + 1.4 * height, "width": 16, "height": 0.5 * height}

    colours = picture.colours(at(first, "NaN"))
    base = max((colour for colour in colours if is_magenta(colour)), key=lambda colour: colours[colour])
    hatches = sum(n for colour, n in colours.items() if is_pale_magenta(colour))
    assert colours[base] > 0 and hatches > 0.1 * colours[base]
    # 25 of 106 elements are NaN: the bar has this share of the strip's width.
    assert (colours[base] + hatches) / sum(colours.values()) == pytest.approx(25 / 106, abs=0.12)
    assert not any(is_magenta(colour) for colour in picture.colours(at(second, "NaN")))
    box = at(second, "0")
    xs = [x for x in range(int(box["x"]), int(box["x"]) + 17) if is_bar(picture.at(x, box["y"] + 4))]
    # 50 of 75 elements are 0, and the strip is 16 pixels wide. Lines of quantiles cover its middle.
    assert max(xs) - min(xs) + 1 == pytest.approx(16 * 50 / 75, abs=2)
    assert view.get("density-legend").inner_text().count("NaN") == 1
    assert quantiles(view, "first")[5:] == ["47.2 %", "24.5 %", "106"]


def is_bar(colour: Rgb) -> bool:
    """Return True for the grey of zeros, but not for that of the strip behind it."""
    return is_grey(colour) and max(colour) < 190


def is_pale_magenta(colour: Rgb) -> bool:
    red, green, blue = colour
    return red > green + 25 and blue > green + 15 and green > 90


def test_tooltip_has_bin_and_its_count(known_view: View) -> None:
    view = open_panel(known_view, row="fc.weight", runs="first", **{"hist.view": "map"})
    place = axis(view, "first")
    left, top = view._corner()
    y = top + place.box["y"] + place.box["height"] / 8

    def tooltip(x: float) -> list[str]:
        view.page.mouse.move(left + x, y)
        return [line for line in view.get("tooltip").inner_text().split("\n") if line]

    assert tooltip(place.x(1.1)) == [
        "first", "step 0", "1 ≤ x < 1.25", "15 elements", "14.2 % of 106", "146 % per decade"
    ]  # fmt: skip
    assert tooltip(place.x(middle(bin_of(-1.0))))[2:4] == ["-1.25 < x ≤ -1", "6 elements"]
    assert tooltip(place.strips["NaN"])[2:5] == ["NaN", "25 elements", "23.6 % of 106"]
    assert tooltip(place.strips["0"])[2:4] == ["exactly 0", "50 elements"]
    assert tooltip(place.strips["≥"])[3] == "5 elements"
    assert tooltip(place.strips["Inf"])[2:4] == ["+Inf", "1 element"]


def test_click_moves_shared_cursor_and_drag_zooms(known_view: View) -> None:
    view = open_panel(known_view, row="fc.weight", runs="first", **{"hist.view": "map"})
    place = axis(view, "first")
    left, top = view._corner()
    y = top + place.box["y"] + 1.5 * place.box["height"] / len(STEPS)
    view.page.mouse.click(left + place.x(0.3), y)
    view.until(
        "__nnviz.state().step === 10 || document.querySelector('[data-testid=step-value]').innerText.includes('10')"
    )
    expect(view.get("quantiles").locator("thead th").first).to_have_text("step 10")
    view.page.mouse.move(left + place.x(0.2), y)
    view.page.mouse.down()
    view.page.mouse.move(left + place.x(0.7), y, steps=4)
    view.page.mouse.move(left + place.x(2**0.25), y)
    view.page.mouse.up()
    view.settle()
    zoomed = axis(view, "first")
    # Zero keeps its strip, and values outside get one.
    assert list(zoomed.strips) == ["NaN", "<", "0", "≥", "Inf"]
    shown = [float(number) for number in re.findall(r"[\d.]+", view.get("hist-values-button").inner_text())]
    assert shown == [0.1875, 1.25]
    assert "p.nnviz.hist.from=" in view.page.url
    view.page.mouse.dblclick(left + zoomed.box["x"] + zoomed.box["width"] / 2, y)
    view.settle()
    assert axis(view, "first").strips == place.strips


def test_overlay_draws_the_outline_of_another_run(known_view: View) -> None:
    view = open_panel(known_view, row="fc.weight", ref="first")
    reference = view.get("distribution-second").locator("xpath=ancestor::*[contains(@class, 'hist-cell')]")
    expect(reference.locator(".slice-head span")).to_have_text("outline: first, step 30")
    with_outline = view.get("slice-second").evaluate("(one) => one.toDataURL()")
    view.get("hist-overlay").select_option("first")
    expect(reference.locator(".slice-head span")).to_have_text("outline: step 0")
    view.get("hist-overlay").select_option("none")
    expect(reference.locator(".slice-head span")).to_have_count(0)
    assert view.get("slice-second").evaluate("(one) => one.toDataURL()") != with_outline


def test_layers_view_lists_all_layers_and_opens_one(demo_view: View, demo_runs: dict[str, Run]) -> None:
    run = demo_runs["healthy"]
    open_panel(demo_view, runs="healthy,dying-relu", step="20", **{"hist.kind": "activation", "hist.view": "layers"})
    names = demo_view.find(".layers-names button").all_inner_texts()
    written = [row["name"] for row in run.rows("activation", 20)]
    assert names == [name for name in written if name in names] and len(names) > 15
    canvas = demo_view.get("strips-healthy").bounding_box()
    assert canvas
    demo_view.page.mouse.move(canvas["x"] + canvas["width"] / 3, canvas["y"] + 24 * names.index("act") + 12)
    expect(demo_view.get("tooltip")).to_contain_text("act: ")
    demo_view.get("line-blocks.0.act1").click()
    demo_view.settle()
    expect(demo_view.get("hist-view-ridges")).to_have_attribute("aria-pressed", "true")
    counts = histogram(run, "activation", "blocks.0.act1", 20)
    shown = quantiles(demo_view, "healthy")
    assert float(shown[5].split()[0]) == pytest.approx(100 * counts[260] / counts.sum(), rel=5e-3)
    demo_view.page.go_back()
    demo_view.until("document.querySelector('[data-testid=strips-healthy]')")


def test_csv_holds_all_counts(demo_view: View, demo_runs: dict[str, Run], tmp_path: Path) -> None:
    open_panel(demo_view, runs="healthy", row=ROW, **{"hist.kind": "update"})
    with demo_view.page.expect_download() as download:
        demo_view.get("export-csv").click()
    download.value.save_as(tmp_path / "table.csv")
    table = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    for step in steps_of(demo_runs["healthy"], "update"):
        counts = histogram(demo_runs["healthy"], "update", ROW, step)
        lines = [line for line in table if int(line["step"]) == step]
        assert sum(int(float(line["count"])) for line in lines) == counts.sum()
        assert [int(float(line["count"])) for line in lines] == counts[counts > 0].tolist()
        assert {line["row"] for line in lines} == {ROW}


def test_panel_without_histograms_names_code_that_fills_it(edge_view: View) -> None:
    edge_view.open(panel="distributions", runs="cells,other")
    expect(edge_view.get("panel-empty")).to_contain_text("histograms_every=100")
