"""Tests of the page on hundreds of runs: every panel draws, no route refuses, and links stay short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tb_nnviz import schema
from tests.browser.conftest import SharedPage, shared_page
from tests.browser.test_panels import PANELS
from tests.support.browser.page_driver import WIDE, View
from tests.support.browser.servers import Server
from tests.support.event_logs import WALL_TIME, Log, layout

RUNS = 520
#: Runs that each panel draws, as frontend/src/app/registry.ts says.
DRAWN = {
    "health": 100,
    "gradient_flow": 100,
    "activations": 48,
    "distributions": 48,
    "weights": 48,
    "structure": 100,
    "curves": 200,
}
NAMES = [f"sweep/learning_rate_{i % 7}e-3/trial_{i:03}" for i in range(RUNS)]


def _write(logdir: Path) -> None:
    rows = layout(["stem.weight", "block.0.weight", "block.1.weight", "head.weight"])
    for i, name in enumerate(NAMES):
        with Log(logdir / name, wall_time=WALL_TIME + 1000 * i) as log:
            for step in range(4):
                norms = np.full(4, 0.1 + step + i / RUNS, np.float32)
                loss = schema.scalar(schema.TAG_LOG + "loss", 1 / (1 + step + i))
                log.vectors(step, rows, {"count": np.full(4, 12, np.float32), "norm": norms}, [loss])


@pytest.fixture(scope="module")
def many_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedPage]:
    logdir = tmp_path_factory.mktemp("many")
    _write(logdir)
    with Server(logdir, dict.fromkeys(NAMES, 3)) as server:
        yield from shared_page(browser, server)


@pytest.fixture
def many_view(many_page: SharedPage) -> Iterator[View]:
    many_page.view.page.set_viewport_size(WIDE)
    many_page.view.page.goto("about:blank")
    yield many_page.view
    many_page.guard.check()


@pytest.mark.parametrize("panel", PANELS)
def test_panel_with_hundreds_of_runs_draws_the_first_and_says_so(many_view: View, panel: str) -> None:
    refused: list[str] = []
    many_view.page.on("response", lambda answer: answer.ok or refused.append(answer.url))
    many_view.open(panel=panel, runs="!all")
    expect(many_view.get("run-limit")).to_contain_text(f"Showing the first {DRAWN[panel]} of {RUNS} selected runs.")
    assert many_view.state()["shown"] == NAMES[: DRAWN[panel]]
    expect(many_view.get("error")).to_have_count(0)
    expect(many_view.get("unread")).to_have_count(0)
    if panel in ("gradient_flow", "curves"):
        expect(many_view.find("#tab-panel canvas").first).to_be_visible()
    assert refused == []


def test_run_picker_with_hundreds_of_runs_selects_and_filters(many_view: View) -> None:
    many_view.open(runs=NAMES[0])
    none, everything = many_view.find(".bulk button").nth(1), many_view.find(".bulk button").nth(0)
    everything.click()
    many_view.settle()
    expect(many_view.find(".side .count")).to_have_text(f"{RUNS} of {RUNS}")
    # Only the visible lines are in the document.
    assert 10 < many_view.find(".runs .run").count() < 100
    many_view.get("run-filter").fill("trial_51")
    expect(many_view.find(".runs .run")).to_have_count(10)
    none.click()
    expect(many_view.find(".side .count")).to_have_text(f"{RUNS - 10} of {RUNS}")
    many_view.get("run-filter").fill("")
    none.click()
    expect(many_view.find(".side .count")).to_have_text(f"0 of {RUNS}")


def test_link_to_hundreds_of_runs_is_short_and_restores_them(many_view: View) -> None:
    for pattern, count in (("", RUNS), ("_0e-3", RUNS - 75), ("_[0246]e-3", 223)):
        many_view.open(runs=NAMES[0])
        many_view.get("run-filter").fill("")
        many_view.find(".bulk button").nth(0).click()
        if pattern:
            many_view.get("run-filter").fill(pattern)
            many_view.find(".bulk button").nth(1).click()
            many_view.get("run-filter").fill("")
        expect(many_view.find(".side .count")).to_have_text(f"{count} of {RUNS}")
        many_view.settle()
        link = many_view.page.evaluate("() => location.href")
        assert len(link) < 4000, link
        shown = many_view.state()["shown"]
        many_view.page.goto("about:blank")
        many_view.page.goto(link)
        many_view.settle()
        expect(many_view.find(".side .count")).to_have_text(f"{count} of {RUNS}")
        assert many_view.state()["shown"] == shown
