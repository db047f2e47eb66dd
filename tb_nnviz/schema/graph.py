"""Graphs: the modules of a model and the dataflow between them."""

from __future__ import annotations

from typing import Any

from tb_nnviz.schema.checks import (
    COUNT,
    FLAG,
    INDEX,
    SHAPE,
    TEXT,
    TEXTS,
    Check,
    check_object,
    check_objects,
    list_of,
    optional,
    short,
)
from tb_nnviz.schema.document import decode_document


def _is_tensor(value: Any) -> bool:
    """Return True for the shape and the dtype of a tensor."""
    return (
        isinstance(value, dict)
        and optional(SHAPE).passes(value.get("shape"))
        and optional(TEXT).passes(value.get("dtype"))
    )


_TENSORS = list_of(Check(_is_tensor, ""), "a list of shapes and dtypes")
_GRAPH_CHECKS = {"observed": FLAG, "reason": optional(TEXT)}
_MODULE_CHECKS = {
    "name": TEXT,
    "type": TEXT,
    "model": TEXT,
    **dict.fromkeys(
        ("calls", "parameters", "trainable", "shared", "buffers", "parameter_bytes", "buffer_bytes"), COUNT
    ),
}
_NODE_CHECKS = {
    "kind": TEXT,
    "name": TEXT,
    "model": TEXT,
    "module": TEXT,
    "type": TEXT,
    "inputs": _TENSORS,
    "outputs": _TENSORS,
    "bytes": optional(COUNT),
    "parameters": TEXTS,
}
_EDGE_CHECKS = {"from": INDEX, "to": INDEX, "shape": optional(SHAPE), "via": TEXTS, "assumed": FLAG}


def decode_graph(data: bytes) -> dict[str, Any]:
    """Decode the payload of ``nnviz/graph`` to its document: modules, nodes and edges.

    Raises:
        ValueError: ``data`` is not a graph, a value has the wrong type, or the version is unknown.
    """
    document = decode_document("graph", data)
    check_object("graph", document, _GRAPH_CHECKS)
    for part in ("modules", "nodes", "edges"):
        if not isinstance(document.get(part), list):
            raise ValueError(f"invalid graph: {short(document)} has no list of {part}")
    check_objects("graph", document["modules"], _MODULE_CHECKS, ("name",), "graph: module {}")
    check_objects("graph", document["nodes"], _NODE_CHECKS, ("kind", "name"), "graph: node {}")
    check_objects("graph", document["edges"], _EDGE_CHECKS, ("from", "to"), "graph: edge {}")
    size = len(document["nodes"])
    for place, edge in enumerate(document["edges"]):
        if not max(edge["from"], edge["to"]) < size:
            raise ValueError(
                f"invalid graph: edge {place} {short(edge)} (expected from and to below {size}, the number of nodes)"
            )
    return document
