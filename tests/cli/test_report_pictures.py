"""Pictures and cards of the report: readable without knowledge of the run."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from tb_nnviz import schema
from tb_nnviz.cli.report.figures import MAX_ROWS, Figures
from tb_nnviz.cli.report.page import render
from tb_nnviz.cli.report.svg import Columns, Curve, Marks, curves, heat_map
from tb_nnviz.cli.report.words import series_name
from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.rules.finding import Finding
from tests.support.event_logs import Log, layout

STEPS = np.arange(10)
FINDING = Finding(
    "gradient/exploding", "severe", "Gradients explode", layer="b", row="b.weight", kind="gradient", statistic="norm",
    since=4, step=6, value=7.0, limit=6.5, usual=2.0, evidence="norm 7", advice=("Clip.",),
)  # fmt: skip


class Text(NamedTuple):
    """A text of a picture, and the place that it covers, with letters of 6 by 9 pixels."""

    words: str
    left: float
    right: float
    bottom: float

    def overlaps(self, other: Text) -> bool:
        apart = self.right <= other.left or other.right <= self.left or abs(self.bottom - other.bottom) >= 9
        return not apart


def texts(picture: str) -> list[Text]:
    """Return the texts of a picture without its title and its key."""
    found = []
    for attributes, words in re.findall(r"<text ([^>]*)>([^<]+)</text>", picture):
        if "title" in attributes or not words:
            continue
        place = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        width, x = 6 * len(words), float(place["x"])
        left = x - width * {"end": 1.0, "middle": 0.5}.get(place.get("text-anchor", ""), 0.0)
        found.append(Text(words, left, left + width, float(place["y"])))
    return found


def image(picture: str) -> np.ndarray:
    """Return the pixels of a picture's heat map: uint8 [height, width, 4]."""
    data = base64.b64decode(re.findall(r"base64,([^\"]*)", picture)[0])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def assert_readable(picture: str) -> None:
    width = float(re.findall(r'viewBox="0 0 (\d+)', picture)[0])
    found = texts(picture)
    for one in found:
        assert one.left >= -1 and one.right <= width + 1, f"{one} is cut off"
    for one, other in combinations(found, 2):
        assert not one.overlaps(other), f"{one} over {other}"


@pytest.mark.parametrize("since", [0, 3, 50, 120, 350, 396, 398])
@pytest.mark.parametrize(("low", "high"), [(1e-30, 1e30), (1e-3, 1.0), (12345.0, 12346.0)])
def test_heat_map_any_range_and_step_has_readable_texts(since: int, low: float, high: float) -> None:
    steps = np.arange(0, 400, 2)
    values = np.geomspace(low, high, 600).reshape(3, 200)
    values[0, 50], values[1, 60] = 0.0, np.nan
    at = Columns(int(np.searchsorted(steps, since)), since, 100)
    picture = heat_map("t", ["a"] * 3, [True] * 3, values, np.zeros((3, 200), bool), (0, 398), at)
    assert_readable(picture)
    assert f"since step {since}" in picture and "grey: 0" in picture and "pink: NaN or Inf" in picture


@pytest.mark.parametrize("since", [None, 0, 3, 50, 396, 398])
@pytest.mark.parametrize(("limit", "usual"), [(5.0, 5.0), (5.0, 5.2), (0.1, 9.0), (9.0, 0.1), (0.0, 0.1), (10.0, None)])
def test_curves_any_limits_and_step_have_readable_texts(since: int | None, limit: float, usual: float | None) -> None:
    steps = np.arange(0.0, 400, 2)
    picture = curves("t", [Curve("a", steps, np.linspace(0, 10, 200))], Marks(since, limit, usual))
    assert_readable(picture)
    assert (">limit<" in picture) and (">usual<" in picture) == (usual is not None)


def test_curves_logarithmic_axis_is_marked() -> None:
    for high, is_log in ((1e6, True), (2.0, False)):
        drawn = curves("t", [Curve("a", STEPS.astype(float), np.geomspace(1, high, 10))], Marks(None, None, None))
        assert (">log<" in drawn) == is_log


