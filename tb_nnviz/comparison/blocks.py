"""The series that several runs have in common, matched and on scales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tb_nnviz.comparison.matching import Matching
from tb_nnviz.comparison.scales import Scale, on_scale, scale_of
from tb_nnviz.comparison.series import REDUNDANT, KindSeries, Name, RunSeries, Scalar

#: Kinds in the order in which a step computes them, and True for those that go backward through the layers. A parameter
#: is the value before the update.
ORDER = {
    "parameter": False,
    "input": False,
    "activation": False,
    "output": False,
    "activation_gradient": True,
    "gradient": True,
    "optimizer": False,
    "update": False,
}
#: Scalars of the whole run that are settings, or say nothing about the training.
_NOT_COMPARED = ("overhead_seconds", "learning_rate/")


@dataclass(frozen=True)
class Block:
    """The series of one kind and statistic, or one scalar.

    Attributes:
        names: the names of the series.
        rank: the place of each series within the kind, in the order of a step: int64 [series].
        scale: the scale of ``levels``.
        values: the values of each run: float32 [runs, places, series], NaN where a run has none.
        levels: their means over cells, on the scale: float32 [runs, cells, series].
    """

    names: tuple[Name, ...]
    rank: np.ndarray
    scale: Scale
    values: np.ndarray
    levels: np.ndarray


def blocks(runs: Sequence[RunSeries], matching: Matching) -> Iterator[Block]:
    """Yield the blocks of all kinds, statistics and scalars that all of some runs have.

    Args:
        runs: the runs. The first is compared with the others.
        matching: their places.
    """
    kinds = [kind for kind in runs[0].kinds if all(kind in run.kinds for run in runs)]
    for kind in sorted(kinds, key=lambda kind: (kind_order(kind), kind)):
        yield from _of_kind(kind, [run.kinds[kind] for run in runs], matching)
    for of in ("logged", "scalars"):
        series = [getattr(run, of) for run in runs]
        for name in series[0]:
            if all(name in one for one in series) and not name.startswith(_NOT_COMPARED):
                yield _of_scalar(name, [one[name] for one in series], matching)


def kind_order(kind: str) -> int:
    """Return the place of a kind in the order of a step. Unknown kinds and scalars come last."""
    return list(ORDER).index(kind) if kind in ORDER else len(ORDER)


def common_rows(kind: str, runs: Sequence[KindSeries]) -> list[str]:
    """Return the names of the rows that all runs have, in the order in which a step computes them."""
    names = [row.name for row in runs[0].rows if all(row.name in run.rows.place for run in runs[1:])]
    return names[::-1] if ORDER.get(kind) else names


def _of_kind(kind: str, runs: Sequence[KindSeries], matching: Matching) -> Iterator[Block]:
    names = common_rows(kind, runs)
    if not names:
        return
    places = [np.array([run.rows.place[name] for name in names]) for run in runs]
    at = [matching.indices(i, run.steps) for i, run in enumerate(runs)]
    layer = {row.name: row.module for row in runs[0].rows}

    def take(statistic: str | None) -> list[np.ndarray]:
        found = []
        for run, rows, steps in zip(runs, places, at, strict=True):
            table = run.present.astype(np.float32) if statistic is None else run.values[statistic]
            one = table[np.maximum(steps, 0)][:, rows]
            one[steps < 0] = np.nan
            found.append(one)
        return found

    common = [name for name in runs[0].values if all(name in run.values for run in runs) and name != "count"]
    sizes = take("rms") if "rms" in common else None
    for statistic in common:
        if REDUNDANT.get(statistic) in common:
            continue
        series = tuple(Name(kind, statistic, name, layer[name]) for name in names)
        yield _block(series, take(statistic), matching.cells, sizes)
    presence = take(None)
    if any((one != presence[0]).any() for one in presence):
        yield _block(tuple(Name(kind, "count", name, layer[name]) for name in names), presence, matching.cells)


def _of_scalar(name: str, runs: Sequence[Scalar], matching: Matching) -> Block:
    values = []
    for i, run in enumerate(runs):
        at = matching.indices(i, run.steps)
        values.append(np.where(at < 0, np.nan, run.values[np.maximum(at, 0)]).astype(np.float32)[:, None])
    return _block((Name("", name, "", ""),), values, matching.cells)


def _block(
    names: tuple[Name, ...], values: list[np.ndarray], cells: np.ndarray, sizes: list[np.ndarray] | None = None
) -> Block:
    statistic = names[0].statistic
    scale = scale_of(statistic, values)
    levels = on_scale(scale, values, slice(1, None), sizes if statistic in ("mean", "min", "max") else None)
    return Block(
        names, np.arange(len(names)), scale, np.stack(values), np.stack([_cell_means(one, cells) for one in levels])
    )


def _cell_means(levels: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Return the means over cells, NaN if a cell has no value: float32 [cells, rows].

    Args:
        levels: float32 [places, rows].
        cells: the first place of each cell.
    """
    if cells.size == levels.shape[0]:
        return levels.astype(np.float32, copy=False)
    known = ~np.isnan(levels)
    sums = np.add.reduceat(np.where(known, levels, np.float32(0)), cells, axis=0)
    counts = np.add.reduceat(known, cells, axis=0, dtype=np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: np.ndarray = np.where(counts > 0, sums / counts, np.nan).astype(np.float32)
    return means
