"""Tests of each state of a cell, by its value and by the pixels on the screen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser.conftest import EdgeCaseLogs
from tests.support.browser import edge_cases
from tests.support.browser.colours import APART, VIRIDIS, Rgb, distance, is_grey, is_magenta
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run

SPECIAL = {"under": edge_cases.UNDER, "over": edge_cases.OVER, "zero": edge_cases.ZERO, "nonfinite": edge_cases.NAN}


def chips(view: View) -> dict[str, str]:
    """Return the colours in the legend by name."""
    read = """(chips) => chips.filter((chip) => chip.querySelector('i')).map((chip) =>
      [chip.innerText, getComputedStyle(chip.querySelector('i')).backgroundColor])"""
    return dict(view.find("[data-testid=legend] .chip").evaluate_all(read))


def css(colour: Rgb) -> str:
    return f"rgb({', '.join(map(str, colour))})"


def test_scale_is_that_of_the_legend(edge_view: View) -> None:
    assert edge_view.range() == edge_cases.SCALE
    assert edge_view.find("[data-testid=legend] .ends").inner_text().split() == ["1e-6", "0.01", "100"]


def test_cell_with_normal_value_has_colour_of_the_scale(edge_view: View) -> None:
    cell = edge_view.cell("cells", *edge_cases.NORMAL)
    assert (cell["value"], cell["state"], cell["step"]) == (edge_cases.NORMAL_VALUE, "value", edge_cases.NORMAL[1])
    expected = edge_view.range().colour(edge_cases.NORMAL_VALUE)
    assert edge_view.picture().centre(edge_view.rect("cells", *edge_cases.NORMAL)) == expected


def test_clipped_zero_and_nan_cells_have_legend_colours(edge_view: View) -> None:
    picture, legend = edge_view.picture(), chips(edge_view)
    words = {"under": "< 1e-6", "over": "> 100", "zero": "exactly 0", "nonfinite": "NaN, Inf"}
    assert set(legend) == {*words.values(), "absent", "layers of findings"}
    seen: dict[str, Rgb] = {}
    for state, cell in SPECIAL.items():
        assert edge_view.cell("cells", *cell)["state"] == state
        ((seen[state], _),) = picture.colours(edge_view.rect("cells", *cell)).most_common(1)
        assert css(seen[state]) == legend[words[state]], state
    assert is_grey(seen["zero"])
    assert is_magenta(seen["nonfinite"])
    # They differ clearly from every colour of the scale, from each other and from the page.
    for state, colour in seen.items():
        others = [*VIRIDIS, (255, 255, 255), *(other for name, other in seen.items() if name != state)]
        assert min(distance(colour, other) for other in others) > APART, state
    assert edge_view.cell("cells", *edge_cases.ZERO)["value"] == 0
    assert edge_view.cell("cells", *edge_cases.OVER)["value"] == edge_cases.OVER_VALUE
    assert edge_view.cell("cells", *edge_cases.UNDER)["value"] == edge_cases.UNDER_VALUE


def test_cell_with_nan_or_inf_is_hatched(edge_view: View) -> None:
    picture = edge_view.picture()
    for cell in (edge_cases.NAN, edge_cases.INFINITE):
        assert edge_view.cell("cells", *cell)["state"] == "nonfinite"
        colours = picture.colours(edge_view.rect("cells", *cell))
        # Apart from the outline of findings there are two colours, and the lines cover one pixel in six.
        (base, most), (line, some) = colours.most_common(2)
        assert is_magenta(base) and sum(line) > sum(base) + 60
        assert some / (most + some) == pytest.approx(1 / 6, abs=0.03)


def test_absent_cell_is_dotted_background(edge_view: View) -> None:
    # Absent at one step, at every step of the run, and in all runs but the other one.
    picture = edge_view.picture()
    for run, row, step in [("cells", *edge_cases.ABSENT), ("other", *edge_cases.ABSENT), ("cells", "extra.weight", 50)]:
        assert edge_view.cell(run, row, step)["state"] == "absent"
        colours = picture.colours(edge_view.rect(run, row, step))
        (background, most), (dots, some) = colours.most_common(2)
        assert background == (255, 255, 255) and is_grey(dots) and 0 < some < most / 4
    assert edge_view.cell("other", *edge_cases.NORMAL)["state"] == "value"


def test_cell_is_as_wide_as_the_interval_of_its_step(edge_view: View) -> None:
    picture, scale = edge_view.picture(), edge_view.range()
    row, step = edge_cases.OVER
    box = edge_view.rect("cells", row, step)
    for other, edge in [(step - 5, box["x"] - 1), (step + 5, box["x"] + box["width"])]:
        expected = scale.colour(edge_view.cell("cells", row, other)["value"])
        assert picture.at(edge, box["y"] + box["height"] / 2) == expected


def test_every_cell_has_value_and_state_of_event_file(edge_view: View, edge_logs: EdgeCaseLogs) -> None:
    run, scale = Run(edge_logs.logdir / "cells"), edge_view.range()
    for step in edge_cases.STEPS:
        written = run.statistics("gradient", step)
        shown = edge_view.cells("cells", [(row, step) for row in written])
        for (row, statistics), (cell, _) in zip(written.items(), shown, strict=True):
            if (row, step) == edge_cases.ABSENT:
                assert cell["state"] == "absent"
            else:
                assert cell["state"] == scale.state(statistics["norm"])
                np.testing.assert_equal(cell["value"], statistics["norm"], err_msg=f"{row} at {step}")


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        (edge_cases.NORMAL, "0.0078125", None),
        (edge_cases.OVER, "1e30", "above the colour scale"),
        (edge_cases.UNDER, "1e-30", "below the colour scale"),
        (edge_cases.ZERO, "0", "exactly 0"),
        (edge_cases.NAN, "NaN", "5 of 12 elements are NaN or Inf"),
        (edge_cases.INFINITE, "Inf", "1 of 12 elements are NaN or Inf"),
        (edge_cases.ABSENT, None, "absent: no such row, or no value at this step"),
    ],
    ids=["normal", "over", "under", "zero", "nan", "inf", "absent"],
)
def test_tooltip_describes_each_state_of_a_cell(
    edge_view: View, cell: tuple[str, int], value: str | None, words: str | None
) -> None:
    edge_view.until("document.querySelector('[data-testid=readout]')")
    tooltip = edge_view.hover("cells", *cell)
    lines = tooltip.inner_text().split("\n")
    expected = ["cells", f"step {cell[1]}", cell[0], value, words, edge_cases.TENSOR]
    assert [line for line in lines if line] == [line for line in expected if line is not None]
    edge_view.page.mouse.move(0, 0)
    tooltip.wait_for(state="detached")


def test_tooltip_at_an_edge_stays_within_the_page(edge_view: View) -> None:
    width, height = edge_view.frame.evaluate("() => [innerWidth, innerHeight]")
    for run, row, step in [("cells", "stem.weight", 0), ("other", "extra.weight", 95)]:
        box = edge_view.hover(run, row, step).evaluate("(it) => it.getBoundingClientRect().toJSON()")
        assert box["left"] >= 0 and box["top"] >= 0 and box["right"] <= width and box["bottom"] <= height


def test_page_below_path_prefix_requests_below_it(edge_view: View, edge_server: Server) -> None:
    requested: list[str] = []
    edge_view.page.on("request", lambda request: requested.append(request.url))
    edge_view.page.reload()
    edge_view.settle()
    ours = [url for url in requested if "nnviz" in url]
    assert any(url.endswith("/series") for url in ours)
    assert all(url.startswith(edge_server.url) for url in ours)
    assert "/deeper/down/" in edge_server.url
