"""Tests of the findings above the panels: their cards against the event files, order and links, and nnviz's cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import Pages
from tests.support.browser.diagnoses import Chain, diagnoses, worst_first
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]


@pytest.fixture(scope="module")
def expected(demo_logs: Path) -> list[Chain]:
    """Return the chains of the demo's runs, the worst first."""
    return worst_first(diagnoses(demo_logs), RUNS)


def shown(view: View) -> list[tuple[str | None, str | None]]:
    """Return run and rule of each card."""
    return [(card.get_attribute("data-run"), card.get_attribute("data-rule")) for card in view.get("finding").all()]


def rules_of(chains: list[Chain]) -> list[tuple[str | None, str | None]]:
    return [(chain.run, chain.cause.rule) for chain in chains]


def test_cards_show_each_cause_of_each_run_worst_first(demo_view: View, expected: list[Chain]) -> None:
    assert shown(demo_view) == rules_of(expected)
    for chain, card in zip(expected, demo_view.get("finding").all(), strict=True):
        text, title = card.inner_text(), str(card.locator("button").get_attribute("title"))
        assert chain.cause.title in text and chain.cause.evidence in text and f"since step {chain.cause.since}" in text
        assert chain.severity.upper() in text.upper().split()
        for effect in chain.effects:
            assert effect.title in title and effect.title not in text.replace(chain.cause.title, "")
        assert all(one in str(card.locator("button").get_attribute("aria-label")) for one in chain.cause.advice)


def test_severity_is_shown_by_word_and_colour(demo_view: View) -> None:
    card = demo_view.find(".card.severe button").first
    expect(card).to_contain_text(re.compile("severe", re.IGNORECASE))
    assert card.evaluate("(it) => getComputedStyle(it).borderLeftColor") == "rgb(197, 34, 31)"
    box = demo_view.get("health").bounding_box()
    assert box and box["height"] <= 78


@pytest.mark.parametrize("how", ["click", "keyboard"])
def test_click_on_card_opens_panel_run_layer_and_step(demo_view: View, expected: list[Chain], how: str) -> None:
    demo_view.open(runs="healthy", panel="curves")
    demo_view.get("health-others").click()
    demo_view.settle()
    cause = next(one.cause for one in expected if one.run == "deep-sigmoid")
    card = demo_view.find(f"[data-testid=finding][data-run=deep-sigmoid][data-rule='{cause.rule}'] button").first
    if how == "click":
        card.click()
    else:
        card.press("Enter")
    demo_view.settle()
    state = demo_view.state()
    assert state["panel"] == "gradient_flow" and state["shown"] == ["healthy", "deep-sigmoid"]
    assert (state["kind"], state["statistic"]) == (cause.kind, cause.statistic)
    assert (state["row"], state["step"]) == (cause.row, cause.since)
    demo_view.page.go_back()
    demo_view.until("__nnviz.state().panel === 'curves' && __nnviz.state().shown.length === 1")


def test_findings_of_hidden_runs_load_on_demand(
    demo_view: View, expected: list[Chain], demo_runs: dict[str, Run]
) -> None:
    page = demo_view.page
    requested: list[list[str]] = []

    def note(request: Request) -> None:
        if request.url.endswith(("/findings", "/health")):
            requested.append(request.post_data_json["runs"])

    page.on("request", note)
    demo_view.open(runs="healthy")
    page.reload()
    demo_view.settle()
    # The log says which other runs have findings.
    hidden = [run for run in demo_runs if run != "healthy" and "nnviz/findings" in demo_runs[run].tensors]
    button = demo_view.get("health-others")
    expect(button).to_have_text(f"{len(hidden)} more runs with findings")
    assert shown(demo_view) == rules_of([one for one in expected if one.run == "healthy"])
    assert requested and all(runs == ["healthy"] for runs in requested)
    for run in hidden:
        assert run in str(button.get_attribute("title"))
    requested.clear()
    button.click()
    demo_view.settle()
    assert sorted(run for runs in requested for run in runs) == sorted(hidden)
    assert sorted(map(str, shown(demo_view))) == sorted(map(str, rules_of(expected)))
    # The choice is in the link and can be undone.
    assert "p.nnviz.health.all=1" in page.url
    expect(button).to_have_text("only the shown runs")
    button.click()
    assert shown(demo_view) == rules_of([one for one in expected if one.run == "healthy"])
    page.remove_listener("request", note)


