"""Tests of a training run that continues while its page is open: new steps appear, and all choices stay."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from playwright.sync_api import Request, expect
from torch import nn

import tb_nnviz
from tests.browser.conftest import SharedPage, shared_page
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_logs import Log, layout, numbers
from tests.support.event_reader import Run

EVERY = 5
FIRST, MORE = 10, 1
LAYERS = 24
SCALARS = 12


class Training(contextlib.ExitStack):
    """A network of many layers that is trained a few steps at a time and logs every kind of data."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        torch.manual_seed(0)
        convolution = nn.Conv2d(1, 24, 3, padding=1)
        deep = [part for _ in range(LAYERS) for part in (nn.Linear(16, 16), nn.Tanh())]
        self.model = nn.Sequential(convolution, nn.ReLU(), nn.Flatten(), nn.Linear(24 * 36, 16), *deep)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        self.folder = folder
        self.steps = 0
        probe = torch.rand(6, 1, 6, 6)
        often = {"histograms_every": EVERY, "weights_every": EVERY, "maps_every": EVERY}
        self.monitor = self.enter_context(
            tb_nnviz.watch(
                self.model,
                self.optimizer,
                logdir=folder,
                every=EVERY,
                probe=probe,
                probe_inputs=True,
                on_finding=None,
                **often,
            )
        )

    @property
    def last(self) -> int:
        """Return the last logged step."""
        return (self.steps - 1) // EVERY * EVERY

    def train(self, logged: int) -> int:
        """Train for a number of logged steps, and return the last one."""
        for _ in range(logged * EVERY):
            loss = self.model(torch.rand(4, 1, 6, 6)).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.steps % EVERY == 0:
                self.monitor.log(loss=loss.detach(), **{f"figure_{i:02}": self.steps + i for i in range(SCALARS)})
            self.steps += 1
        self.monitor.writer.flush()
        return self.last


class Live(NamedTuple):
    """A training run and two pages that show it. One page has a selected step, the other follows the last step."""

    training: Training
    server: Server
    shared: SharedPage
    follower: SharedPage


