"""The series of a run, read from its log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from tb_nnviz import schema
from tb_nnviz.comparison.series import KindSeries, RunSeries, Scalar
from tb_nnviz.diagnosis.steps import make_rows
from tb_nnviz.logs.alignment import Table
from tb_nnviz.logs.documents.optimizers import read_optimizers
from tb_nnviz.logs.documents.settings import read_settings
from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.logs.resumed.guides import ReadTags
from tb_nnviz.logs.scalars import ScalarSeries, read_scalars
from tb_nnviz.logs.series import Selection, read_tables


def read_series(
    reader: Reader, runs: Sequence[str], read: ReadTags | None = None
) -> tuple[dict[str, RunSeries], list[Missing]]:
    """Read the series of some runs. Steps that a resumed run has abandoned are left out.

    Args:
        reader: the source.
        runs: the names of the runs.
        read: reads tags of ``schema.PLUGIN``. None: the reader.

    Returns:
        The series by run, and the items that cannot be read.
    """
    read = partial(reader.read_tensors, schema.PLUGIN) if read is None else read
    listed = reader.list_tensors(schema.PLUGIN, runs).data
    kinds: dict[str, dict[str, KindSeries]] = {run: {} for run in runs}
    missing: list[Missing] = []
    for kind in schema.KINDS:
        written = {run: _statistics(listed.get(run, ()), kind) for run in runs}
        for names in dict.fromkeys(tuple(names) for names in written.values() if names):
            of = [run for run in runs if written[run] == list(names)]
            tables, lacking = read_tables(read, of, Selection(kind, names))
            missing += [one for one in lacking if one.statistic not in schema.SPARSE_STATISTICS]
            for run, table in tables.items():
                kinds[run][kind] = _series(table)
    scalars, lacking = read_scalars(reader, runs, read=read)
    missing += [one for one in lacking if one.tag is not None]
    histories, lacking = read_optimizers(reader, runs, read)
    missing += lacking
    settings, lacking = read_settings(read, runs)
    missing += lacking
    found = {}
    for run in runs:
        own, history = [one for one in scalars if one.run == run], histories.get(run)
        documents = () if history is None else zip(history.steps, history.documents, strict=True)
        found[run] = RunSeries(
            run,
            kinds[run],
            _scalars(own, schema.TAG_GLOBAL),
            _scalars(own, schema.TAG_LOG),
            tuple((step, tuple(document["optimizers"])) for step, document in documents),
            settings.get(run, {}),
        )
    return found, missing


def _statistics(tags: Iterable[str], kind: str) -> list[str]:
    """Return the statistics of a kind among some tags, in the order in which they are known."""
    known = (*schema.STATISTICS, *schema.KIND_STATISTICS.get(kind, ()))
    prefix = schema.statistic_tag(kind, "")
    names = {tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)} - {"histogram"}
    return [*(name for name in known if name in names), *sorted(names.difference(known))]


def _series(table: Table) -> KindSeries:
    present = table.absent == 0
    values = {name: np.where(present, of, np.nan).astype(np.float32) for name, of in table.values.items()}
    return KindSeries(table.steps, make_rows(table.rows), values, present)


def _scalars(series: Sequence[ScalarSeries], prefix: str) -> dict[str, Scalar]:
    found = {}
    for one in series:
        if one.tag.startswith(prefix):
            # of several values of a step, the last counts
            steps, last = np.unique(one.steps[::-1], return_index=True)
            values = one.values[::-1][last].astype(np.float64)
            found[one.tag.removeprefix(prefix)] = Scalar(steps.astype(np.float64), values)
    return found
