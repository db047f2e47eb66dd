"""Reading of histograms of many runs: the listing, and the histograms of some rows and steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms import stock
from tb_nnviz.logs.histograms.cache import HistogramCache, Key, fingerprint
from tb_nnviz.logs.histograms.history import DenseHistograms, History
from tb_nnviz.logs.layouts import Rows, decode_layout_ids, decode_layouts, merge_layouts
from tb_nnviz.logs.points import Points
from tb_nnviz.logs.reader import Missing, Reader, ReadResult, T
from tb_nnviz.logs.resumed.guides import GUIDES, ReadTags
from tb_nnviz.logs.resumed.sessions import Sessions
from tb_nnviz.logs.resumed.timeline import nearest, sessions_of, timeline, without_abandoned

#: Largest number of counts in one answer. More rows or steps have to be read in several answers.
MAX_COUNTS = 64 << 20


@dataclass(frozen=True)
class ListedHistograms:
    """A run with its kinds of histograms, and the rows and steps of one kind.

    Attributes:
        run: the name of the run.
        kinds: the source of each kind's histograms, "nnviz" or "stock", by kind.
        rows: the rows of the requested kind.
        steps: the steps of the requested kind, float64 [n].
    """

    run: str
    kinds: dict[str, str]
    rows: Rows
    steps: np.ndarray


@dataclass(frozen=True)
class HistogramSeries:
    """The histograms of some rows of a run.

    Attributes:
        run: the name of the run.
        source: "nnviz" or "stock".
        rows: the names of the rows.
        steps: float64 [n].
        wall_times: float64 [n].
        histograms: [n, rows].
    """

    run: str
    source: str
    rows: list[str]
    steps: np.ndarray
    wall_times: np.ndarray
    histograms: DenseHistograms


@dataclass
class HistogramReading:
    """The reading of one kind's histograms for one request. It collects the items that are missing.

    Histograms of nnviz that a resumed run has abandoned are left out. ``read_tags`` is the ``read`` of
    ``read_sessions``.
    """

    reader: Reader
    runs: Sequence[str]
    kind: str
    cache: HistogramCache = field(default_factory=HistogramCache)
    read_tags: ReadTags | None = None
    missing: list[Missing] = field(default_factory=list)
    _sessions: dict[str, Sessions] = field(default_factory=dict)

    def listing(self) -> list[ListedHistograms]:
        """List the kinds of each run, and the rows and steps of the requested kind, with at most five reads."""
        own_tags = self._data(self.reader.list_tensors(schema.PLUGIN_HISTOGRAMS, self.runs))
        stock_tags = self._data(self.reader.list_tensors(stock.PLUGIN, self.runs))
        own = {
            run: [kind for kind in schema.KINDS if schema.histogram_tag(kind) in own_tags.get(run, {})]
            for run in self.runs
        }
        others = {run: stock.kinds_of(stock_tags.get(run, {}), own[run]) for run in self.runs}
        layout_ids, tables = self._layouts([run for run in self.runs if self.kind in own[run]])
        of_stock = {run: others[run][self.kind] for run in self.runs if self.kind in others[run]}
        points_of = self._points(stock.PLUGIN, list(of_stock), list(_tags_of(of_stock.values()))) if of_stock else {}
        listed = []
        for run in self.runs:
            kinds = dict.fromkeys(others[run], "stock") | dict.fromkeys(own[run], "nnviz")
            steps, rows = np.empty(0), Rows()
            if self.kind in own[run] and run in tables:
                points = layout_ids[run]
                steps = timeline([points])[0].astype(np.float64)
                used = dict.fromkeys(np.ravel(points.values).tolist())
                rows = merge_layouts(tables[run][i] for i in used if i in tables[run])[0]
            elif self.kind in others[run]:
                read = points_of.get(run, {})
                steps = stock.union_of_steps(read[tag] for tag in of_stock[run].values() if tag in read)
                steps = steps.astype(np.float64)
                rows = Rows({"name": name} for name in of_stock[run])
            listed.append(ListedHistograms(run, kinds, rows, steps))
        return listed

    def read(self, rows: Sequence[str] | None = None, step: int | None = None) -> list[HistogramSeries]:
        """Read the histograms of each run: nnviz's own, else TensorBoard's.

        Args:
            rows: the names of the rows. None: all.
            step: read only the nearest step. None: all steps.
        """
        histories, sources = self._own(rows, step), {}
        for run in histories:
            sources[run] = "nnviz"
        for run, history in self._stock([run for run in self.runs if run not in histories], rows, step).items():
            histories[run], sources[run] = history, "stock"
        series: list[HistogramSeries] = []
        room = MAX_COUNTS
        for run in self.runs:
            if run not in histories:
                if not any(missing.run == run for missing in self.missing):
                    self._miss(run, f"no histograms of kind {self.kind!r} in run {run!r}")
                continue
            history = histories[run]
            for problem in history.problems:
                self._miss(run, problem)
            for row, problem in history.row_problems:
                self._miss(run, problem, row)
            names, at = self._select(run, history, rows, step)
            if not names:
                continue
            dense = history.dense(names, at, room)
            if dense is None:
                self._miss(run, f"too many counts: more than {MAX_COUNTS} in one answer (request fewer rows)")
                continue
            room -= dense.counts.size
            series.append(HistogramSeries(run, sources[run], names, history.steps[at], history.wall_times[at], dense))
        return series

    def _select(
        self, run: str, history: History, rows: Sequence[str] | None, step: int | None
    ) -> tuple[list[str], np.ndarray]:
        """Return the names of the requested rows that a history has, and the indices of the requested steps."""
        at = np.arange(history.steps.size)
        if not at.size:
            return [], at
        if step is not None:
            at = at[[nearest(history.steps, step)]]
        layouts = dict.fromkeys(history.layout_ids[i] for i in at)
        present = [row["name"] for row in merge_layouts(history.tables[layout] for layout in layouts)[0]]
        if rows is None:
            return present, at
        for name in rows:
            if name not in set(present):
                self._miss(run, f"no histograms of {name!r} in run {run!r}", name)
        return [name for name in rows if name in set(present)], at

    def _own(self, rows: Sequence[str] | None, step: int | None) -> dict[str, History]:
        """Return the histories of nnviz's own histograms. Counts are read only for runs that are not in the cache."""
        layout_ids, tables = self._layouts(self.runs)
        histories: dict[str, History] = {}
        wanted = []
        for run, points in layout_ids.items():
            history = self.cache.find(self._key(run), fingerprint(points, tables[run]), rows, step)
            if history is None:
                wanted.append(run)
            else:
                histories[run] = history
        tag = schema.histogram_tag(self.kind)
        payloads = self._points(schema.PLUGIN_HISTOGRAMS, wanted, [tag]) if wanted else {}
        for run in wanted:
            if tag in payloads.get(run, {}):
                key = self._key(run)
                valid = without_abandoned(payloads[run][tag], self._sessions.get(run))
                histories[run] = self.cache.make(key, layout_ids[run], valid, tables[run], rows, step)
        return histories

    def _stock(self, runs: Sequence[str], rows: Sequence[str] | None, step: int | None) -> dict[str, History]:
        """Return the histories of TensorBoard's own histograms."""
        if self.kind not in (*schema.STOCK_HISTOGRAMS, stock.KIND) or not runs:
            return {}
        prefix = schema.STOCK_HISTOGRAMS.get(self.kind, "")
        if rows is not None:
            tags = {prefix + name: name for name in rows}
        else:
            listed = self._data(self.reader.list_tensors(stock.PLUGIN, runs))
            tags = _tags_of(stock.kinds_of(of_run, []).get(self.kind, {}) for of_run in listed.values())
        points = self._points(stock.PLUGIN, runs, list(tags)) if tags else {}
        return {
            run: stock.stock_history({name: points[run][tag] for tag, name in tags.items() if tag in points[run]}, step)
            for run in runs
            if points.get(run)
        }

    def _layouts(self, runs: Sequence[str]) -> tuple[dict[str, Points], dict[str, dict[int, Rows]]]:
        """Return the events of the histogram layout id tag by run, and the rows by run and layout id."""
        if not runs or self.kind not in schema.KINDS:
            return {}, {}
        id_tag, layout_tag = schema.histogram_layout_id_tag(self.kind), schema.layout_tag(self.kind)
        ids = {
            run: tags[id_tag] for run, tags in self._points(schema.PLUGIN_HISTOGRAMS, runs, [id_tag]).items() if tags
        }
        read = self.read_tags or functools.partial(self.reader.read_tensors, schema.PLUGIN)
        tables = {}
        for run, tags in self._data(read(list(ids), [layout_tag, *GUIDES])).items():
            guides = [tags[tag] for tag in GUIDES if tag in tags]
            if guides:
                self._sessions[run] = sessions_of(guides)
            if layout_tag in tags:
                tables[run] = decode_layouts(tags[layout_tag], self._reporter(run, layout_tag))
        checked = {run: decode_layout_ids(ids[run], self._reporter(run, id_tag)) for run in ids if run in tables}
        return {run: without_abandoned(points, self._sessions.get(run)) for run, points in checked.items()}, tables

    def _points(self, plugin: str, runs: Sequence[str], tags: Sequence[str]) -> dict[str, dict[str, Points]]:
        data = self._data(self.reader.read_tensors(plugin, runs, tags))
        return {run: {tag: points.stacked() for tag, points in of_run.items()} for run, of_run in data.items()}

    def _data(self, result: ReadResult[T]) -> dict[str, dict[str, T]]:
        """Return the series of a read, and add its problems to ``missing``."""
        for run, tag, reason, _ in result.problems:
            self._miss(run, f"{tag}: {reason}" if tag else reason)
        return result.data

    def _reporter(self, run: str, tag: str) -> Callable[[str], None]:
        """Return a function that adds the reason why a value of a tag is invalid to ``missing``."""
        return lambda reason: self._miss(run, f"{tag}: {reason}")

    def _miss(self, run: str, reason: str, row: str | None = None) -> None:
        self.missing.append(Missing(run, reason, row=row))

    def _key(self, run: str) -> Key:
        return self.reader.experiment, run, self.kind


def _tags_of(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return {tag: row} of several runs' {row: tag}, in natural order."""
    tags = {tag: name for of_run in rows for name, tag in of_run.items()}
    return {tag: tags[tag] for tag in sorted(tags, key=stock.natural_key)}
