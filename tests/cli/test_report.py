"""The command ``tb-nnviz report``: one file without network, with every finding and its picture."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.cli import main
from tb_nnviz.cli.report.colours import colour
from tb_nnviz.cli.report.png import data_address
from tests.support.event_logs import Log, layout

HOSTILE = '<img src=x onerror="alert(1)">&'
ROWS = layout([f"{name}.weight" for name in "abcd"])


def write(folder: Path, norm: float, losses: list[float]) -> None:
    with Log(folder) as log:
        steps = len(losses)
        values = np.full((steps, 4), norm, np.float32)
        log.table(ROWS, {"norm": values, "count": np.ones((steps, 4), np.float32)})
        for step, loss in enumerate(losses):
            log.entries(step, [schema.scalar(schema.TAG_LOG + "loss", loss)])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    logdir = tmp_path_factory.mktemp("logs")
    write(logdir / "dead", 0.0, [1.0] * 8)
    write(logdir / "broken", 1.0, [1.0, 0.5, float("nan"), 0.3, float("inf"), float("nan"), 1.0, 2.0])
    write(logdir / "sound", 2.0, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    (logdir / HOSTILE.replace("/", "")).mkdir()
    write(logdir / HOSTILE.replace("/", ""), 0.0, [1.0] * 8)
    output = logdir / "out.html"
    rules = ["--rules", "gradient/zero", "loss/nonfinite"]
    assert main(["report", str(logdir), "-o", str(output), "--reference", "sound", *rules]) == 0
    return output.read_text("utf-8")


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} is closed where another element is open"

    def handle_data(self, data: str) -> None:
        self.text += data


def test_report_is_well_formed_and_needs_no_network(page: str) -> None:
    elements = Elements(page)
    assert elements.open == []
    assert not {tag for tag, _ in elements.found} & {"script", "link", "iframe", "object", "img"}
    inside = [attributes for tag, attributes in elements.found if tag != "a"]
    loaded = [one[key] for one in inside for key in ("src", "href") if key in one]
    assert loaded and all(str(address).startswith("data:image/png;base64,") for address in loaded)
    assert "url(" not in page and "@import" not in page and "default-src 'none'" in page


def test_report_names_of_runs_are_text(page: str) -> None:
    assert HOSTILE.replace("/", "") in Elements(page).text and "<img" not in page


def test_report_has_verdict_evidence_advice_and_checks_of_runs(page: str) -> None:
    text = Elements(page).text
    for part in ("dead", "broken", "sound", "nothing found", "No gradient arrives", "What to try"):
        assert part in text
    assert "The reference run has 2 there." in text
    assert text.index("dead") < text.index("sound") and text.count(" rules checked, ") == 4


def test_report_findings_have_pictures(page: str) -> None:
    cards = re.findall(r"<section class=.*?</section>", page, re.S)
    assert len(cards) == 3
    for card in cards:
        pictures = re.findall(r'aria-label="([^"]*)"', card)
        if "loss/nonfinite" in card:
            assert pictures == ["loss"] and card.count('class="broken"') >= 1
        else:
            assert pictures == ["gradient norm of d.weight", "gradient norm, layers over steps"]
            assert "reference: sound" in card


def test_report_follows_light_and_dark(page: str) -> None:
    assert "prefers-color-scheme: dark" in page and "color-scheme: light dark" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nowhere"], "missing directory"), (["{}", "x"], "unknown run: 'x'"), (["{}", "-o", "{}"], "Is a directory")],
)
def test_report_invalid_argument_exits_with_2(arguments, message, tmp_path, capsys) -> None:
    write(tmp_path / "sound", 2.0, [1.0])
    assert main(["report", *(one.format(tmp_path) for one in arguments)]) == 2
    assert message in capsys.readouterr().err


def test_data_address_is_a_png_of_the_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    data = base64.b64decode(data_address(pixels).partition(",")[2])
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        name, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(name + content)
        chunks[name] = content
        place += 12 + size
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (7, 5)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(5, 29)
    assert not lines[:, 0].any() and np.array_equal(lines[:, 1:].reshape(5, 7, 4), pixels)


def test_colour_tells_zero_nonfinite_and_absent_from_values() -> None:
    values = np.array([1e-3, 1.0, -1.0, 0.0, np.nan, np.inf, 1.0])
    absent = np.array([False] * 6 + [True])
    low, high, negative, zero, nan, infinite, gone = (tuple(one) for one in colour(values, absent, 1e-3, 1.0))
    assert low == (68, 1, 84, 255) and high == negative == (253, 231, 37, 255)
    assert len({low, high, zero, nan, gone}) == 5 and nan == infinite and gone[3] == 0