def test_strip_folds_to_one_line(demo_view: View) -> None:
    fold = demo_view.get("health-fold")
    fold.click()
    expect(demo_view.get("finding")).to_have_count(0)
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(demo_view.get("health")).to_contain_text("deep-sigmoid")
    box = demo_view.get("health").bounding_box()
    assert box and box["height"] <= 30
    fold.click()
    expect(demo_view.get("finding").first).to_be_visible()


def test_cost_is_share_of_time_spent_by_nnviz(demo_view: View, demo_runs: dict[str, Run]) -> None:
    lines = str(demo_view.get("cost").get_attribute("title")).splitlines()
    for name, run in demo_runs.items():
        scalars = run.scalars["nnviz/global/overhead_seconds"]
        walls = {
            event.step: event.wall_time
            for event in run.events
            for value in event.summary.value
            if value.tag == "nnviz/global/overhead_seconds"
        }
        steps = sorted(scalars)
        share = float(np.sum([scalars[step] for step in steps[1:]])) / (walls[steps[-1]] - walls[steps[0]])
        (line,) = [line for line in lines if line.startswith(f"{name}: ")]
        displayed = float(line.removeprefix(f"{name}: ").split(" %")[0])
        assert displayed == pytest.approx(100 * share, abs=0.51 if displayed >= 10 else 0.06)
        assert f"each of {len(steps)} logged steps" in line
        assert line.split(": ", 1)[1] in str(demo_view.get(f"run-{name}").locator(".toggle").get_attribute("title"))


def test_strip_without_findings_is_one_line_that_says_so(demo_view: View, expected: list[Chain]) -> None:
    if any(one.run == "healthy" for one in expected):
        pytest.fail("the healthy run has findings")
    demo_view.open(runs="healthy", panel="curves")
    demo_view.page.reload()
    demo_view.settle()
    strip = demo_view.get("health")
    expect(strip).to_contain_text("nothing found in the shown runs")
    box = strip.bounding_box()
    assert box and box["height"] <= 28


def test_layers_of_findings_are_outlined(demo_view: View, expected: list[Chain]) -> None:
    chains = [one for one in expected if one.run == "dying-relu"]
    demo_view.open(runs="dying-relu", kind="activation", statistic="dead_fraction", role="all", collapsed="@99")
    since = {int(str(one.get_attribute("data-since"))) for one in demo_view.get("found-dying-relu").all()}
    assert since and since <= {one.cause.since for one in chains}
    expect(demo_view.get("legend-outline")).to_have_attribute("title", re.compile("outlined"))
    demo_view.get("tab-structure").click()
    demo_view.settle()
    expect(demo_view.get("legend-finding")).to_have_attribute("title", re.compile("layers of dying-relu"))
    layer = chains[0].cause.layer
    expect(demo_view.get(f"module-{layer}").get_by_test_id("found-flag")).to_have_attribute(
        "title", re.compile(re.escape(chains[0].cause.title))
    )


def test_legends_without_findings_explain_no_flag(demo_view: View) -> None:
    demo_view.open(runs="healthy", panel="gradient_flow")
    expect(demo_view.get("legend")).to_be_visible()
    expect(demo_view.get("legend-outline")).to_have_count(0)
    demo_view.open(runs="healthy", panel="structure")
    expect(demo_view.get("legend")).to_be_visible()
    expect(demo_view.get("legend-finding")).to_have_count(0)


def test_strip_keeps_its_height_while_runs_are_checked(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true"))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if not held else route.continue_()

    view.page.route("**/plugin/nnviz/health", hold)
    view.page.goto(f"{view.server.url}#nnviz&p.nnviz.panel=curves&p.nnviz.runs=dying-relu")
    strip = view.get("health")
    expect(strip).to_contain_text("checking, 0 of 1 runs")
    view.until("!document.querySelector('.settling')")
    before = strip.bounding_box()
    while not held:
        view.page.wait_for_timeout(20)
    held[0].continue_()
    view.settle()
    expect(view.get("finding").first).to_be_visible()
    assert strip.bounding_box() == before
