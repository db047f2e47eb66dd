"""Several rows -> one value a step, as the page's collapsed blocks show them. Pure functions on numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: How rows become one value; the page has the same table (derive/statistics.ts). All others are averaged.
RULES = {
    "norm": "root_sum_squares",
    "finite_norm": "root_sum_squares",
    "first_moment_norm": "root_sum_squares",
    "second_moment_norm": "root_sum_squares",
    "effective_step_size": "root_mean_square",
    "min": "min",
    "max": "max",
    "absmax": "max",
    "finite_absmax": "max",
    "outlier_ratio": "max",
    "count": "sum",
    "nonfinite": "sum",
}
#: Statistics that a row may have no figure of: NaN at every step.
MAY_BE_UNDEFINED = ("saturated_fraction", "outlier_ratio", "effective_step_size")


def base_name(statistic: str) -> str:
    """The statistic of which this one may be an estimate: `norm` for `norm~`."""
    return statistic.removesuffix("~")


def undefined_rows(statistic: str, values: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Rows that have no figure of this statistic: bool [rows]."""
    if base_name(statistic) not in MAY_BE_UNDEFINED:
        return np.zeros(values.shape[1], bool)
    undefined: np.ndarray = (np.isnan(values) | (absent != 0)).all(axis=0)
    return undefined


def aggregate(statistic: str, values: np.ndarray, absent: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One value a step of rows float32 [steps, rows], float32 [steps]; ``weights`` are their elements.

    Absent rows are left out; NaN and Inf are not, they make the whole NaN. NaN where all are absent.

    >>> aggregate("norm", np.array([[3, 4]], np.float32), np.zeros((1, 2)), np.ones(2)).tolist()
    [5.0]
    """
    rule = RULES.get(base_name(statistic), "mean")
    present = absent == 0
    # In float64 neither do squares of 1e-30 vanish, nor those of 1e30 overflow.
    x = values.astype(np.float64)
    bad = (present & ~np.isfinite(x)).any(axis=1) | ~present.any(axis=1)
    x[~present | ~np.isfinite(x)] = 0
    if rule == "root_sum_squares":
        result = np.sqrt(np.square(x).sum(axis=1))
    elif rule == "root_mean_square":
        share = present * np.asarray(weights, np.float64)
        result = np.sqrt((np.square(x) * share).sum(axis=1) / np.maximum(share.sum(axis=1), 1))
    elif rule == "min":
        result = np.where(present, x, np.inf).min(axis=1)
    elif rule == "max":
        result = np.where(present, x, -np.inf).max(axis=1)
    elif rule == "sum":
        result = x.sum(axis=1)
    else:
        result = x.sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    result[bad] = np.nan
    with np.errstate(over="ignore"):
        answer: np.ndarray = result.astype(np.float32)
        return answer


def lines(
    wanted: Sequence[str | tuple[str, ...]],
    rows: Sequence[dict[str, Any]],
    values: dict[str, np.ndarray],
    absent: np.ndarray,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Tables [steps, lines] of single rows, by name, and of blocks, by the names of theirs; and what is absent.

    A line of which there is no row is absent at every step.
    """
    index = {row["name"]: i for i, row in enumerate(rows)}
    lacking = np.ones((len(absent), len(wanted)), np.uint8)
    made = {name: np.full((len(absent), len(wanted)), np.nan, np.float32) for name in values}

    single = [(i, index[line]) for i, line in enumerate(wanted) if isinstance(line, str) and line in index]
    if single:
        to, at = (list(places) for places in zip(*single, strict=True))
        lacking[:, to] = absent[:, at]
        for name, table in values.items():
            made[name][:, to] = table[:, at]

    numbers = np.array([row.get("numel") or 1 for row in rows], np.float64)
    undefined = {name: undefined_rows(name, table, absent) for name, table in values.items()}
    for i, line in enumerate(wanted):
        if isinstance(line, str):
            continue
        of_block = np.array([index[name] for name in line if name in index], np.int64)
        if not of_block.size:
            continue
        lacking[:, i] = absent[:, of_block].all(axis=1)
        for name, table in values.items():
            figured = of_block[~undefined[name][of_block]]
            if figured.size:
                made[name][:, i] = aggregate(name, table[:, figured], absent[:, figured], numbers[figured])
    return made, lacking
