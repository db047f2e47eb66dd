"""TensorBoard's own histograms on nnviz's bins, for runs without nnviz's histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cells import Cells, join, pack
from tb_nnviz.logs.histograms.history import History
from tb_nnviz.logs.histograms.quantiles import bounds
from tb_nnviz.logs.layouts import Rows
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.timeline import locate, nearest, timeline

#: The plugin name of TensorBoard's own histograms.
PLUGIN = "histograms"
#: The kind of histograms that users log themselves with ``add_histogram``.
KIND = "stock"
#: A bucket about zero whose ends are not farther from zero than this counts as exact zeros. The innermost bucket of
#: torch's SummaryWriter ends at 1e-12, and that of nnviz, which joins the three bins about zero, at 2^-40.
_ABOUT_ZERO = 2.0**-39
_LARGEST = float(np.finfo(np.float32).max)


def kinds_of(tags: Sequence[str], own: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the rows of the stock histograms of a run: {kind: {row: tag}}.

    Args:
        tags: the tags of the run's stock histograms.
        own: the kinds that the run has nnviz's own histograms of. They are left out.

    >>> kinds_of(["parameters/fc.weight", "gradients/fc.weight", "mine"], ["gradient"])
    {'parameter': {'fc.weight': 'parameters/fc.weight'}, 'stock': {'mine': 'mine'}}
    """
    found: dict[str, dict[str, str]] = {}
    for tag in tags:
        kind = next((kind for kind, prefix in schema.STOCK_HISTOGRAMS.items() if tag.startswith(prefix)), KIND)
        if kind == KIND:
            found.setdefault(KIND, {})[tag] = tag
        elif kind not in own:
            found.setdefault(kind, {})[tag.removeprefix(schema.STOCK_HISTOGRAMS[kind])] = tag
    return found


def rebin(buckets: np.ndarray) -> np.ndarray:
    """Convert buckets [k, 3] of left, right, count to counts of nnviz's bins: float64 [520].

    The elements of a bucket are assumed to be spread evenly over it. Stock histograms have neither NaN nor infinities.
    Depending on the loader, empty buckets are missing or have left and right swapped.
    """
    counts = np.zeros(schema.BINS)
    buckets = np.asarray(buckets, np.float64).reshape(-1, 3)
    buckets = buckets[buckets[:, 2] > 0]
    left, right = np.clip(np.sort(buckets[:, :2], axis=1), -_LARGEST, _LARGEST).T
    mass = buckets[:, 2]
    ends = bounds()

    about_zero = (left <= 0) & (right >= 0) & (np.maximum(-left, right) <= _ABOUT_ZERO)
    counts[schema.BINS // 2] += mass[about_zero].sum()
    point = ~about_zero & (left == right)
    # Half-open in magnitude: an element on an edge belongs to the bin of larger magnitudes.
    above = np.searchsorted(ends, left, "right") + 1
    below = np.searchsorted(ends, left, "left") + 1
    np.add.at(counts, np.clip(np.where(left > 0, above, below)[point], 2, schema.BINS - 2), mass[point])

    for low, high, count in zip(*(part[~about_zero & ~point] for part in (left, right, mass)), strict=True):
        share = np.clip((ends - low) / (high - low), 0, 1)
        counts[3 : schema.BINS - 2] += count * np.diff(share)[1:-1]
        counts[2] += count * share[0]
        counts[schema.BINS - 2] += count * (1 - share[-1])
    return counts


def stock_history(tags: Mapping[str, Points], step: int | None = None) -> History:
    """Return the history of one run's rows on common steps. A row without a histogram at a step is empty there.

    Args:
        tags: the events by row name.
        step: convert only the nearest step, because each histogram takes about a millisecond. None: all steps.
    """
    names = list(tags)
    steps, wall_times = timeline(list(tags.values()) or [NO_POINTS])
    if step is not None and steps.size:
        only = [nearest(steps, step)]
        steps, wall_times = steps[only], wall_times[only]
    empty = pack(np.zeros((1, schema.BINS)))
    table: list[list[Cells]] = [[empty] * len(names) for _ in steps]
    for column, points in enumerate(tags.values()):
        for i, at in enumerate(locate(points, steps, wall_times)):
            if at >= 0:
                table[i][column] = pack(rebin(points.values[at])[None])
    rows = Rows({"name": name} for name in names)
    cells = tuple(join(line) for line in table)
    return History(steps.astype(np.float64), wall_times, (0,) * len(steps), cells, {0: rows})
