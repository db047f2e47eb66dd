"""Tests of the Structure panel: values, shapes and colours against the model and the event files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from playwright.sync_api import expect
from torch import nn

from demo.models import DeepCNN
from tests.support.browser.colours import VIRIDIS, distance
from tests.support.browser.page_driver import View
from tests.support.event_reader import Run

MODEL = DeepCNN(nn.ReLU, norm=True)


def opened(view: View, **keys: str) -> View:
    view.open(panel="structure", runs="healthy,deep-sigmoid", **keys)
    view.get("structure").wait_for()
    return view


def norms(run: Run, step: int) -> dict[str, float]:
    return {name: found["norm"] for name, found in run.statistics("gradient", step).items()}


def text(view: View, testid: str) -> str:
    return " ".join(view.get(testid).inner_text().split())


def test_table_has_counts_values_and_totals(demo_view: View, demo_runs: dict[str, Run]) -> None:
    view = opened(demo_view, **{"str.show": "table", "str.open": "blocks,blocks.0", "step": "20"})
    total = sum(parameter.numel() for parameter in MODEL.parameters())
    buffers = sum(buffer.numel() for buffer in MODEL.buffers())
    totals = text(view, "structure-totals")
    assert f"Parameters {total:,}" in totals and f"Buffers {buffers}" in totals
    inside = sum(parameter.numel() for parameter in MODEL.blocks[3].parameters())
    assert f"{inside:,}" in text(view, "module-blocks.3")
    line = text(view, "module-stem")
    assert line.startswith("stem Conv2d 16 × 8 × 8 160 160 1 256 KiB")  # noqa: RUF001
    expected = norms(demo_runs["healthy"], 20)
    shown = float(text(view, "value-healthy-stem"))
    assert shown == float(f"{expected['stem.weight']:.3g}")
    # The value of a block is the root of the sum of squares over its layers.
    weights = [expected[f"blocks.3.{name}.weight"] for name in ("conv1", "conv2")]
    found = float(text(view, "value-healthy-blocks.3"))
    affine = [expected[f"blocks.3.{name}.{part}"] for name in ("norm1", "norm2") for part in ("weight", "bias")]
    assert np.isclose(found, np.sqrt(np.sum(np.square(weights + affine))), rtol=5e-3)


def test_differences_of_models_are_named(demo_view: View) -> None:
    view = opened(demo_view, **{"str.open": "blocks,blocks.0"})
    assert text(view, "differs-act") == "≠ Sigmoid in deep-sigmoid"
    assert text(view, "differs-blocks.0.norm1") == "≠ not in deep-sigmoid"
    assert text(view, "differs-blocks.1") == "≠ 6 within"
    expect(view.get("differs-stem")).to_have_count(0)


def test_graph_is_in_order_coloured_and_selectable(demo_view: View, demo_runs: dict[str, Run]) -> None:
    view = opened(demo_view, **{"str.open": "", "step": "20"})
    graph = view.get("structure-graph")
    names = ["stem", "act", "blocks", "pool", "fc1", "act1", "head"]
    tops = []
    for name in names:
        box = graph.get_by_test_id(f"node-{name}").bounding_box()
        assert box
        tops.append(box["y"])
    assert tops == sorted(tops)
    low, high = (float(part) for part in view.get("legend").locator("> span").all_inner_texts()[1:3])
    norm = norms(demo_runs["healthy"], 20)["fc1.weight"]
    unit = np.log(norm / low) / np.log(high / low)
    fill = graph.get_by_test_id("node-fc1").locator(".face").evaluate("(it) => getComputedStyle(it).fill")
    colour = tuple(int(part) for part in fill.removeprefix("rgb(").removesuffix(")").split(","))
    assert distance(colour, VIRIDIS[round(unit * 255)]) < 12
    view.get("unfold-blocks").click()
    expect(graph.get_by_test_id("unfold-blocks.0")).to_be_visible()
    view.get("module-fc1").click()
    expect(graph.get_by_test_id("node-fc1")).to_have_attribute("aria-pressed", "true")
    graph.get_by_test_id("zoom-fit").click()
    graph.get_by_test_id("node-stem").click()
    expect(view.get("module-stem")).to_have_attribute("aria-selected", "true")


def test_csv_has_one_line_per_module(demo_view: View, tmp_path: Path) -> None:
    view = opened(demo_view, step="20")
    with view.page.expect_download() as download:
        view.get("export-csv").click()
    download.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text("utf-8").splitlines()))
    own = {row["layer"]: row for row in rows if row["run"] == "healthy"}
    modules = {name: module for name, module in MODEL.named_modules() if name}
    assert set(own) == set(modules)
    for name, module in modules.items():
        assert int(own[name]["parameters"]) == sum(parameter.numel() for parameter in module.parameters())
    assert own["head"]["output_shape"] == "10" and own["head"]["input_shape"] == "64"
