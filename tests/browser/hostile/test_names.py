"""Tests of the page on hostile names, links and answers: nothing runs, nothing breaks, and every name is a text."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import SharedPage, shared_page
from tests.browser.test_panels import PANELS
from tests.support.browser import hostile_names
from tests.support.browser.page_driver import WIDE, View
from tests.support.browser.servers import Server

every_panel = pytest.mark.parametrize("panel", PANELS)

#: Clicks every control of the panel but exports, and moves the pointer over its pictures.
CLICK_ALL = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const panel = document.querySelector("#tab-panel");
  const of = (selector) => [...panel.querySelectorAll(selector)].filter((one) => one.offsetParent && !one.disabled);
  const clicked = new Set();
  for (const one of of("button, [role=button], [role=option], [role=treeitem], [role=row]").slice(0, 60)) {
    const name = one.dataset.testid ?? one.textContent;
    if (!one.isConnected || clicked.has(name) || name.startsWith("export")) continue;
    clicked.add(name);
    one.click();
    await frame();
  }
  for (const one of of("select")) {
    for (const { value } of [...one.options].slice(0, 12)) {
      one.value = value;
      one.dispatchEvent(new Event("change", { bubbles: true }));
      await frame();
    }
  }
  for (const one of of("canvas, svg").slice(0, 12)) {
    const box = one.getBoundingClientRect();
    const at = { bubbles: true, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
    for (const kind of ["pointermove", "mousemove", "pointerleave", "mouseleave"])
      one.dispatchEvent(new PointerEvent(kind, at));
    await frame();
  }
  return clicked.size;
}"""
#: Elements that only a name that was read as HTML could have made.
INJECTED = "script:not([src]):not([type]), [onerror], [onload], [onmouseover], img[src=x], a[href^=javascript]"

#: Keys of links, and names that are none.
KEYS = """
panel runs ref kind statistic role scale row step runFilter rowFilter collapsed vanishing exploding lo hi
flow.vs flow.band flow.order flow.from flow.to act.sample act.unit act.fixed act.scale act.order act.mode
hist.kind hist.view hist.from hist.to hist.overlay weights.minus weights.show weights.range str.show str.open
str.run cur.x cur.y cur.zoom cur.smooth cur.pins cur.large cur.filter health.all health.rules health.limits
health.dismissed __proto__ toString
"""


@pytest.fixture(scope="module")
def hostile_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    logdir = tmp_path_factory.mktemp("hostile")
    return logdir, hostile_names.write(logdir)


@pytest.fixture(scope="module")
def hostile_page(browser: Browser, hostile_runs: tuple[Path, list[str]]) -> Iterator[SharedPage]:
    logdir, runs = hostile_runs
    with Server(logdir, dict.fromkeys(runs, hostile_names.STEPS - 1)) as server:
        yield from shared_page(browser, server)


@pytest.fixture
def hostile_view(hostile_page: SharedPage) -> Iterator[View]:
    hostile_page.view.page.set_viewport_size(WIDE)
    hostile_page.view.page.goto("about:blank")
    yield hostile_page.view
    hostile_page.guard.check()


def check_alive(view: View) -> None:
    """Fail if a part of the page broke, or if anything of a log or link ran or became an element."""
    assert view.page.evaluate("() => window.hacked") is None
    for frame in (view.page.main_frame, view.frame):
        assert frame.evaluate("(selector) => document.querySelectorAll(selector).length", INJECTED) == 0
    expect(view.get("error")).to_have_count(0)
    expect(view.get("health-error")).to_have_count(0)
    expect(view.get("unread")).to_have_count(0)


def texts(view: View) -> str:
    """Return all that the panel says, in texts and tooltips."""
    read = """() => [...document.querySelectorAll("#tab-panel *")].flatMap((one) => [one.title || "",
      one.getAttribute("aria-label") ?? "", one.children.length ? "" : one.textContent]).join("\\n")"""
    said: str = view.frame.evaluate(read)
    return said


@every_panel
def test_panel_with_hostile_names_shows_them_as_texts(
    hostile_view: View, hostile_runs: tuple[Path, list[str]], panel: str
) -> None:
    _, runs = hostile_runs
    hostile_view.open(panel=panel, runs=",".join(run.replace(",", "\\,") for run in runs))
    check_alive(hostile_view)
    assert hostile_view.state()["shown"] == sorted(runs, key=hostile_view.state()["shown"].index)
    assert len(hostile_view.state()["shown"]) == len(runs)
    said = texts(hostile_view)
    assert sum(run in said for run in runs) >= len(runs) - 2, said[:2000]
    if panel == "curves":
        assert "<script>" in said and "toString" in said
    else:
        assert sum(part in said for part in hostile_names.PARTS) >= 5, said[:2000]


