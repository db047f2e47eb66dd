"""TensorBoard's own histograms on nnviz's bins, for runs without nnviz's histograms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.buckets import rebin
from tb_nnviz.logs.histograms.cells import join, pack
from tb_nnviz.logs.histograms.history import History
from tb_nnviz.logs.layouts import Rows
from tb_nnviz.logs.points import Points
from tb_nnviz.logs.resumed.timeline import describe_steps, locate, nearest, timeline

#: The plugin name of TensorBoard's own histograms.
PLUGIN = "histograms"
#: The kind of histograms that users log themselves with ``add_histogram``.
KIND = "stock"


def kinds_of(tags: Iterable[str], own: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the rows of the stock histograms of a run: {kind: {row: tag}}, with the rows in natural order.

    Args:
        tags: the tags of the run's stock histograms.
        own: the kinds that the run has nnviz's own histograms of. They are left out.

    >>> kinds_of(["parameters/fc10", "parameters/fc2", "gradients/fc2", "mine"], ["gradient"])
    {'stock': {'mine': 'mine'}, 'parameter': {'fc2': 'parameters/fc2', 'fc10': 'parameters/fc10'}}
    """
    found: dict[str, dict[str, str]] = {}
    for tag in sorted(tags, key=natural_key):
        kind = next((kind for kind, prefix in schema.STOCK_HISTOGRAMS.items() if tag.startswith(prefix)), KIND)
        if kind == KIND:
            found.setdefault(KIND, {})[tag] = tag
        elif kind not in own:
            found.setdefault(kind, {})[tag.removeprefix(schema.STOCK_HISTOGRAMS[kind])] = tag
    return found


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers within names by value.

    >>> sorted(["layer10", "layer2", "layer"], key=natural_key)
    ['layer', 'layer2', 'layer10']
    """
    parts = re.split(r"([0-9]+)", name)
    numbers = [part.lstrip("0") for part in parts[1::2]]  # not int(), which refuses thousands of digits
    key = [(0, part) for part in parts]
    key[1::2] = [(len(number), number) for number in numbers]
    return [*key, (0, name)]  # "a1" and "a01" differ


_EMPTY = pack(np.zeros((1, schema.BINS)))


def union_of_steps(tags: Iterable[Points]) -> np.ndarray:
    """Return the steps at which any of some tags has an event that was not abandoned: int64 [n]."""
    return np.unique(np.concatenate([np.zeros(0, np.int64), *(timeline([points])[0] for points in tags)]))


def stock_history(tags: Mapping[str, Points], step: int | None = None) -> History:
    """Return the history of one run's rows at all steps of any row. A row without a histogram at a step is empty there.

    Each ``add_histogram`` writes an event with a wall time of its own, so rows are put together by step. The wall time
    of a step is the latest of its rows. Which events were abandoned is decided within a tag, because the tags of other
    writers need not share their steps.

    Args:
        tags: the events by row name.
        step: convert only the nearest step, because each histogram takes about 0.1 ms. None: all steps.
    """
    steps = union_of_steps(tags.values())
    if step is not None and steps.size:
        steps = steps[[nearest(steps, step)]]
    wall_times = np.full(steps.size, -np.inf)
    table = [[_EMPTY] * len(tags) for _ in steps]
    problems: dict[tuple[str, str], list[float]] = {}
    for column, (name, points) in enumerate(tags.items()):
        own_steps, own_wall_times = timeline([points])
        kept = np.isin(own_steps, steps)
        own_steps, own_wall_times = own_steps[kept], own_wall_times[kept]
        places = np.searchsorted(steps, own_steps)
        np.maximum.at(wall_times, places, own_wall_times)
        for place, at in zip(places.tolist(), locate(points, own_steps, own_wall_times).tolist(), strict=True):
            try:
                table[place][column] = pack(rebin(points.values[at])[None])
            except ValueError as error:
                problems.setdefault((name, str(error)), []).append(float(steps[place]))
    return History(
        steps.astype(np.float64),
        wall_times,
        (0,) * len(steps),
        tuple(join(line) for line in table),
        {0: Rows({"name": name} for name in tags)},
        row_problems=tuple((name, f"{reason}, {describe_steps(at)}") for (name, reason), at in problems.items()),
    )
