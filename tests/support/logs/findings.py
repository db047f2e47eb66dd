"""Logs with findings: healthy, resumed and broken runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.scalars import MAX_OTHER_TAGS
from tests.support.event_logs import AB, WALL_TIME, Log, numbers


def finding(step: int, row: str = "a.weight", **more: Any) -> dict[str, Any]:
    """Return a finding as version 0.1 has logged it, with one string as advice."""
    return {
        "rule": "gradient_norm/vanishing",
        "severity": "warning",
        "title": "Gradient vanishes",
        "kind": "gradient",
        "statistic": "norm",
        "row": row,
        "since": step - 2,
        "step": step,
        "value": 1e-9,
        "evidence": f"norm 1e-09 at step {step}",
        "advice": "Try ReLU.",
        **more,
    }


def completed(old: dict[str, Any]) -> dict[str, Any]:
    """Return the finding that a reader makes of one of version 0.1: with all keys, and a list as advice."""
    added = {"layer": "", "limit": None, "usual": None, "explains": [], "source": "", "details": {}}
    return {**added, **old, "advice": [old["advice"]]}


A = [finding(4), finding(4, "b.weight", value=None, severity="severe", layer="b", depth=1)]


LATER = [finding(9, "ünï 🙂")]


def write(logdir: Path) -> dict[str, float]:
    """Write runs with findings, and return the wall time of each run's last event."""
    last = {}
    values = numbers(12, 2)
    with Log(logdir / "a") as log:
        for step in range(12):
            more = {4: [schema.findings_entry(A)], 9: [schema.findings_entry(LATER)]}.get(step, [])
            last["a"] = log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
    with Log(logdir / "healthy") as log:
        last["healthy"] = log.table(AB, values)[-1]
    with Log(logdir / "resumed") as log:
        for step in range(12):
            more = [schema.findings_entry([finding(step)])] if step in (2, 6, 10) else []
            log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
    with Log(logdir / "resumed", 1, WALL_TIME + 1000) as log:
        for step in range(5, 9):
            more = [schema.findings_entry([finding(step, "b.weight")])] if step == 7 else []
            last["resumed"] = log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
    with Log(logdir / "odd") as log:
        bad = [b"no JSON", b'{"version": 7}', b'{"version": 1, "findings": [{"rule": 3}]}', b"[]"]
        bad.append(schema.encode_findings([finding(5)]).tobytes().replace(b"1e-09,", b"NaN,"))
        for step, payload in enumerate(bad):
            more = [schema.Entry(schema.TAG_FINDINGS, np.frombuffer(payload, np.uint8), schema.PLUGIN_FINDINGS)]
            log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
        more = [schema.findings_entry([finding(6)])]
        last["odd"] = log.vectors(6, AB, {name: table[6] for name, table in values.items()}, more)
    with Log(logdir / "mine") as log:
        scalars = [schema.scalar(f"mine/{i:03}", i) for i in range(MAX_OTHER_TAGS + 2)]
        scalars.append(schema.scalar("nnviz/log/loss", 0.5))
        last["mine"] = log.vectors(0, AB, {name: table[0] for name, table in values.items()}, scalars)
    return last
