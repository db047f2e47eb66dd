"""``GET runs``: the runs that hold statistics, and the notices of each."""

from tb_nnviz import schema
from tb_nnviz.logs.documents.notices import read_notices
from tb_nnviz.logs.runs import LIKELY_TAGS, describe_runs
from tb_nnviz.plugin.route import GET, Answer, Call, Route, json_answer, missing_items


def handle(call: Call) -> Answer:
    """Return the runs, and the number of TensorBoard's other runs. The listing also shows which series have changed."""
    listed = call.caches.series.list_all(call.reader, LIKELY_TAGS).data
    start_times = call.reader.start_times()
    runs = describe_runs(listed, start_times)
    others = len(start_times.keys() - {run.name for run in runs})
    noticed = [run.name for run in runs if schema.TAG_NOTICES in listed[run.name]]
    notices, missing = read_notices(call.read_tags, noticed) if noticed else ({}, [])
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
    return json_answer({"runs": items, "others": others, "missing": missing_items(missing)})


ROUTE = Route("/runs", GET, handle)
