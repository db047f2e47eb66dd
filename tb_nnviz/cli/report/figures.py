"""The pictures of a finding: the values of a log that show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from tb_nnviz import schema
from tb_nnviz.cli.report.svg import Columns, Curve, Marks, curves, heat_map, profile
from tb_nnviz.cli.report.words import series_name
from tb_nnviz.logs.alignment import Table
from tb_nnviz.logs.columns import column_starts, reduce_columns
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.logs.scalars import read_scalars
from tb_nnviz.logs.series import Selection, read_tables
from tb_nnviz.rules.finding import Finding

#: Largest size of a heat map.
MAX_ROWS, MAX_COLUMNS = 28, 160
#: Columns of pixels of a heat map.
PLACES = 640
#: Most curves of scalars in one picture.
MAX_CURVES = 4
#: Least number of rows of a heat map or profile. Fewer are shown as curves only.
MIN_ROWS = 3
#: Rules whose problem is a trend over depth.
_OVER_DEPTH = frozenset({"gradient/vanishing", "gradient/exploding", "activation/scale", "activation/saturated"})
#: Beginnings of rules whose problem the curves of learning rates and of losses show.
_OF_RATES = ("learning_rate/",)
_OF_LOSSES = ("loss/", "nonfinite/", "learning_rate/", "output/", "gradient/accumulates")
#: Largest relative difference between a finding's value and the row's at that step. Beyond it, its limits are those of
#: another series.
_SAME = 0.01


class Figures:
    """The source of the pictures of findings.

    Args:
        logdir: the directory of the runs.
        reference: the name of the run whose values are drawn beside those of the others, if any.
    """

    def __init__(self, logdir: Path, reference: str | None) -> None:
        self._logdir, self._reference = logdir, reference
        self._run, self._reader = "", EventFileReader(logdir)
        self._reference_reader = None if reference is None else EventFileReader(logdir / reference)
        self._tables: dict[tuple[bool, str, str], Table | None] = {}

    def of(self, run: str, finding: Finding) -> Iterator[str]:
        """Yield the pictures of a finding as SVG."""
        self._open(run)
        if finding.rule.startswith(_OF_RATES):
            yield from self._scalars(finding.since, schema.TAG_GLOBAL + "learning_rate/", "learning rate")
        if finding.rule.startswith(_OF_LOSSES):
            yield from self._scalars(finding.since, schema.TAG_LOG, "loss")
        table = self._table(False, finding.kind, finding.statistic) if finding.kind else None
        if table is None:
            return
        has_row = finding.row in [row["name"] for row in table.rows]
        if has_row:
            yield self._curve(table, finding)
        rows = self._shown(table, finding)
        if len(rows) >= MIN_ROWS and (has_row or not finding.row):
            yield _heat_map(table, rows, finding)
            if finding.rule in _OVER_DEPTH:
                yield self._profile(table, finding)

    def losses(self, run: str) -> Iterator[str]:
        """Yield the picture of the losses of a run as SVG, if there are any."""
        self._open(run)
        yield from self._scalars(None, schema.TAG_LOG, "loss")

    def _open(self, run: str) -> None:
        if run != self._run:  # one run is kept at a time
            self._run, self._reader = run, EventFileReader(self._logdir / run)
            self._tables = {key: table for key, table in self._tables.items() if key[0]}

    def _table(self, of_reference: bool, kind: str, statistic: str) -> Table | None:
        key = (of_reference, kind, statistic)
        if key not in self._tables:
            reader = self._reference_reader if of_reference else self._reader
            if reader is None:
                return None
            read = partial(reader.read_tensors, schema.PLUGIN)
            self._tables[key] = read_tables(read, ["."], Selection(kind, [statistic]))[0].get(".")
        return self._tables[key]

    def _curve(self, table: Table, finding: Finding) -> str:
        own = Curve(finding.row, *_series(table, finding.statistic, finding.row))
        drawn = [own]
        other = self._table(True, finding.kind, finding.statistic) if self._run != self._reference else None
        if other is not None and _shape(other, finding.row) == _shape(table, finding.row):
            drawn.append(Curve(f"reference: {self._reference}", *_series(other, finding.statistic, finding.row)))
        title = f"{series_name(finding.kind, finding.statistic)} of {finding.row}"
        is_own = _is_own(own, finding)
        limit, usual = (finding.limit, finding.usual) if is_own else (None, None)
        return curves(title, drawn, Marks(finding.since, limit, usual))

    def _profile(self, table: Table, finding: Finding) -> str:
        other = self._table(True, finding.kind, finding.statistic) if self._run != self._reference else None
        own = _at_step(table, finding.statistic, finding.step)
        theirs = {} if other is None else _at_step(other, finding.statistic, finding.step)
        common = [name for name in own if name in theirs]
        if len(common) < MIN_ROWS:
            return profile(_depth_title(finding), [_depth_curve("this run", own, list(own))])
        drawn = [
            _depth_curve("this run", own, common),
            _depth_curve(f"reference: {self._reference}", theirs, common),
        ]
        return profile(_depth_title(finding), drawn)

    def _scalars(self, since: int | None, prefix: str, name: str) -> Iterator[str]:
        """Yield the curves of the scalars whose tags have a prefix and a word, such as what the user logs as losses."""
        series, _ = read_scalars(self._reader, ["."], prefix=prefix)
        found = [one for one in series if name in one.tag.lower().replace("_", " ")]
        drawn = [
            Curve(one.tag.removeprefix(prefix), one.steps.astype(np.float64), one.values.astype(np.float64))
            for one in found[:MAX_CURVES]
        ]
        if drawn:
            title = name if len(drawn) > 1 or prefix != schema.TAG_LOG else drawn[0].name
            yield curves(title, drawn, Marks(since, None, None))

    def _shown(self, table: Table, finding: Finding) -> list[int]:
        """Return the rows of the heat map: one per layer, at most ``MAX_ROWS``.

        If there are more, they are the layers with weights, or those of the finding's type if it has no weight. If
        these are too many, they are the ones next to it.
        """
        rows = _main_rows(table)
        own = next((i for i in rows if table.rows[i]["name"] == finding.row), None)
        if own is None:
            own = next((i for i in rows if table.rows[i]["module"] == finding.layer), rows[0] if rows else None)
        if own is None or len(rows) <= MAX_ROWS:
            return rows
        weights = self._table(False, "parameter", "norm")
        owners = {row["module"] for row in weights.rows if row["role"] == "weight"} if weights else set()
        alike = [i for i in rows if table.rows[i]["type"] == table.rows[own]["type"]]
        if table.rows[own]["module"] in owners or len(alike) < MIN_ROWS:
            alike = [i for i in rows if i == own or table.rows[i]["module"] in owners]
        rows = alike if len(alike) >= MIN_ROWS else rows
        place = rows.index(own)
        first = max(0, min(place - MAX_ROWS // 2, len(rows) - MAX_ROWS))
        return rows[first : first + MAX_ROWS]


def _is_own(curve: Curve, finding: Finding) -> bool:
    """Return True if the value of a finding is the row's, and not a total or a median of several rows."""
    at = np.flatnonzero(curve.x == finding.step)
    if finding.value is None or not at.size:
        return False
    return bool(np.isclose(float(curve.y[at[0]]), finding.value, rtol=_SAME, atol=0.0))


