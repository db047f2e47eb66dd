"""The comparison of two runs of one layout: where they part first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.rules.step_values import Rows, StepValues

#: Relative difference above which two values differ by more than rounding. Statistics have an error of at most 1e-5.
ROUNDING = 1e-4
#: The same where a layout has rows of these types, whose elements have 8 and 11 significant bits.
_DTYPES = {"bfloat16": 1e-2, "float16": 2e-3}
#: Kinds in the order in which a training step computes them, and True for those that go backward through the layers.
#: A parameter is the value before the update.
_ORDER = (
    ("parameter", False),
    ("input", False),
    ("activation", False),
    ("output", False),
    ("activation_gradient", True),
    ("gradient", True),
    ("optimizer", False),
    ("update", False),
)
#: Statistics that are compared, and the one that their difference is relative to.
_COMPARED = {"rms": "rms", "mean": "rms", "absmax": "absmax", "first_moment_norm": "first_moment_norm",
             "second_moment_norm": "second_moment_norm"}  # fmt: skip
#: Kind and statistic of each series that the comparison reads, as far as a run has them.
READS = frozenset(
    (kind, statistic)
    for kind, _ in _ORDER
    for statistic in ("count", *_COMPARED)
    if kind != "optimizer" or "moment" in statistic or statistic == "count"
)


@dataclass(frozen=True)
class Parted:
    """The place at which two runs part.

    Args:
        step: the first step at which they differ by more than rounding.
        layer, row, kind, statistic: the first series in order of execution that differs at this step, "" for a scalar
            of the whole step, whose name is ``statistic``.
        value, other: its values in both runs, NaN if a run lacks it.
        equal_until: the last step before it at which all values were equal up to rounding, None if there is none.
        rounding_since: the first step at which any value differed at all, None if none did before ``step``.
        layers: the layers that differ at the step.
        only, only_other: the rows that only one of the runs has.
    """

    step: int
    layer: str
    row: str
    kind: str
    statistic: str
    value: float
    other: float
    equal_until: int | None
    rounding_since: int | None
    layers: tuple[str, ...]
    only: tuple[str, ...]
    only_other: tuple[str, ...]

    @property
    def evidence(self) -> str:
        """One sentence with numbers."""
        where = f"{self.kind} {self.statistic} of {self.row}" if self.row else self.statistic
        if self.equal_until is None:
            before = "the runs differ from the first common step on"
        elif self.rounding_since is None:
            before = f"the runs are equal until step {self.equal_until}"
        else:
            before = (
                f"the runs are equal until step {self.equal_until} up to rounding, which differs since step "
                f"{self.rounding_since}"
            )
        return f"{before}: {where} is {self.value:.6g} and {self.other:.6g} at step {self.step}"

    def document(self) -> dict[str, Any]:
        """Return the JSON object, whose values are null where a run lacks one."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        numbers = {name: fields[name] if np.isfinite(fields[name]) else None for name in ("value", "other")}
        lists = {name: list(fields[name]) for name in ("layers", "only", "only_other")}
        return {**fields, **numbers, **lists, "evidence": self.evidence}


def parted(run: Iterable[StepValues], other: Iterable[StepValues], rounding: float | None = None) -> Parted | None:
    """Return the place at which two runs part, None if all common steps are equal up to rounding.

    Runs that do the same computation in another order differ by rounding, which training amplifies. They are equal up
    to rounding at first, and part later. Runs that differ in data, parameters or settings part at once.

    Args:
        run: the steps of a run, in order, with ``READS`` as far as they are logged.
        other: those of the other run.
        rounding: the relative difference above which two values differ by more than rounding. None: that of the
            types of the rows, 1e-4 for float32.

    Raises:
        ValueError: the runs have no step in common that has statistics, no row, or no statistic that is compared.
    """
    equal_until = rounding_since = None
    is_common, compare = False, _Comparison(rounding)
    for mine, theirs in _common(run, other):
        found = compare(mine, theirs)
        is_common |= found.is_common
        if found.first is not None:
            return Parted(mine.step, *found.first, equal_until, rounding_since, found.layers, *_only(mine, theirs))
        if not found.is_equal and rounding_since is None:
            rounding_since = mine.step
        equal_until = mine.step
    if not is_common:
        raise ValueError("missing rows: the runs have no step and row in common")
    return None


@dataclass
class _Differences:
    """The differences of one step."""

    first: tuple[str, str, str, str, float, float] | None = None
    layers: tuple[str, ...] = ()
    is_equal: bool = True
    is_common: bool = False


