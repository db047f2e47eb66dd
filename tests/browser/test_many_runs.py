"""Tests of more runs than fit: each run is in view, or a sign at the edge counts it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SharedPage, shared_page
from tests.support.browser.page_driver import NARROW, WIDE, View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run

NAMES = [f"sweep-{i:02d}" for i in range(12)]
#: Panel, keys of the address, scrolling area, and head of a run.
VIEWS = {
    "health": ({}, ".h-scroll", ".h-run-head"),
    "gradient_flow": ({}, ".scroll", ".run-head"),
    "readout": ({}, ".readout", "li"),
    "compared": ({"flow.vs": "ref"}, ".scroll", ".run-head"),
    "activations": ({"row": "blocks.0.act1"}, ".act-scroll", ".act-head"),
    "sheet": ({"row": "fc1"}, ".act-scroll", ".act-head"),
    "distributions": ({}, ".hist-stage", ".run-head"),
    "layers": ({"hist.view": "layers"}, ".layers-scroll", ".run-head"),
    "weights": ({"row": "blocks.0.conv1.weight"}, ".w-stage", ".run-head"),
    "structure": ({"str.show": "table"}, ".structure-table .scroller", ".head .run"),
}
PANELS = {"readout": "gradient_flow", "compared": "gradient_flow", "sheet": "activations", "layers": "distributions"}
#: The index of each head whose corners are all in view, apart from what the signs cover.
IN_VIEW = """([area, head]) => [...document.querySelector(area).querySelectorAll(head)].flatMap((it, i) => {
  const root = document.querySelector(area);
  const { left, right, top, bottom } = it.getBoundingClientRect();
  const corners = [left + 2, right - 3].flatMap((x) => [[x, top + 1], [x, bottom - 1]]);
  const shown = corners.every(([x, y]) => {
    const found = document.elementsFromPoint(x, y).find((one) => !one.closest(".more-runs"));
    return found && found !== root && (it.contains(found) || found.contains(it)) && root.contains(found);
  });
  return shown ? [i] : [];
})"""

#: What lies below the signs of an area, apart from the area itself and what contains it.
COVERED = """(area) => {
  const root = document.querySelector(area);
  const box = root.getBoundingClientRect();
  const [x0, y0] = [box.left + root.clientLeft, box.top + root.clientTop];
  const [x1, y1] = [x0 + root.clientWidth, y0 + root.clientHeight];
  const texts = [];
  for (const sign of root.parentElement.querySelectorAll(`:scope > .more-runs button`)) {
    const { left, right, top, bottom } = sign.getBoundingClientRect();
    for (let x = left + 1; x < right; x += 3)
      for (let y = top + 1; y < bottom; y += 3) {
        const found = document.elementsFromPoint(x, y).find((one) => !one.closest(".more-runs"));
        // Content is clipped to the area within the strips, where Chromium still finds it.
        const clipped = root.contains(found) && (x < x0 || x >= x1 || y < y0 || y >= y1);
        if (!found.contains(root) && !clipped) texts.push(`${found.tagName}.${found.className}`);
      }
  }
  return [...new Set(texts)];
}"""


@pytest.fixture(scope="module")
def many_page(demo_logs: Path, tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[SharedPage]:
    """Open a page on twelve runs, which are copies of two."""
    logdir = tmp_path_factory.mktemp("many")
    for i, name in enumerate(NAMES):
        shutil.copytree(demo_logs / ("healthy" if i % 2 == 0 else "dying-relu"), logdir / name)
    last = max(Run(logdir / NAMES[1]).tensors["nnviz/gradient/norm"])
    with Server(logdir, dict.fromkeys(NAMES, last)) as server:
        yield from shared_page(browser, server)  # type: ignore[arg-type]


def signs(view: View, area: str) -> int:
    """Return the number of runs that the signs of an area count."""
    texts = view.find(f"{area} ~ .more-runs button").all_inner_texts()
    return sum(int("".join(filter(str.isdigit, text))) for text in texts)


@pytest.mark.parametrize("size", [WIDE, NARROW, {"width": 1440, "height": 600}], ids=["wide", "narrow", "low"])
@pytest.mark.parametrize("count", [6, 12])
@pytest.mark.parametrize("name", VIEWS)
def test_each_run_is_in_view_or_counted(many_page: SharedPage, name: str, count: int, size: dict[str, int]) -> None:
    view = many_page.view
    keys, area, head = VIEWS[name]
    view.page.set_viewport_size(size)
    view.open(panel=PANELS.get(name, name), runs=",".join(NAMES[:count]), **keys)
    assert view.find(area).locator(head).count() == count
    for _ in range(100):
        shown = view.frame.evaluate(IN_VIEW, [area, head])
        if len(shown) + signs(view, area) == count:
            break
        view.page.wait_for_timeout(50)
    assert len(shown) + signs(view, area) == count, (shown, signs(view, area))
    many_page.guard.check()


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("width", [1000, 1440])
@pytest.mark.parametrize("name", VIEWS)
def test_signs_cover_nothing(many_page: SharedPage, name: str, width: int, theme: str) -> None:
    view = many_page.view
    keys, area, _ = VIEWS[name]
    view.page.set_viewport_size({"width": width, "height": 760})
    view.open(panel=PANELS.get(name, name), runs=",".join(NAMES), **keys)
    view.choose_theme(theme)
    box = view.find(area)
    scroll = """(it, share) =>
      it.scrollTo(share * (it.scrollWidth - it.clientWidth), share * (it.scrollHeight - it.clientHeight))"""
    for share in (0, 0.5, 1):
        box.evaluate(scroll, share)
        view.settle()
        if width == 1000:
            expect(view.find(f"{area} ~ .more-runs button").first).to_be_visible()
        assert view.frame.evaluate(COVERED, area) == []
    view.choose_theme("Light")
    many_page.guard.check()


@pytest.mark.parametrize("name", ["gradient_flow", "layers", "structure", "distributions"])
def test_six_runs_fit_into_a_wide_page(many_page: SharedPage, name: str) -> None:
    view = many_page.view
    keys, area, head = VIEWS[name]
    view.page.set_viewport_size({"width": 1440, "height": 900})
    view.open(panel=PANELS.get(name, name), runs=",".join(NAMES[:6]), **keys)
    assert view.frame.evaluate(IN_VIEW, [area, head]) == list(range(6))
    box = view.find(area)
    assert box.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    if name == "gradient_flow":
        assert view.frame.evaluate(IN_VIEW, [".readout", "li"]) == list(range(6))


@pytest.mark.parametrize("name", ["gradient_flow", "readout", "activations", "layers", "structure", "weights"])
def test_signs_scroll_to_the_last_run_and_back(many_page: SharedPage, name: str) -> None:
    view = many_page.view
    keys, area, head = VIEWS[name]
    view.page.set_viewport_size(NARROW)
    view.open(panel=PANELS.get(name, name), runs=",".join(NAMES), **keys)
    last, first = (view.find(area).locator(head).nth(i) for i in (-1, 0))
    ways = [("more-right", "more-left"), ("more-below", "more-above")]
    forth, back = next(way for way in ways if view.find(f"{area} ~ .more-runs [data-testid={way[0]}]").count())
    for way, end in ((forth, last), (back, first)):
        sign = view.find(f"{area} ~ .more-runs [data-testid={way}]")
        for _ in range(20):
            if sign.count() == 0:
                break
            sign.click()
            view.settle()
        expect(sign).to_have_count(0)
        expect(end).to_be_in_viewport(ratio=0.9)
