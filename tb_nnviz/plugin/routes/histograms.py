"""``POST histograms``: histograms of one kind over steps, with their quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tensorboard import errors

from tb_nnviz import schema
from tb_nnviz.logs.histograms import stock
from tb_nnviz.logs.histograms.quantiles import QUANTILES
from tb_nnviz.logs.histograms.reading import HistogramReading, HistogramSeries
from tb_nnviz.plugin import query
from tb_nnviz.plugin.query import is_index, short
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer, missing_items

KINDS = (*schema.KINDS, stock.KIND)


@dataclass(frozen=True)
class HistogramsQuery:
    """Histograms of one kind for many runs.

    Attributes:
        runs: the names of the runs.
        kind: the kind.
        rows: the names of the rows. None: all rows.
        step: the step. None: all steps. If ``rows`` and ``step`` are None, the answer is the listing.
    """

    runs: tuple[str, ...]
    kind: str
    rows: tuple[str, ...] | None
    step: int | None


def parse(data: bytes) -> HistogramsQuery:
    """Parse the body of ``POST histograms``."""
    body = query.parse_body(data, ("runs", "kind", "rows", "step"))
    kind, step = query.parse_choice(body, "kind", KINDS), body.get("step")
    if step is not None and not is_index(step, 1 << 53):
        raise errors.InvalidArgumentError(f"invalid step: {short(step)} (expected a step or null)")
    rows = None if body.get("rows") is None else query.parse_names(body, "rows", query.MAX_ROWS)
    return HistogramsQuery(query.parse_runs(body), kind, rows, step)


def handle(call: Call) -> Answer:
    """Return the listing, or the histograms of some rows and steps."""
    requested = parse(call.body)
    reading = HistogramReading(call.reader, requested.runs, requested.kind, call.caches.histograms, call.read_tags)
    if requested.rows is None and requested.step is None:
        answer = _listing(reading)
    else:
        series = [_item(one) for one in reading.read(requested.rows, requested.step)]
        answer = {"quantiles": list(QUANTILES), "series": series}
    return binary_answer({"kind": requested.kind, **answer, "missing": missing_items(reading.missing, "row")})


def _listing(reading: HistogramReading) -> dict[str, Any]:
    layouts: dict[str, Any] = {}
    runs = []
    for one in reading.listing():
        layouts[str(one.rows.checksum)] = one.rows
        runs.append({"run": one.run, "kinds": one.kinds, "layout": one.rows.checksum, "steps": one.steps})
    return {"layouts": layouts, "runs": runs}


def _item(series: HistogramSeries) -> dict[str, Any]:
    dense = series.histograms
    return {
        "run": series.run,
        "source": series.source,
        "rows": series.rows,
        "steps": series.steps,
        "wall_times": series.wall_times,
        "first_bin": dense.first_bin,
        "counts": dense.counts,
        "special": dense.special,
        "absent": dense.absent,
        "quantiles": dense.quantiles,
    }


ROUTE = Route("/histograms", POST, handle)
