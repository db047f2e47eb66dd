"""Tests of the rules' settings in Health: limits, switches and dismissed rules, in the page and in its link."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.rules.registry import RULES
from tests.browser.conftest import Pages
from tests.browser.health.test_panel import RUNS, card, opened
from tests.support.browser.diagnoses import diagnoses
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server

RULE = "gradient/exploding"
RUN = "lr-too-high"


@pytest.fixture(scope="module")
def expected(demo_logs: Path) -> dict[str, Diagnosis]:
    """Return the diagnoses of the demo's runs by the default limits."""
    return diagnoses(demo_logs)


def rules_of(view: View, run: str) -> list[str | None]:
    """Return the rules of all findings of a run, with what follows unfolded."""
    folded = card(view, run).locator("[data-testid=h-effects][aria-expanded=false]")
    while folded.count():
        folded.first.click()
    return [one.get_attribute("data-rule") for one in card(view, run).get_by_test_id("h-finding").all()]


def test_table_lists_all_rules_with_their_limits(demo_view: View) -> None:
    opened(demo_view)
    expect(demo_view.get("h-rules")).to_have_count(0)
    demo_view.get("h-rules-button").click()
    demo_view.settle()
    rows = demo_view.find("[data-testid=h-rules] tbody tr")
    expect(rows).to_have_count(len(RULES))
    for i, rule in enumerate(RULES):
        expect(rows.nth(i)).to_have_attribute("data-rule", rule.name)
        expect(rows.nth(i).locator(".field")).to_have_count(len(rule.limits))
        for name, limit in rule.limits.items():
            placeholder = demo_view.get(f"h-limit {rule.name} {name}").get_attribute("placeholder")
            assert float(str(placeholder)) == pytest.approx(limit, rel=1e-2)


def test_limit_changes_findings_and_is_in_the_link(
    demo_view: View, demo_logs: Path, demo_server: Callable[[str], Server], pages: Pages
) -> None:
    opened(demo_view)
    assert RULE in rules_of(demo_view, RUN)
    demo_view.get("h-rules-button").click()
    field = demo_view.get(f"h-limit {RULE} limit")
    field.fill("1e300")
    field.press("Enter")
    demo_view.settle()
    changed = diagnoses(demo_logs, {RULE: {"limit": 1e300}})
    assert rules_of(demo_view, RUN) == [one.rule for one in changed[RUN].findings]
    assert "p.nnviz.health.rules=gradient%2Fexploding%3Alimit%3D1e300" in demo_view.page.url
    # Other panels agree.
    demo_view.get("tab-curves").click()
    demo_view.settle()
    shown = [one.get_attribute("data-rule") for one in demo_view.find(f"[data-testid=finding][data-run={RUN}]").all()]
    assert shown and set(shown) <= {one.rule for one in changed[RUN].findings}
    elsewhere = pages.new(demo_server("true"))
    demo_view.page.go_back()
    demo_view.settle()
    elsewhere.page.goto(demo_view.page.url)
    elsewhere.settle()
    expect(elsewhere.get(f"h-limit {RULE} limit")).to_have_value("1e300")
    assert rules_of(elsewhere, RUN) == [one.rule for one in changed[RUN].findings]
    elsewhere.get("h-rules-reset").click()
    elsewhere.settle()
    assert RULE in rules_of(elsewhere, RUN) and "health.rules" not in elsewhere.page.url


def test_rule_that_is_off_finds_nothing(demo_view: View, demo_logs: Path) -> None:
    opened(demo_view)
    demo_view.get("h-rules-button").click()
    row = demo_view.find(f"tr[data-rule='{RULE}']")
    row.get_by_role("checkbox").click()
    demo_view.settle()
    changed = diagnoses(demo_logs, {RULE: None})
    assert rules_of(demo_view, RUN) == [one.rule for one in changed[RUN].findings]
    assert "gradient%2Fexploding%3Aoff" in demo_view.page.url
    row.get_by_role("button", name="Reset").click()
    demo_view.settle()
    assert RULE in rules_of(demo_view, RUN)


def test_invalid_limit_shows_the_error_at_its_field(
    demo_server: Callable[[str], Server], pages: Pages, expected: dict[str, Diagnosis]
) -> None:
    view = pages.new(demo_server("true"))
    pages.allow("400 (BAD REQUEST)")
    view.open(panel="health", runs=",".join(RUNS), **{"health.limits": "1"})
    field = view.get(f"h-limit {RULE} limit")
    field.fill("many")
    field.press("Enter")
    error = view.find(f"tr[data-rule='{RULE}']").get_by_test_id("h-limit-error")
    expect(error).to_have_text(f"invalid limit of {RULE}: limit='many' (a finite number)")
    expect(field).to_have_attribute("aria-invalid", "true")
    # The last findings stay.
    assert len(rules_of(view, RUN)) == len(expected[RUN].findings)
    # The link shows the same error.
    view.page.reload()
    view.settle()
    expect(error).to_contain_text("a finite number")
    view.get(f"h-limit {RULE} limit").fill("")
    view.get(f"h-limit {RULE} limit").press("Enter")
    view.settle()
    expect(error).to_have_count(0)
    assert len(rules_of(view, RUN)) == len(expected[RUN].findings)


def test_link_with_an_unknown_rule_says_so(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true"))
    pages.allow("400 (BAD REQUEST)")
    view.open(panel="health", runs=",".join(RUNS), **{"health.rules": "loss/nan:off"})
    expect(view.get("h-rules")).to_contain_text("unknown rule: 'loss/nan' (near: ")
    view.get("h-rules-reset").click()
    view.settle()
    expect(view.get("h-run")).to_have_count(len(RUNS))


def test_dismissed_rule_is_hidden_everywhere_until_restored(demo_view: View, expected: dict[str, Diagnosis]) -> None:
    opened(demo_view)
    own = card(demo_view, RUN)
    rule = expected[RUN].findings[0].rule
    own.get_by_test_id("h-dismiss").first.click()
    left = [one.rule for one in expected[RUN].findings if one.rule != rule]
    assert rules_of(demo_view, RUN) == left
    expect(demo_view.get("h-dismissed")).to_have_text("1 dismissed")
    assert "p.nnviz.health.dismissed=" in demo_view.page.url
    demo_view.page.reload()
    demo_view.settle()
    assert rules_of(demo_view, RUN) == left
    demo_view.get("tab-curves").click()
    demo_view.settle()
    expect(demo_view.get("health")).to_contain_text("1 dismissed")
    expect(demo_view.find(f"[data-testid=finding][data-rule='{rule}']")).to_have_count(0)
    demo_view.get("tab-health").click()
    demo_view.get("h-dismissed").click()
    assert rules_of(demo_view, RUN) == [one.rule for one in expected[RUN].findings]
