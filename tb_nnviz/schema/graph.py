"""Graphs: the modules of a model and the dataflow between them."""

from __future__ import annotations

from typing import Any

from tb_nnviz.schema.document import decode_document


def decode_graph(data: bytes) -> dict[str, Any]:
    """Decode the payload of ``nnviz/graph`` to its document: modules, nodes and edges.

    Raises:
        ValueError: ``data`` is not a graph, or has an unknown version.
    """
    document = decode_document("graph", data)
    for part in ("modules", "nodes", "edges"):
        if not isinstance(document.get(part), list):
            raise ValueError(f"invalid graph: {str(document)[:80]} has no list of {part}")
    size = len(document["nodes"])
    for edge in document["edges"]:
        ends = (edge.get("from"), edge.get("to")) if isinstance(edge, dict) else (None, None)
        if not all(type(end) is int and 0 <= end < size for end in ends):
            raise ValueError(
                f"invalid graph: edge {str(edge)[:80]} (expected from and to below {size}, the number of nodes)"
            )
    return document
