"""The matching of the steps of several runs: by step, by samples or tokens seen, or by share of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tb_nnviz.comparison.series import RunSeries

#: Largest number of cells of consecutive places.
MOST_CELLS = 100
#: The ways to match steps.
WAYS = ("step", "samples", "tokens", "share")


@dataclass(frozen=True)
class Matching:
    """Places at which runs are compared.

    Attributes:
        by: one of ``WAYS``.
        places: the places on the axis of ``by``: float64 [n], ascending.
        steps: the step of the first run that is nearest to each place: float64 [n].
        tolerance: the largest distance of a step that is matched with a place.
        axes: per run, the steps of the run and their places on the axis: float64 [steps] each.
    """

    by: str
    places: np.ndarray
    steps: np.ndarray
    tolerance: float
    axes: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def cells(self) -> np.ndarray:
        """The first place of each cell: int64 [cells]. Differences are looked for in at most ``MOST_CELLS`` means."""
        width = -(-self.places.size // MOST_CELLS)
        return np.arange(0, self.places.size, max(width, 1))

    def indices(self, run: int, steps: np.ndarray) -> np.ndarray:
        """Return the index of the run's step that is nearest to each place, -1 if none is near: int64 [n].

        Args:
            run: the index of the run.
            steps: some of the run's steps, ascending.
        """
        if not steps.size:
            return np.full(self.places.size, -1)
        own = np.interp(steps, *self.axes[run])
        found = _nearest(own, self.places)
        return np.where(np.abs(own[found] - self.places) <= self.tolerance, found, -1)


def match(runs: Sequence[RunSeries], by: str = "step") -> Matching:
    """Match the steps of some runs. The run with the fewest steps within the common range gives the places.

    Args:
        runs: the runs.
        by: one of ``WAYS``.

    Raises:
        ValueError: ``by`` is unknown, a run has no statistics or no batch size, or the runs have no range in common.
    """
    if by not in WAYS:
        raise ValueError(f"unknown alignment: {by!r} (one of {', '.join(WAYS)})")
    axes = []
    for run in runs:
        steps = run.steps
        if not steps.size:
            raise ValueError(f"missing statistics: run {run.run!r} has none")
        axes.append((steps, _axis(run, steps, by)))
    first, last = max(axis[0] for _, axis in axes), min(axis[-1] for _, axis in axes)
    inside = [axis[(axis >= first) & (axis <= last)] for _, axis in axes]
    if any(not axis.size for axis in inside):
        raise ValueError(f"missing common steps: the runs have none by {by}")
    places = min(inside, key=len)
    spacing = float(np.median(np.diff(places))) if places.size > 1 else 0.0
    own_steps, own_axis = axes[0]
    steps = own_steps[_nearest(own_axis, places)]
    return Matching(by, places, steps, spacing / 2, tuple(axes))


def batch_sizes(run: RunSeries, unit: str = "samples") -> tuple[np.ndarray, np.ndarray] | None:
    """Return the number of samples or tokens of each logged step, None if the log does not tell it.

    The first row of the inputs gives the number, or else the first layer call that has it. A layer call of shape
    [sample, token, feature] gives tokens. Its number of elements is in ``count``, and that per sample in the row.

    Args:
        run: the run.
        unit: ``samples`` or ``tokens``.

    Returns:
        Steps and numbers: float64 [n] each.
    """
    for kind in ("input", "activation", "output"):
        found = run.kinds.get(kind)
        if found is None or "count" not in found.values:
            continue
        for place, row in enumerate(found.rows):
            sizes = row.shape if unit == "samples" else row.shape[1:]
            if (unit == "tokens" and len(row.shape) != 2) or None in sizes or row.unit_axis == 0 or not row.numel:
                continue
            each = row.numel if unit == "samples" else row.shape[1]
            counts, present = found.values["count"][:, place], found.present[:, place]
            if each and present.any():
                return found.steps[present], counts[present].astype(np.float64) / each
    return None


def _axis(run: RunSeries, steps: np.ndarray, by: str) -> np.ndarray:
    if by == "step":
        return steps
    axis: np.ndarray
    if by == "share":
        axis = (steps - steps[0]) / max(steps[-1] - steps[0], 1.0)
        return axis
    sizes = batch_sizes(run, by)
    if sizes is None:
        raise ValueError(f"missing {by}: run {run.run!r} does not log how many a step has (activations or inputs)")
    at, numbers = sizes
    # steps that are not logged have the number of the last logged step before them
    number = numbers[np.maximum(np.searchsorted(at, steps, side="right") - 1, 0)]
    seen = np.concatenate(([0.0], np.cumsum(number[:-1] * np.diff(steps))))
    axis = seen + steps[0] * number[0]
    return axis


def _nearest(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the index of the value that is nearest to each place. Values are ascending."""
    right = np.clip(np.searchsorted(values, places), 0, values.size - 1)
    left = np.maximum(right - 1, 0)
    nearest: np.ndarray = np.where(np.abs(values[left] - places) <= np.abs(values[right] - places), left, right)
    return nearest