def _series(table: Table, statistic: str, row: str) -> tuple[np.ndarray, np.ndarray]:
    place = next(i for i, one in enumerate(table.rows) if one["name"] == row)
    present = table.absent[:, place] == 0
    return table.steps[present], table.values[statistic][present, place].astype(np.float64)


def _shape(table: Table, row: str) -> object:
    """Return the shape of a row, None if the table has no such row."""
    return next((one["shape"] for one in table.rows if one["name"] == row), None)


def _at_step(table: Table, statistic: str, step: int) -> dict[str, float]:
    """Return the values of the rows at the logged step nearest to a step, by name in their order."""
    place = int(np.abs(table.steps - step).argmin())
    kept = [i for i in _main_rows(table) if not table.absent[place, i]]
    return {table.rows[i]["name"]: float(table.values[statistic][place, i]) for i in kept}


def _depth_title(finding: Finding) -> str:
    return f"{series_name(finding.kind, finding.statistic)} over depth, step {finding.step}"


def _depth_curve(name: str, values: dict[str, float], rows: Sequence[str]) -> Curve:
    return Curve(name, np.arange(len(rows), dtype=np.float64), np.array([values[one] for one in rows], np.float64))


def _main_rows(table: Table) -> list[int]:
    """Return one row per layer: its weight, or what it has."""
    chosen: dict[str, int] = {}
    for i, row in enumerate(table.rows):
        key = f"{row['module']}#{row['call']}"
        if key not in chosen or (row["role"] == "weight" and table.rows[chosen[key]]["role"] != "weight"):
            chosen[key] = i
    return list(chosen.values())


def _heat_map(table: Table, rows: Sequence[int], finding: Finding) -> str:
    values, absent = table.values[finding.statistic][:, rows], np.ascontiguousarray(table.absent[:, rows])
    starts = column_starts(len(values), MAX_COLUMNS)
    at = starts[:, None] + reduce_columns(np.ascontiguousarray(values), absent, starts).at.astype(np.int64)
    columns = np.arange(len(rows))[None, :]
    # Even places over steps: after a finding, steps are logged more densely.
    places = np.linspace(table.steps[0], table.steps[-1], PLACES)
    chosen = np.searchsorted(table.steps[starts], places, "right") - 1
    since, seen = int(np.searchsorted(places, finding.since)), int(np.searchsorted(places, finding.step, "right"))
    affected = set(finding.details.get("layers", ())) | {finding.layer}
    names = [str(table.rows[i]["name"]) for i in rows]
    marked = [str(table.rows[i]["module"]) in affected for i in rows]
    title = f"{series_name(finding.kind, finding.statistic)}, layers over steps"
    drawn, gone = values[at, columns][chosen].T, absent[at, columns][chosen].T != 0
    ends = (int(table.steps[0]), int(table.steps[-1]))
    return heat_map(title, names, marked, drawn, gone, ends, Columns(since, finding.since, max(seen, 1)))
