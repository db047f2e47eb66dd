"""``POST compare``: what differs between runs and their reference, and is it more than noise."""

from typing import Any

from tensorboard import errors

from tb_nnviz.comparison.matching import WAYS
from tb_nnviz.plugin import query
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer

#: Most runs of a reference group.
MAX_REFERENCES = 50


def handle(call: Call) -> Answer:
    """Return the comparison of each run with the reference run, or with the group of runs."""
    body = query.parse_body(call.body, ("runs", "reference", "align"))
    runs, references = query.parse_runs(body), query.parse_names(body, "reference", MAX_REFERENCES)
    if not references:
        raise errors.InvalidArgumentError("missing reference: [] (a run, or the runs of a group)")
    align = query.parse_choice({"align": "step", **body}, "align", WAYS)
    comparisons: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for run in runs:
        others = [name for name in references if name != run]
        if not others:
            missing.append({"run": run, "reason": f"run {run!r} is its own reference"})
            continue
        found = call.caches.comparisons.compare(call.reader, run, others, align, call.read_tags)
        if isinstance(found, str):
            missing.append({"run": run, "reason": found})
        else:
            comparisons.append(found.document())
    return binary_answer({"comparisons": comparisons, "missing": missing})


ROUTE = Route("/compare", POST, handle)
