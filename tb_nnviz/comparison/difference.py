"""The differences of single series that are more than noise."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tb_nnviz.comparison.blocks import Block, kind_order
from tb_nnviz.comparison.matching import Matching
from tb_nnviz.comparison.noise import Deviations, Series, from_group, from_run
from tb_nnviz.comparison.onset import Onset, change_point, onset
from tb_nnviz.comparison.scales import RATIO, on_scale
from tb_nnviz.comparison.series import Name
from tb_nnviz.comparison.views import CHANGE, LEVEL, RELATIVE
from tb_nnviz.rules.parted import Parted

#: The share of the largest excess in any view above which a change dates the onset.
_CLEAR = 0.7
#: Most differences that are described. The largest are kept.
MOST = 2000


@dataclass(frozen=True)
class Difference:
    """A series that differs by more than noise.

    Attributes:
        name: the name of the series.
        order: the place of the series in the order of a step: of its kind, and within the kind.
        place, since: the first place at which it differs, and its step.
        is_abrupt: True if the difference came at once.
        jump: the largest change from one window to the next near ``place``, in units of what noise may make.
        view: the view in which the difference is largest, as of ``View``.
        step: the step at the end of the window in which the difference is largest in units of noise.
        steps: the first and the last step of that window.
        value, reference: the means over that window. Those of a group are over its members.
        ratio: the first divided by the second, None if the statistic is not compared as a ratio.
        times: the difference in units of the noise, None if there is no noise because all values before are equal.
        limit: the largest such number that noise may make of the whole list, None likewise.
        noise: the noise, as a share of the reference if there is a ratio, else None.
    """

    name: Name
    order: tuple[int, int]
    place: int
    since: int
    is_abrupt: bool
    jump: float
    view: str
    step: int
    steps: tuple[int, int]
    value: float
    reference: float
    ratio: float | None
    times: float | None
    limit: float | None
    noise: float | None

    @property
    def excess(self) -> float:
        """The difference in units of what noise may make: above 1, infinite if there is no noise."""
        return math.inf if self.times is None or self.limit is None else self.times / self.limit

    def not_before(self, other: Difference) -> Difference:
        """Return the difference with an onset that is not before that of another one."""
        return self if self.place >= other.place else replace(self, place=other.place, since=other.since)

    @property
    def evidence(self) -> str:
        """One sentence with numbers."""
        first, last = self.steps
        when = f"at step {last}" if first == last else f"at steps {first} to {last}"
        ratio = "" if self.ratio is None or not 1e-4 < self.ratio < 1e4 else f", {_times(self.ratio)}"
        if self.times is None:
            noise = "without noise: all values before are equal"
        else:
            noise = f"{self.times:.3g} times the noise (up to {self.limit:.2g} is chance)"
        return f"{self.value:.3g} against {self.reference:.3g} {when}{ratio}, {noise}"

    def document(self) -> dict[str, Any]:
        """Return the JSON object."""
        numbers = {
            name: _finite(getattr(self, name)) for name in ("value", "reference", "ratio", "noise", "times", "limit")
        }
        return {
            "layer": self.name.layer,
            "row": self.name.row,
            "kind": self.name.kind,
            "statistic": self.name.statistic,
            "since": self.since,
            "steps": list(self.steps),
            **numbers,
            "evidence": self.evidence,
        }


def find_differences(blocks: Sequence[Block], matching: Matching) -> list[Difference]:
    """Return the series of a run that differ from its reference by more than noise, in the order of a step.

    Args:
        blocks: the series of the run and of its references, as ``blocks`` gives them.
        matching: their places.
    """
    if not blocks:
        return []
    levels = np.concatenate([block.levels for block in blocks], axis=2)
    classes = np.repeat(np.arange(len(blocks)), [len(block.names) for block in blocks])
    starts = np.searchsorted(classes, np.arange(len(blocks)))
    compared = np.flatnonzero(_is_comparable(levels))
    levels, classes = levels[:, :, compared], classes[compared]
    if not compared.size:
        return []
    least = np.array([block.scale.least for block in blocks], np.float32)[classes]
    series = Series(
        classes,
        least,
        np.array([block.scale.name == RATIO.name for block in blocks])[classes],
        np.array([_is_integral(block.names[0]) for block in blocks])[classes],
    )
    deviations = from_run(levels, series) if len(levels) == 2 else from_group(levels, series)
    largest = np.zeros(classes.size)
    for one in deviations:
        largest[one.columns] = np.maximum(largest[one.columns], one.excess.max(0))
    differing = np.flatnonzero(largest > 1)
    if differing.size > MOST:
        differing = np.sort(differing[np.argsort(largest[differing])[::-1][:MOST]])
    return [
        _difference(blocks[classes[i]], int(compared[i] - starts[classes[i]]), _of_series(deviations, int(i)), matching)
        for i in differing
    ]


def _is_integral(name: Name) -> bool:
    """Return True for a series that sums up what happened before."""
    return name.kind == "parameter" or name.statistic.endswith("moment_norm")


def _is_comparable(levels: np.ndarray) -> np.ndarray:
    """Return a mask of the series that the run and a reference have, and that are not equal throughout: bool [series].

    Args:
        levels: float32 [runs, places, series].
    """
    known = ~np.isnan(levels).all(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # series without any value
        is_equal = np.nanmax(levels, axis=(0, 1)) == np.nanmin(levels, axis=(0, 1))
    mask: np.ndarray = known[0] & known[1:].any(0) & ~is_equal
    return mask


@dataclass(frozen=True)
class _Seen:
    """The deviations of one series in one view: [windows] each."""

    name: str
    width: int
    first: int
    difference: np.ndarray
    noise: np.ndarray
    limit: float
    excess: np.ndarray


def _of_series(deviations: Sequence[Deviations], series: int) -> list[_Seen]:
    found = []
    for one in deviations:
        column = int(np.searchsorted(one.columns, series))
        if column < one.columns.size and one.columns[column] == series:
            arrays = one.difference[:, column], one.noise[:, column], one.limit, one.excess[:, column]
            found.append(_Seen(one.name, one.width, one.first, *arrays))
    return found


def _difference(block: Block, row: int, seen: Sequence[_Seen], matching: Matching) -> Difference:
    name, steps = block.names[row], matching.steps
    best = max(seen, key=lambda one: float(one.excess.max()))
    at = int(best.excess.argmax())
    began, jump = _onset(seen, best)
    level = next(one for one in seen if one.name == LEVEL and one.width == best.width)
    difference = float(level.difference[at + best.first])
    ends = np.append(matching.cells, steps.size)
    window = slice(int(ends[at + best.first]), int(ends[at + best.first + best.width]))
    place = _within_cell(block, row, began.place, matching.cells)
    with np.errstate(all="ignore"):
        value = _mean(block.values[0, window, row])
        reference = _mean(block.values[1:, window, row])
    is_ratio = block.scale.name == RATIO.name
    return Difference(
        name,
        (kind_order(name.kind), int(block.rank[row])),
        place,
        int(steps[place]),
        began.is_abrupt,
        jump,
        best.name,
        int(steps[window.stop - 1]),
        (int(steps[window.start]), int(steps[window.stop - 1])),
        value,
        reference,
        math.exp(difference) if is_ratio else None,
        float(np.abs(best.difference[at]) / best.noise[at]),
        best.limit,
        math.expm1(float(best.noise[at])) if is_ratio else None,
    )


def _onset(seen: Sequence[_Seen], best: _Seen) -> tuple[Onset, float]:
    """Return the onset of a series, and its jump there in units of what noise may make.

    A change dates the onset: it is largest where the window before ends. Where none stands out, the levels date it.
    """
    changes = [one for one in seen if one.name.endswith(CHANGE)]
    jump = max(changes, key=lambda one: float(one.excess.max()), default=None)
    if jump is not None and jump.excess.max() > max(1.0, _CLEAR * float(best.excess.max())):
        is_relative = jump.name.startswith(RELATIVE)
        single = next(one for one in seen if one.name == (RELATIVE if is_relative else LEVEL))
        near = int(jump.excess.argmax()) + jump.first
        return Onset(change_point(single.difference, near, jump.width), True), float(jump.excess.max())
    # the earliest end of a window that shows the difference, and places enough after it to date the onset
    ends = [
        (int((one.excess > 1).argmax()) + one.first + one.width - 1, one.width)
        for one in seen
        if (one.excess > 1).any()
    ]
    end, width = min(ends)
    is_relative = best.name.startswith(RELATIVE)
    single = next(one for one in seen if one.name == (RELATIVE if is_relative else LEVEL))
    began = onset(single.difference, single.noise, min(end + width, single.difference.size - 1))
    jumps = [
        one.excess[max(0, began.place - one.first - 2) : max(0, began.place - one.first + 3)].max(initial=0.0)
        for one in changes
    ]
    return began, float(max(jumps, default=0.0))


def _within_cell(block: Block, row: int, cell: int, cells: np.ndarray) -> int:
    """Return the place near a cell since which a series differs."""
    if cells.size == block.values.shape[1]:
        return cell
    ends = np.append(cells, block.values.shape[1])
    first, last = int(ends[max(cell - 1, 0)]), int(ends[min(cell + 2, cells.size)])
    levels = on_scale(block.scale, list(block.values[:, :, row : row + 1]), slice(1, None))
    references = np.stack(levels[1:])[:, :, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # places without a value
        difference = levels[0][:, 0] - np.nanmean(references, axis=0)
        before = np.nanmean(difference[max(0, first - 4 * (last - first)) : first]) if first else 0.0
    difference = difference[first:last] - np.nan_to_num(before)
    return first + onset(difference, np.ones(difference.size), difference.size - 1).place


def from_parting(place: Parted, matching: Matching) -> Difference:
    """Return the difference with which a run parts from one that it equals before.

    Args:
        place: the place at which they part.
        matching: the places of the comparison.
    """
    name = Name(place.kind, place.statistic, place.row, place.layer)
    at = int(np.searchsorted(matching.steps, place.step))
    ratio = place.value / place.other if place.other and place.value / place.other > 0 else None
    return Difference(
        name, (kind_order(place.kind), -1), at, place.step, True, math.inf, LEVEL, place.step, (place.step, place.step),
        place.value, place.other, ratio, None, None, None,
    )  # fmt: skip


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.astype(np.float64).mean()) if known.size else math.nan


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times" if ratio >= 1 else f"1/{1 / ratio:.3g}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
