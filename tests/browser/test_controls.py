"""Tests of the controls: runs, reference, filters, blocks, statistic, role, scale."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import edge_cases
from tests.support.browser.colours import Range
from tests.support.browser.page_driver import View
from tests.support.event_reader import Run

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]


def toggle(view: View, run: str) -> None:
    view.get(f"run-{run}").get_by_role("checkbox").click()


def colours(view: View) -> dict[str, str]:
    """Return the colours in the list of runs by run."""
    paths = {run: view.get(f"run-{run}").locator(".mark path") for run in RUNS}
    return {run: path.get_attribute("stroke") or "" for run, path in paths.items()}


def rows(view: View) -> list[str]:
    return [line["key"] for line in view.state()["lines"]]


def test_runs_switched_off_and_on_keep_their_colours(demo_view: View) -> None:
    before, readout = colours(demo_view), demo_view.get("readout").locator("li")
    assert len(set(before.values())) == 4
    expect(readout).to_have_count(4)
    for gone, run in enumerate(["deep-sigmoid", "dying-relu"], start=1):
        toggle(demo_view, run)
        expect(demo_view.get(f"heatmap-{run}")).to_have_count(0)
        expect(readout).to_have_count(4 - gone)
        expect(demo_view.get(f"run-{run}").get_by_role("checkbox")).to_have_attribute("aria-checked", "false")
    expect(demo_view.get("heatmap-healthy")).to_be_visible()
    assert demo_view.state()["shown"] == ["healthy", "lr-too-high"]
    assert colours(demo_view) == before
    assert demo_view.find(".run-head .mark path").nth(1).get_attribute("stroke") == before["lr-too-high"]
    toggle(demo_view, "deep-sigmoid")
    expect(demo_view.get("heatmap-deep-sigmoid")).to_be_visible()
    assert demo_view.state()["shown"] == ["healthy", "deep-sigmoid", "lr-too-high"]
    assert colours(demo_view) == before


def test_all_and_none_buttons_select_runs(demo_view: View) -> None:
    demo_view.find(".bulk").get_by_role("button", name="none").click()
    expect(demo_view.find("canvas[data-testid^=heatmap-]")).to_have_count(0)
    expect(demo_view.find(".notice")).to_contain_text("No run selected")
    demo_view.find(".bulk").get_by_role("button", name="all").click()
    expect(demo_view.find("canvas[data-testid^=heatmap-]")).to_have_count(4)


def test_reference_run_is_drawn_first(demo_view: View) -> None:
    before, heads = colours(demo_view), demo_view.find(".run-head b")
    expect(heads).to_have_text(RUNS)
    demo_view.get("run-lr-too-high").get_by_role("button", name="reference run").click()
    expect(heads).to_have_text(["lr-too-high", "healthy", "deep-sigmoid", "dying-relu"])
    first, second = (demo_view.get(f"heatmap-{run}").bounding_box() for run in ("lr-too-high", "healthy"))
    assert first and second and first["x"] < second["x"]
    assert demo_view.state()["reference"] == "lr-too-high"
    assert colours(demo_view) == before


def test_run_filter_takes_a_regular_expression(demo_view: View) -> None:
    listed = demo_view.find("li.run .name")
    demo_view.get("run-filter").fill("^(lr|DEEP)-")
    expect(listed).to_have_text(["deep-sigmoid", "lr-too-high"])
    expect(demo_view.get("heatmap-healthy")).to_be_visible()
    demo_view.get("run-filter").fill("(")
    expect(demo_view.find(".complaint")).to_contain_text("invalid regular expression")
    expect(listed).to_have_count(2)
    demo_view.get("run-filter").fill("no such run")
    expect(demo_view.find("li.none")).to_have_text("No run matches.")


def test_layer_filter_takes_a_regular_expression(edge_view: View) -> None:
    assert rows(edge_view)[:3] == ["stem.weight", "enc.*", "enc.0.weight"]
    edge_view.get("row-filter").fill(r"enc\.[37]|head")
    edge_view.until("__nnviz.state().lines.filter(({type}) => type === 'row').length === 3")
    edge_view.settle()
    assert [row for row in rows(edge_view) if row != "enc.*"] == ["enc.3.weight", "enc.7.weight", "head.weight"]
    # The scale and the picture are those of the shown layers.
    cell = edge_view.cell("cells", *edge_cases.NORMAL)
    assert cell["value"] == edge_cases.NORMAL_VALUE
    colour = edge_view.picture().centre(edge_view.rect("cells", *edge_cases.NORMAL))
    assert colour == edge_view.range().colour(edge_cases.NORMAL_VALUE)
    edge_view.get("row-filter").fill("nothing of the kind")
    expect(edge_view.find(".notice")).to_contain_text("No layer matches")


def test_collapsed_block_has_root_of_sum_of_squares(edge_view: View, edge_logs: object) -> None:
    before = {row: edge_view.cell("cells", row, 10)["value"] for row in edge_cases.ROWS if row.startswith("enc.")}
    edge_view.get("row-enc.*").locator(".caret").click()
    edge_view.until("__nnviz.state().lines.length === 4")
    assert rows(edge_view) == ["stem.weight", "enc.*", "head.weight", "extra.weight"]
    expected = sum(value**2 for value in before.values()) ** 0.5
    assert edge_view.cell("cells", "enc.*", 10)["value"] == pytest.approx(expected, rel=1e-6)
    assert edge_view.cell("cells", "enc.*", edge_cases.NAN[1])["state"] == "nonfinite"
    tooltip = edge_view.hover("cells", "enc.*", 10)
    expect(tooltip).to_contain_text("root of the sum of squares of 10 rows")
    edge_view.get("fold-all").click()
    edge_view.until("__nnviz.state().lines.length === 14")


def test_scale_switches_between_linear_and_log(edge_view: View) -> None:
    edge_view.get("scale-linear").click()
    edge_view.settle()
    assert edge_view.get("scale-linear").get_attribute("aria-pressed") == "true"
    scale = edge_view.range()
    assert scale == Range(0, scale.hi, log=False) and 0 < scale.hi <= 1
    place = ("enc.9.weight", 30)
    expected = scale.colour(edge_view.cell("cells", *place)["value"])
    assert edge_view.picture().centre(edge_view.rect("cells", *place)) == expected
    edge_view.get("scale-log").click()
    edge_view.settle()
    assert edge_view.range() == edge_cases.SCALE


def test_range_set_by_hand_is_used(edge_view: View) -> None:
    edge_view.get("range-button").click()
    edge_view.get("range-lo").fill("1e-3")
    edge_view.get("range-lo").press("Enter")
    edge_view.get("range-hi").fill("0.1")
    edge_view.get("range-hi").press("Enter")
    edge_view.page.keyboard.press("Escape")
    expect(edge_view.get("range-button")).to_have_text(re.compile(r"^range 1e-3 \W 0\.1$"))
    edge_view.settle()
    assert edge_view.range() == Range(1e-3, 0.1)
    colour = edge_view.picture().centre(edge_view.rect("cells", *edge_cases.NORMAL))
    assert colour == Range(1e-3, 0.1).colour(edge_cases.NORMAL_VALUE)


@pytest.mark.parametrize(
    ("kind", "statistic", "title", "run"),
    [
        ("update", "ratio", "update ratio over steps", "healthy"),
        ("activation", "dead_fraction", "activation dead fraction over steps", "dying-relu"),
    ],
)
def test_statistic_selected_is_drawn(
    demo_view: View, demo_runs: dict[str, Run], kind: str, statistic: str, title: str, run: str
) -> None:
    demo_view.get("statistic-select").select_option(f"{kind}/{statistic}")
    demo_view.until("__nnviz.state().statistic === it", statistic)
    demo_view.settle()
    expect(demo_view.find(".series-title")).to_contain_text(title)
    step = sorted(demo_runs[run].tensors[f"nnviz/{kind}/{statistic}"])[-2]
    written = demo_runs[run].statistics(kind, step)
    lines = [line["key"] for line in demo_view.state()["lines"] if line["type"] == "row"]
    rows_ = [row for row in lines if row in written]
    assert len(rows_) > 10
    for row, (cell, _) in zip(rows_, demo_view.cells(run, [(row, step) for row in rows_]), strict=True):
        assert cell["value"] == pytest.approx(written[row][statistic], nan_ok=True), row


def test_role_selects_rows(demo_view: View, demo_runs: dict[str, Run]) -> None:
    roles = demo_view.get("role-select").locator("option")
    expect(roles).to_have_text(["weights", "biases", "norm layers", "all parameters"])
    table = demo_runs["healthy"].rows("gradient", 0)
    for option, role in [("biases", "bias"), ("norm layers", "norm")]:
        demo_view.get("role-select").select_option(label=option)
        demo_view.until("__nnviz.state().role === it", role)
        demo_view.settle()
        shown = {line["key"] for line in demo_view.state()["lines"] if line["type"] == "row"}
        assert {row["name"] for row in table if row["role"] == role} <= shown
        assert not {row["name"] for row in table if row["role"] == "weight"} & shown
