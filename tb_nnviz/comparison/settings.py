"""The settings that differ: parameter groups, batch size, dtypes, layout, and what the user gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.comparison.matching import batch_sizes
from tb_nnviz.comparison.series import RunSeries, Scalar
from tb_nnviz.schema import Row

#: Rows that a document lists per setting.
MOST_ROWS = 50
#: Attributes of rows that are settings.
_ATTRIBUTES = ("type", "shape", "dtype", "trainable")
#: The value of a run that lacks a setting.
_ABSENT = None
#: The rates of a schedule are rounded to float32.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Setting:
    """A setting of a run that differs from that of its reference.

    Attributes:
        name: the name, such as ``weight_decay of group 0``.
        value, reference: both values, None if a run has none.
        since: the first step at which they differ, None if they differ from the beginning.
        rows: the rows that it concerns, empty if it concerns all.
    """

    name: str
    value: Any
    reference: Any
    since: int | None = None
    rows: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON object."""
        rows = {"rows": list(self.rows[:MOST_ROWS]), "count": len(self.rows)}
        return {"name": self.name, "value": self.value, "reference": self.reference, "since": self.since, **rows}


def find_settings(run: RunSeries, references: Sequence[RunSeries]) -> list[Setting]:
    """Return the settings of a run that none of its references has. One that the references differ in is left out.

    Args:
        run: the run.
        references: the reference run, or the runs of a group.
    """
    found = [list(_settings(run, other)) for other in references]
    common = set.intersection(*({one.name for one in of} for of in found))
    settings = []
    for one in found[0]:
        others = [next((other for other in of if other.name == one.name), one) for of in found]
        if one.name in common and all(other.reference == one.reference for other in others):
            settings.append(one)
    return settings


def _settings(run: RunSeries, other: RunSeries) -> Iterator[Setting]:
    for name in dict.fromkeys([*run.settings, *other.settings]):
        values = run.settings.get(name, _ABSENT), other.settings.get(name, _ABSENT)
        if values[0] != values[1] or type(values[0]) is not type(values[1]):
            yield Setting(name, *values)
    yield from _optimizers(run, other)
    yield from _learning_rates(run.scalars, other.scalars)
    yield from _clipping(run.scalars, other.scalars)
    yield from _batch_size(run, other)
    yield from _layout(run, other)


def _optimizers(run: RunSeries, other: RunSeries) -> Iterator[Setting]:
    """Yield the options of parameter groups that differ, each with the first step at which it does."""
    steps = sorted({step for one in (run, other) for step, _ in one.optimizers})
    known: set[str] = set()
    for step in steps:
        mine, theirs = (_options(one, step) for one in (run, other))
        if not (mine and theirs):
            continue
        for name in dict.fromkeys([*mine, *theirs]):
            values = mine.get(name, _ABSENT), theirs.get(name, _ABSENT)
            if values[0] != values[1] and name not in known:
                known.add(name)
                yield Setting(name, *values, since=step if step > steps[0] else None)


def _options(run: RunSeries, step: int) -> dict[str, Any]:
    """Return the options at a step by name. Learning rates are scalars, and change without a new document."""
    documents = [one for at, one in run.optimizers if at <= step]
    found: dict[str, Any] = {}
    for place, optimizer in enumerate(documents[-1] if documents else ()):
        of = "" if place == 0 else f" {place}"
        found[f"optimizer{of}"] = optimizer["name"]
        for group in optimizer["groups"]:
            found[f"parameters of group {group['name']}"] = len(group["parameters"])
            for option, value in group["options"].items():
                if option not in ("lr", "initial_lr", "name"):
                    found[f"{option} of group {group['name']}"] = value
    return found


def _learning_rates(mine: Mapping[str, Scalar], theirs: Mapping[str, Scalar]) -> Iterator[Setting]:
    for name, rate in mine.items():
        if name.startswith("learning_rate/") and name in theirs:
            steps, ours, others = np.intersect1d(rate.steps, theirs[name].steps, return_indices=True)
            a, b = rate.values[ours], theirs[name].values[others]
            differing = np.flatnonzero(np.abs(a - b) > _ROUNDING * np.maximum(np.abs(a), np.abs(b)))
            if differing.size:
                at = differing[0]
                since = int(steps[at]) if at else None
                group = name.removeprefix("learning_rate/")
                yield Setting(f"learning rate of group {group}", _digits(a[at]), _digits(b[at]), since)


def _clipping(mine: Mapping[str, Scalar], theirs: Mapping[str, Scalar]) -> Iterator[Setting]:
    for name, words in (("clip_factor", "gradient clipping"), ("loss_scale", "loss scaling")):
        if (name in mine) != (name in theirs):
            yield Setting(words, name in mine, name in theirs)


def _batch_size(run: RunSeries, other: RunSeries) -> Iterator[Setting]:
    for unit in ("samples", "tokens"):
        mine, theirs = batch_sizes(run, unit), batch_sizes(other, unit)
        if mine is not None and theirs is not None:
            sizes = [float(np.median(one[1])) for one in (mine, theirs)]
            if sizes[0] != sizes[1]:
                yield Setting(f"{unit} per step", _whole(sizes[0]), _whole(sizes[1]))


def _layout(run: RunSeries, other: RunSeries) -> Iterator[Setting]:
    """Yield the attributes of rows that differ, and the rows that only one run has."""
    for kind in ("parameter", "activation"):
        if kind not in run.kinds or kind not in other.kinds:
            continue
        mine, theirs = run.kinds[kind].rows, other.kinds[kind].rows
        word = "parameters" if kind == "parameter" else "layers"
        only = tuple(row.name for row in mine if row.name not in theirs.place)
        lacking = tuple(row.name for row in theirs if row.name not in mine.place)
        if only:
            yield Setting(f"{word} of this run alone", len(only), 0, rows=only)
        if lacking:
            yield Setting(f"{word} of the reference alone", 0, len(lacking), rows=lacking)
        pairs = [(row, theirs[theirs.place[row.name]]) for row in mine if row.name in theirs.place]
        for attribute in _ATTRIBUTES:
            yield from _attribute(kind, attribute, pairs)


def _attribute(kind: str, attribute: str, pairs: Sequence[tuple[Row, Row]]) -> Iterator[Setting]:
    differing: dict[tuple[Any, Any], list[str]] = {}
    for mine, theirs in pairs:
        values = _plain(getattr(mine, attribute)), _plain(getattr(theirs, attribute))
        if values[0] != values[1]:
            differing.setdefault(values, []).append(mine.name)
    for (value, reference), rows in differing.items():
        yield Setting(f"{attribute} of {kind} {_listed(rows)}", value, reference, rows=tuple(rows))


def _listed(rows: Sequence[str]) -> str:
    return ", ".join(rows[:3]) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")


def _plain(value: Any) -> Any:
    return str(list(value)) if isinstance(value, tuple) else value


def _digits(value: float) -> float:
    """Return a number that was written as float32 with as many digits as that has."""
    return float(f"{value:.7g}")


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value
