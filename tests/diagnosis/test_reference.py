"""The values of a reference run beside findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.diagnosis.reference import LoggedRun, with_reference
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.rules.finding import Finding
from tests.support.event_logs import Log, layout

NAMES = ["a.weight", "b.weight"]
FINDING = Finding(
    "gradient/zero", "severe", "", layer="b", row="b.weight", kind="gradient", statistic="norm", since=0, step=2,
    value=3.0, limit=None, usual=None, evidence="", advice=(),
)  # fmt: skip


def run(folder: Path, norm: float, shape: tuple[int, ...] = (4, 3)) -> LoggedRun:
    rows = schema.Layout("gradient", tuple(replace(row, shape=shape) for row in layout(NAMES).rows))
    with Log(folder) as log:
        log.table(rows, {"norm": np.full((4, 2), norm, np.float32), "count": np.ones((4, 2), np.float32)})
    return LoggedRun(EventFileReader(folder), ".")


@pytest.mark.parametrize(
    ("norm", "value", "shape", "expected"),
    [
        (3.0, 3.0, (4, 3), 7.0),
        (3.0, 3.001, (4, 3), 7.0),
        (3.0, 4.5, (4, 3), None),  # a total of several rows
        (3.0, None, (4, 3), None),
        (3.0, 3.0, (4, 5), None),  # a layer of another network
        (float("nan"), 5.0, (4, 3), 7.0),
    ],
)
def test_reference_value_is_of_the_same_row_and_statistic(
    norm: float, value: float | None, shape: tuple[int, ...], expected: float | None, tmp_path: Path
) -> None:
    own, other = run(tmp_path / "own", norm), run(tmp_path / "other", 7.0, shape)
    found = Diagnosis("own", [replace(FINDING, value=value)], ["gradient/zero"], [], 0, 3, [])
    assert with_reference(found, own, other, "other").reference_values[0] == expected
