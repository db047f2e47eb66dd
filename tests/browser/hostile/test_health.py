"""Tests of Health on answers in which every text could break a page: nothing runs, and every text is shown as it is."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Pages
from tests.browser.hostile.test_names import INJECTED
from tests.support.browser.hostile_names import LONG, PARTS, SCRIPT
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server

ADDRESS = "**/plugin/nnviz/health"


def finding(rule: str, text: str, **more: Any) -> dict[str, Any]:
    """Return a finding all of whose texts are hostile."""
    return {
        "rule": rule, "severity": "severe", "title": text, "layer": text, "row": text, "kind": "gradient",
        "statistic": "norm", "since": 3, "step": 5, "value": 1.0, "limit": 2.0, "usual": None, "evidence": text,
        "advice": [text, text], "explains": [], "source": f"javascript:{SCRIPT}",
        "details": {"layers": [text, "__proto__"], "quantity": text, "usual_is": text}, **more,
    }  # fmt: skip


def answer(run: str, findings: list[Any], rules: list[Any]) -> bytes:
    """Return an answer of the route ``health``."""
    own = {
        "run": run, "verdict": "severe", "steps": [0, 9], "findings": findings, "checked": list(PARTS),
        "unchecked": [{"rule": part, "reason": part} for part in PARTS], "missing": [LONG],
    }  # fmt: skip
    header = json.dumps({"version": 1, "runs": [own], "rules": rules, "missing": []}).encode()
    header += b" " * (-(4 + len(header)) % 8)
    return struct.pack("<I", len(header)) + header


@pytest.fixture
def hostile(demo_server: Callable[[str], Server], pages: Pages) -> View:
    view = pages.new(demo_server("true"))
    rules = [
        {
            "name": part, "title": part, "limits": {part: 1.0, "__proto__": 2.0, "constructor": 1e300},
            "words": {part: {"text": part, "unit": part}}, "source": f"javascript:{SCRIPT}",
        }
        for part in (*PARTS, LONG)
    ]  # fmt: skip

    def fulfill(route: Route) -> None:
        asked = route.request.post_data_json["runs"]
        findings: list[Any] = [finding(f"family/{i}", text) for i, text in enumerate((*PARTS, LONG))]
        # What is no finding is left out, and the others stay.
        findings += [None, 7, {}, finding("x", "y", severity="worst"), finding("x", "y", value="1"), ["__proto__"]]
        findings.append(finding("runs/parted", PARTS[7], severity="notice"))
        route.fulfill(
            body=answer(asked[0] if asked else "", findings if asked else [], rules),
            content_type="application/octet-stream",
        )

    view.page.route(ADDRESS, fulfill)
    return view


def test_health_shows_hostile_texts_of_answers_as_texts(hostile: View) -> None:
    hostile.open(panel="health", runs="healthy,dying-relu", **{"health.limits": "1"})
    assert hostile.frame.evaluate("(it) => document.querySelectorAll(it).length", INJECTED) == 0
    expect(hostile.get("error")).to_have_count(0)
    cards = hostile.find("[data-run=dying-relu][data-testid=h-finding]")
    expect(cards).to_have_count(len(PARTS) + 1)
    for part in PARTS:
        if part.isprintable() and part.strip() == part and "  " not in part:
            expect(cards.filter(has_text=part).first).to_be_attached()
    # No address but of the web becomes a link.
    expect(hostile.find(".h-source")).to_have_count(0)
    expect(hostile.find("[data-testid=h-rules] tbody tr")).to_have_count(len(PARTS) + 1)
    expect(hostile.get("h-parted")).to_have_count(1)
    assert hostile.page.evaluate("() => window.hacked") is None
    # Long names do not widen the panel.
    wide = hostile.find(".h-scroll").evaluate("(it) => it.scrollWidth - it.clientWidth")
    assert wide <= 0


def test_health_with_hostile_rules_sets_and_dismisses_them(hostile: View) -> None:
    hostile.open(panel="health", runs="dying-relu", **{"health.limits": "1"})
    row = hostile.find("[data-testid=h-rules] tbody tr").first
    row.locator(".field").first.fill("3")
    row.locator(".field").first.press("Enter")
    hostile.settle()
    row.get_by_role("checkbox").click()
    hostile.settle()
    expect(row).to_have_class("off")
    hostile.get("h-dismiss").first.click()
    expect(hostile.get("h-dismissed")).to_have_text("1 dismissed")
    hostile.page.reload()
    hostile.settle()
    expect(hostile.get("h-finding")).to_have_count(len(PARTS))
    assert hostile.page.evaluate("() => window.hacked") is None
