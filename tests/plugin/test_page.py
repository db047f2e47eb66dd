"""The files of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tb_nnviz.plugin import page
from tests.support.tensorboards import TensorBoard, build_of


@pytest.mark.parametrize(
    ("name", "content_type", "content"),
    [
        ("chunk.js", "text/javascript; charset=utf-8", b"export const chunk = 1;"),
        ("style.css", "text/css; charset=utf-8", b"body {}"),
        ("fonts/mono.woff2", "font/woff2", b"wOF2"),
    ],
)
def test_static_file_is_kept_for_a_year(
    board: TensorBoard, built: Path, name: str, content_type: str, content: bytes
) -> None:
    response = board.get(f"static/{build_of(board)}/{name}")
    assert (response.status_code, response.data) == (200, content)
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Cache-Control"] == "private, max-age=31536000"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["index.js", "static/index.js"])
def test_index_is_never_kept(board: TensorBoard, built: Path, name: str) -> None:
    response = board.get(name)
    assert "the built one" in response.text
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache, must-revalidate"


def test_static_rebuilt_file_is_served_at_once(board: TensorBoard, built: Path) -> None:
    assert board.get(f"static/{build_of(board)}/new.js").status_code == 404
    (built / "new.js").write_text("new")
    assert board.get(f"static/{build_of(board)}/new.js").text == "new"


@pytest.mark.parametrize("change", ["chunk.js", "index.js", "new.js"])
def test_static_other_build_has_no_files(board: TensorBoard, built: Path, change: str) -> None:
    """Browsers keep a file for a year, so a file is never served below the hash of another build."""
    before = build_of(board)
    with (built / change).open("a") as file:
        file.write("// changed")
    assert build_of(board) != before
    for build in (before, "BUILD", "0" * 16):
        assert board.get(f"static/{build}/chunk.js").status_code == 404
    assert board.get("static/chunk.js").status_code == 404
    assert board.get(f"static/{build_of(board)}/chunk.js").status_code == 200


def test_static_same_content_has_the_same_build(board: TensorBoard, built: Path) -> None:
    before = build_of(board)
    (built / "chunk.js").write_bytes((built / "chunk.js").read_bytes())
    assert build_of(board) == before


@pytest.mark.parametrize(
    "name",
    [
        "x.js",
        "",
        "../secret.js",
        "%2e%2e/secret.js",
        "..%2fsecret.js",
        "/etc/passwd",
        "fonts",
        "folder.js",
        "notes.py",
        "./x",
    ],
)
def test_static_other_file_answers_404(board: TensorBoard, built: Path, name: str) -> None:
    for path in (name, f"{build_of(board)}/{name}"):
        response = board.get(f"static/{path}")
        assert response.status_code == 404
        assert response.text not in ("secret", "secret = 1")


def test_index_without_page_shows_how_to_build_it(
    board: TensorBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path / "static")
    response = board.get("index.js")
    assert response.status_code == 200
    assert response.text.startswith("export function render() {")
    assert "./dev frontend" in response.text
    assert board.get("static/index.js").status_code == 404


def test_index_names_only_files_that_are_served(board: TensorBoard) -> None:
    """Every file that index.js names is served."""
    entry = board.get("index.js").text
    names = re.findall(r"""["']\./static/([^"']+)["']""", entry)
    assert names, entry
    for name in names:
        assert board.get(f"static/{name}").status_code == 200
