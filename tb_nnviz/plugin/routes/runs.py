"""``GET runs``: the runs that hold statistics, and the notices of each."""

from functools import partial

from tb_nnviz import schema
from tb_nnviz.logs.notices import read_notices
from tb_nnviz.logs.runs import LIKELY_TAGS, describe_runs
from tb_nnviz.plugin.route import GET, Answer, Call, Route, json_answer, missing_items


def handle(call: Call) -> Answer:
    """Return the runs. Their listing also shows the cache which series have changed."""
    listed = call.caches.series.list_all(call.reader, LIKELY_TAGS).data
    runs = describe_runs(listed, call.reader.start_times() if listed else {})
    noticed = [run.name for run in runs if schema.TAG_NOTICES in listed[run.name]]
    notices, missing = read_notices(partial(call.caches.series.read, call.reader), noticed) if noticed else ({}, [])
    items = [
        {
            "run": run.name,
            "kinds": run.kinds,
            "first_wall_time": run.first_wall_time,
            "steps": run.last_step,
            "notices": [notice._asdict() for notice in notices.get(run.name, ())],
        }
        for run in runs
    ]
    return json_answer({"runs": items, "missing": missing_items(missing)})


ROUTE = Route("/runs", GET, handle)
