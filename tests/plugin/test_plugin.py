"""The plugin inside TensorBoard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.event_logs import AB, Log, Zoo, numbers
from tests.support.tensorboards import TensorBoard, build_of


def test_plugin_tab_is_listed(board: TensorBoard) -> None:
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


def test_plugin_empty_logdir_answers_empty(empty_board: TensorBoard) -> None:
    listing = empty_board.client.get("/data/plugins_listing").get_json()
    assert listing["nnviz"]["enabled"] is False
    assert empty_board.get("runs").get_json() == {"version": 1, "runs": [], "others": 0, "missing": []}
    assert empty_board.series("run")["missing"][0]["reason"] == "no data of kind 'gradient' in run 'run'"
    assert empty_board.scalars("run")["series"] == []


def test_plugin_below_path_prefix_answers(loader: str, tmp_path: Path, built: Path) -> None:
    with Log(tmp_path / "run") as log:
        last = log.table(AB, numbers(3, 2))[-1]
    with TensorBoard(loader, tmp_path, "--path_prefix=/static/tb") as board:
        board.until_written({"run": last})
        assert board.get("runs").get_json()["runs"][0]["run"] == "run"
        assert len(board.series("run")["series"]) == 1
        assert board.get(f"static/{build_of(board)}/chunk.js").text == "export const chunk = 1;"
        assert board.client.get("/data/plugin/nnviz/runs").status_code == 404


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
def test_plugin_other_method_answers_405(board: TensorBoard, path: str, method: str, allowed: str) -> None:
    response = board.client.open(f"/data/plugin/nnviz/{path}", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    assert response.mimetype == "text/plain"
    assert f"unknown method: {method}" in response.text


def test_plugin_head_has_no_body(board: TensorBoard, zoo: Zoo) -> None:
    response = board.client.head("/data/plugin/nnviz/runs")
    assert (response.status_code, response.data) == (200, b"")