def test_heat_map_explosion_keeps_colours_of_before() -> None:
    values = np.concatenate([np.geomspace(0.1, 10, 100), np.geomspace(10, 1e30, 100)])[None, :]
    gone = np.zeros((1, 200), bool)
    picture = heat_map("t", ["a"], [True], values, gone, (0, 200), Columns(95, 95, 100))
    assert "dark to bright: 0.1 to 10 or more" in picture
    whole = heat_map("t", ["a"], [True], values[:, :100], gone[:, :100], (0, 100), Columns(95, 95, 100))
    assert "dark to bright: 0.1 to 10" in whole and "or more" not in whole


def write(folder: Path, kind: str, statistic: str, names: list[str], shape: tuple[int, ...] = (4, 3)) -> None:
    """Write values of 1 to 10 over steps, losses and a learning rate."""
    rows = schema.Layout(kind, tuple(replace(row, shape=shape) for row in layout(names, kind).rows))
    values = np.tile(np.arange(1.0, 11.0, dtype=np.float32)[:, None], (1, len(names)))
    with Log(folder) as log:
        log.table(rows, {statistic: values, "count": np.ones_like(values)})
        for step in STEPS.tolist():
            log.entries(step, [schema.scalar(schema.TAG_LOG + "loss", 1.0 / (step + 1))])
            log.entries(step, [schema.scalar(schema.TAG_GLOBAL + "learning_rate/0", 0.1)])


def titles(logdir: Path, finding: Finding) -> list[str]:
    return [re.findall(r'aria-label="([^"]*)"', one)[0] for one in Figures(logdir, None).of("run", finding)]


def test_figures_value_of_the_row_has_its_limits(tmp_path: Path) -> None:
    write(tmp_path / "run", "gradient", "norm", ["a.weight", "b.weight", "c.weight"])
    own = next(Figures(tmp_path, None).of("run", FINDING))
    total = next(Figures(tmp_path, None).of("run", replace(FINDING, value=12.1)))
    assert ">limit<" in own and ">usual<" in own
    assert ">limit<" not in total and ">usual<" not in total, "the limits are those of the total norm"


def test_figures_learning_rate_has_rate_loss_and_all_layers(tmp_path: Path) -> None:
    write(tmp_path / "run", "update", "ratio", ["a.weight", "b.weight", "c.weight"])
    finding = replace(FINDING, rule="learning_rate/too_high", layer="", row="", kind="update", statistic="ratio")
    assert titles(tmp_path, finding) == ["learning rate", "loss", "update ratio, layers over steps"]


@pytest.mark.parametrize("rule", ["output/saturated", "gradient/accumulates"])
def test_figures_faults_that_gradients_hide_have_the_loss(rule: str, tmp_path: Path) -> None:
    write(tmp_path / "run", "gradient", "norm", ["a.weight", "b.weight", "c.weight"])
    assert titles(tmp_path, replace(FINDING, rule=rule))[:2] == ["loss", "gradient norm of b.weight"]


def test_figures_reference_is_drawn_where_rows_are_the_same(tmp_path: Path) -> None:
    names = ["a.weight", "b.weight", "c.weight"]
    write(tmp_path / "run", "gradient", "norm", names)
    write(tmp_path / "same", "gradient", "norm", ["a.weight", "norm.weight", "b.weight", "c.weight"])
    write(tmp_path / "other", "gradient", "norm", names, shape=(4, 5))
    curve, _, depth = Figures(tmp_path, "same").of("run", FINDING)
    assert "reference: same" in curve and "reference: same" in depth
    lines = re.findall(r'<polyline class="curve c\d" points="([^"]*)"', depth)
    across = [[point.split(",")[0] for point in line.split()] for line in lines]
    assert across[0] == across[1] and len(across[0]) == 3, "the same layer is at the same place"
    assert "reference:" not in next(Figures(tmp_path, "other").of("run", FINDING))


