"""``POST structure``: layers, parameters and dataflow of many runs' models."""

from tb_nnviz.logs.documents.graph import read_structures
from tb_nnviz.plugin import query
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer, missing_items


def handle(call: Call) -> Answer:
    """Return the newest graph and rows of many runs."""
    runs = query.parse_runs(query.parse_body(call.body, ("runs",)))
    structures, missing = read_structures(call.reader, runs)
    items = [
        {"run": one.run, "graph": one.graph, "layers": one.layers, "parameters": one.parameters} for one in structures
    ]
    return binary_answer({"runs": items, "missing": missing_items(missing)})


ROUTE = Route("/structure", POST, handle)
