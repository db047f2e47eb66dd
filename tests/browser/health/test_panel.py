"""Tests of Health: verdicts, chains, evidence and links, against the diagnoses of the event files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Request, Route, expect

from tb_nnviz.diagnosis.diagnose import PARTED, Diagnosis
from tb_nnviz.diagnosis.directory import diagnose_directory
from tests.browser.conftest import Pages
from tests.support.browser.diagnoses import chains, diagnoses
from tests.support.browser.page_driver import View
from tests.support.browser.servers import Server
from tests.support.event_reader import Run

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]
ADDRESS = "**/plugin/nnviz/health"


@pytest.fixture(scope="module")
def expected(demo_logs: Path) -> dict[str, Diagnosis]:
    """Return the diagnoses of the demo's runs."""
    return diagnoses(demo_logs)


def opened(view: View, runs: list[str] = RUNS, **keys: str) -> View:
    view.page.goto("about:blank")
    return view.open(panel="health", runs=",".join(runs), **keys)


def card(view: View, run: str) -> Locator:
    return view.find(f"[data-testid=h-run][data-run={run}]")


def test_page_without_keys_opens_health(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true")).open()
    expect(view.get("tab-health")).to_have_attribute("aria-selected", "true")
    expect(view.get("h-run")).to_have_count(4)
    assert "p.nnviz.panel=health" in view.page.url
    # The back button leaves the page at once.
    view.page.goto(f"{view.server.url}#nnviz&p.nnviz.step=20")
    view.settle()
    expect(view.get("tab-gradient_flow")).to_have_attribute("aria-selected", "true")


def test_gradient_flow_without_choice_stays_after_reload(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true")).open(statistic="rms")
    view.get("statistic-select").select_option("gradient/norm")
    view.settle()
    view.page.reload()
    view.settle()
    expect(view.get("tab-gradient_flow")).to_have_attribute("aria-selected", "true")


def test_runs_show_verdict_and_what_it_is_based_on(demo_view: View, expected: dict[str, Diagnosis]) -> None:
    opened(demo_view)
    assert {one.verdict for one in expected.values()} >= {"severe"}
    for run in RUNS:
        one = expected[run]
        expect(card(demo_view, run).get_by_test_id("h-verdict")).to_have_text(one.verdict)
        scope = card(demo_view, run).get_by_test_id("h-scope")
        expect(scope).to_contain_text(f"steps {one.first} to {one.last} · {len(one.checked)} rules checked")
        details = card(demo_view, run).get_by_test_id("h-checked")
        details.locator("summary").click()
        for rule in one.checked:
            expect(details).to_contain_text(rule.partition("/")[2])
        for unchecked in one.unchecked:
            expect(details).to_contain_text(unchecked.reason)
    assert demo_view.state()["panelKeys"].get("health.rules") is None


def test_causes_are_shown_and_their_effects_are_folded(demo_view: View, expected: dict[str, Diagnosis]) -> None:
    opened(demo_view)
    folded = 0
    for run in RUNS:
        own = card(demo_view, run)
        found = chains(expected[run])
        shown = own.get_by_test_id("h-finding")
        expect(shown).to_have_count(len(found))
        for i, chain in enumerate(found):
            expect(shown.nth(i)).to_have_attribute("data-rule", chain.cause.rule)
            expect(shown.nth(i)).to_contain_text(chain.cause.title)
            expect(shown.nth(i)).to_contain_text(chain.cause.evidence)
            expect(shown.nth(i)).to_contain_text(f"since step {chain.cause.since}")
            # Only the first cause has its advice folded out.
            expect(shown.nth(i).locator(".h-advice li")).to_have_count(len(chain.cause.advice) if i == 0 else 0)
        for button in own.get_by_test_id("h-effects").all():
            expect(button).to_have_attribute("aria-expanded", "false")
            button.press("Enter")
            folded += 1
        expect(shown).to_have_count(len(expected[run].findings))
        expect(own.locator(".h-follows")).to_have_count(sum(len(chain.effects) for chain in found))
    assert folded > 0


def test_run_without_findings_says_how_many_rules_were_checked(demo_view: View, expected: dict[str, Diagnosis]) -> None:
    opened(demo_view)
    for run in RUNS:
        nothing = card(demo_view, run).get_by_test_id("h-nothing")
        expect(nothing).to_have_count(0 if expected[run].findings else 1)
        if not expected[run].findings:
            expect(nothing).to_have_text(f"Nothing found by {len(expected[run].checked)} rules.")


@pytest.mark.parametrize("run", ["deep-sigmoid", "lr-too-high", "dying-relu"])
def test_show_opens_what_shows_the_finding(demo_view: View, expected: dict[str, Diagnosis], run: str) -> None:
    for i, chain in enumerate(chains(expected[run])):
        opened(demo_view, ["healthy", run])
        card(demo_view, run).get_by_test_id("h-show").nth(i).click()
        demo_view.settle()
        state, cause = demo_view.state(), chain.cause
        assert state["view"]["step"] == cause.since and run in state["shown"]
        if cause.kind:
            assert (state["panel"], state["kind"], state["statistic"]) == (
                "gradient_flow",
                cause.kind,
                cause.statistic,
            )
            if cause.row:
                assert state["row"] == cause.row
        else:
            assert state["panel"] == "curves"
        demo_view.page.go_back()
        demo_view.until("__nnviz.state().panel === 'health'")


def test_evidence_draws_run_reference_and_first_step(
    demo_view: View, demo_runs: dict[str, Run], expected: dict[str, Diagnosis]
) -> None:
    opened(demo_view, ["healthy", "dying-relu"])
    cause = chains(expected["dying-relu"])[0].cause
    picture = card(demo_view, "dying-relu").get_by_test_id("h-picture").first
    last = max(demo_runs["dying-relu"].tensors[f"nnviz/{cause.kind}/{cause.statistic}"])
    words = f"steps 0 to {last}. The finding holds since step {cause.since}."
    expect(picture.locator("svg[role=img]")).to_have_attribute("aria-label", re.compile(re.escape(words)))
    for kind in (".own path.line", ".other path.line"):
        assert str(picture.locator(kind).get_attribute("d")).count("L") > 20
    expect(picture.get_by_test_id("h-reference")).to_contain_text("step")
    # The mark is where its step is on the axis.
    ticks = {
        int(str(tick.text_content())): float(str(tick.get_attribute("x")))
        for tick in picture.locator(".axes text.middle").all()
    }
    low, high = min(ticks), max(ticks)
    place = ticks[low] + (cause.since - low) / (high - low) * (ticks[high] - ticks[low])
    drawn = float(str(picture.locator(".since .line").get_attribute("d"))[1:].split()[0])
    assert drawn == pytest.approx(place, abs=0.5)


def test_pictures_load_when_they_come_into_view(demo_view: View, expected: dict[str, Diagnosis]) -> None:
    demo_view.page.set_viewport_size({"width": 1000, "height": 420})
    requested: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith(("/series", "/scalars")) and not (request.post_data_json or {}).get("last"):
            requested.append(str(request.post_data))

    demo_view.page.on("request", note)
    opened(demo_view)
    pictures = demo_view.get("h-picture").count()
    before = len(requested)
    demo_view.get("h-run").last.scroll_into_view_if_needed()
    demo_view.find(".h-scroll").evaluate("(it) => { it.scrollTop = it.scrollHeight; }")
    demo_view.page.wait_for_timeout(300)
    demo_view.settle()
    demo_view.page.remove_listener("request", note)
    assert pictures >= 4 and before < len(requested)


def test_slow_run_delays_no_other(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true"))
    held: list[Route] = []

    def hold(route: Route, request: Request) -> None:
        held.append(route) if request.post_data_json["runs"] == ["healthy"] else route.continue_()

    view.page.route(ADDRESS, hold)
    view.page.goto(f"{view.server.url}#nnviz&p.nnviz.panel=health&p.nnviz.runs={','.join(RUNS)}")
    expect(view.get("h-run")).to_have_count(3)
    expect(view.get("h-counts")).to_contain_text("Checking… 3 of 4 runs")
    held[0].continue_()
    view.settle()
    expect(view.get("h-run")).to_have_count(4)


def test_answers_stay_during_reload(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true"))
    opened(view)
    held: list[Route] = []

    def hold(route: Route, request: Request) -> None:
        held.append(route) if request.post_data_json["runs"] == ["healthy"] else route.continue_()

    view.page.route(ADDRESS, hold)
    view.reload_button().click()
    while not held:
        view.page.wait_for_timeout(20)
    expect(card(view, "healthy")).to_have_attribute("aria-busy", "true")
    expect(card(view, "healthy").get_by_test_id("h-verdict")).to_be_visible()
    held[0].continue_()
    expect(card(view, "healthy")).to_have_attribute("aria-busy", "false")


def test_failure_of_one_run_is_shown_in_its_card(demo_server: Callable[[str], Server], pages: Pages) -> None:
    view = pages.new(demo_server("true"))
    pages.allow("500 (Internal Server Error)")

    def fail(route: Route, request: Request) -> None:
        bad = request.post_data_json["runs"] == ["dying-relu"]
        route.fulfill(status=500, body="invalid thing: 7", content_type="text/plain") if bad else route.continue_()

    view.page.route(ADDRESS, fail)
    opened(view)
    expect(card(view, "dying-relu").get_by_role("alert")).to_contain_text("invalid thing: 7")
    expect(card(view, "healthy").get_by_test_id("h-verdict")).to_be_visible()


def test_csv_has_all_findings_and_their_causes(demo_view: View, expected: dict[str, Diagnosis]) -> None:
    opened(demo_view)
    with demo_view.page.expect_download() as download:
        demo_view.get("export-csv").click()
    lines = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    written = {(line["run"], line["rule"], int(line["since"]), line["caused_by"]) for line in lines}
    assert written == {
        (run, one.rule, one.since, "" if one is chain.cause else chain.cause.rule)
        for run in RUNS
        for chain in chains(expected[run])
        for one in [chain.cause, *chain.effects]
    }


def test_source_opens_in_a_new_tab_without_opener(demo_view: View) -> None:
    opened(demo_view)
    for link in demo_view.find(".h-source").all():
        assert str(link.get_attribute("href")).startswith("http")
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")


def test_digits_open_the_panels_in_order(demo_view: View) -> None:
    opened(demo_view)
    demo_view.page.keyboard.press("7")
    expect(demo_view.get("tab-curves")).to_have_attribute("aria-selected", "true")
    demo_view.page.keyboard.press("1")
    expect(demo_view.get("tab-health")).to_have_attribute("aria-selected", "true")


@pytest.fixture(scope="module")
def compared(demo_logs: Path) -> dict[str, Diagnosis]:
    """Return the diagnoses of the demo's runs beside the run ``healthy``."""
    return {one.run: one for one in diagnose_directory(demo_logs, RUNS, reference="healthy")}


def test_run_says_where_it_parts_from_the_reference(demo_view: View, compared: dict[str, Diagnosis]) -> None:
    opened(demo_view, ["healthy", "deep-sigmoid", "dying-relu"])
    expect(card(demo_view, "healthy").get_by_test_id("h-parted")).to_have_count(0)
    counts = demo_view.get("h-counts").inner_text()
    for run in ("deep-sigmoid", "dying-relu"):
        (parted,) = [one for one in compared[run].findings if one.rule == PARTED]
        line = card(demo_view, run).get_by_test_id("h-parted")
        line.scroll_into_view_if_needed()
        expect(line).to_contain_text(f"Parts from healthy at step {parted.since}")
        expect(line).to_contain_text(parted.layer)
        expect(line).to_have_attribute("title", re.compile(re.escape(parted.evidence)))
        # It is no finding of the run.
        expect(card(demo_view, run).locator(f"[data-rule='{PARTED}']")).to_have_count(0)
        expect(card(demo_view, run).get_by_test_id("h-verdict")).to_have_text(compared[run].verdict)
    assert demo_view.get("h-counts").inner_text() == counts
    line.get_by_test_id("h-parted-show").click()
    demo_view.settle()
    state = demo_view.state()
    assert (state["panel"], state["row"], state["view"]["step"]) == ("gradient_flow", parted.row, parted.since)
    assert (state["kind"], state["statistic"]) == (parted.kind, parted.statistic)
    for run in ("healthy", "dying-relu"):
        expect(demo_view.get(f"heatmap-{run}")).to_be_visible()
    # Another reference is another comparison.
    demo_view.page.go_back()
    demo_view.until("__nnviz.state().panel === 'health'")
    opened(demo_view, ["healthy", "dying-relu"], ref="dying-relu")
    expect(card(demo_view, "healthy").get_by_test_id("h-parted")).to_contain_text("Parts from dying-relu")


def test_facts_show_the_reference_value_of_the_same_quantity(demo_view: View, compared: dict[str, Diagnosis]) -> None:
    opened(demo_view, ["healthy", "dying-relu"])
    values = zip(compared["dying-relu"].findings, compared["dying-relu"].reference_values, strict=True)
    # The comparison is requested last.
    expect(card(demo_view, "dying-relu").get_by_test_id("h-parted")).to_contain_text("Parts from")
    shown = card(demo_view, "dying-relu").get_by_test_id("h-finding").first
    finding, value = next(one for one in values if one[0].rule == shown.get_attribute("data-rule"))
    assert value is not None and "quantity" not in finding.details
    facts = {
        str(one.locator("dt").text_content()): float(str(one.locator("dd").text_content()))
        for one in shown.get_by_test_id("h-facts").locator("div").all()
    }
    expected = {"value": finding.value, "limit": finding.limit, "usual": finding.usual, "reference": value}
    assert facts == {name: pytest.approx(one, rel=5e-3) for name, one in expected.items() if one is not None}


def test_reference_is_compared_for_cards_in_view_only(demo_view: View) -> None:
    demo_view.page.set_viewport_size({"width": 1000, "height": 420})
    asked: list[tuple[str, str]] = []

    def note(request: Request) -> None:
        body = request.post_data_json if request.url.endswith("/health") else {}
        if body.get("reference"):
            asked.append((body["runs"][0], body["reference"]))

    demo_view.page.on("request", note)
    opened(demo_view)
    before = {run for run, _ in asked}
    assert {reference for _, reference in asked} == {"healthy"} and before < set(RUNS[1:])
    demo_view.find(".h-scroll").evaluate("(it) => { it.scrollTop = it.scrollHeight; }")
    demo_view.page.wait_for_timeout(300)
    demo_view.settle()
    assert {run for run, _ in asked} > before and len(asked) == len(set(asked))
    # The strip above other panels does not ask for it.
    asked.clear()
    demo_view.get("tab-curves").click()
    demo_view.page.reload()
    demo_view.settle()
    assert asked == []
    demo_view.page.remove_listener("request", note)


def test_pointer_on_a_picture_shows_exact_values(demo_view: View, demo_runs: dict[str, Run]) -> None:
    opened(demo_view, ["healthy", "dying-relu"])
    plot = card(demo_view, "dying-relu").get_by_test_id("h-plot").first
    box = plot.bounding_box()
    assert box
    demo_view.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60)
    tooltip = demo_view.get("tooltip")
    expect(tooltip).to_contain_text("Activation dead fraction")
    step = int(re.findall(r"step (\d+)", tooltip.inner_text())[0])
    row = str(plot.locator("xpath=..").locator("figcaption").text_content()).split(" of ")[1]
    value = demo_runs["dying-relu"].statistics("activation", step)[row]["dead_fraction"]
    assert float(str(tooltip.locator(".value").text_content())) == pytest.approx(value, rel=1e-6)
    expect(tooltip).to_contain_text("healthy: ")
    demo_view.page.mouse.move(0, 0)
    expect(tooltip).to_have_count(0)