def test_heat_map_dense_steps_are_as_wide_as_they_are_long(tmp_path: Path) -> None:
    steps = [*range(0, 100, 10), *range(100, 120), *range(120, 201, 10)]
    rows = layout(["a.weight", "b.weight", "c.weight"])
    values = np.array([[1.0 if step < 100 else 2.0 if step < 120 else 3.0] * 3 for step in steps], np.float32)
    with Log(tmp_path / "run") as log:
        log.table(rows, {"norm": values, "count": np.ones_like(values)}, steps)
    finding = replace(FINDING, rule="gradient/zero", since=100, step=110)
    picture = list(Figures(tmp_path, None).of("run", finding))[1]
    pixels = image(picture)[1, :, 0]
    shares = [float((pixels == one).mean()) for one in dict.fromkeys(pixels.tolist())]
    assert shares == pytest.approx([0.5, 0.1, 0.4], abs=0.01)
    left, width = (float(re.findall(rf'<image [^>]*{name}="([\d.]+)"', picture)[0]) for name in ("x", "width"))
    line = float(re.findall(r'<line class="since" x1="([\d.]+)"', picture)[0])
    assert (line - left) / width == pytest.approx(0.5, abs=0.01)


def test_figures_unknown_row_has_no_picture(tmp_path: Path) -> None:
    write(tmp_path / "run", "gradient", "norm", ["a.weight", "b.weight", "c.weight"])
    assert titles(tmp_path, replace(FINDING, row="gone.weight")) == []


def test_figures_many_layers_are_those_next_to_the_finding(tmp_path: Path) -> None:
    names = [f"l{i:03d}.weight" for i in range(90)]
    write(tmp_path / "run", "gradient", "norm", names)
    finding = replace(FINDING, rule="gradient/zero", layer="l060", row="l060.weight")
    shown = [one.words for one in texts(list(Figures(tmp_path, None).of("run", finding))[1]) if one.words in names]
    assert len(shown) == MAX_ROWS and "l060.weight" in shown


def test_series_name_has_no_underscore_or_mark() -> None:
    for kind in schema.statistics.KINDS:
        for statistic in (*schema.statistics.STATISTICS, *schema.statistics.KIND_STATISTICS.get(kind, ())):
            assert not set("_~") & set(series_name(kind, statistic))


def test_render_folds_effects_and_counts_causes(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    cause = replace(FINDING, explains=("loss/spike",))
    effect = replace(FINDING, rule="loss/spike", title="Loss jumps", layer="", kind="", row="", cause=0)
    other = replace(FINDING, rule="loss/stuck", title="Loss does not fall", layer="", kind="", row="")
    sick = Diagnosis("run", [cause, effect, other], ["loss/spike"], [], 0, 9, [])
    sound = Diagnosis("sound", [], ["loss/spike", "loss/stuck"], [], 0, 9, [])
    page = render([sick, sound], Figures(tmp_path, None), "logs")
    (folded,) = re.findall(r'<details class="effects">.*?</details>', page)
    assert "What follows from it: Loss jumps" in folded and folded.count("<section") == 1
    assert page.count("<section") == 3 and "and 1 more cause<" in page
    assert "In <b>b</b> since <b>step 4</b>: norm 7." in page and "In <b>the whole model</b>" in page
    assert page.count("<details open>") == 1, "a run without a finding shows what was checked"
    assert "loss/stuck</li>" in page.partition('id="run1"')[2]


def test_render_without_findings_shows_the_losses(tmp_path: Path) -> None:
    with Log(tmp_path / "run") as log:
        for step in range(5):
            values = {"loss": 2.0 / (1 + step), "val_loss": 3.0, "accuracy": 0.5}
            log.entries(step, [schema.scalar(schema.TAG_LOG + name, value) for name, value in values.items()])
    sound = Diagnosis("run", [], ["loss/spike"], [], 0, 4, [])
    page = render([sound], Figures(tmp_path, None), "logs")
    assert page.count("<svg") == 1 and "val_loss" in page and "accuracy" not in page


def test_render_without_findings_explains_no_pictures(tmp_path: Path) -> None:
    sound = Diagnosis("sound", [], ["loss/spike"], [], 0, 9, [])
    page = render([sound], Figures(tmp_path, None), "logs")
    assert "nothing found" in page and "1 rule checked, 0 not" in page and "dashed line" not in page
