"""Tests of the findings above the panels: their cards against the event files, order and links, and nnviz's cost."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Request, expect

from tb_nnviz import schema
from tests.support.browser.page_driver import View
from tests.support.event_reader import Run

Groups = dict[tuple[str, str], list[dict[str, Any]]]


def written(runs: dict[str, Run]) -> Groups:
    """Return the findings in the event files by run and rule."""
    groups: Groups = defaultdict(list)
    for name, run in runs.items():
        for payload in run.tensors.get("nnviz/findings", {}).values():
            for finding in schema.decode_findings(payload):
                groups[name, finding["rule"]].append(finding)
    return groups


def chief(findings: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the deepest of the findings that began first."""
    since = min(finding["since"] for finding in findings)
    return max((one for one in findings if one["since"] == since), key=lambda one: one["depth"])


def test_cards_show_each_rule_of_each_run_worst_first(demo_view: View, demo_runs: dict[str, Run]) -> None:
    groups = written(demo_runs)
    assert groups and "healthy" not in {run for run, _ in groups}
    cards = demo_view.get("finding").all()
    shown = [(card.get_attribute("data-run"), card.get_attribute("data-rule")) for card in cards]
    assert set(shown) == set(groups)
    ranks = []
    for (run, rule), card in zip(shown, cards, strict=True):
        text, findings = card.inner_text(), groups[str(run), str(rule)]
        assert str(run) in text
        (severity,) = [name for name in schema.SEVERITIES if name.upper() in text.upper().split()]
        ranks.append(schema.SEVERITIES.index(severity))
        if shown.count((run, rule)) == 1 and len(findings) > 1:
            first = chief(findings)
            assert f"{len(findings)} layers, first {first['layer']} at step {first['since']}" in text
        spoken = str(card.locator("button").get_attribute("aria-label"))
        assert any(one["advice"] in spoken for one in findings)
    assert ranks == sorted(ranks)


def test_severity_is_shown_by_word_and_colour(demo_view: View) -> None:
    card = demo_view.find(".card.severe button").first
    expect(card).to_contain_text(re.compile("severe", re.IGNORECASE))
    assert card.evaluate("(it) => getComputedStyle(it).borderLeftColor") == "rgb(197, 34, 31)"
    box = demo_view.get("health").bounding_box()
    assert box and box["height"] <= 56


@pytest.mark.parametrize("how", ["click", "keyboard"])
def test_click_on_card_opens_panel_run_layer_and_step(demo_view: View, demo_runs: dict[str, Run], how: str) -> None:
    demo_view.open(runs="healthy", panel="curves")
    demo_view.get("health-others").click()
    card = demo_view.find("[data-testid=finding][data-run=deep-sigmoid] button").first
    if how == "click":
        card.click()
    else:
        card.press("Enter")
    demo_view.settle()
    expected = chief(written(demo_runs)["deep-sigmoid", "gradient_norm/vanishing"])
    state = demo_view.state()
    assert state["panel"] is None and state["shown"] == ["healthy", "deep-sigmoid"]
    assert (state["kind"], state["statistic"]) == ("gradient", "norm")
    assert (state["row"], state["step"]) == (expected["row"], expected["since"])
    demo_view.page.go_back()
    demo_view.until("__nnviz.state().panel === 'curves' && __nnviz.state().shown.length === 1")


def test_findings_of_hidden_runs_load_on_demand(demo_view: View, demo_runs: dict[str, Run]) -> None:
    page = demo_view.page
    requested: list[list[str]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/findings"):
            requested.append(request.post_data_json["runs"])

    page.on("request", note)
    demo_view.open(runs="healthy")
    page.reload()
    demo_view.settle()
    hidden = [run for run in demo_runs if run in {name for name, _ in written(demo_runs)}]
    button = demo_view.get("health-others")
    expect(button).to_have_text(f"{len(hidden)} more runs with findings")
    expect(demo_view.get("finding")).to_have_count(0)
    expect(demo_view.get("health")).to_contain_text("none in the shown runs")
    assert requested and all(runs == ["healthy"] for runs in requested)
    for run in hidden:
        assert run in str(button.get_attribute("title"))
    requested.clear()
    button.click()
    expect(demo_view.get("finding").first).to_be_visible()
    assert [sorted(runs) for runs in requested] == [sorted(hidden)]
    cards = demo_view.get("finding").all()
    shown = {(card.get_attribute("data-run"), card.get_attribute("data-rule")) for card in cards}
    assert shown == set(written(demo_runs))
    # The choice is in the link and can be undone.
    assert "p.nnviz.health.all=1" in page.url
    expect(button).to_have_text("only the shown runs")
    button.click()
    expect(demo_view.get("finding")).to_have_count(0)
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


def test_strip_without_findings_is_not_shown(edge_view: View) -> None:
    expect(edge_view.get("health")).to_have_count(0)
    tabs, main = (edge_view.find(selector).bounding_box() for selector in (".tabs", ".main"))
    assert tabs and main and tabs["y"] == main["y"]
