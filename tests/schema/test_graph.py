"""Decoding of graphs."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tb_nnviz import schema

GRAPH: dict[str, Any] = {
    "version": 1,
    "observed": True,
    "reason": None,
    "modules": [{"name": "fc", "type": "Linear", "calls": 1, "parameters": 6, "parameter_bytes": 24}],
    "nodes": [
        {"kind": "input", "name": "x", "outputs": [{"shape": [4, None], "dtype": "float32"}]},
        {"kind": "call", "name": "fc", "module": "fc", "type": "Linear", "bytes": 8, "parameters": ["fc.weight"]},
    ],
    "edges": [{"from": 0, "to": 1, "shape": [4, 2], "via": ["add"], "assumed": True}],
    "mine": {"dtype": 1, "shape": 2, "offset": 3},
}


def changed(part: str, place: int | None, key: str | None, value: Any) -> bytes:
    """Return the graph with one value changed."""
    graph = copy.deepcopy(GRAPH)
    if place is None:
        graph[part] = value
    elif key is None:
        graph[part][place] = value
    else:
        graph[part][place][key] = value
    return json.dumps(graph).encode()


def test_decode_graph_valid_document_is_unchanged() -> None:
    assert schema.decode_graph(json.dumps(GRAPH).encode()) == GRAPH


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (("nodes", 1, None, None), "graph: node 1: None is not an object"),
        (("nodes", 0, "name", None), "graph: node 0: name None is not a string"),
        (("nodes", 0, "outputs", {"shape": []}), "graph: node 0: outputs"),
        (("nodes", 0, "outputs", [{"shape": [1.5], "dtype": "f"}]), "graph: node 0: outputs"),
        (("nodes", 1, "parameters", ["a", 1]), "graph: node 1: parameters"),
        (("nodes", 1, "bytes", -1), "graph: node 1: bytes -1 is not a number of elements"),
        (("nodes", None, None, {}), "graph: .* has no list of nodes"),
        (("modules", 0, "name", []), r"graph: module 0: name \[\] is not a string"),
        (("modules", 0, "calls", "many"), "graph: module 0: calls 'many'"),
        (("modules", 0, "parameters", True), "graph: module 0: parameters True"),
        (("edges", 0, "from", 2), "graph: edge 0 .*below 2, the number of nodes"),
        (("edges", 0, "to", -1), "graph: edge 0: to -1"),
        (("edges", 0, "via", "add"), "graph: edge 0: via 'add'"),
        (("edges", 0, None, [0, 1]), r"graph: edge 0: \[0, 1\] is not an object"),
        (("observed", None, None, "yes"), "graph: observed 'yes' is not true or false"),
    ],
)
def test_decode_graph_invalid_value_raises(place: tuple[str, int | None, str | None, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"invalid {problem}"):
        schema.decode_graph(changed(*place))
