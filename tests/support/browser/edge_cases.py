"""A logdir of edge cases: every state of a cell at a known place, with a known value."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.browser.colours import Range
from tests.support.event_logs import WALL_TIME, Log, layout

MODULES = ["stem", *(f"enc.{i}" for i in range(10)), "head"]
ROWS = [f"{module}.weight" for module in MODULES]
STEPS = range(0, 100, 5)
#: The run `other` lacks a row of `cells` and has an extra row.
OTHER_ROWS = [*(row for row in ROWS if row != "enc.4.weight"), "extra.weight"]
GROWING_ROWS = ["a.weight", "b.weight"]

#: Most values are between 2e-4 and 0.5. A few lie beyond the thresholds, so the scale extends to these.
SCALE = Range(1e-6, 100.0)
#: Description of each row's tensor in tooltips.
TENSOR = "Linear [4 \N{MULTIPLICATION SIGN} 3] \N{MIDDLE DOT} 12 elements"

#: Cells with a known state: (row, step).
NORMAL = ("enc.3.weight", 30)
NORMAL_VALUE = 0.0078125
NAN = ("enc.5.weight", 50)
NAN_ELEMENTS = 5
INFINITE = ("enc.6.weight", 55)
ZERO = ("enc.7.weight", 20)
OVER = ("enc.2.weight", 70)
OVER_VALUE = np.float32(1e30)
UNDER = ("enc.8.weight", 40)
UNDER_VALUE = np.float32(1e-30)
ABSENT = ("enc.4.weight", 60)


def _norms(rows: int) -> np.ndarray:
    """Return norms [steps, rows] that vary with depth and oscillate over steps."""
    step, row = np.mgrid[: len(STEPS), :rows]
    exponents = -3.4 + 2.8 * (row / (rows - 1)) + 0.25 * np.sin(step / 3 + row)
    return (10.0**exponents).astype(np.float32)


def _cells(folder: Path) -> None:
    values = {"count": np.full((len(STEPS), len(ROWS)), 12, np.float32), "norm": _norms(len(ROWS))}
    values["nonfinite"] = np.zeros_like(values["norm"])

    def put(statistic: str, cell: tuple[str, int], value: float) -> None:
        values[statistic][STEPS.index(cell[1]), ROWS.index(cell[0])] = value

    put("norm", NORMAL, NORMAL_VALUE)
    put("norm", NAN, np.nan)
    put("nonfinite", NAN, NAN_ELEMENTS)
    put("norm", INFINITE, np.inf)
    put("nonfinite", INFINITE, 1)
    put("norm", ZERO, 0.0)
    put("norm", OVER, OVER_VALUE)
    put("norm", UNDER, UNDER_VALUE)
    put("norm", ABSENT, np.nan)
    put("nonfinite", ABSENT, np.nan)
    put("count", ABSENT, 0)
    with Log(folder) as log:
        log.table(layout(ROWS), values, STEPS)


def write_steps(log: Log, steps: range) -> None:
    """Write more steps of the growing run."""
    for step in steps:
        norms = np.array([0.01 + step / 1000, 0.1], np.float32)
        log.vectors(step, layout(GROWING_ROWS), {"count": np.full(2, 12, np.float32), "norm": norms})


def write(logdir: Path) -> Log:
    """Write the runs, and return the open log of the run `growing`."""
    _cells(logdir / "cells")
    with Log(logdir / "other", wall_time=WALL_TIME + 1000) as log:
        values = {"count": np.full((len(STEPS), len(OTHER_ROWS)), 12, np.float32), "norm": _norms(len(OTHER_ROWS))}
        log.table(layout(OTHER_ROWS), values, STEPS)
    growing = Log(logdir / "growing", wall_time=WALL_TIME + 2000)
    write_steps(growing, range(10))
    return growing
