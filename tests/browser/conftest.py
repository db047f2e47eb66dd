"""Servers, browser and pages. Every test fails on an error in the console or a violation of TensorBoard's CSP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, sync_playwright

from demo.gpt.runs import RUNS as GPT_RUNS
from demo.runs import RUNS
from tests.support.browser import edge_cases, window_runs
from tests.support.browser.page_driver import WIDE, Guard, View, launch
from tests.support.browser.servers import Board
from tests.support.event_logs import Log
from tests.support.event_reader import Run
from tests.support.paths import ROOT

PREFIX = "/deeper/down"
#: Steps that hold what the tests look at, as ./dev test trains them.
STEPS = {"digits": 240, "gpt": 100}


class Edges(NamedTuple):
    """The synthetic logdir and its run that grows."""

    logdir: Path
    growing: Log


def _logs(name: str, variable: str, folder: str, runs: list[str], factory: pytest.TempPathFactory) -> Path:
    """One of the demo's sets of runs: as ./dev test made them, or the same training here."""
    given = Path(os.environ.get(variable) or ROOT / "build" / folder)
    if all((given / run).is_dir() for run in runs):
        return given
    logdir = factory.mktemp(name)
    command = [sys.executable, "-m", "demo", "--only", name, "--logdir", str(logdir), "--steps", str(STEPS[name])]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return logdir


def _read(logdir: Path, runs: list[str]) -> dict[str, Run]:
    """What is in event files."""
    return {run: Run(logdir / run) for run in runs}


@pytest.fixture(scope="session")
def demo_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of the demo's digits."""
    return _logs("digits", "NNVIZ_DEMO_LOGS", "demo-runs", [run.name for run in RUNS], tmp_path_factory)


@pytest.fixture(scope="session")
def demo_runs(demo_logs: Path) -> dict[str, Run]:
    """What is in the event files of the demo's digits."""
    return _read(demo_logs, [run.name for run in RUNS])


@pytest.fixture(scope="session")
def gpt_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of the demo's GPT: attention and tokens."""
    return _logs("gpt", "NNVIZ_GPT_LOGS", "gpt-runs", [run.name for run in GPT_RUNS], tmp_path_factory)


@pytest.fixture(scope="session")
def gpt_runs(gpt_logs: Path) -> dict[str, Run]:
    """What is in the event files of the demo's GPT."""
    return _read(gpt_logs, [run.name for run in GPT_RUNS])


def _last(runs: dict[str, Run]) -> dict[str, int]:
    return {name: max(run.tensors["nnviz/gradient/norm"]) for name, run in runs.items()}


@pytest.fixture(scope="session")
def gpt_board(gpt_logs: Path, gpt_runs: dict[str, Run]) -> Iterator[Board]:
    """A server on the logs of the demo's GPT."""
    with Board(gpt_logs, _last(gpt_runs)) as board:
        yield board


@pytest.fixture(scope="session")
def demo_board(demo_logs: Path, demo_runs: dict[str, Run]) -> Iterator[Callable[[str], Board]]:
    """A server on the demo's logs for each way of loading them, started when it is first asked for."""
    boards: list[Board] = []

    @cache
    def board(load_fast: str) -> Board:
        boards.append(Board(demo_logs, _last(demo_runs), f"--load_fast={load_fast}"))
        return boards[-1]

    yield board
    for one in boards:
        one.close()


@pytest.fixture(scope="session")
def edge_logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edges]:
    """The synthetic logdir."""
    logdir = tmp_path_factory.mktemp("edges")
    with edge_cases.write(logdir) as growing:
        yield Edges(logdir, growing)


@pytest.fixture(scope="session")
def edge_board(edge_logs: Edges) -> Iterator[Board]:
    """A server on the synthetic logdir, below a path prefix."""
    last = {"cells": edge_cases.STEPS[-1], "other": edge_cases.STEPS[-1], "growing": 9}
    with Board(edge_logs.logdir, last, f"--path_prefix={PREFIX}") as board:
        yield board


@pytest.fixture(scope="session")
def window_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with windows between logged steps."""
    logdir = tmp_path_factory.mktemp("windows")
    window_runs.write(logdir)
    return logdir


@pytest.fixture(scope="session")
def window_board(window_logs: Path) -> Iterator[Board]:
    """A server on those."""
    with Board(window_logs, window_runs.LAST) as board:
        yield board


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class Shared(NamedTuple):
    """A page that several tests use one after the other."""

    view: View
    guard: Guard


def _shared(browser: Browser, board: Board) -> Iterator[Shared]:
    with browser.new_context(viewport=WIDE) as context:
        guard = Guard(context)
        view = View(context.new_page(), board)
        yield Shared(view, guard)


@pytest.fixture(scope="session")
def demo_page(browser: Browser, demo_board: Callable[[str], Board]) -> Iterator[Shared]:
    yield from _shared(browser, demo_board("true"))


@pytest.fixture(scope="session")
def edge_page(browser: Browser, edge_board: Board) -> Iterator[Shared]:
    yield from _shared(browser, edge_board)


@pytest.fixture(scope="session")
def window_page(browser: Browser, window_board: Board) -> Iterator[Shared]:
    yield from _shared(browser, window_board)


@pytest.fixture
def window_view(window_page: Shared) -> Iterator[View]:
    """The run whose windows are known, alone, in a page that other tests use too."""
    window_page.view.page.set_viewport_size(WIDE)
    yield window_page.view.open(runs="spikes")
    window_page.guard.check()


@pytest.fixture
def demo_view(demo_page: Shared) -> Iterator[View]:
    """The demo's four runs in the default view, in a page that other tests use too."""
    demo_page.view.page.set_viewport_size(WIDE)
    yield demo_page.view.open(runs=",".join(run.name for run in RUNS))
    demo_page.guard.check()


@pytest.fixture
def edge_view(edge_page: Shared) -> Iterator[View]:
    """The runs `cells` and `other`, the cursor in the upper left corner, in a page that other tests use too."""
    edge_page.view.page.set_viewport_size(WIDE)
    yield edge_page.view.open(runs="cells,other", row="stem.weight", step="0")
    edge_page.guard.check()


class Visit(NamedTuple):
    """Pages in browser contexts of their own: nothing is remembered from one to the next."""

    to: Callable[[Board], View]
    guards: list[Guard]

    def allow(self, text: str) -> None:
        """A test that breaks something on purpose says what Chromium writes about it."""
        for guard in self.guards:
            guard.allowed.append(text)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a fresh browser context on a board."""
    contexts, guards = [], []

    def to(board: Board) -> View:
        contexts.append(browser.new_context(viewport=WIDE))
        guards.append(Guard(contexts[-1]))
        return View(contexts[-1].new_page(), board)

    yield Visit(to, guards)
    for context in contexts:
        context.close()
    for guard in guards:
        guard.check()
