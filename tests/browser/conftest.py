"""Fixtures of servers, browser and pages.

Every test fails on an error in the console and on a violation of TensorBoard's content security policy.
"""

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
from tests.support.browser.servers import Server
from tests.support.event_logs import Log
from tests.support.event_reader import Run
from tests.support.paths import ROOT

PREFIX = "/deeper/down"
#: Steps per set of runs, as ./dev test trains them.
STEPS = {"digits": 240, "gpt": 100}


class EdgeCaseLogs(NamedTuple):
    """The logdir of edge cases and the log of its growing run."""

    logdir: Path
    growing: Log


def _logs(name: str, variable: str, folder: str, runs: list[str], factory: pytest.TempPathFactory) -> Path:
    """Return the logdir of one of the demo's sets of runs. It is trained here unless ./dev test did so."""
    given = Path(os.environ.get(variable) or ROOT / "build" / folder)
    if all((given / run).is_dir() for run in runs):
        return given
    logdir = factory.mktemp(name)
    # without bursts all runs have the same steps, as the tests compare them
    options = ["--only", name, "--logdir", str(logdir), "--steps", str(STEPS[name]), "--burst", "0"]
    subprocess.run(
        [sys.executable, "-m", "demo", *options],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return logdir


def _read(logdir: Path, runs: list[str]) -> dict[str, Run]:
    """Read the event files of some runs."""
    return {run: Run(logdir / run) for run in runs}


@pytest.fixture(scope="session")
def demo_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the logdir of the demo's digits."""
    return _logs("digits", "NNVIZ_DEMO_LOGS", "demo-runs", [run.name for run in RUNS], tmp_path_factory)


@pytest.fixture(scope="session")
def demo_runs(demo_logs: Path) -> dict[str, Run]:
    """Return the event files of the demo's digits by run."""
    return _read(demo_logs, [run.name for run in RUNS])


@pytest.fixture(scope="session")
def gpt_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the logdir of the demo's GPT, which has attention and tokens."""
    return _logs("gpt", "NNVIZ_GPT_LOGS", "gpt-runs", [run.name for run in GPT_RUNS], tmp_path_factory)


@pytest.fixture(scope="session")
def gpt_runs(gpt_logs: Path) -> dict[str, Run]:
    """Return the event files of the demo's GPT by run."""
    return _read(gpt_logs, [run.name for run in GPT_RUNS])


def _last(runs: dict[str, Run]) -> dict[str, int]:
    return {name: max(run.tensors["nnviz/gradient/norm"]) for name, run in runs.items()}


@pytest.fixture(scope="session")
def gpt_server(gpt_logs: Path, gpt_runs: dict[str, Run]) -> Iterator[Server]:
    """Start a server on the logs of the demo's GPT."""
    with Server(gpt_logs, _last(gpt_runs)) as server:
        yield server


@pytest.fixture(scope="session")
def demo_server(demo_logs: Path, demo_runs: dict[str, Run]) -> Iterator[Callable[[str], Server]]:
    """Return a function that starts one server on the demo's logs per value of ``--load_fast``."""
    servers: list[Server] = []

    @cache
    def server(load_fast: str) -> Server:
        servers.append(Server(demo_logs, _last(demo_runs), f"--load_fast={load_fast}"))
        return servers[-1]

    yield server
    for one in servers:
        one.close()


@pytest.fixture(scope="session")
def edge_logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeCaseLogs]:
    """Write the logdir of edge cases."""
    logdir = tmp_path_factory.mktemp("edges")
    with edge_cases.write(logdir) as growing:
        yield EdgeCaseLogs(logdir, growing)


@pytest.fixture(scope="session")
def edge_server(edge_logs: EdgeCaseLogs) -> Iterator[Server]:
    """Start a server on the logdir of edge cases, below a path prefix."""
    last = {"cells": edge_cases.STEPS[-1], "other": edge_cases.STEPS[-1], "growing": 9}
    with Server(edge_logs.logdir, last, f"--path_prefix={PREFIX}") as server:
        yield server


@pytest.fixture(scope="session")
def window_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write runs with windows between logged steps."""
    logdir = tmp_path_factory.mktemp("windows")
    window_runs.write(logdir)
    return logdir


@pytest.fixture(scope="session")
def window_server(window_logs: Path) -> Iterator[Server]:
    """Start a server on the runs with windows."""
    with Server(window_logs, window_runs.LAST) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class SharedPage(NamedTuple):
    """A page that several tests use one after the other."""

    view: View
    guard: Guard


def shared_page(browser: Browser, server: Server) -> Iterator[SharedPage]:
    """Open a page for several tests, and close it at the end."""
    with browser.new_context(viewport=WIDE) as context:
        guard = Guard(context)
        view = View(context.new_page(), server)
        yield SharedPage(view, guard)


@pytest.fixture(scope="session")
def demo_page(browser: Browser, demo_server: Callable[[str], Server]) -> Iterator[SharedPage]:
    yield from shared_page(browser, demo_server("true"))


@pytest.fixture(scope="session")
def edge_page(browser: Browser, edge_server: Server) -> Iterator[SharedPage]:
    yield from shared_page(browser, edge_server)


@pytest.fixture(scope="session")
def window_page(browser: Browser, window_server: Server) -> Iterator[SharedPage]:
    yield from shared_page(browser, window_server)


@pytest.fixture
def window_view(window_page: SharedPage) -> Iterator[View]:
    """Open the run with known windows in the shared page."""
    window_page.view.page.set_viewport_size(WIDE)
    yield window_page.view.open(runs="spikes")
    window_page.guard.check()


@pytest.fixture
def demo_view(demo_page: SharedPage) -> Iterator[View]:
    """Open the demo's four runs in the shared page."""
    demo_page.view.page.set_viewport_size(WIDE)
    yield demo_page.view.open(runs=",".join(run.name for run in RUNS))
    demo_page.guard.check()


@pytest.fixture
def edge_view(edge_page: SharedPage) -> Iterator[View]:
    """Open the runs `cells` and `other` in the shared page, with the cursor in the upper left corner."""
    edge_page.view.page.set_viewport_size(WIDE)
    yield edge_page.view.open(runs="cells,other", row="stem.weight", step="0")
    edge_page.guard.check()


class Pages(NamedTuple):
    """Factory of pages, each in a separate browser context, so that they share no state."""

    new: Callable[[Server], View]
    guards: list[Guard]

    def allow(self, text: str) -> None:
        """Allow errors with this text, which a test provokes."""
        for guard in self.guards:
            guard.allowed.append(text)


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    """Open pages in new browser contexts."""
    contexts, guards = [], []

    def new(server: Server) -> View:
        contexts.append(browser.new_context(viewport=WIDE))
        guards.append(Guard(contexts[-1]))
        return View(contexts[-1].new_page(), server)

    yield Pages(new, guards)
    for context in contexts:
        context.close()
    for guard in guards:
        guard.check()
