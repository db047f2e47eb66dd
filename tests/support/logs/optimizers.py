"""Synthetic runs with optimizers that change, and that are resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tb_nnviz import schema
from tests.support.event_logs import AB, WALL_TIME, Log, numbers


def optimizers(momentum: float, *parameters: str) -> dict[str, Any]:
    """Return a document with one optimizer of one group."""
    group = {"name": "0", "options": {"lr": 0.1, "momentum": momentum}, "parameters": list(parameters)}
    return schema.optimizers_document([{"name": "SGD", "groups": [group], "foreign": 1}])


#: The documents by the step from which they apply, that are valid in the run "resumed".
RESUMED = {0: optimizers(0.0, "a.weight"), 3: optimizers(0.3, "a.weight"), 5: optimizers(0.5, "b.weight")}


def write(folder: Path) -> dict[str, float]:
    """Write the runs, and return the wall time of each run's last event."""
    last = {}
    values = {name: table[0] for name, table in numbers(1, 2).items()}

    def log_steps(log: Log, steps: range, documents: dict[int, dict[str, Any]]) -> float:
        for step in steps:
            more = [schema.optimizers_entry(documents[step])] if step in documents else []
            wall_time = log.vectors(step, AB, values, more)
        return wall_time

    with Log(folder / "resumed") as log:
        written = {0: RESUMED[0], 3: RESUMED[3], 5: optimizers(9.0, "a.weight"), 7: optimizers(8.0, "a.weight")}
        log_steps(log, range(10), written)
    with Log(folder / "resumed", 1, WALL_TIME + 100) as log:
        last["resumed"] = log_steps(log, range(5, 9), {5: RESUMED[5]})
    with Log(folder / "unwritten") as log:  # resumed by a writer that writes no document
        log_steps(log, range(6), {0: RESUMED[0], 4: optimizers(9.0, "a.weight")})
    with Log(folder / "unwritten", 1, WALL_TIME + 100) as log:
        last["unwritten"] = log_steps(log, range(2, 6), {})
    with Log(folder / "invalid") as log:
        log_steps(log, range(3), {0: RESUMED[0]})
        broken = schema.Entry(schema.TAG_OPTIMIZERS, np.frombuffer(b'{"version": 2}', np.uint8), schema.PLUGIN)
        last["invalid"] = log.vectors(3, AB, values, [broken])
    with Log(folder / "none") as log:
        last["none"] = log_steps(log, range(3), {})
    return last