@every_panel
def test_panel_with_hostile_names_survives_all_controls(
    hostile_view: View, hostile_runs: tuple[Path, list[str]], panel: str
) -> None:
    hostile_view.open(panel=panel)
    for _ in range(2):
        assert hostile_view.frame.evaluate(CLICK_ALL) > 2
        hostile_view.until("true")
        hostile_view.page.wait_for_timeout(100)
        check_alive(hostile_view)
        if hostile_view.state()["view"]["panel"] != panel:
            hostile_view.get(f"tab-{panel}").click()
        hostile_view.settle()
    for key in ("ArrowLeft", "ArrowUp", "j", "k", "Home", "Escape"):
        hostile_view.page.keyboard.press(key)
    for text in ("toString", "(", "__proto__", "<script>", "[*+?^"):
        for field in hostile_view.find("#tab-panel input[type=search]").all():
            field.fill(text)
    hostile_view.settle()
    check_alive(hostile_view)
    for field in hostile_view.find("#tab-panel input[type=search]").all():
        field.fill("")
    hostile_view.settle()
    check_alive(hostile_view)


@pytest.mark.parametrize("panel", ["health", "gradient_flow", "curves", "structure", "weights", "distributions"])
def test_csv_with_hostile_names_has_no_formula(hostile_view: View, tmp_path: Path, panel: str) -> None:
    hostile_view.open(panel=panel)
    with hostile_view.page.expect_download() as download:
        hostile_view.get("export-csv").click()
    name = download.value.suggested_filename
    assert name.startswith("nnviz_") and name.endswith(".csv")
    assert len(name.encode()) < 255 and not set(name) & set('/\\:*?"<>|\n\r\t')
    file = tmp_path / "table.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    assert len(rows) > (0 if panel == "health" else 10) and {len(row) for row in rows} == {len(head)}
    for row in rows[:5000]:
        for cell in row:
            assert cell[:1] not in ("=", "@", "\t", "\r"), row
            assert cell[:1] not in ("+", "-") or cell in ("-Inf",) or float(cell) == float(cell), row


def test_links_with_hostile_values_open_the_page(hostile_view: View, hostile_runs: tuple[Path, list[str]]) -> None:
    draw = random.Random(11)
    values = [
        *hostile_names.PARTS,
        hostile_names.LONG,
        *("-1", "1e999", "NaN", "0", "99999999999999999999", ",", "\\", "!all", "!but,", "!ids,zz", "%", ""),
    ]
    for i in range(24):
        keys = {key: draw.choice(values) for key in draw.sample(KEYS.split(), 16)}
        keys["panel"] = PANELS[i // 4]
        if i % 2:
            keys.pop("runs", None)
        raw = "".join(f"&p.nnviz.{key}={quote(value, safe='')}" for key, value in keys.items())
        # The first link of a panel loads the page, the others change only the hash.
        if i % 4 == 0:
            hostile_view.page.goto("about:blank")
        hostile_view.page.goto(f"{hostile_view.server.url}#nnviz{raw}")
        try:
            hostile_view.until("__nnviz.state().view.panel === it", keys["panel"])
            hostile_view.settle()
            check_alive(hostile_view)
        except Exception as error:
            raise AssertionError(raw) from error


def test_link_to_unknown_panel_opens_the_first_and_says_so(hostile_view: View) -> None:
    for panel in ("nothing", "__proto__", "toString"):
        hostile_view.page.goto("about:blank")
        hostile_view.open(panel=panel)
        expect(hostile_view.get("unknown-panel")).to_contain_text(f"Unknown panel: {panel}. Gradient flow is shown")
        expect(hostile_view.get("tab-gradient_flow")).to_have_attribute("aria-selected", "true")
        expect(hostile_view.find("canvas[data-testid^=heatmap]").first).to_be_visible()
    hostile_view.get("unknown-panel").get_by_role("button").click()
    expect(hostile_view.get("unknown-panel")).to_have_count(0)


def test_panel_that_throws_leaves_the_others_alive(hostile_view: View) -> None:
    broken = "export const style = ''; export function View() { throw new Error('invalid nodes[3]: null'); }"

    def answer(route: Route) -> None:
        route.fulfill(body=broken, content_type="text/javascript")

    hostile_view.page.route("**/weights.js", answer)
    hostile_view.open(panel="weights")
    error = hostile_view.get("error")
    expect(error).to_contain_text("tb_nnviz could not draw the panel Weights")
    expect(error).to_contain_text("invalid nodes[3]: null")
    hostile_view.save("panel_that_throws")
    error.get_by_test_id("error-retry").click()
    expect(error).to_have_count(1)
    for panel in ("structure", "curves"):
        hostile_view.get(f"tab-{panel}").click()
        hostile_view.settle()
        check_alive(hostile_view)
    hostile_view.page.unroute("**/weights.js", answer)