def _common(run: Iterable[StepValues], other: Iterable[StepValues]) -> Iterator[tuple[StepValues, StepValues]]:
    """Yield the statistics of the steps that both runs have."""
    ours, theirs = ((one for one in steps if one.statistics) for steps in (run, other))
    mine, their = next(ours, None), next(theirs, None)
    while mine is not None and their is not None:
        if mine.step == their.step:
            yield mine, their
        step = mine.step
        mine = next(ours, None) if step <= their.step else mine
        their = next(theirs, None) if their.step <= step else their


class _Comparison:
    """The comparison of steps, which finds the rows of one layout in the other once."""

    def __init__(self, rounding: float | None) -> None:
        self._rounding = rounding
        self._known: dict[str, tuple[Rows, Rows, np.ndarray, float]] = {}

    def __call__(self, run: StepValues, other: StepValues) -> _Differences:
        found = _Differences()
        kinds = [(kind, back) for kind, back in _ORDER if kind in run.statistics and kind in other.statistics]
        rows = {kind: self._rows(kind, run.rows[kind], other.rows[kind]) for kind, _ in kinds}
        rounding = max((lowest for _, lowest in rows.values()), default=ROUNDING)
        rounding = rounding if self._rounding is None else self._rounding
        layers: list[str] = []
        for kind, is_backward in kinds:
            if kind in ("optimizer", "update"):  # learning rates act here
                found.first = found.first or _rates(run, other)
            places, _ = rows[kind]
            is_measured = any(run.has(kind, name) and other.has(kind, name) for name in _COMPARED)
            found.is_common |= is_measured and bool((places >= 0).any())
            statistic, is_equal = _differing(run, other, kind, places, rounding)
            found.is_equal &= is_equal
            wrong = np.flatnonzero(statistic >= 0)
            layers += [run.rows[kind][i].module for i in wrong]
            if wrong.size and found.first is None:
                place = int(wrong[-1 if is_backward else 0])
                name, row = list(_COMPARED)[statistic[place]], run.rows[kind][place]
                value = float(run.get(kind, name)[place]), float(other.get(kind, name)[places[place]])
                found.first = row.module, row.name, kind, name, *value
        found.first = found.first or _rates(run, other)
        found.layers = tuple(dict.fromkeys(layers))
        return found

    def _rows(self, kind: str, rows: Rows, others: Rows) -> tuple[np.ndarray, float]:
        """Return the place of each row in the other layout, -1 if it is missing, and the rounding of its dtypes."""
        known = self._known.get(kind)
        if known is None or known[0] is not rows or known[1] is not others:
            places = np.array([others.place.get(row.name, -1) for row in rows], np.int64)
            rounding = max((_DTYPES.get(row.dtype, ROUNDING) for row in rows), default=ROUNDING)
            self._known[kind] = known = rows, others, places, rounding
        return known[2:]


def _differing(
    run: StepValues, other: StepValues, kind: str, places: np.ndarray, rounding: float
) -> tuple[np.ndarray, bool]:
    """Compare the rows of a kind.

    Returns:
        The index in ``_COMPARED`` of the first statistic of each row that differs, -1 if none does: int64 [rows]. True
        if all values are exactly equal.
    """
    both = places >= 0
    found, is_equal = np.full(len(places), -1), True
    for i, (name, of) in enumerate(_COMPARED.items()):
        if not (run.has(kind, name) and other.has(kind, name)):
            continue
        mine, theirs = run.get(kind, name), np.where(both, other.get(kind, name)[places], np.nan)
        mine = np.where(both, mine, np.nan)
        sizes = run.get(kind, of), np.where(both, other.get(kind, of)[places], np.nan)
        with np.errstate(invalid="ignore"):
            is_same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
            is_close = is_same | (np.abs(mine - theirs) <= rounding * np.fmax(np.abs(sizes[0]), np.abs(sizes[1])))
        is_equal &= bool(is_same.all())
        found = np.where(~is_close & (found < 0), i, found)
    return found, is_equal


def _rates(run: StepValues, other: StepValues) -> tuple[str, str, str, str, float, float] | None:
    """Return the first learning rate that differs, None if none does."""
    for name, rate in run.scalars.items():
        theirs = other.scalars.get(name)
        if name.startswith("learning_rate/") and theirs is not None and abs(rate - theirs) > 1e-6 * abs(rate):
            return "", "", "", name, rate, theirs
    return None


def _only(run: StepValues, other: StepValues) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rows that only one of the runs has, among the kinds of both."""
    names: tuple[list[str], list[str]] = ([], [])
    for kind in run.rows.keys() & other.rows.keys():
        mine, theirs = run.rows[kind].place, other.rows[kind].place
        names[0].extend(name for name in mine if name not in theirs)
        names[1].extend(name for name in theirs if name not in mine)
    return tuple(dict.fromkeys(names[0])), tuple(dict.fromkeys(names[1]))
