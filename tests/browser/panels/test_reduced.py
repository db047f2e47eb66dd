"""Tests of runs with more steps than pixels: single steps stay visible, and CSV files have all steps."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import SharedPage, shared_page
from tests.support.browser.colours import Rgb, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_logs import WALL_TIME, Log, layout
from tests.support.event_reader import Run

ROWS = ["stem.weight", *(f"enc.{i}.weight" for i in range(4)), "head.weight"]
#: Number of steps that TensorBoard keeps of nnviz's series.
STEPS = np.arange(0, 20_000, 10)
RUNS = ("long", "other")
SPIKE, SPIKE_VALUE = ("enc.1.weight", 7770), np.float32(50)
#: A step with NaN in 5 of 12 elements, and three steps of which the third is the worst.
NAN = ("enc.2.weight", 12_340)
BAD = ("enc.3.weight", {15_000: 1, 15_010: 2, 15_020: 7})
COLOUR = {"long": (0x42, 0x50, 0x66)}


#: A run that grows while the page is open: its name, its initial number of steps, and the number added later.
GROWING, AT_FIRST, MORE = "growing", 1500, 200


def grow(log: Log, steps: range) -> None:
    """Write more steps of the growing run. Each norm is the number of its step plus one."""
    rows = layout(ROWS)
    for step in steps:
        norms = np.full(len(ROWS), 1 + step, np.float32)
        log.vectors(10 * step, rows, {"count": np.full(len(ROWS), 12, np.float32), "norm": norms})


def write(logdir: Path) -> None:
    """Write two runs, one of them with a spike and NaN at single steps."""
    for number, run in enumerate(RUNS):
        random = np.random.default_rng(number)
        norms = np.geomspace(0.01, 0.3, len(ROWS)) * np.exp(0.3 * random.standard_normal((len(STEPS), len(ROWS))))
        values = {"count": np.full(norms.shape, 12, np.float32), "norm": norms.astype(np.float32)}
        values["nonfinite"] = np.zeros_like(values["norm"])
        if number == 0:
            values["norm"][SPIKE[1] // 10, ROWS.index(SPIKE[0])] = SPIKE_VALUE
            for row, step, elements in [(*NAN, 5), *((BAD[0], step, n) for step, n in BAD[1].items())]:
                values["norm"][step // 10, ROWS.index(row)] = np.nan
                values["nonfinite"][step // 10, ROWS.index(row)] = elements
        with Log(logdir / run, wall_time=WALL_TIME + 10_000 * number) as log:
            log.table(layout(ROWS), values, STEPS.tolist())


@pytest.fixture(scope="module")
def reduced_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logdir = tmp_path_factory.mktemp("reduced")
    write(logdir)
    return logdir


@pytest.fixture(scope="module")
def written(reduced_logs: Path) -> dict[str, np.ndarray]:
    """Return the norms in the event files by run: float32 [steps, rows]."""
    runs = {run: Run(reduced_logs / run).tensors["nnviz/gradient/norm"] for run in RUNS}
    return {run: np.stack([norms[step] for step in STEPS.tolist()]) for run, norms in runs.items()}


@pytest.fixture(scope="module")
def growing(reduced_logs: Path) -> Iterator[Log]:
    with Log(reduced_logs / GROWING, wall_time=WALL_TIME + 30_000) as log:
        grow(log, range(AT_FIRST))
        yield log


@pytest.fixture(scope="module")
def reduced_page(browser: Any, reduced_logs: Path, growing: Log) -> Iterator[SharedPage]:
    last = dict.fromkeys(RUNS, int(STEPS[-1])) | {GROWING: 10 * (AT_FIRST - 1)}
    with Server(reduced_logs, last) as server:
        yield from shared_page(browser, server)


@pytest.fixture
def view(reduced_page: SharedPage) -> Iterator[View]:
    """Open both runs on a scale that includes the spike."""
    yield reduced_page.view.open(runs="long,other", row="stem.weight", lo="1e-3", hi="100")
    reduced_page.guard.check()


def column(view: View) -> tuple[int, int, int]:
    """Return first and last step of the column under the pointer, and the number of its logged steps."""
    text = view.get("tooltip").locator(".where span").inner_text()
    first, last, count = (int(part) for part in re.fullmatch(r"steps (\d+) to (\d+), (\d+) logged", text).groups())
    return first, last, count


def strip(view: View, place: tuple[str, int]) -> set[Rgb]:
    """Return the colours of the pixels in the middle row of a cell, edges included."""
    picture, box = view.picture(), view.rect("long", *place)
    y = box["y"] + box["height"] / 2
    return {picture.at(x, y) for x in range(int(box["x"]), int(box["x"] + box["width"]) + 1)}


def test_spike_and_nan_of_a_single_step_are_drawn(view: View) -> None:
    assert all(cell["state"] == "value" for cell in (view.cell("long", *SPIKE), view.cell("other", *SPIKE)))
    cell = view.cell("long", *SPIKE)
    assert (cell["step"], cell["value"]) == (SPIKE[1], SPIKE_VALUE)
    colour = view.range().colour(float(SPIKE_VALUE))
    assert colour in strip(view, SPIKE)
    assert colour not in strip(view, (SPIKE[0], SPIKE[1] + 300)), "its neighbours are as they were"
    assert view.cell("long", *NAN)["state"] == "nonfinite"
    assert any(is_magenta(one) for one in strip(view, NAN))
    assert not any(is_magenta(one) for one in strip(view, (NAN[0], NAN[1] + 300)))


def test_spike_and_nan_of_a_single_step_are_in_the_curves(view: View) -> None:
    for place, high in ((SPIKE, True), (NAN, False)):
        view.open(runs="long", row=place[0], step="0")
        view.until("!document.querySelector('.series.coming')")
        box = view.find(".plot-over").bounding_box()
        assert box
        low, top = view.state()["domain"]
        x = box["x"] + box["width"] * (place[1] - low) / (top - low)
        image = view.picture().image

        def seen(at: float, test: Any, box: Any = box, image: Any = image) -> bool:
            rows = range(int(box["y"]) - 8, int(box["y"] + box["height"] / 4))
            return any(test(image.getpixel((int(at) + dx, y))) for dx in (-2, -1, 0, 1, 2) for y in rows)

        def drawn(pixel: Rgb, high: bool = high) -> bool:
            near = max(abs(a - b) for a, b in zip(pixel, COLOUR["long"], strict=True)) <= 60
            return near if high else is_magenta(pixel)

        assert seen(x, drawn), place
        assert not seen(x + 30, drawn), "and only there"


def test_tooltip_of_a_column_has_its_steps_and_statistics(view: View, written: dict[str, Any]) -> None:
    tooltip = view.hover("long", *SPIKE)
    first, last, count = column(view)
    assert first <= SPIKE[1] <= last and count == (last - first) // 10 + 1 > 1
    assert tooltip.locator(".value").inner_text() == "50"
    own = written["long"][first // 10 : last // 10 + 1, ROWS.index(SPIKE[0])].astype(float)
    displayed = re.fullmatch(r"at step (\d+); min (\S+), mean (\S+), max (\S+)", view.get("column").inner_text())
    assert displayed and int(displayed[1]) == SPIKE[1]
    assert [float(displayed[i]) for i in (2, 3, 4)] == pytest.approx([own.min(), own.mean(), own.max()], rel=6e-3)
    view.hover("long", *NAN)
    expect(view.get("nonfinite-steps")).to_have_text(
        f"NaN or Inf at 1 of {column(view)[2]} logged steps, step {NAN[1]}: 5 of 12 elements"
    )


def test_tooltip_of_a_column_names_its_worst_step(view: View) -> None:
    row, steps = BAD
    tooltip = view.hover("long", row, 15_010)
    expect(view.get("nonfinite-steps")).to_be_visible()
    first, last, count = column(view)
    bad = {step: elements for step, elements in steps.items() if first <= step <= last}
    worst = max(bad, key=lambda step: bad[step])
    most = f"most at step {worst}" if len(bad) > 1 else f"step {worst}"
    expected = f"NaN or Inf at {len(bad)} of {count} logged steps, {most}: {bad[worst]} of 12 elements"
    assert view.get("nonfinite-steps").inner_text() == expected
    view.page.mouse.move(0, 0)
    # The profile has the cursor's step only.
    view.open(runs="long", row=row, step="15010")
    view.until("!document.querySelector('.map.coming')")
    box, place = view.get("profile").bounding_box(), view.rect("long", row, 15_010)
    assert box
    view.page.mouse.move(box["x"] + box["width"] - 12, view._corner()[1] + place["y"] + place["height"] / 2)
    expect(tooltip).to_contain_text("2 of 12 elements are NaN or Inf")
    expect(tooltip).to_contain_text("step 15010")


def test_zoom_fetches_every_step(view: View, written: dict[str, Any]) -> None:
    requested: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/series"):
            requested.append(json.loads(request.post_data or "{}"))

    view.page.on("request", note)
    view.open(runs="long", row=SPIKE[0], lo="1e-3", hi="100", **{"flow.from": "7500", "flow.to": "8000"})
    view.until("__nnviz.cellState('long', 'stem.weight', 7510).step === 7510")
    view.page.remove_listener("request", note)
    assert any((one.get("from"), one.get("to")) == (7500, 8000) for one in requested)
    steps = range(7500, 8001, 10)
    for row in ROWS:
        cells = view.cells("long", [(row, step) for step in steps])
        assert [cell["step"] for cell, _ in cells] == list(steps)
        column = written["long"][750:801, ROWS.index(row)]
        np.testing.assert_array_equal([np.float32(cell["value"]) for cell, _ in cells], column)
    picture, box = view.picture(), view.rect("long", *SPIKE)
    assert box["width"] > 5, "a step is wide now"
    assert picture.centre({**box, "x": box["x"] + 2, "width": 2}) == view.range().colour(float(SPIKE_VALUE))
    assert view.hover("long", *SPIKE).locator(".where span").inner_text() == f"step {SPIKE[1]}"


def test_percentile_band_is_computed_of_every_step(view: View, written: dict[str, Any]) -> None:
    for keys, part in (({}, slice(None)), ({"flow.from": "3000", "flow.to": "15000"}, slice(300, 1501))):
        view.open(runs="long,other", row="stem.weight", **{"flow.band": "on", **keys})
        profile = view.get("profile")
        for row in (SPIKE[0], NAN[0]):
            place = view.rect("long", row, 7000)
            top = profile.evaluate("(it) => it.getBoundingClientRect().top")
            values = {run: table[part, ROWS.index(row)].astype(float) for run, table in written.items()}
            profile.hover(position={"x": 60, "y": place["y"] + place["height"] / 2 - top})
            text = view.get("percentiles").inner_text()
            run = view.get("tooltip").locator(".where b").inner_text()
            own = values[run]
            displayed = re.search(r": (\S+) \S ([^\s,]+)(?:, excluding (\d+) NaN or Inf)?$", text)
            assert displayed, text
            finite = own[np.isfinite(own)]
            expected = np.quantile(finite, [0.05, 0.95])
            assert [float(displayed[1]), float(displayed[2])] == pytest.approx(list(expected), rel=6e-3), (run, row)
            assert int(displayed[3] or 0) == len(own) - len(finite)
    view.page.mouse.move(0, 0)
    before = profile.screenshot()
    view.get("band-switch").click()
    view.page.mouse.move(0, 0)
    assert profile.screenshot() != before


def test_percentile_band_of_a_comparison_is_disabled(view: View) -> None:
    view.get("compare-ref").click()
    view.settle()
    expect(view.get("band-switch")).to_be_disabled()
    assert "Percentiles are not available" in str(view.get("band-switch").get_attribute("title"))
    view.get("compare-value").click()
    expect(view.get("band-switch")).to_be_enabled()


def download(view: View) -> list[dict[str, str]]:
    """Return the lines of the panel's CSV file."""
    with view.page.expect_download() as info:
        view.get("export-csv").click()
    return list(csv.DictReader(io.StringIO(Path(info.value.path()).read_text())))


