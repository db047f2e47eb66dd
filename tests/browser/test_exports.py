"""Tests of exported files: pictures explain themselves and hold everything, and names say what a file holds."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import SharedPage
from tests.browser.test_many_runs import many_page as many_page
from tests.support.browser.page_driver import WIDE, View, largest_difference

RUNS = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]
SMALL = {"width": 1000, "height": 620}
OPEN = ",".join(["blocks", *(f"blocks.{i}" for i in range(8))])
#: Panel, keys of the address, title, facts, and what the name of the CSV file says.
PICTURES: dict[str, tuple[str, dict[str, str], str, list[str], str]] = {
    "health": (
        "health",
        {"health.dismissed": "gradient/zero", "health.rules": "update/none:off"},
        "Health",
        ["1 rule with other settings", "1 rule dismissed"],
        "nnviz_findings",
    ),
    "gradient_flow": (
        "gradient_flow",
        {"row": "fc1.weight"},
        "Gradient flow: Gradient norm",
        ["weights", "cursor at step 100", "layer fc1.weight", "log scale from", "thresholds 1e-6 and 100"],
        "nnviz_gradient_norm_steps_",
    ),
    "compared": (
        "gradient_flow",
        {"row": "fc1.weight", "flow.vs": "ref"},
        "Gradient flow: Gradient norm against healthy",
        ["cursor at step 100", "layer fc1.weight", "factor scale from"],
        "nnviz_gradient_norm_vs_healthy_steps_",
    ),
    "zoomed": (
        "gradient_flow",
        {"row": "fc1.weight", "flow.from": "40", "flow.to": "120"},
        "Gradient flow: Gradient norm",
        ["steps 40 to 120", "layer fc1.weight"],
        "nnviz_gradient_norm_steps_40-120",
    ),
    "activations": (
        "activations",
        {"row": "blocks.0.act1"},
        "Activations: blocks.0.act1",
        ["step 100", "sample 1 of 8", "linear scale from", "units by activity"],
        "nnviz_activations_blocks.0.act1_sample_1_step_100",
    ),
    "difference": (
        "activations",
        {"row": "fc1", "act.mode": "difference"},
        "Activations: fc1",
        ["step 100", "8 samples", "values minus those of healthy"],
        "nnviz_activations_fc1_minus_healthy_step_100",
    ),
    "distributions": (
        "distributions",
        {"row": "fc1.weight", "hist.kind": "parameter"},
        "Distributions: fc1.weight",
        ["Parameter", "cursor at step 100", "Ridgeline", "height shared", "all values", "outline: reference run"],
        "nnviz_histograms_parameter_fc1.weight_steps_",
    ),
    "layers": (
        "distributions",
        {"hist.view": "layers", "hist.kind": "activation"},
        "Distributions: All layers",
        ["Activation", "step 100", "All layers"],
        "nnviz_histograms_activation_step_100",
    ),
    "weights": (
        "weights",
        {"row": "fc1.weight", "weights.minus": "first"},
        "Weights: fc1.weight",
        ["step 100", "shape 64 × 256", "minus the first kept step", "mean of each tile", "linear scale from"],  # noqa: RUF001
        "nnviz_weights_fc1.weight_minus_first_step_100",
    ),
    "structure": (
        "structure",
        {"str.open": OPEN},
        "Structure: Gradient norm",
        ["step 100", "dataflow and sums of healthy", "log scale from"],
        "nnviz_structure_gradient_norm_step_100",
    ),
    "table": (
        "structure",
        {"str.show": "table", "str.open": OPEN},
        "Structure: Gradient norm",
        ["step 100", "log scale from"],
        "nnviz_structure_gradient_norm_step_100",
    ),
    "curves": (
        "curves",
        {},
        "Curves",
        ["By optimizer step", "cursor at step 100", "vertical axis auto", "smoothing 0.60"],
        "nnviz_curves_all_logged_steps",
    ),
}
#: Record each text that is drawn, with its rectangle in the pixels of its canvas.
RECORD = """() => {
  const draw = CanvasRenderingContext2D.prototype.fillText;
  window.drawn = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { width } = this.measureText(text);
    const from = { left: x, start: x, right: x - width, end: x - width, center: x - width / 2 }[this.textAlign];
    const at = this.getTransform();
    const place = (px, py) => [at.a * px + at.c * py + at.e, at.b * px + at.d * py + at.f];
    const size = [this.canvas.width, this.canvas.height];
    window.drawn.push({ text, size, ends: [place(from, y), place(from + width, y)] });
    return draw.call(this, text, x, y);
  };
}"""


class Picture(NamedTuple):
    """An exported picture: its pixels, the texts in it with their left and right ends, and the name of the file."""

    image: Image.Image
    texts: list[tuple[str, list[list[float]]]]
    name: str

    def has(self, text: str) -> bool:
        """Return True if a text is part of a drawn text."""
        return any(text in one for one, _ in self.texts)


def export(view: View, folder: Path) -> Picture:
    """Export the open panel as PNG."""
    view.frame.evaluate(RECORD)
    with view.page.expect_download() as download:
        view.get("export-png").click()
    path = folder / "picture.png"
    download.value.save_as(path)
    expect(view.find(".printing")).to_have_count(0)
    image = Image.open(path).convert("RGB")
    drawn: list[dict[str, Any]] = view.frame.evaluate("() => window.drawn")
    texts = [(one["text"], one["ends"]) for one in drawn if tuple(one["size"]) == image.size]
    return Picture(image, texts, download.value.suggested_filename)


@pytest.fixture
def view(demo_page: SharedPage) -> Iterator[View]:
    yield demo_page.view
    demo_page.view.page.set_viewport_size(WIDE)
    demo_page.guard.check()


def opened(view: View, name: str, size: dict[str, int]) -> View:
    panel, keys, *_ = PICTURES[name]
    view.page.set_viewport_size(size)
    view.open(panel=panel, runs=",".join(RUNS), step="100", **keys)
    # Patched texts end with the document.
    view.page.reload()
    return view.settle()


def check_margin(picture: Picture, background: tuple[int, int, int]) -> None:
    """Check that nothing touches the edge of a picture."""
    width, height = picture.image.size
    for box in ((0, 0, width, 24), (0, height - 24, width, height), (0, 0, 24, height), (width - 24, 0, width, height)):
        assert picture.image.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), background)], box
    for text, ends in picture.texts:
        for x, y in ends:
            assert 20 <= x <= width - 20 and 20 <= y <= height - 20, (text, ends, picture.image.size)


def scrolled_texts(name: str) -> list[str]:
    """Return texts that a picture must hold although they are scrolled out of view."""
    if name == "zoomed":
        return ["stem", "head", "finding"]
    if name in ("gradient_flow", "compared"):
        return ["stem", "head", "finding", "NaN, Inf"]
    if name == "activations":
        return [f"ch {i}" for i in (0, 5, 12)] + ["dead"]
    if name == "distributions":
        return ["p95", "elements", "full height"]
    if name == "layers":
        return ["head", "blocks.7.act2", "pool", "share per decade"]
    if name == "weights":
        return ["[0,0]", "[0,9]", "Single weights"]
    if name in ("structure", "table"):
        return ["norm2", "head", "Total", "Gradient norm"]
    if name == "health":
        return ["Nothing found by", "The learning rate is too high", "Units are dead", "limit"]
    if name == "curves":
        return ["loss", "accuracy", "Learning rate", "Gradient norm"]
    return []


@pytest.mark.parametrize("name", PICTURES)
def test_picture_explains_itself_and_holds_everything(view: View, tmp_path: Path, name: str) -> None:
    _, _, title, facts, _ = PICTURES[name]
    opened(view, name, SMALL)
    before = view.page.screenshot(animations="disabled")
    picture = export(view, tmp_path)
    assert picture.texts[0][0] == title
    for fact in facts:
        assert picture.has(fact), (fact, [text for text, _ in picture.texts[:12]])
    assert [text for text, _ in picture.texts if text in RUNS][:4] == RUNS
    for text in scrolled_texts(name):
        assert picture.has(text), text
    check_margin(picture, (255, 255, 255))
    # The page is as it was.
    view.page.mouse.move(0, 0)
    view.find("body").evaluate("() => document.activeElement.blur()")
    view.settle()
    # The edges of texts on sticky cells may differ a little.
    assert largest_difference(before, view.page.screenshot(animations="disabled")) <= 24


@pytest.mark.parametrize("name", ["health", "gradient_flow", "structure", "curves", "weights"])
def test_picture_in_dark_theme_is_dark(view: View, tmp_path: Path, name: str) -> None:
    opened(view, name, WIDE)
    view.choose_theme("Dark")
    try:
        picture = export(view, tmp_path)
    finally:
        view.choose_theme("Light")
    assert picture.texts[0][0] == PICTURES[name][2]
    check_margin(picture, (0x1E, 0x1F, 0x22))
    # The head names each run in its colour.
    head = picture.image.crop((0, 0, picture.image.width, 200))
    colours = {colour for _, colour in head.getcolors(1 << 20)}
    for run in RUNS:
        shown = view.find(f"[data-testid=run-{run}] svg path").first.evaluate("(it) => getComputedStyle(it).fill")
        assert shown
    assert len({colour for colour in colours if max(colour) - min(colour) > 90}) >= 3


def test_picture_of_structure_holds_the_whole_drawing(view: View, tmp_path: Path) -> None:
    opened(view, "structure", {"width": 1440, "height": 620})
    names = view.find(".structure-table .line .label").all_inner_texts()
    picture = export(view, tmp_path)
    drawn = [text for text, _ in picture.texts]
    # The table has the layers of all eight blocks. In the drawing, one block stands for all.
    assert any("8 × Sequential" in text for text in drawn)  # noqa: RUF001
    assert drawn.count("conv1") == 9 and drawn.count("norm2") == 9 and len(names) < 60
    assert {"images", "output"} <= set(drawn)
    view.get("separate-blocks.0").click()
    view.settle()
    picture = export(view, tmp_path)
    drawn = [text for text, _ in picture.texts]
    # Now each block is drawn separately, and the picture is higher than the page.
    assert not any("8 × Sequential" in text for text in drawn)  # noqa: RUF001
    assert picture.image.height > 3 * SMALL["height"]
    # A drawing that is zoomed and moved gives the same picture.
    view.get("zoom-in").click()
    view.find(".paper").press("ArrowLeft")
    assert export(view, tmp_path).image.size == picture.image.size


def test_picture_of_table_has_one_ground_to_its_end(view: View, tmp_path: Path) -> None:
    view.page.set_viewport_size({"width": 1000, "height": 760})
    view.open(panel="structure", runs=",".join(RUNS), **{"str.show": "table"})
    view.settle()
    image = export(view, tmp_path).image
    rows = range(image.height // 3, 2 * image.height // 3)
    left, right = ({image.getpixel((x, y)) for y in rows} for x in (34, image.width - 44))
    ground = view.find(".structure").evaluate("(it) => getComputedStyle(it).backgroundColor")
    assert tuple(map(int, re.findall(r"\d+", ground))) in left & right


def test_picture_of_flow_holds_all_layers_below_the_fold(view: View, tmp_path: Path) -> None:
    opened(view, "gradient_flow", SMALL)
    view.get("fold-all").click()
    view.settle()
    assert view.find(".scroll").evaluate("(it) => it.scrollHeight > it.clientHeight + 60")
    texts = [text for text, _ in export(view, tmp_path).texts]
    assert texts.count("conv1") == 8 and texts.count("conv2") == 8
    assert {f"blocks.{i}" for i in range(8)} <= set(texts) and "head" in texts


def test_picture_keeps_scroll_positions(view: View, tmp_path: Path) -> None:
    opened(view, "table", SMALL)
    scroller = view.find(".structure-table .scroller")
    scroller.evaluate("(it) => { it.scrollTop = 130; it.scrollLeft = 40; }")
    export(view, tmp_path)
    assert scroller.evaluate("(it) => [it.scrollTop, it.scrollLeft]") == [130, 40]


def test_picture_of_many_runs_holds_all(many_page: SharedPage, tmp_path: Path) -> None:
    view = many_page.view
    names = [f"sweep-{i:02d}" for i in range(12)]
    for panel, keys in (
        ("gradient_flow", {}),
        ("activations", {"row": "fc1"}),
        ("structure", {"str.show": "table"}),
        ("distributions", {"hist.view": "layers"}),
    ):
        view.page.set_viewport_size(SMALL)
        view.open(panel=panel, runs=",".join(names), **keys)
        view.page.reload()
        view.settle()
        picture = export(view, tmp_path)
        # The head names each run, and so does the head of each column, or a shorter form of the name.
        assert sorted([text for text, _ in picture.texts if text in names][:12]) == names
        assert picture.image.width > 2.4 * SMALL["width"], panel
        check_margin(picture, (255, 255, 255))


@pytest.mark.parametrize("name", PICTURES)
def test_name_of_csv_says_what_it_holds(view: View, tmp_path: Path, name: str) -> None:
    opened(view, name, WIDE)
    with view.page.expect_download() as download:
        view.get("export-csv").click()
    file = download.value.suggested_filename
    download.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text("utf-8"))))
    assert file.startswith(PICTURES[name][4]) and file.endswith(".csv"), file
    steps = {int(float(row["step"])) for row in rows}
    if span := re.search(r"_steps_(\d+)-(\d+)\.csv", file):
        assert (min(steps), max(steps)) == (int(span[1]), int(span[2]))
    elif one := re.search(r"_step_(\d+)\.csv", file):
        assert steps == {int(one[1])}
    elif name != "health":
        assert "all_logged_steps" in file and len(steps) > 10
    # A run without findings is not in their table.
    runs = set(RUNS) - {"healthy"} if name == "health" else set(RUNS)
    assert {row["run"] for row in rows} == runs, json.dumps(sorted({row["run"] for row in rows}))
