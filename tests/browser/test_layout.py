"""Test that nothing overflows at common sizes in both themes. It saves screenshots for people to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser.page_driver import NARROW, WIDE, View

RUNS = "healthy,deep-sigmoid,lr-too-high,dying-relu"
STATES = {
    "main": {"row": "blocks.4.conv1.weight"},
    "update-ratio": {"kind": "update", "statistic": "ratio"},
    "dead-fraction": {"kind": "activation", "statistic": "dead_fraction"},
    "mean": {"statistic": "mean", "role": "all"},
    "two-runs-linear": {"runs": "healthy,lr-too-high", "scale": "linear", "step": "20"},
}
OVERFLOWING = """() => {
  const clips = (it) => it && (["hidden", "clip", "auto", "scroll"].includes(getComputedStyle(it).overflowX)
    || clips(it.parentElement));
  const over = [...document.body.querySelectorAll("*")].filter((it) => {
    const box = it.getBoundingClientRect();
    return box.width > 0 && box.right > innerWidth + 0.5 && !clips(it.parentElement);
  });
  return [document.documentElement.scrollWidth, innerWidth, over.map((it) => it.outerHTML.slice(0, 120))];
}"""


@pytest.fixture(params=["light", "dark"])
def themed_view(request: pytest.FixtureRequest, demo_view: View) -> Iterator[tuple[View, str]]:
    demo_view.choose_theme(request.param.title())
    yield demo_view, request.param
    demo_view.page.set_viewport_size(WIDE)
    demo_view.choose_theme("Light")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1440", "1000"])
def test_page_at_common_sizes_does_not_overflow(themed_view: tuple[View, str], size: dict[str, int]) -> None:
    view, theme = themed_view
    view.page.set_viewport_size(size)
    view.until("innerWidth === it", size["width"])
    for name, keys in STATES.items():
        view.open(**{"runs": RUNS, **keys})
        view.save(f"{name}-{theme}-{size['width']}")
        scroll, inner, over = view.frame.evaluate(OVERFLOWING)
        assert scroll <= inner and not over, name
        for part in ("legend", "readout", "profile", "series"):
            box = view.get(part).evaluate("(it) => it.getBoundingClientRect().toJSON()")
            height = view.frame.evaluate("() => innerHeight")
            assert 0 <= box["left"] < box["right"] <= inner, (name, part)
            assert part == "profile" or box["bottom"] <= height, (name, part)
    # An open dialog at the right edge stays inside too.
    view.get("range-button").click()
    expect(view.find("[role=dialog]")).to_be_visible()
    scroll, inner, over = view.frame.evaluate(OVERFLOWING)
    assert scroll <= inner and not over
    view.page.keyboard.press("Escape")
