"""The steps of a logged run, as rules read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.alignment import Table
from tb_nnviz.logs.documents.optimizers import OptimizerHistory, read_optimizers
from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.logs.resumed.guides import ReadTags
from tb_nnviz.logs.scalars import ScalarSeries, read_scalars
from tb_nnviz.logs.series import Selection, read_tables
from tb_nnviz.rules.step_values import Rows, StepValues

#: Statistics of gradients that are only written at logged steps.
_MEASURED = ("mean", "absmax")
#: Scalars in the events of the steps between logged ones.
_OF_WINDOW = frozenset({"gradient_norm", "skipped"})
_ROW_KEYS = tuple(field.name for field in fields(schema.Row))


def read_steps(
    reader: Reader, run: str, reads: Collection[tuple[str, str]], read: ReadTags | None = None
) -> tuple[Iterator[StepValues], list[Missing]]:
    """Read a run step by step. Steps that a resumed run has abandoned are left out.

    A step comes as in training: first its statistics, then what the user logged for it. Steps between logged ones, of
    which only the norms of gradients were kept, have no statistics, because rules do not get them in training.

    Args:
        reader: the source.
        run: the name of the run.
        reads: kind and statistic of each series to read, as far as the run has them.
        read: reads tags of ``schema.PLUGIN``. None: the reader.

    Returns:
        The steps in order, and the items that cannot be read.
    """
    read = partial(reader.read_tensors, schema.PLUGIN) if read is None else read
    written = set(reader.list_tensors(schema.PLUGIN, [run]).data.get(run, ()))
    tables: dict[str, Table] = {}
    missing: list[Missing] = []
    for kind in dict.fromkeys(kind for kind, _ in sorted(reads)):
        names = [name for of, name in sorted(reads) if of == kind]
        anchors = _MEASURED if kind == "gradient" else ()
        wanted = [name for name in dict.fromkeys([*names, *anchors]) if schema.statistic_tag(kind, name) in written]
        if any(name in names for name in wanted):
            selection = Selection(kind, wanted, anchors=[name for name in anchors if name in wanted])
            found, lacking = read_tables(read, [run], selection)
            tables.update((kind, table) for table in found.values())
            missing += lacking
    series, lacking = read_scalars(reader, [run], read=read)
    missing += [one for one in lacking if one.tag is not None]
    histories, lacking = read_optimizers(reader, [run], read)
    return _steps(tables, series, histories.get(run)), missing + lacking


def _steps(
    tables: dict[str, Table], series: Sequence[ScalarSeries], optimizers: OptimizerHistory | None
) -> Iterator[StepValues]:
    rows = {kind: make_rows(table.rows) for kind, table in tables.items()}
    places = {kind: {int(step): i for i, step in enumerate(table.steps)} for kind, table in tables.items()}
    scalars, logged = _by_step(series, schema.TAG_GLOBAL), _by_step(series, schema.TAG_LOG)
    for step in sorted({*scalars, *logged}.union(*places.values())):
        kinds = [kind for kind in tables if step in places[kind]]
        if kinds or not scalars.get(step, {}).keys() <= _OF_WINDOW:
            statistics = {kind: _statistics(tables[kind], places[kind][step]) for kind in kinds}
            document = None if optimizers is None else optimizers.at(step)
            yield StepValues(
                step,
                {kind: rows[kind] for kind in kinds},
                statistics,
                scalars.get(step, {}),
                optimizers=None if document is None else document["optimizers"],
            )
        if step in logged:
            yield StepValues(step, logged=logged[step])


def _statistics(table: Table, place: int) -> dict[str, np.ndarray]:
    absent = table.absent[place] != 0
    values = {name: np.where(absent, np.nan, values[place]).astype(np.float64) for name, values in table.values.items()}
    counts = values.get("count", np.ones(len(absent)))
    return {**values, "count": np.where(absent, 0.0, counts)}


def _by_step(series: Sequence[ScalarSeries], prefix: str) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for one in series:
        if one.tag.startswith(prefix):
            name = one.tag.removeprefix(prefix)
            for step, value in zip(one.steps.tolist(), one.values.tolist(), strict=True):
                found.setdefault(int(step), {})[name] = value
    return found


def make_rows(documents: Iterable[dict[str, Any]]) -> Rows:
    """Return the rows of a layout's documents."""
    return Rows(_row(document) for document in documents)


def _row(document: dict[str, Any]) -> schema.Row:
    row = {key: document[key] for key in _ROW_KEYS}
    shape, tied = tuple(row["shape"]), row["tied_to"]
    return schema.Row(**{**row, "shape": shape, "tied_to": None if tied is None else tuple(tied)})
