"""The route ``structure`` on both loaders."""

import json

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.plugin import wire
from tests.support.event_logs import Log, layout
from tests.support.tensorboards import TensorBoard


def entry(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return schema.Entry(schema.TAG_GRAPH, np.frombuffer(data, np.uint8), schema.PLUGIN)


def graph(name, edges=()):
    nodes = [{"kind": "input", "name": "x"}, {"kind": "call", "name": name, "module": name, "type": "Linear"}]
    return {"version": 1, "modules": [{"name": name}], "nodes": nodes, "edges": [{"from": 0, "to": 1}, *edges]}


@pytest.fixture
def structures(loader, tmp_path):
    activation, gradient = layout(["fc"], "activation"), layout(["fc.weight"])
    with Log(tmp_path / "whole") as log:
        log.entries(0, [entry(graph("old"))])
        log.entries(0, [schema.layout_entry(activation), schema.layout_entry(gradient)])
        last = log.entries(7, [entry(graph("fc"))])
    with Log(tmp_path / "rows") as log:
        log.entries(0, [schema.layout_entry(gradient)])
    with Log(tmp_path / "newer") as log:
        log.entries(0, [schema.layout_entry(gradient), entry(graph("fc") | {"version": 2})])
    with Log(tmp_path / "broken") as log:
        log.entries(0, [entry(graph("fc", [{"from": 1, "to": 2}]))])
    with TensorBoard(loader, tmp_path) as board:
        board.until_written({"whole": last})
        yield board


def test_structure_of_runs_is_the_newest(structures):
    names = ["whole", "rows", "newer", "broken", "not there"]
    response = structures.post("structure", {"runs": names})
    assert response.status_code == 200, response.text
    answer = wire.decode(response.data)
    found = {one["run"]: one for one in answer["runs"]}
    assert list(found) == ["whole", "rows", "newer"]
    assert found["whole"]["graph"] == graph("fc")  # written last
    assert [row["name"] for row in found["whole"]["layers"]] == ["fc"]
    assert [row["name"] for row in found["whole"]["parameters"]] == ["fc.weight"]
    assert found["rows"]["graph"] is None and found["rows"]["layers"] is None
    reasons = {one["run"]: one["reason"] for one in answer["missing"]}
    assert "unknown graph version: 2" in reasons["newer"]
    assert "invalid graph: edge" in reasons["broken"]
    assert reasons["not there"] == "no structure in run 'not there'"
