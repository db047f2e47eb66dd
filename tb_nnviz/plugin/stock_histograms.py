"""TensorBoard's own histograms on our bins, for runs that have no others. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.histograms import Cells, History, bounds, join, pack
from tb_nnviz.plugin.series import Points, locate, timeline

#: The kind of histograms that users log themselves, by `add_histogram`.
OTHERS = "stock"
#: A bucket about zero that is no wider than this is where writers put exact zeros: torch's innermost bucket is
#: 1e-12 wide, and ours holds the three bins about zero.
_ABOUT_ZERO = 2.0**-39
_LARGEST = float(np.finfo(np.float32).max)


def kinds_of(tags: Sequence[str], own: Sequence[str]) -> dict[str, dict[str, str]]:
    """What a run's stock tags hold: {kind: {row: tag}}; ``own``: kinds of which it has histograms of ours.

    >>> kinds_of(["parameters/fc.weight", "gradients/fc.weight", "mine"], ["gradient"])
    {'parameter': {'fc.weight': 'parameters/fc.weight'}, 'stock': {'mine': 'mine'}}
    """
    found: dict[str, dict[str, str]] = {}
    for tag in tags:
        kind = next((kind for kind, prefix in schema.STOCK_HISTOGRAMS.items() if tag.startswith(prefix)), OTHERS)
        if kind == OTHERS:
            found.setdefault(OTHERS, {})[tag] = tag
        elif kind not in own:
            found.setdefault(kind, {})[tag.removeprefix(schema.STOCK_HISTOGRAMS[kind])] = tag
    return found


def rebin(buckets: np.ndarray) -> np.ndarray:
    """Buckets [k, 3] of left, right, count as counts of our bins: float64 [520].

    A bucket's elements are taken as spread evenly over it. NaN and infinities are not in such a histogram.
    Loaders differ: empty buckets may be missing, or have their ends the wrong way round.
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
    # Half-open in magnitude: an element on an edge belongs to the bin that lies farther out.
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
    """Rows of one run, by name, on common steps; a row without a histogram at a step is empty there.

    With ``step`` only the nearest one is looked at, the earlier of two: each histogram takes about a millisecond.
    """
    names = list(tags)
    steps, wall_times = timeline([*tags.values(), Points.of([])])
    if step is not None and steps.size:
        nearest = [int(np.abs(steps - step).argmin())]
        steps, wall_times = steps[nearest], wall_times[nearest]
    empty = pack(np.zeros((1, schema.BINS)))
    table: list[list[Cells]] = [[empty] * len(names) for _ in steps]
    for column, points in enumerate(tags.values()):
        for i, at in enumerate(locate(points, steps, wall_times)):
            if at >= 0:
                table[i][column] = pack(rebin(points.values[at])[None])
    rows = [{"name": name} for name in names]
    cells = tuple(join(line) for line in table)
    return History(steps.astype(np.float64), wall_times, (0,) * len(steps), cells, {0: rows})
