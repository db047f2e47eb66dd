"""What ``POST histograms`` answers: which histograms there are, or those of some rows."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin import histograms as binned
from tb_nnviz.plugin.cache import tensor_points
from tb_nnviz.plugin.histogram_cache import HistogramCache, fingerprint
from tb_nnviz.plugin.histograms import History, nearest
from tb_nnviz.plugin.query import HistogramsQuery
from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import Points, Rows, merge, timeline
from tb_nnviz.plugin.series_answer import VERSION, layouts_of
from tb_nnviz.plugin.stock_histograms import OTHERS, kinds_of, stock_history

STOCK_PLUGIN = "histograms"

#: Counts in one answer; more rows or steps than that are for more than one request.
MAX_COUNTS = 64 << 20

#: Tags to try one by one in a run that cannot be listed.
LIKELY_TAGS = [schema.histogram_tag(kind) for kind in schema.KINDS]


@dataclass
class _Request:
    """One request, and what could not be answered of it."""

    reader: Reader
    cache: HistogramCache
    query: HistogramsQuery
    missing: list[dict[str, Any]] = field(default_factory=list)

    def miss(self, run: str, row: str | None, reason: str) -> None:
        self.missing.append({"run": run, "row": row, "reason": reason})

    def found(self, found: Found) -> dict[str, dict[str, Any]]:
        for run, tag, reason in found.problems:
            self.miss(run, None, f"{tag}: {reason}" if tag else reason)
        return found.data

    def points(self, plugin: str, runs: Sequence[str], tags: Sequence[str]) -> dict[str, dict[str, Points]]:
        """Events by run and tag."""
        found = self.found(self.reader.tensors(plugin, runs, tags))
        return {run: {tag: tensor_points(data) for tag, data in of_run.items()} for run, of_run in found.items()}


def histograms_answer(reader: Reader, cache: HistogramCache, query: HistogramsQuery) -> dict[str, Any]:
    """Which histograms there are, where neither rows nor a step are asked for; else those."""
    request = _Request(reader, cache, query)
    lists = query.rows is None and query.step is None
    answer = _listing(request) if lists else _histograms(request)
    return {"version": VERSION, "kind": query.kind, **answer, "missing": request.missing}


def _listing(request: _Request) -> dict[str, Any]:
    """Kinds of each run, and rows and steps of the kind asked for: at most five calls of the provider."""
    query = request.query
    ours = request.found(request.reader.list_tensors_of(schema.PLUGIN_HISTOGRAMS, query.runs))
    stock = request.found(request.reader.list_tensors_of(STOCK_PLUGIN, query.runs))
    layouts: dict[str, Rows] = {}
    runs = []
    own = {
        run: [kind for kind in schema.KINDS if schema.histogram_tag(kind) in ours.get(run, {})] for run in query.runs
    }
    others = {run: kinds_of(sorted(stock.get(run, {})), own[run]) for run in query.runs}
    layout_ids, tables = _tables(request, [run for run in query.runs if query.kind in own[run]])
    first = {run: next(iter(others[run][query.kind].values())) for run in query.runs if query.kind in others[run]}
    sample = request.points(STOCK_PLUGIN, list(first), sorted(set(first.values()))) if first else {}
    for run in query.runs:
        kinds = dict.fromkeys(others[run], "stock") | dict.fromkeys(own[run], "nnviz")
        steps, rows = np.empty(0), []
        if query.kind in own[run] and run in tables:
            points = layout_ids[run]
            steps = timeline([points])[0].astype(np.float64)
            used = [int(np.ravel(value)[0]) for value in points.values if np.size(value)]
            rows = merge(tables[run][i] for i in dict.fromkeys(used) if i in tables[run])[0]
        elif query.kind in others[run]:
            steps = timeline([sample.get(run, {}).get(first[run], Points.of([]))])[0].astype(np.float64)
            rows = [{"name": name} for name in others[run][query.kind]]
        layout = schema.layout_id(rows)
        layouts[str(layout)] = rows
        runs.append({"run": run, "kinds": kinds, "layout": layout, "steps": steps})
    return {"layouts": layouts, "runs": runs}


def _tables(request: _Request, runs: list[str]) -> tuple[dict[str, Points], dict[str, dict[int, Rows]]]:
    """What the histograms of these runs are read against: ids by event, and the tables that they name."""
    kind = request.query.kind
    if not runs or kind not in schema.KINDS:
        return {}, {}
    id_tag, layout_tag = schema.histogram_layout_id_tag(kind), schema.layout_tag(kind)
    ids = {run: tags[id_tag] for run, tags in request.points(schema.PLUGIN_HISTOGRAMS, runs, [id_tag]).items() if tags}
    tables = {
        run: layouts_of(tags[layout_tag], functools.partial(request.miss, run, None))
        for run, tags in request.points(schema.PLUGIN, list(ids), [layout_tag]).items()
        if layout_tag in tags
    }
    return {run: points for run, points in ids.items() if run in tables}, tables


def _histograms(request: _Request) -> dict[str, Any]:
    query = request.query
    histories, sources = _own(request), {}
    for run in histories:
        sources[run] = "nnviz"
    others = [run for run in query.runs if run not in histories]
    for run, history in _stock(request, others).items():
        histories[run], sources[run] = history, "stock"
    series = []
    counts = 0
    for run in query.runs:
        if run not in histories:
            if not any(problem["run"] == run for problem in request.missing):
                request.miss(run, None, f"no histograms of kind {query.kind!r} in run {run!r}")
            continue
        history = histories[run]
        for complaint in history.complaints:
            request.miss(run, None, complaint)
        if not history.steps.size:
            continue
        every = np.arange(history.steps.size)
        at = every if query.step is None else every[[nearest(history.steps, query.step)]]
        layouts = dict.fromkeys(history.layouts[i] for i in at)
        present = [row["name"] for row in merge(history.tables[layout] for layout in layouts)[0]]
        names = present if query.rows is None else [name for name in query.rows if name in set(present)]
        for name in query.rows or ():
            if name not in names:
                request.miss(run, name, f"no histograms of {name!r} in run {run!r}")
        if not names:
            continue
        found = history.answer(names, at, MAX_COUNTS - counts)
        if found is None:
            request.miss(run, None, f"too many counts: over {MAX_COUNTS} in one answer; ask for fewer rows")
            continue
        counts += found["counts"].size
        where = {"steps": history.steps[at], "wall_times": history.wall_times[at]}
        series.append({"run": run, "source": sources[run], "rows": names, **where, **found})
    return {"quantiles": list(binned.QUANTILES), "series": series}


def _own(request: _Request) -> dict[str, History]:
    """Histories of ours: where nothing was written since, the counts themselves are not read again."""
    query, cache = request.query, request.cache
    layout_ids, tables = _tables(request, list(query.runs))
    histories: dict[str, History] = {}
    wanted = []
    for run, points in layout_ids.items():
        history = cache.find(
            (request.reader.experiment, run, query.kind), fingerprint(points, tables[run]), query.rows, query.step
        )
        if history is None:
            wanted.append(run)
        else:
            histories[run] = history
    tag = schema.histogram_tag(query.kind)
    payloads = request.points(schema.PLUGIN_HISTOGRAMS, wanted, [tag]) if wanted else {}
    for run in wanted:
        if tag in payloads.get(run, {}):
            name = request.reader.experiment, run, query.kind
            histories[run] = cache.make(name, layout_ids[run], payloads[run][tag], tables[run], query.rows, query.step)
    return histories


def _stock(request: _Request, runs: list[str]) -> dict[str, History]:
    """Histories from TensorBoard's own histograms, of the rows asked for."""
    query = request.query
    if query.kind not in (*schema.STOCK_HISTOGRAMS, OTHERS) or not runs:
        return {}
    prefix = schema.STOCK_HISTOGRAMS.get(query.kind, "")
    if query.rows is not None:
        tags = {prefix + name: name for name in query.rows}
    else:
        listed = request.found(request.reader.list_tensors_of(STOCK_PLUGIN, runs))
        found = [kinds_of(sorted(of_run), []).get(query.kind, {}) for of_run in listed.values()]
        tags = {tag: name for of_run in found for name, tag in of_run.items()}
    points = request.points(STOCK_PLUGIN, runs, list(tags)) if tags else {}
    return {
        run: stock_history({name: points[run][tag] for tag, name in tags.items() if tag in points[run]}, query.step)
        for run in runs
        if points.get(run)
    }
