"""Tests of the drawing in the Structure panel: repeated blocks, search, differences and the SVG file."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from playwright.sync_api import Locator, expect
from torch import nn

from demo.models import BLOCKS, DeepCNN
from tests.support.browser.page_driver import View
from tests.support.event_reader import Run

STEP = 20
SVG = "{http://www.w3.org/2000/svg}"


def opened(view: View, runs: str = "healthy", **keys: str) -> View:
    view.open(panel="structure", runs=runs, step=str(STEP), **{"str.show": "graph", "str.open": "blocks", **keys})
    view.get("structure-graph").wait_for()
    return view


def text(box: Locator) -> str:
    return " ".join(" ".join(box.locator("text").all_text_contents()).split())


def extremes(box: Locator) -> tuple[float, float]:
    """Return the range that a box of repeated blocks shows."""
    low, high = re.split(r"\s+\S\s+", box.locator(".number").text_content() or "")
    return float(low), float(high)


def block_norm(run: Run, block: int, *layers: str) -> float:
    """Return the gradient norm of some layers of a block, computed from the event files."""
    found = run.statistics("gradient", STEP)
    prefixes = tuple(f"blocks.{block}.{layer}" for layer in layers or ("",))
    norms = [values["norm"] for name, values in found.items() if name.startswith(prefixes)]
    assert norms
    return float(np.sqrt(np.sum(np.square(norms))))


def fill(shape: Locator) -> str:
    colour: str = shape.first.evaluate("(it) => getComputedStyle(it).fill")
    return colour


def leaves(model: nn.Module) -> dict[str, tuple[str, int]]:
    """Return the class and the number of parameters of all modules without children."""
    return {
        name: (type(module).__name__, sum(parameter.numel() for parameter in module.parameters()))
        for name, module in model.named_modules()
        if not [*module.children()]
    }


def test_repeated_blocks_have_range_and_cells(demo_view: View, demo_runs: dict[str, Run]) -> None:
    view = opened(demo_view)
    box = view.get("node-blocks.0")
    low, high = extremes(box)
    norms = [block_norm(demo_runs["healthy"], i) for i in range(BLOCKS)]
    assert text(box).startswith(f"{BLOCKS} × Sequential")  # noqa: RUF001
    assert np.allclose((low, high), (min(norms), max(norms)), rtol=6e-3)
    names = [bar.get_attribute("data-testid") for bar in box.locator(".bar").all()]
    assert names == [f"bar-blocks.{i}" for i in range(BLOCKS)]
    # A cell has the colour that the block has when it is drawn separately.
    colours = [fill(box.get_by_test_id(str(name)).locator("rect")) for name in names]
    view.get("separate-blocks.0").click()
    assert [fill(view.get(f"node-blocks.{i}").locator(".face")) for i in range(BLOCKS)] == colours


def test_folded_block_shows_layers_of_all(demo_view: View, demo_runs: dict[str, Run]) -> None:
    view = opened(demo_view)
    view.get("unfold-blocks.0").click()
    inner = view.get("node-blocks.0.conv2")
    expect(inner.locator(".bar")).to_have_count(BLOCKS)
    norms = [block_norm(demo_runs["healthy"], i, "conv2") for i in range(BLOCKS)]
    low, high = extremes(inner)
    assert np.allclose((low, high), (min(norms), max(norms)), rtol=6e-3)
    view.get("fold-blocks.0").click()
    expect(view.get("node-blocks.0")).to_be_visible()


def test_block_is_separated_and_kept_in_address(demo_view: View) -> None:
    view = opened(demo_view)
    view.get("bar-blocks.3").click()
    view.get("node-blocks.3").wait_for()
    assert text(view.get("node-blocks.0")).startswith("3 × Sequential")  # noqa: RUF001
    assert text(view.get("node-blocks.4")).startswith("4 × Sequential")  # noqa: RUF001
    assert "p.nnviz.str.separate=blocks.3" in view.page.url
    view.get("separate-blocks.4").click()
    view.get("node-blocks.7").wait_for()
    view.open(panel="health")
    view.page.go_back()
    view.settle()
    view.get("node-blocks.7").wait_for()
    assert text(view.get("node-blocks.0")).startswith("3 × Sequential")  # noqa: RUF001
    view.get("refold-blocks.5").click()
    expect(view.get("node-blocks.3")).to_have_count(0)
    assert text(view.get("node-blocks.0")).startswith(f"{BLOCKS} × Sequential")  # noqa: RUF001
    assert "str.separate" not in view.page.url


def test_search_counts_unfolds_and_steps(demo_view: View) -> None:
    view = opened(demo_view, **{"str.open": ""})
    field, matches = view.get("graph-search"), view.get("graph-matches")
    field.fill("blocks.5.conv2")
    expect(matches).to_have_text("1 of 1")
    expect(view.get("node-blocks.5.conv2")).to_have_attribute("aria-pressed", "true")
    convolutions = [name for name, (kind, _) in leaves(DeepCNN(nn.ReLU, norm=True)).items() if kind == "Conv2d"]
    field.fill("conv2d")
    expect(matches).to_have_text(f"1 of {len(convolutions)}")
    for press, index in (("Enter", 1), ("Enter", 2), ("Shift+Enter", 1), ("Shift+Enter", 0), ("Shift+Enter", -1)):
        field.press(press)
        expect(matches).to_have_text(f"{index % len(convolutions) + 1} of {len(convolutions)}")
        expect(view.get(f"node-{convolutions[index]}")).to_have_attribute("aria-pressed", "true")
    field.fill("(")
    expect(matches).to_have_text("not a valid expression")
    field.fill("nothing like this")
    expect(matches).to_have_text("no match")
    field.fill("")
    expect(view.get("node-blocks")).to_be_visible()


def test_slash_moves_focus_to_search(demo_view: View) -> None:
    view = opened(demo_view)
    view.get("structure-graph").locator(".paper").focus()
    view.page.keyboard.press("/")
    expect(view.get("graph-search")).to_be_focused()


def test_architectures_are_counted(demo_view: View) -> None:
    view = opened(demo_view, runs="healthy,deep-sigmoid")
    here, there = leaves(DeepCNN(nn.ReLU, norm=True)), leaves(DeepCNN(nn.Sigmoid, norm=False))
    common = here.keys() & there.keys()
    shared = [name for name in common if here[name] == there[name]]
    line = " ".join(view.get("architectures").inner_text().split())
    assert line == (
        f"2 architectures {len(shared)} shared layers ≠ {len(common) - len(shared)} changed "
        f"− {len(here.keys() - there.keys())} only in healthy"  # noqa: RUF001
    )
    assert "≠" in text(view.get("node-act"))
    view.open(panel="structure", runs="healthy", **{"str.show": "graph"})
    expect(view.get("architectures")).to_have_count(0)


def test_svg_is_whole_and_self_contained(demo_view: View, tmp_path: Path) -> None:
    view = opened(demo_view, runs="healthy,deep-sigmoid")
    low, high = view.get("legend").locator("> span").all_inner_texts()[1:3]
    for _ in range(6):
        view.get("zoom-in").click()
    with view.page.expect_download() as download:
        view.get("export-svg").click()
    assert download.value.suggested_filename == f"nnviz_structure_healthy_gradient_norm_step_{STEP}.svg"
    download.value.save_as(tmp_path / "graph.svg")
    written = (tmp_path / "graph.svg").read_text("utf-8")
    assert "class=" not in written and "<script" not in written and "url(" not in written
    root = ElementTree.fromstring(written)
    shown = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    everything = "\n".join(shown)
    for wanted in ("Structure: Gradient norm", f"step {STEP}", "healthy", "deep-sigmoid", "log scale", low, high):
        assert wanted in everything
    for label in ("images", "stem", f"{BLOCKS} × Sequential", "pool", "fc1", "head", "output"):  # noqa: RUF001
        assert label in shown
    for image in root.iter(f"{SVG}image"):
        assert image.attrib["href"].startswith("data:image/png;base64,")
    # What lies beyond the screen is in the file too, within its edges.
    height = float(root.attrib["height"])
    assert height > 500 and len([*root.iter(f"{SVG}rect")]) > 20
    page = view.page.context.new_page()
    page.goto((tmp_path / "graph.svg").as_uri())
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('text')].map((it) => it.getBoundingClientRect())"
        ".map(({ left, right, top, bottom }) => [left, right, top, bottom])"
    )
    page.close()
    width = float(root.attrib["width"])
    assert all(left >= 0 and right <= width and top >= 0 and bottom <= height for left, right, top, bottom in boxes)
