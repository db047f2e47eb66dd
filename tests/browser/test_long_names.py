"""Tests of names that do not fit, of values beyond every scale, and of filters without a match, in all panels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Pages, SharedPage, shared_page
from tests.support.browser import long_names
from tests.support.browser.colours import Rgb
from tests.support.browser.long_names import BROKEN, EXPLODING, NAMES, ROW, RUNS, VANISHING
from tests.support.browser.page_driver import IFRAME, NARROW, WIDE, View
from tests.support.browser.servers import Server

LAYER = ROW.rpartition(".")[0]
CONTRACTING = LAYER.replace("expanding", "contracting")
ACTIVATION = LAYER.replace("expanding_projection", "rectified_linear_activation")
PANELS = ["health", "gradient_flow", "activations", "distributions", "weights", "structure", "curves"]
SIZES = [WIDE, NARROW]
NO_MATCH = "nothing_has_this_name"

#: Texts that CSS cuts at the end. Those that are shortened in the middle are none of them.
CUT = """() => [...document.querySelectorAll('#nnviz *')].flatMap((it) => {
  const style = getComputedStyle(it);
  const own = [...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  if (!own || /^(SELECT|OPTION|INPUT|STYLE)$/.test(it.tagName) || it.dataset.shown !== undefined) return [];
  if (style.visibility === 'hidden' || it.getClientRects().length === 0) return [];
  // The text, or the nearest element around it that hides what does not fit.
  const range = document.createRange();
  range.selectNodeContents(it);
  const text = range.getBoundingClientRect();
  for (let box = it; box && box.id !== 'nnviz'; box = box.parentElement) {
    const look = getComputedStyle(box);
    if (/auto|scroll/.test(look.overflowX)) return [];
    if (look.overflowX === 'visible') continue;
    if (text.right > box.getBoundingClientRect().right + 1) return [`${it.className}: ${it.textContent}`];
  }
  return [];
})"""
#: What is displayed of each name that a selector finds.
SHOWN = """(selector) => [...document.querySelectorAll(selector)].flatMap((it) => {
  const name = it.matches('.fit') ? it : it.querySelector('.fit') ?? it;
  if (it.getClientRects().length === 0) return [];
  if (name.dataset.shown !== undefined) return [name.dataset.shown];
  // CSS cuts what does not fit at the end.
  const share = name.scrollWidth > name.clientWidth ? name.clientWidth / name.scrollWidth : 1;
  return [name.textContent.slice(0, Math.floor(share * name.textContent.length))];
})"""


@pytest.fixture(scope="module")
def long_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    logdir = tmp_path_factory.mktemp("long")
    long_names.write(logdir)
    with Server(logdir, long_names.LAST) as server:
        yield server


@pytest.fixture(scope="module")
def long_page(browser: Browser, long_server: Server) -> Iterator[SharedPage]:
    yield from shared_page(browser, long_server)


@pytest.fixture
def long_view(long_page: SharedPage) -> Iterator[View]:
    """Open a page on the runs with long names."""
    long_page.view.page.set_viewport_size(WIDE)
    yield long_page.view
    long_page.guard.check()


def show(view: View, panel: str, size: dict[str, int] = WIDE, **keys: str) -> View:
    """Open a panel with all runs."""
    view.page.set_viewport_size(size)  # type: ignore[arg-type]
    view.open(**({"runs": ",".join(NAMES), "panel": panel, "row": ROW} | keys))
    # Names are fitted in the frame after their layout.
    view.frame.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    return view


def shown(view: View, selector: str) -> list[str]:
    found: list[str] = view.frame.evaluate(SHOWN, selector)
    return found


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
@pytest.mark.parametrize("panel", PANELS)
def test_names_are_not_cut_at_their_ends(long_view: View, panel: str, size: dict[str, int]) -> None:
    show(long_view, panel, size)
    cut = long_view.frame.evaluate(CUT)
    assert cut == [], cut
    runs = shown(long_view, "[data-testid^=run-] .name")
    assert len(set(runs)) == len(runs) == len(NAMES), runs


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
@pytest.mark.parametrize("panel", ["activations", "distributions", "weights"])
def test_lists_of_layers_show_what_distinguishes_them(long_view: View, panel: str, size: dict[str, int]) -> None:
    show(long_view, panel, size)
    names = shown(long_view, ".layer .label")
    assert len(set(names)) == len(names) > 10, names
    assert any("…" in name for name in names)
    titles = long_view.find(".layer").evaluate_all("(all) => all.map((it) => it.title.split('\\n')[0])")
    assert titles == long_view.find(".layer .label").all_inner_texts(), "full names on hover and for screen readers"


def test_all_layers_of_distributions_show_what_distinguishes_them(long_view: View) -> None:
    show(long_view, "distributions", NARROW, **{"hist.view": "layers"})
    names = shown(long_view, ".layers-names button")
    assert len(set(names)) == len(names) > 8, names
    cut = long_view.frame.evaluate(CUT)
    assert cut == [], cut


@pytest.mark.parametrize("panel", ["gradient_flow", "weights", "distributions", "activations"])
def test_heads_of_runs_show_what_distinguishes_them(long_view: View, panel: str) -> None:
    # Four maps beside the tree leave eight characters to each head of a narrow window.
    for size in SIZES if panel != "gradient_flow" else [WIDE]:
        show(long_view, panel, size)
        heads = shown(long_view, ".run-head b")
        assert len(set(heads)) == len(heads) == len(NAMES), heads
        assert set(long_view.find(".run-head").evaluate_all("(all) => all.map((it) => it.title)")) == set(NAMES)


def test_curves_show_which_scalar_and_group(long_view: View) -> None:
    show(long_view, "curves", NARROW)
    titles = shown(long_view, ".chart h3")
    assert len(set(titles)) == len(titles) and sum("accuracy" in title for title in titles) == 2, titles
    groups = shown(long_view, "[data-testid=chart-learning_rate] .part")
    assert len(set(groups)) == 2, groups


def test_list_of_layers_is_resized_in_all_panels(long_view: View) -> None:
    def width() -> float:
        box = long_view.find(".layers").bounding_box()
        assert box
        return box["width"]

    show(long_view, "weights")
    usual, handle = width(), long_view.get("splitter")
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    long_view.page.mouse.move(x, y)
    long_view.page.mouse.down()
    long_view.page.mouse.move(x + 150, y, steps=3)
    long_view.page.mouse.up()
    assert width() == pytest.approx(usual + 150, abs=2)
    handle.press("ArrowRight")
    assert width() == pytest.approx(usual + 166, abs=2)
    for panel in ("Activations", "Distributions"):
        long_view.find("[role=tab]").get_by_text(panel, exact=True).click()
        long_view.settle()
        assert width() == pytest.approx(usual + 166, abs=2), panel
    long_view.find("[role=tab]").get_by_text("Gradient flow", exact=True).click()
    long_view.settle()
    tree = long_view.find(".tree").bounding_box()
    assert tree and tree["width"] == pytest.approx(usual + 166, abs=2)
    long_view.get("splitter").dblclick()
    long_view.settle()
    tree = long_view.find(".tree").bounding_box()
    assert tree and tree["width"] < usual + 100


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_filter_without_a_match_says_so_in_all_panels(long_view: View, size: dict[str, int]) -> None:
    for panel, keys in [
        ("gradient_flow", {"rowFilter": NO_MATCH}),
        ("activations", {"rowFilter": NO_MATCH}),
        ("distributions", {"rowFilter": NO_MATCH}),
        ("distributions", {"rowFilter": NO_MATCH, "hist.view": "layers"}),
        ("weights", {"rowFilter": NO_MATCH}),
        ("structure", {"rowFilter": NO_MATCH}),
        ("curves", {"cur.filter": NO_MATCH}),
    ]:
        show(long_view, panel, size, **keys)
        text = "No chart matches" if panel == "curves" else "No layer matches"
        notice = long_view.find("#nnviz").get_by_text(text)
        expect(notice).to_be_visible()
        clipped: bool = notice.evaluate(
            """(it) => {
              const range = document.createRange();
              range.selectNodeContents(it);
              const own = range.getBoundingClientRect();
              for (let box = it.parentElement; box; box = box.parentElement) {
                const { left, right, top, bottom } = box.getBoundingClientRect();
                if (getComputedStyle(box).overflowX !== 'visible'
                    && (own.left < left || own.right > right || own.top < top || own.bottom > bottom)) return true;
              }
              // Nothing else is drawn over it.
              const middle = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
              return !it.contains(document.elementFromPoint(...middle))
                && !document.elementFromPoint(...middle).contains(it);
            }"""
        )
        assert not clipped, panel
    show(long_view, "gradient_flow", size, rowFilter=NO_MATCH)
    expect(long_view.get("readout")).to_have_count(0)
    assert "absent" not in long_view.find("[aria-label='Gradient flow']").inner_text()
    # The filter stays, so that it can be changed.
    long_view.get("row-filter").fill("contracting")
    long_view.settle()
    expect(long_view.get("readout").locator("li")).to_have_count(len(NAMES))


def is_near(one: Rgb, other: Rgb, tolerance: int = 12) -> bool:
    """Return whether two colours differ by little, as a line's pixels at its edge do."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= tolerance


def rows_of(view: View, testid: str, colour: Rgb) -> list[int]:
    """Return the rows of pixels, from the top of an element, that contain a colour."""
    box = view.get(testid).bounding_box()
    frame = view.page.locator(IFRAME).bounding_box()
    assert box and frame
    left, top = box["x"] - frame["x"], box["y"] - frame["y"]
    picture = view.picture()
    columns, rows = range(60, int(box["width"]) - 12), range(int(box["height"]))
    return [y for y in rows if any(is_near(picture.at(left + x, top + y), colour) for x in columns)]


def colour_of(view: View, run: str) -> Rgb:
    text: str = view.get(f"run-{run}").locator("path").get_attribute("stroke") or ""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def test_chart_of_a_layer_has_its_own_range(long_view: View) -> None:
    show(long_view, "gradient_flow", step="30")
    assert {run: long_view.readout()[name] for run, name in zip(NAMES, [*RUNS], strict=True)}[VANISHING].endswith(
        "e-17"
    )
    threshold = rows_of(long_view, "series", (197, 34, 31))
    exploding, vanishing = (rows_of(long_view, "series", colour_of(long_view, run)) for run in (EXPLODING, VANISHING))
    # In the range of the colours the exploding curve is on its threshold, and so is the vanishing one.
    assert min(exploding) < min(threshold) - 30
    assert max(vanishing) > max(threshold) + 10


def test_clipped_values_of_curves_have_triangles(long_view: View) -> None:
    show(long_view, "curves")
    box = long_view.get("chart-loss").locator(".plot").bounding_box()
    frame = long_view.page.locator(IFRAME).bounding_box()
    assert box and frame
    # The last steps, below the lane of NaN: the smoothed loss is above the axis there.
    x = box["x"] - frame["x"] + box["width"]
    left, top = x - 32, box["y"] - frame["y"] + 12
    colours = long_view.picture().colours({"x": left, "y": top, "width": 28, "height": 14})
    colour = colour_of(long_view, EXPLODING)
    assert sum(count for seen, count in colours.items() if is_near(seen, colour)) > 12


def test_nan_is_nowhere_zero(long_view: View) -> None:
    keys = {"kind": "activation", "statistic": "dead_fraction", "row": ACTIVATION, "step": str(long_names.STEPS - 1)}
    show(long_view, "gradient_flow", **keys)
    assert long_view.cell(BROKEN, ACTIVATION, long_names.STEPS - 1)["state"] == "nonfinite"
    values = dict(zip(long_view.readout(), NAMES, strict=True))
    assert [text for name, text in long_view.readout().items() if values[name] == BROKEN] == ["NaN"]
    tooltip = long_view.hover(BROKEN, ACTIVATION, long_names.STEPS - 1)
    expect(tooltip).to_contain_text("NaN")
    expect(tooltip).not_to_contain_text("exactly 0")
    show(long_view, "structure", **keys, **{"str.show": "table"})
    cell = long_view.get(f"value-{BROKEN}-{ACTIVATION}")
    expect(cell.locator(".number")).to_have_text("NaN")
    assert "exactly 0" not in (cell.get_attribute("title") or "")
    expect(long_view.get(f"module-{ACTIVATION}").locator(".spark .bad")).to_have_count(1)


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_activations_count_units_and_align_columns(long_view: View, size: dict[str, int]) -> None:
    show(long_view, "activations", size, row=CONTRACTING, step="10")
    for run, width in zip(NAMES, RUNS.values(), strict=True):
        expect(long_view.find(f".act-head:has([title='{run}'])")).to_contain_text(f"{width} features")
        expect(long_view.get(f"maps-{run}").locator(".act-caption")).to_have_text(f"{width} features")
    tops: list[Any] = [long_view.get(f"sheet-{run}").bounding_box() for run in NAMES]
    assert len({round(box["y"]) for box in tops}) == 1
    tokens = long_view.get("tokens")
    assert "".join(tokens.locator("span").all_inner_texts()[:6]) == "it␣was"
    lines: list[bool] = tokens.evaluate(
        """(it) => {
          const { top, bottom } = it.getBoundingClientRect();
          return [...it.children].map((one) => {
            const own = one.getBoundingClientRect();
            return (own.top >= top && own.bottom <= bottom) || own.top >= bottom - 1 || own.bottom <= top + 1;
          });
        }"""
    )
    assert len(lines) == long_names.TOKENS and all(lines), "a line of tokens is shown whole or not at all"


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_captions_of_tiles_are_whole(demo_view: View, size: dict[str, int]) -> None:
    demo_view.page.set_viewport_size(size)  # type: ignore[arg-type]
    runs = "healthy,deep-sigmoid,lr-too-high,dying-relu"
    demo_view.open(runs=runs, panel="activations", row="blocks.3.conv1")
    captions = demo_view.find(".act-tile .act-caption")
    assert captions.count() > 40
    cut = """(all) => all.filter((it) => it.scrollWidth > it.clientWidth || /…/.test(it.textContent))
      .map((it) => it.textContent)"""
    assert captions.evaluate_all(cut) == []
    assert demo_view.find(".act-tile .act-caption span").evaluate_all(cut) == []


def test_tooltip_of_a_long_name_is_whole(pages: Pages, long_server: Server) -> None:
    view = show(pages.new(long_server), "gradient_flow")
    tooltip = view.hover(EXPLODING, ROW, 30)
    expect(tooltip).to_contain_text(EXPLODING)
    inside: bool = tooltip.evaluate(
        """(it) => [it, ...it.querySelectorAll('*')].every(
          (one) => one.scrollWidth <= one.clientWidth + 1 || one.clientWidth === 0)"""
    )
    assert inside
