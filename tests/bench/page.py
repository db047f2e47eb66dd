"""Times and memory of the page at full size, in TensorBoard and Chromium, against goals: ``./dev bench page``.

Logs are written unless they exist (tests/bench/logs.py). TensorBoard's own tabs do not work with logs of this size:
they get a smaller log of similar values, and the table names its size.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from tb_nnviz import schema
from tb_nnviz.record.write.event_file import EventFile
from tb_nnviz.record.write.events import event
from tests.bench import logs
from tests.support.browser import servers
from tests.support.browser.page_driver import WIDE, View, launch
from tests.support.browser.servers import Server

STOCK_LAYERS, STOCK_STEPS, HISTOGRAM_STEPS = 100, 500, 50
FIRST = "first picture, from opening the tab; nothing read before"
AGAIN = "first picture, from opening the tab; everything read before"
#: Records when a heat map is first visible, by the clocks of nnviz's frame and of TensorBoard's page.
_FIRST_PICTURE = """
if (window !== window.top && location.href.includes("name=nnviz")) {
  const look = () => {
    if (!document.querySelector("[data-testid^=heatmap-]")) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => {
      window.__seen = [performance.now(), parent.performance.now()];
    }, 0));
  };
  requestAnimationFrame(look);
}
"""
GOALS = {
    FIRST: 1.0,
    AGAIN: 1.0,
    "cursor move": 0.033,
    "layer move": 0.033,
    "another statistic": 0.3,
    "one statistic of one run from the server, not read before": 0.15,
    "one statistic of one run from the server, read before": 0.15,
    "page memory, JavaScript heap (MB)": 500.0,
}
_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def ask(server: Server, run: str, statistic: str) -> float:
    """Return the seconds of one request for a statistic of a run in columns."""
    body = {"runs": [run], "kind": "gradient", "statistics": [statistic], "width": 512}
    request = urllib.request.Request(f"{server.url}data/plugin/nnviz/series", json.dumps(body).encode())
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return time.perf_counter() - started


def heap(page: Page) -> float:
    """Return the megabytes of the JavaScript heap of the page and its frames, with array buffers."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    session.detach()
    return float(usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6


def moves(view: View, key: str, count: int) -> float:
    """Return the median seconds from a key to the frame that shows its effect, by the page's clock."""
    measure = """async (key) => {
      const target = document.querySelector("[data-testid=stage]");
      target.focus();
      const started = performance.now();
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
      return performance.now() - started;
    }"""
    return statistics.median(view.frame.evaluate(measure, key) / 1e3 for _ in range(count))


def measure_page(browser: Browser, server: Server, names: list[str]) -> dict[str, float]:
    """Measure the page with all runs open."""
    values = {}
    new, again = [ask(server, run, "mean") for run in names[-3:]], [ask(server, run, "mean") for run in names[-3:]]
    values["one statistic of one run from the server, not read before"] = statistics.median(new)
    values["one statistic of one run from the server, read before"] = statistics.median(again)
    with browser.new_context(viewport=WIDE) as context:
        context.add_init_script(_FIRST_PICTURE)
        page = context.new_page()
        view = View(page, server)
        address = f"{server.url}#nnviz&p.nnviz.runs={'%2C'.join(names).replace('/', '%2F')}"
        for what in (FIRST, AGAIN):
            page.goto("about:blank")
            page.goto(address)
            view.until("window.__seen")
            own, whole = view.frame.evaluate("() => window.__seen")
            values[what], values[f"{what}; TensorBoard's own page included"] = own / 1e3, whole / 1e3
            view.settle()
            values[f"{what}; all runs"] = view.frame.evaluate("() => performance.now()") / 1e3
        view.page.wait_for_timeout(5000)
        values["cursor move"] = moves(view, "ArrowLeft", 15)
        values["layer move"] = moves(view, "ArrowDown", 15)
        switch = """async () => {
          const select = document.querySelector("[data-testid=statistic-select]");
          const option = [...select.options].find(({ value }) => value.includes("absmax"));
          const started = performance.now();
          select.value = option.value;
          select.dispatchEvent(new Event("change", { bubbles: true }));
          while (__nnviz.state().loading || !document.querySelector("[data-testid^=heatmap-]"))
            await new Promise((done) => setTimeout(done, 5));
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
          return performance.now() - started;
        }"""
        values["another statistic"] = view.frame.evaluate(switch) / 1e3
        values["page memory, JavaScript heap (MB)"] = heap(page)
    return values


def many_runs(browser: Browser, logdir: Path, loader: str) -> dict[str, float]:
    """Measure opening the page with 200 small runs, and typing into the filter."""
    if not logdir.exists():
        logs.write(logdir, 200, 20, 20)
    values = {}
    with Server(logdir, {logs.run_name(199): 190}, f"--load_fast={loader}") as server, browser.new_context() as context:
        page = context.new_page()
        view = View(page, server)
        view.open()
        values["200 runs: opening the tab's address"] = view.frame.evaluate("() => performance.now()") / 1e3
        field = view.get("run-filter")
        started = time.perf_counter()
        field.press_sequentially("run-1")
        view.frame.evaluate(_FRAMES)
        values["200 runs: a key in the filter"] = (time.perf_counter() - started) / 5
    return values


def stock(logdir: Path, steps: int, histograms: bool) -> None:
    """Write a run of norms as stock scalars, one per layer, or as stock histograms."""
    values = logs.norms(0, steps, STOCK_LAYERS)
    layers = [row.name for row in logs.rows(STOCK_LAYERS)]
    file = EventFile(logdir / "stock")
    for i in range(steps):
        entries = []
        for name, norm in zip(layers, values[i], strict=True):
            if histograms:
                edges = norm * np.linspace(-1, 1, 31)
                counts = np.stack([edges[:-1], edges[1:], np.exp(-(np.linspace(-3, 3, 30) ** 2))], axis=1)
                entries.append(schema.Entry(name, counts.astype(np.float64), "histograms"))
            else:
                entries.append(schema.scalar(name, float(norm)))
        file.write(event(logs.EVERY * i, logs.WALL_TIME + i, entries))
    file.close()


def measure_stock_tabs(browser: Browser) -> dict[str, float]:
    """Measure TensorBoard's own tabs on a smaller log."""
    values: dict[str, float] = {}
    for tab, histograms, steps in (("timeseries", False, STOCK_STEPS), ("histograms", True, HISTOGRAM_STEPS)):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            stock(Path(folder), steps, histograms)
            server = stack.enter_context(Server(Path(folder), {}))
            time.sleep(5)
            page = stack.enter_context(browser.new_context(viewport=WIDE)).new_page()
            page.goto(f"{server.url}#{tab}")
            selector = "scalar-card canvas, scalar-card svg" if tab == "timeseries" else "tf-histogram-loader svg"
            what = f"stock {tab}, {STOCK_LAYERS} layers x {steps} steps of one run: first chart"
            page.wait_for_selector(selector, timeout=60_000, state="attached")
            values[what] = page.evaluate("() => performance.now()") / 1e3
            values[f"stock {tab}: JavaScript heap (MB)"] = heap(page)
    return values


def attempt(name: str, measure: Callable[[], dict[str, float]]) -> Iterator[tuple[str, float | str]]:
    """Yield the measured values, or the error of a measurement that failed."""
    try:
        yield from measure().items()
    except Exception as error:
        yield name, f"failed: {type(error).__name__}: {str(error).splitlines()[0][:120]}"


def main() -> None:
    """Measure as the command line asks, and print a table."""
    parser = argparse.ArgumentParser(prog="./dev bench page", description=__doc__)
    parser.add_argument("--logs", type=Path, default=Path(tempfile.gettempdir()) / "nnviz-bench-page")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--loaders", choices=["both", "fast", "python"], default="both")
    options = parser.parse_args()
    # The Python loader takes minutes for what the data server reads in seconds.
    servers.PATIENCE_SECONDS = 600
    large, many = options.logs / "large", options.logs / "many"
    names = [logs.run_name(i) for i in range(options.runs)]
    if not large.exists():
        size = logs.write(large, options.runs, 1000, 2000)
        print(f"wrote {size / 1e9:.2f} GB")
    result: dict[str, dict[str, Any]] = {}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for loader in {"both": ("true", "false"), "fast": ("true",), "python": ("false",)}[options.loaders]:
            name = "data server" if loader == "true" else "Python loader"

            def full(loader: str = loader) -> dict[str, float]:
                with Server(large, dict.fromkeys(names, logs.EVERY * 1999), f"--load_fast={loader}") as server:
                    return measure_page(browser, server, names)

            result[name] = dict(attempt("page", full))
            result[name].update(attempt("200 runs", lambda loader=loader: many_runs(browser, many, loader)))
        result["stock"] = dict(attempt("stock", lambda: measure_stock_tabs(browser)))
        browser.close()
    for name, values in result.items():
        print(f"\n{name}")
        for what, value in values.items():
            goal = GOALS.get(what)
            shown = value if isinstance(value, str) else f"{value:10.3f}"
            met = (
                ""
                if goal is None or isinstance(value, str)
                else f"  goal {goal:g}: {'met' if value <= goal else 'MISSED'}"
            )
            print(f"  {shown}  {what}{met}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