def test_csv_holds_every_logged_value(view: View, written: dict[str, Any]) -> None:
    lines = download(view)
    assert len(lines) == len(RUNS) * len(ROWS) * len(STEPS)
    for run, table in written.items():
        own = [line for line in lines if line["run"] == run]
        steps = np.array([int(line["step"]) for line in own]).reshape(len(ROWS), len(STEPS))
        assert [line["row"] for line in own[:: len(STEPS)]] == ROWS
        np.testing.assert_array_equal(steps, np.broadcast_to(STEPS, steps.shape))
        values = np.array([np.float32(line["value"]) for line in own]).reshape(steps.shape)
        np.testing.assert_array_equal(values, table.T)
    bad = {(line["row"], int(line["step"])) for line in lines if line["state"] == "nonfinite"}
    assert bad == {NAN, *((BAD[0], step) for step in BAD[1])}
    expect(view.get("export-csv")).to_have_text("CSV")


def test_csv_of_zoom_blocks_and_comparison_holds_every_step(view: View, written: dict[str, Any]) -> None:
    keys = {"flow.from": "1000", "flow.to": "14000", "collapsed": "enc.*"}
    view.open(runs="long,other", row="stem.weight", **keys)
    lines = [line for line in download(view) if (line["run"], line["row"]) == ("other", "enc.*")]
    assert [int(line["step"]) for line in lines] == list(range(1000, 14_001, 10))
    block = np.sqrt(np.square(written["other"][100:1401, 1:5].astype(float)).sum(axis=1))
    np.testing.assert_allclose([float(line["value"]) for line in lines], block, rtol=1e-6)
    view.open(runs="long,other", row="stem.weight", **{"flow.vs": "ref"})
    lines = [line for line in download(view) if (line["run"], line["row"]) == ("other", "enc.1.weight")]
    assert [line["reference_step"] for line in lines] == [line["step"] for line in lines] == [str(s) for s in STEPS]
    ratio = written["other"][:, 2].astype(float) / written["long"][:, 2]
    np.testing.assert_allclose([float(line["value"]) for line in lines], ratio, rtol=1e-5)


