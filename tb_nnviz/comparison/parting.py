"""The place at which a run parts from another one that began alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.comparison.blocks import ORDER
from tb_nnviz.comparison.series import KindSeries, RunSeries
from tb_nnviz.rules.parted import READS, ROUNDING, Parted, parted
from tb_nnviz.rules.step_values import StepValues


@dataclass(frozen=True)
class Parting:
    """The comparison of two runs value by value, at the steps that both have.

    Attributes:
        run: the name of the other run.
        is_exact: True if all values before ``place`` are equal bit for bit, False if only up to rounding.
        values: the number of values that were compared before that.
        place: the place at which they part, None if they do not.
        began_alike: True if the runs have an equal step, or began with some equal weights that are not constant.
    """

    run: str
    is_exact: bool
    values: int
    place: Parted | None
    began_alike: bool

    @property
    def is_plain(self) -> bool:
        """True if the runs began alike and part by more than rounding."""
        place = self.place
        if place is None or not self.began_alike or place.rounding_since is not None:
            return False
        if self.is_exact and place.equal_until is None:
            return True
        return not abs(place.value - place.other) <= ROUNDING * max(abs(place.value), abs(place.other))

    @property
    def sentence(self) -> str:
        """One sentence about where the runs part."""
        if self.place is None:
            how = "bit for bit" if self.is_exact else "up to rounding"
            return f"equal to {self.run} at all common steps, {how} ({self.values} values)"
        if not self.began_alike:
            return f"differs from {self.run} from the first common step on: another seed or initialization"
        where = (
            f"{self.place.kind} {self.place.statistic} of {self.place.row}" if self.place.row else self.place.statistic
        )
        how = " bit for bit" if self.is_exact else " up to rounding"
        until = "" if self.place.equal_until is None else f", equal{how} until step {self.place.equal_until}"
        return f"parts from {self.run} at step {self.place.step}, first in {where}{until}"

    def document(self) -> dict[str, Any]:
        """Return the JSON object."""
        place = None if self.place is None else self.place.document()
        return {
            "run": self.run,
            "equal": self.place is None,
            "exact": self.is_exact,
            "alike": self.began_alike,
            "values": self.values,
            "place": place,
            "sentence": self.sentence,
        }


def part(run: RunSeries, other: RunSeries) -> Parting | None:
    """Return the place at which two runs part, None if they have no step and row in common.

    The first value that differs by any bit is the place if the runs were equal before. If they differ from the first
    common step on, the place is the first difference that is more than rounding.

    Args:
        run: the run.
        other: the other run.
    """
    first, values = _first_difference(run, other)
    if first is None:
        return Parting(other.run, True, values, None, True) if values else None
    if first.equal_until is not None or _is_other_type(run, other, first):
        return Parting(other.run, True, values, first, True)
    try:
        return Parting(other.run, False, values, parted(_steps(run), _steps(other)), _has_equal_weights(run, other))
    except ValueError:
        return None


def _first_difference(run: RunSeries, other: RunSeries) -> tuple[Parted | None, int]:
    """Return the first value that differs by any bit, and the number of equal values before its step."""
    kinds = [kind for kind in ORDER if kind in run.kinds and kind in other.kinds]
    # other seeds differ at once, and then no other step is looked at
    for most in (1, None):
        pairs = {kind: _Pair(run.kinds[kind], other.kinds[kind], most) for kind in kinds}
        first = min((pair.first for pair in pairs.values()), default=np.inf)
        if first == min((pair.steps[0] for pair in pairs.values() if pair.steps.size), default=np.inf):
            break
    values = sum(pair.values_before(first) for pair in pairs.values())
    if first == np.inf:
        return None, values
    before = [step for pair in pairs.values() for step in pair.steps if step < first]
    rows: list[tuple[str, str, str, str, float, float]] = []
    for kind, pair in pairs.items():
        rows += [(*one[:2], kind, *one[2:]) for one in pair.differing(first, ORDER[kind])]
    layers = tuple(dict.fromkeys(row[0] for row in rows))
    only = tuple(tuple(dict.fromkeys(name for pair in pairs.values() for name in pair.only[side])) for side in (0, 1))
    return Parted(int(first), *rows[0], int(max(before)) if before else None, None, layers, *only), values


def _is_other_type(run: RunSeries, other: RunSeries, place: Parted) -> bool:
    """Return True if a row has different dtypes in both runs, so that its values differ by more than their rounding."""
    rows = [one.kinds[place.kind].rows for one in (run, other)]
    return len({one[one.place[place.row]].dtype for one in rows}) > 1


def _has_equal_weights(run: RunSeries, other: RunSeries) -> bool:
    """Return True if a parameter that is not constant is equal at the first common step. Seeds have none in common."""
    if "parameter" not in run.kinds or "parameter" not in other.kinds:
        return False
    mine, theirs = run.kinds["parameter"], other.kinds["parameter"]
    steps, ours, others = np.intersect1d(mine.steps, theirs.steps, return_indices=True)
    if not steps.size or any("std" not in one.values or "rms" not in one.values for one in (mine, theirs)):
        return False
    for row in mine.rows:
        if row.name in theirs.rows.place:
            places = mine.rows.place[row.name], theirs.rows.place[row.name]
            values = [
                [one.values[name][at[0], place] for name in ("rms", "std")]
                for one, at, place in zip((mine, theirs), (ours, others), places, strict=True)
            ]
            if values[0] == values[1] and values[0][1] > 0:
                return True
    return False


class _Pair:
    """One kind of two runs at their common rows and steps, or the first ``most`` of these."""

    def __init__(self, run: KindSeries, other: KindSeries, most: int | None) -> None:
        self.steps, ours, theirs = (one[:most] for one in np.intersect1d(run.steps, other.steps, return_indices=True))
        names = [row.name for row in run.rows if row.name in other.rows.place]
        self._rows = [run.rows[run.rows.place[name]] for name in names]
        self.only = ([row.name for row in run.rows if row.name not in other.rows.place],
                     [row.name for row in other.rows if row.name not in run.rows.place])  # fmt: skip
        places = [np.array([one.rows.place[name] for name in names], np.int64) for one in (run, other)]
        common = [name for name in run.values if name in other.values]
        # the size first, then what else may differ
        self._names = sorted(common, key=lambda name: (name != "rms", name == "count"))
        self._values = [
            (run.values[name][ours][:, places[0]], other.values[name][theirs][:, places[1]]) for name in self._names
        ]
        self._differ = [(a != b) & ~(np.isnan(a) & np.isnan(b)) for a, b in self._values]
        is_wrong = np.zeros(self.steps.size, bool)
        for differ in self._differ:
            is_wrong |= differ.any(1)
        self.first = float(self.steps[is_wrong.argmax()]) if is_wrong.any() else np.inf

    def values_before(self, step: float) -> int:
        """Return the number of values before a step."""
        return int((self.steps < step).sum()) * len(self._rows) * len(self._names)

    def differing(self, step: float, is_backward: bool) -> list[tuple[str, str, str, float, float]]:
        """Return layer, row, statistic and both values of the rows that differ at a step, in the order of the step."""
        at = np.flatnonzero(self.steps == step)
        found = []
        for place in range(len(self._rows))[:: -1 if is_backward else 1]:
            for name, (mine, theirs), differ in zip(self._names, self._values, self._differ, strict=True):
                if at.size and differ[at[0], place]:
                    row = self._rows[place]
                    found.append((row.module, row.name, name, float(mine[at[0], place]), float(theirs[at[0], place])))
                    break
        return found


def _steps(run: RunSeries) -> Iterator[StepValues]:
    """Yield the steps of a run with what ``parted`` reads."""
    places = {kind: {float(step): i for i, step in enumerate(one.steps)} for kind, one in run.kinds.items()}
    for step in run.steps.tolist():
        kinds = [kind for kind in run.kinds if step in places[kind]]
        yield StepValues(
            int(step),
            {kind: run.kinds[kind].rows for kind in kinds},
            {
                kind: {
                    name: values[places[kind][step]]
                    for name, values in run.kinds[kind].values.items()
                    if (kind, name) in READS
                }
                for kind in kinds
            },
        )
