"""The plugin inside TensorBoard: its tab, its files, and what it says to requests that make no sense."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tb_nnviz.plugin import page, query
from tests.support.event_logs import AB, Log, Zoo, numbers
from tests.support.tensorboards import TensorBoard

SERIES = {"runs": ["plain"], "kind": "gradient", "statistics": ["norm"]}
SCALARS = {"runs": ["plain"], "tags": None, "prefix": "nnviz/log/"}


def test_the_tab_is_listed(board: TensorBoard) -> None:
    listing = board.client.get("/data/plugins_listing").get_json()
    assert listing["nnviz"] == {
        "disable_reload": False,
        "enabled": True,
        "loading_mechanism": {"type": "IFRAME", "module_path": "/data/plugin/nnviz/index.js"},
        "remove_dom": False,
        "tab_name": "NNViz",
    }
    assert "scalars" in listing
    entry = board.client.get("/data/plugin_entry.html?name=nnviz")
    assert 'import("./index.js")' in entry.text


def test_an_empty_logdir_is_no_error(empty_board: TensorBoard) -> None:
    listing = empty_board.client.get("/data/plugins_listing").get_json()
    assert listing["nnviz"]["enabled"] is False
    assert empty_board.get("runs").get_json() == {"version": 1, "runs": []}
    assert empty_board.series("run")["missing"][0]["reason"] == "no data of kind 'gradient' in run 'run'"
    assert empty_board.scalars("run")["series"] == []


def test_everything_works_below_a_path_prefix(loader: str, tmp_path: Path, built: Path) -> None:
    with Log(tmp_path / "run") as log:
        last = log.table(AB, numbers(3, 2))[-1]
    with TensorBoard(loader, tmp_path, "--path_prefix=/static/tb") as board:
        board.until_written({"run": last})
        assert board.get("runs").get_json()["runs"][0]["run"] == "run"
        assert len(board.series("run")["series"]) == 1
        assert board.get(f"static/{build_of(board)}/chunk.js").text == "export const chunk = 1;"
        assert board.client.get("/data/plugin/nnviz/runs").status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "foo"}, "unknown kind: 'foo' (expected one of parameter, gradient, update, activation"),
        ({"kind": ["gradient"]}, "unknown kind: ['gradient']"),
        ({"kind": None}, "unknown kind: None"),
        ({"runs": "plain"}, "invalid runs: 'plain' (expected a list of names)"),
        ({"runs": [1]}, "invalid runs: [1] (expected a list of names)"),
        ({"runs": None}, "invalid runs: None"),
        ({"runs": ["r"] * 501}, "too many runs: 501 (at most 500 in a request)"),
        ({"statistics": {"norm": 1}}, "invalid statistics: {'norm': 1}"),
        ({"statistics": ["s"] * 51}, "too many statistics: 51 (at most 50 in a request)"),
        ({"known": ["1x"]}, "invalid known: ['1x'] (expected a list of layout ids)"),
        ({"known": ["-1"]}, "invalid known: ['-1']"),
        ({"known": ["9" * 10_000]}, "invalid known: ['999"),
        ({"known": 1}, "invalid known: 1"),
        ({"known": [True]}, "invalid known: [True]"),
        ({"known": [0] * 5001}, "too many known: 5001 (at most 5000)"),
        ({"width": 0}, "invalid width: 0 (expected 1 to 10000 columns)"),
        ({"percentiles": 0.5}, "invalid percentiles: 0.5 (expected shares from 0 to 1)"),
        ({"percentiles": [0.5, 2]}, "invalid percentiles: [0.5, 2]"),
        ({"percentiles": [True]}, "invalid percentiles: [True]"),
        ({"percentiles": [0.5] * 10}, "too many percentiles: 10 (at most 9)"),
        ({"width": True}, "invalid width: True"),
        ({"width": 1e3}, "invalid width: 1000.0"),
        ({"from": "1"}, "invalid from: '1' (expected a step)"),
        ({"from": 10**400}, "invalid from: 1000"),
        ({"runs": ["\ud800"]}, "invalid body: not Unicode"),
        ({"to": True}, "invalid to: True (expected a step)"),
        ({"rows": "a"}, "invalid rows: 'a' (expected names of rows, or lists of names)"),
        ({"rows": [[]]}, "invalid rows: [[]]"),
        ({"rows": [["a", 1]]}, "invalid rows: [['a', 1]]"),
        ({"rows": ["a"] * 20_001}, "too many rows: 20001 (at most 20000 in a request)"),
        (
            {"stats": []},
            "unknown key: 'stats' (expected runs, kind, statistics, known, rows, width, from, to, percentiles)",
        ),
    ],
)
def test_series_says_what_is_wrong_with_a_query(board: TensorBoard, change: dict[str, Any], message: str) -> None:
    refused(board, "series", {**SERIES, **change}, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 5}, "invalid runs: 5 (expected a list of names)"),
        ({"tags": "nnviz/log/loss"}, "invalid tags: 'nnviz/log/loss'"),
        ({"tags": ["loss"]}, "unknown tag: 'loss' (only nnviz/... is answered)"),
        ({"prefix": "nn"}, "unknown prefix: 'nn' (only nnviz/... is answered)"),
        ({"prefix": 3}, "invalid prefix: 3 (expected a string)"),
        ({"last": 1}, "invalid last: 1 (expected true or false)"),
        ({"downsample": 0}, "unknown key: 'downsample'"),
    ],
)
def test_scalars_says_what_is_wrong_with_a_query(board: TensorBoard, change: dict[str, Any], message: str) -> None:
    refused(board, "scalars", {**SCALARS, **change}, message)


@pytest.mark.parametrize("key", ["runs", "kind", "statistics"])
def test_series_says_what_is_missing_from_a_query(board: TensorBoard, key: str) -> None:
    refused(board, "series", {name: value for name, value in SERIES.items() if name != key}, f"missing {key}")


@pytest.mark.parametrize("path", ["series", "scalars"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "invalid body: not JSON"),
        (b"{'runs': []}", "invalid body: not JSON"),
        (b"\xff\xfe\xfa", "invalid body: not JSON"),
        (b"[" * 100_000, "invalid body: not JSON"),
        (b"[]", "invalid body: [] (expected a JSON object)"),
        (b"null", "invalid body: None"),
    ],
)
def test_a_body_that_is_no_query_is_refused(board: TensorBoard, path: str, body: bytes, message: str) -> None:
    refused(board, path, body, message)


@pytest.mark.parametrize("path", ["series", "scalars"])
def test_an_oversized_body_is_refused(board: TensorBoard, path: str) -> None:
    body = json.dumps({**SERIES, "padding": "x" * query.MAX_BYTES}).encode()
    refused(board, path, body, f"invalid body: {len(body)} bytes (at most {query.MAX_BYTES})", 413)


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("series", "GET", "POST"),
        ("scalars", "PUT", "POST"),
        ("runs", "POST", "GET, HEAD"),
        ("index.js", "DELETE", "GET, HEAD"),
        ("static/chunk.js", "POST", "GET, HEAD"),
    ],
)
def test_other_methods_are_refused(board: TensorBoard, path: str, method: str, allowed: str) -> None:
    response = board.client.open(f"/data/plugin/nnviz/{path}", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    assert response.mimetype == "text/plain"
    assert f"unknown method: {method}" in response.text


def refused(board: TensorBoard, path: str, body: Any, message: str, code: int = 400) -> None:
    response = board.post(path, body)
    assert (response.status_code, response.mimetype) == (code, "text/plain")
    assert message in response.text


@pytest.fixture
def built(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page as a build leaves it behind, and a file beside it that is nobody's business."""
    folder = tmp_path_factory.mktemp("built") / "static"
    (folder / "fonts").mkdir(parents=True)
    (folder / "index.js").write_text('export const render = () => import("./static/BUILD/main.js"); // the built one')
    (folder / "chunk.js").write_text("export const chunk = 1;")
    (folder / "style.css").write_text("body {}")
    (folder / "fonts" / "mono.woff2").write_bytes(b"wOF2")
    (folder / "notes.py").write_text("secret = 1")
    (folder / "folder.js").mkdir()
    (folder.parent / "secret.js").write_text("secret")
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder


