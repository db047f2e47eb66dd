"""Blocks: folded groups of rows, reduced to one value per step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: A row by its name, or a block by the names of its rows.
Line = str | tuple[str, ...]

#: The aggregation of each statistic over the rows of a block. All other statistics are averaged. The page has the same
#: table. The fixture tests/fixtures/reduction.json tests both.
AGGREGATIONS = {
    "norm": "root_sum_squares",
    "finite_norm": "root_sum_squares",
    "first_moment_norm": "root_sum_squares",
    "second_moment_norm": "root_sum_squares",
    "effective_step_size": "root_mean_square",
    "gradient_ratio": "root_mean_square",
    "min": "min",
    "max": "max",
    "absmax": "max",
    "finite_absmax": "max",
    "outlier_ratio": "max",
    "attention_logit": "max",
    "attention_entropy_min": "min",
    "count": "sum",
    "nonfinite": "sum",
}
#: Statistics that are undefined for some rows, which then have NaN at every step.
MAY_BE_UNDEFINED = (
    "saturated_fraction",
    "outlier_ratio",
    "effective_step_size",
    "first_moment_norm",
    "gradient_ratio",
    "lost_fraction",
    "batch_std",
    "attention_entropy",
    "attention_entropy_min",
    "attention_logit",
    "gate_saturated_fraction",
    "largest_share",
    "sum_deviation",
)


def base_name(statistic: str) -> str:
    """Return a statistic's name without the suffix of estimates: ``norm`` for ``norm~``."""
    return statistic.removesuffix("~")


def undefined_rows(statistic: str, values: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Return the rows for which a statistic is undefined: bool [rows]."""
    if base_name(statistic) not in MAY_BE_UNDEFINED:
        return np.zeros(values.shape[1], bool)
    undefined: np.ndarray = (np.isnan(values) | (absent != 0)).all(axis=0)
    return undefined


def aggregate(statistic: str, values: np.ndarray, absent: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Aggregate the rows of a block to one value per step: float32 [steps].

    Absent rows are left out. The value is NaN if a present row has NaN or Inf, or if all rows are absent.

    Args:
        statistic: the name of the statistic, which decides the aggregation.
        values: float32 [steps, rows].
        absent: not 0 if a row is absent at a step: [steps, rows].
        weights: the number of elements of each row: [rows].

    >>> aggregate("norm", np.array([[3, 4]], np.float32), np.zeros((1, 2)), np.ones(2)).tolist()
    [5.0]
    """
    aggregation = AGGREGATIONS.get(base_name(statistic), "mean")
    present = absent == 0
    # float64, so that squares of 1e-30 do not underflow and those of 1e30 do not overflow.
    x = values.astype(np.float64)
    bad = (present & ~np.isfinite(x)).any(axis=1) | ~present.any(axis=1)
    x[~present | ~np.isfinite(x)] = 0
    if aggregation == "root_sum_squares":
        result = np.sqrt(np.square(x).sum(axis=1))
    elif aggregation == "root_mean_square":
        share = present * np.asarray(weights, np.float64)
        result = np.sqrt((np.square(x) * share).sum(axis=1) / np.maximum(share.sum(axis=1), 1))
    elif aggregation == "min":
        result = np.where(present, x, np.inf).min(axis=1)
    elif aggregation == "max":
        result = np.where(present, x, -np.inf).max(axis=1)
    elif aggregation == "sum":
        result = x.sum(axis=1)
    else:
        result = x.sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    result[bad] = np.nan
    with np.errstate(over="ignore"):
        answer: np.ndarray = result.astype(np.float32)
        return answer


def aggregate_lines(
    lines: Sequence[Line],
    rows: Sequence[dict[str, Any]],
    values: dict[str, np.ndarray],
    absent: np.ndarray,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Reduce a table of rows to one of lines.

    A line without a row in the table is absent at every step.

    Args:
        lines: the rows and blocks.
        rows: the rows of the table.
        values: float32 [steps, rows] per statistic.
        absent: uint8 [steps, rows], 1 if the row is absent at the step.

    Returns:
        The values, float32 [steps, lines] per statistic, and 1 for each absent line, uint8 [steps, lines].
    """
    index = {row["name"]: i for i, row in enumerate(rows)}
    line_absent = np.ones((len(absent), len(lines)), np.uint8)
    line_values = {name: np.full((len(absent), len(lines)), np.nan, np.float32) for name in values}

    single = [(i, index[line]) for i, line in enumerate(lines) if isinstance(line, str) and line in index]
    if single:
        to, at = (list(places) for places in zip(*single, strict=True))
        line_absent[:, to] = absent[:, at]
        for name, table in values.items():
            line_values[name][:, to] = table[:, at]

    numel = np.array([row.get("numel") or 1 for row in rows], np.float64)
    undefined = {name: undefined_rows(name, table, absent) for name, table in values.items()}
    for i, line in enumerate(lines):
        if isinstance(line, str):
            continue
        of_block = np.array([index[name] for name in line if name in index], np.int64)
        if not of_block.size:
            continue
        line_absent[:, i] = absent[:, of_block].all(axis=1)
        for name, table in values.items():
            defined = of_block[~undefined[name][of_block]]
            if defined.size:
                line_values[name][:, i] = aggregate(name, table[:, defined], absent[:, defined], numel[defined])
    return line_values, line_absent