@pytest.fixture(scope="module")
def live(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    logdir = tmp_path_factory.mktemp("live")
    with Training(logdir / "live") as training:
        last = training.train(FIRST)
        with Server(logdir, {"live": last}) as server:
            for shared, follower in zip(shared_page(browser, server), shared_page(browser, server), strict=True):
                yield Live(training, server, shared, follower)


#: Returns all scrolled elements of the page with their offsets.
SCROLLED = """() => [...document.querySelectorAll("#nnviz *")].filter((it) => it.scrollTop > 0 || it.scrollLeft > 0)
  .map((it) => [String(it.className), it.scrollTop, it.scrollLeft])"""
FOCUS = "() => document.activeElement.outerHTML.slice(0, 80)"
#: Scrolls all scrollable elements of the panel.
SCROLL = """() => [...document.querySelectorAll("#tab-panel *")].filter((it) => {
  const room = it.scrollHeight - it.clientHeight;
  if (room < 8 || !/auto|scroll/.test(getComputedStyle(it).overflowY)) return false;
  it.scrollTop = Math.min(70, Math.floor(room / 2));
  return it.scrollTop > 0;
}).length"""


class Panel(NamedTuple):
    """A panel, and the URL that opens it with some choices."""

    id: str
    #: URL keys. A value that is a number is the index of a logged step.
    keys: dict[str, str | int]
    #: Element that draws the chosen steps, and whose pixels must stay the same.
    still: str


LAYER = "3.weight"
PANELS = [
    Panel("gradient_flow", {"row": LAYER, "step": 4, "flow.from": 2, "flow.to": 8, "role": "all"}, "heatmap-live"),
    Panel("activations", {"row": "0", "step": 5, "act.sample": "2", "act.unit": "7"}, "maps-live"),
    Panel("distributions", {"row": LAYER, "step": 5, "hist.from": "-0.01", "hist.to": "0.01"}, "slice-live"),
    Panel("weights", {"row": LAYER, "step": 5}, "weights-live"),
    Panel("structure", {"row": "10", "step": 5, "str.show": "both", "str.open": ""}, ""),
    Panel("curves", {"step": 5, "cur.zoom": "8~43", "cur.pins": "figure_05"}, "chart-figure_05"),
]
by_panel = pytest.mark.parametrize("panel", PANELS, ids=[panel.id for panel in PANELS])


def drawn(view: View, panel: Panel) -> list[str]:
    """Return the pictures of the element that draws the chosen steps."""
    if not panel.still:
        return []
    read = """(it) => [it, ...it.querySelectorAll("*")].filter((one) => one.toDataURL).map((one) => one.toDataURL())"""
    found: list[str] = view.get(panel.still).first.evaluate(read)
    assert found
    return found


def open_panel(view: View, panel: Panel, chosen: bool) -> View:
    """Open a panel with its choices, or with its layer only."""
    keys = panel.keys if chosen else {"row": panel.keys.get("row", LAYER)}
    address = {name: value if isinstance(value, str) else str(value * EVERY) for name, value in keys.items()}
    # A new page starts at the top.
    view.page.goto("about:blank")
    return view.open(runs="live", panel=panel.id, **address)


@by_panel
def test_growing_run_keeps_all_choices_in_each_panel(live: Live, panel: Panel) -> None:
    view, follower = open_panel(live.shared.view, panel, True), open_panel(live.follower.view, panel, False)
    before = live.training.last
    assert follower.state()["view"]["step"] is None and following(follower, panel) == before
    if panel.id == "structure":
        view.get("zoom-in").click()
        view.find(".paper").focus()
        view.page.keyboard.press("ArrowDown")
    assert view.frame.evaluate(SCROLL) > 0
    view.settle()
    row = view.find("#tab-panel [aria-selected=true]").first
    if row.count():
        row.evaluate("(it) => it.focus({ preventScroll: true })")
    state, url = view.state(), view.page.url
    scrolled, focus = view.frame.evaluate(SCROLLED), view.frame.evaluate(FOCUS)
    picture, frame = drawn(view, panel), graph_frame(view)
    last = live.training.train(MORE)
    live.server.wait_for({"live": last})
    view.reload()
    # All choices and their pictures are the same.
    after = view.state()
    if panel.id != "gradient_flow":  # derived of values that only Gradient flow has loaded
        for name in ("domain", "scale", "step", "lines", "row"):
            after[name] = state[name]
    assert after == state
    assert view.page.url == url
    assert (view.frame.evaluate(SCROLLED), view.frame.evaluate(FOCUS)) == (scrolled, focus)
    assert graph_frame(view) == frame
    assert drawn(view, panel) == picture
    # The new steps are loaded, and a page without a chosen step is at the last one.
    assert furthest(view, panel) == last > before
    follower.reload()
    assert following(follower, panel) == last
    if panel.id == "gradient_flow":
        value = Run(live.training.folder).statistics("gradient", last)[LAYER]["norm"]
        assert follower.cell("live", LAYER, last)["value"] == pytest.approx(value, rel=1e-6)
    live.shared.guard.check()
    live.follower.guard.check()


def graph_frame(view: View) -> str | None:
    """Return the position and zoom of the dataflow."""
    svg = view.find(".paper svg > g")
    return svg.first.get_attribute("transform") if svg.count() else None


def furthest(view: View, panel: Panel) -> int:
    """Return the last step that the panel displays."""
    if panel.id == "curves":
        view.get("cur-reset").click()
        view.settle()
        ends = str(view.get("chart-figure_05").locator(".plot").get_attribute("data-x")).split(" ")
        return int(float(ends[1]) // EVERY * EVERY)
    if panel.id == "gradient_flow":
        view.get("zoom-reset").click()
        view.settle()
        return int(view.find("label.step").inner_text().rpartition("of ")[2])
    return int(view.get("step-value").inner_text().rpartition("of ")[2])


def following(view: View, panel: Panel) -> int:
    """Return the displayed step."""
    if panel.id == "curves":
        # This scalar is its step plus five.
        return int(float(view.get("chart-figure_05").locator(".value").inner_text())) - 5
    if panel.id == "gradient_flow":
        return int(view.get("step-input").input_value())
    return int(view.get("step-value").locator("b").inner_text())


def test_new_run_appears_after_reload(live: Live) -> None:
    view = live.shared.view

    def begin(name: str) -> None:
        with Log(live.server.logdir / name, wall_time=4e9) as log:
            log.table(layout(["0.weight", LAYER]), numbers(5, 2), range(0, 5 * EVERY, EVERY))
        live.server.wait_for({name: 4 * EVERY})
        expect(view.get(f"run-{name}")).to_have_count(0)
        view.reload()
        expect(view.get(f"run-{name}")).to_be_visible()

    # If runs are chosen, the new run is in the list and nothing else changes.
    view.open(runs="live", row=LAYER, step="20")
    state = view.state()
    begin("second")
    assert view.state() == state
    # If none are chosen and there are few, all are shown, and so is a new one.
    view.page.goto("about:blank")
    view.open(row=LAYER, step="20")
    assert view.state()["shown"] == ["live", "second"]
    begin("third")
    after = view.state()
    assert after["shown"] == ["live", "second", "third"]
    assert (after["row"], after["step"], after["reference"]) == (LAYER, 20, "live")
    expect(view.get("heatmap-third")).to_be_visible()
    live.shared.guard.check()


#: Seconds between two diagnoses of a run that grows, as ``LEAST_MS`` of frontend/src/ui/health/diagnosis_book.ts.
PACE = 10


def test_health_follows_growing_run_at_its_pace(live: Live) -> None:
    view, training = live.shared.view, live.training
    asked: list[float] = []

    def note(request: Request) -> None:
        if request.url.endswith("/health") and (request.post_data_json or {}).get("runs") == ["live"]:
            asked.append(time.monotonic())

    view.page.on("request", note)
    view.page.goto("about:blank")
    view.open(runs="live", panel="health", **{"health.limits": "1", "health.dismissed": "loss/stuck"})
    scope = view.find("[data-testid=h-run][data-run=live]").get_by_test_id("h-scope")
    expect(scope).to_contain_text(f"to {training.last} ")
    view.find("[data-testid=h-checked] summary").click()
    view.find(".h-scroll").evaluate("(it) => { it.scrollTop = 60; }")
    view.get("h-limit loss/spike limit").focus()
    url, scrolled, focus = view.page.url, view.frame.evaluate(SCROLLED), view.frame.evaluate(FOCUS)
    for _ in range(3):
        last = training.train(MORE)
        live.server.wait_for({"live": last})
        view.reload()
    # The last steps are judged without another reload.
    expect(scope).to_contain_text(f"to {last} ", timeout=4000 * PACE)
    assert all(after - before >= PACE - 0.5 for before, after in itertools.pairwise(asked)), asked
    expect(view.get("h-checked")).to_have_attribute("open", "")
    assert (view.page.url, view.frame.evaluate(SCROLLED), view.frame.evaluate(FOCUS)) == (url, scrolled, focus)
    # A run that no longer grows is asked for once more, and then not again.
    for _ in range(2):
        view.page.wait_for_timeout(1000 * PACE + 500)
        view.reload()
    settled = len(asked)
    view.page.wait_for_timeout(1000 * PACE + 500)
    view.reload()
    assert len(asked) == settled
    view.page.remove_listener("request", note)
    live.shared.guard.check()
