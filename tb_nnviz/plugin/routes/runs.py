"""``GET runs``: the runs that hold statistics."""

from tb_nnviz.logs.runs import LIKELY_TAGS, describe_runs
from tb_nnviz.plugin.route import GET, Answer, Call, Route, json_answer


def handle(call: Call) -> Answer:
    """Return the runs. Their listing also shows the cache which series have changed."""
    listed = call.caches.series.list_all(call.reader, LIKELY_TAGS).data
    runs = describe_runs(listed, call.reader.start_times() if listed else {})
    items = [
        {"run": run.name, "kinds": run.kinds, "first_wall_time": run.first_wall_time, "steps": run.last_step}
        for run in runs
    ]
    return json_answer({"runs": items})


ROUTE = Route("/runs", GET, handle)
