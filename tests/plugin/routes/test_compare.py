"""The route ``compare`` on both loaders, against the command line's reading of the event files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_nnviz.comparison.directory import compare_directory
from tests.support.event_logs import AB, Log
from tests.support.tensorboards import TensorBoard

STEPS, GROUP = 40, ["seed0", "seed1", "seed2", "seed3"]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logdir = tmp_path_factory.mktemp("compare")
    for seed, run in enumerate([*GROUP, "half"]):
        rms = np.exp(np.random.default_rng(seed).normal(size=(STEPS, 2)) * 0.02).astype(np.float32)
        if run == "half":
            rms[20:, 1] /= 2
        with Log(logdir / run) as log:
            log.table(AB, {"rms": rms, "count": np.ones((STEPS, 2), np.float32)})
    return logdir


@pytest.fixture(scope="module")
def compare_board(loader: str, logdir: Path) -> Iterator[TensorBoard]:
    with TensorBoard(loader, logdir) as board:
        board.until_step(STEPS - 1, "half", *GROUP)
        yield board


def ask(board: TensorBoard, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = board._binary("compare", body)
    return answer


def test_compare_equals_the_command_line(compare_board: TensorBoard, logdir: Path) -> None:
    answer = ask(compare_board, runs=["half"], reference=GROUP)
    (expected,) = compare_directory(logdir, ["half", *GROUP])
    assert answer["comparisons"] == [expected.document()] and answer["missing"] == []
    assert answer["comparisons"][0]["differences"][0]["since"] == 20


def test_compare_run_of_the_group_is_held_out(compare_board: TensorBoard) -> None:
    (one,) = ask(compare_board, runs=["seed0"], reference=GROUP, align="share")["comparisons"]
    assert one["reference"] == GROUP[1:] and one["align"] == "share" and one["differences"] == []


def test_compare_run_that_cannot_be_compared_is_missing(compare_board: TensorBoard) -> None:
    answer = ask(compare_board, runs=["nothere", "seed0", "half"], reference=["seed0"])
    assert [one["run"] for one in answer["comparisons"]] == ["half"]
    assert {one["run"]: one["reason"] for one in answer["missing"]} == {
        "nothere": "missing statistics: run 'nothere' has none",
        "seed0": "run 'seed0' is its own reference",
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"runs": ["half"]}, "missing reference"),
        ({"runs": ["half"], "reference": []}, "missing reference: []"),
        ({"runs": ["half"], "reference": "seed0"}, "invalid reference"),
        ({"runs": ["half"], "reference": ["seed0"], "align": "epoch"}, "unknown align: 'epoch'"),
        ({"runs": ["half"], "reference": ["seed0"], "x": 1}, "unknown key"),
    ],
)
def test_compare_invalid_request_names_the_value(body, message, compare_board: TensorBoard) -> None:
    response = compare_board.post("compare", body)
    assert response.status_code == 400 and message in response.text