def build_of(board: TensorBoard) -> str:
    """Return the build that the entry imports from."""
    found = re.search(r"""["']\./static/([0-9a-f]{16})/main\.js["']""", board.get("index.js").text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("name", "content_type", "content"),
    [
        ("chunk.js", "text/javascript; charset=utf-8", b"export const chunk = 1;"),
        ("style.css", "text/css; charset=utf-8", b"body {}"),
        ("fonts/mono.woff2", "font/woff2", b"wOF2"),
    ],
)
def test_hashed_files_are_kept_by_the_browser(
    board: TensorBoard, built: Path, name: str, content_type: str, content: bytes
) -> None:
    response = board.get(f"static/{build_of(board)}/{name}")
    assert (response.status_code, response.data) == (200, content)
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Cache-Control"] == "private, max-age=31536000"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["index.js", "static/index.js"])
def test_the_entry_is_never_kept(board: TensorBoard, built: Path, name: str) -> None:
    response = board.get(name)
    assert "the built one" in response.text
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache, must-revalidate"


def test_a_rebuilt_page_is_seen_at_once(board: TensorBoard, built: Path) -> None:
    assert board.get(f"static/{build_of(board)}/new.js").status_code == 404
    (built / "new.js").write_text("new")
    assert board.get(f"static/{build_of(board)}/new.js").text == "new"


@pytest.mark.parametrize("change", ["chunk.js", "index.js", "new.js"])
def test_another_build_has_no_files(board: TensorBoard, built: Path, change: str) -> None:
    """Browsers keep an answer for a year: the content of one build never comes under the hash of another."""
    before = build_of(board)
    with (built / change).open("a") as file:
        file.write("// changed")
    assert build_of(board) != before
    for build in (before, "BUILD", "0" * 16):
        assert board.get(f"static/{build}/chunk.js").status_code == 404
    assert board.get("static/chunk.js").status_code == 404
    assert board.get(f"static/{build_of(board)}/chunk.js").status_code == 200


def test_build_is_unchanged_without_a_change(board: TensorBoard, built: Path) -> None:
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
def test_no_other_file_is_served(board: TensorBoard, built: Path, name: str) -> None:
    for path in (name, f"{build_of(board)}/{name}"):
        response = board.get(f"static/{path}")
        assert response.status_code == 404
        assert response.text not in ("secret", "secret = 1")


def test_without_a_built_page_the_tab_says_how_to_build_it(
    board: TensorBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path / "static")
    response = board.get("index.js")
    assert response.status_code == 200
    assert response.text.startswith("export function render() {")
    assert "./dev frontend" in response.text
    assert board.get("static/index.js").status_code == 404


def test_head_has_no_body(board: TensorBoard, zoo: Zoo) -> None:
    response = board.client.head("/data/plugin/nnviz/runs")
    assert (response.status_code, response.data) == (200, b"")


def test_the_page_that_ships_is_whole(board: TensorBoard) -> None:
    """Every file that index.js names is served."""
    entry = board.get("index.js").text
    names = re.findall(r"""["']\./static/([^"']+)["']""", entry)
    assert names, entry
    for name in names:
        assert board.get(f"static/{name}").status_code == 200