def test_csv_shows_progress_and_can_be_cancelled(view: View) -> None:
    held: list[Route] = []
    view.page.route("**/plugin/nnviz/series", lambda route: held.append(route))
    button = view.get("export-csv")
    button.click()
    expect(button).to_have_text("CSV 0 %")
    expect(button).to_have_attribute("title", "Cancel the CSV file")
    button.click()
    expect(button).to_have_text("CSV")
    expect(view.find(".export-failed")).to_have_count(0)
    view.page.unroute_all(behavior="ignoreErrors")
    assert held


def test_csv_that_failed_shows_error_and_can_be_repeated(view: View, reduced_page: SharedPage) -> None:
    reduced_page.guard.allowed.append("503")
    routes = "**/plugin/nnviz/series"
    view.page.route(routes, lambda route: route.fulfill(status=503, content_type="text/plain", body="no room"))
    view.get("export-csv").click()
    expect(view.find(".export-failed")).to_contain_text("Could not load CSV: 503 Service Unavailable: no room")
    view.page.unroute(routes)
    assert len(download(view)) == len(RUNS) * len(ROWS) * len(STEPS)
    expect(view.find(".export-failed")).to_have_count(0)


def test_growing_long_run_keeps_the_view(view: View, growing: Log) -> None:
    zoomed = {"flow.from": "2000", "flow.to": "14000"}
    for keys in (zoomed, {}):
        view.open(runs=GROWING, row=ROWS[2], step="7770", lo="1", hi="1e5", **keys)
        state, url = view.state(), view.page.url
        first = 10 * (AT_FIRST - 1) + (0 if keys else 10 * MORE)
        displayed = f"of {first}" if not keys else "of 14000"
        expect(view.find("label.step")).to_contain_text(displayed)
        steps = range(first // 10 + 1, first // 10 + 1 + MORE)
        grow(growing, steps)
        view.server.wait_for({GROWING: 10 * steps[-1]})
        view.reload()
        if not keys:
            expect(view.find("label.step")).to_contain_text(f"of {10 * steps[-1]}")
        after = view.state()
        # Without a zoom, the range of steps grows.
        grown = {} if keys else {"domain": after["domain"]}
        assert after == state | grown and view.page.url == url
        assert (after["domain"] == state["domain"]) == bool(keys)
        # Exact values beside the picture are also those of the new response.
        view.until("!document.querySelector('.coming')")
        assert view.readout()[GROWING] == "778"
        place = 10_000 if keys else 10 * steps[-1]
        cell = view.cell(GROWING, ROWS[2], place)
        assert cell["value"] == cell["step"] / 10 + 1 and abs(cell["step"] - place) <= 50
        if keys:
            view.get("zoom-reset").click()
            view.settle()
            assert view.cell(GROWING, ROWS[2], 10 * steps[-1])["step"] == 10 * steps[-1]
