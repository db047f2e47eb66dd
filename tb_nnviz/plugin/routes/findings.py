"""``POST findings``: the findings of many runs."""

from tb_nnviz.logs.documents.findings import read_findings
from tb_nnviz.plugin import query
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer, missing_items


def handle(call: Call) -> Answer:
    """Return the findings of the requested runs, and the names of all other runs that have findings."""
    runs = query.parse_runs(query.parse_body(call.body, ("runs",)))
    findings, others, missing = read_findings(call.reader, runs, call.read_tags)
    items = [{"run": one.run, "wall_time": one.wall_time, **one.finding} for one in findings]
    return binary_answer({"findings": items, "others": others, "missing": missing_items(missing, "step")})


ROUTE = Route("/findings", POST, handle)
