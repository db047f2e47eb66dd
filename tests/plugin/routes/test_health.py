"""The route ``health`` on both loaders, against the command line's reading of the event files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.diagnosis.directory import diagnose_directory
from tb_nnviz.diagnosis.document import describe
from tb_nnviz.rules.registry import RULES
from tests.support.event_logs import AB, Log
from tests.support.tensorboards import TensorBoard


def write(logdir: Path, run: str, norm: float, losses: list[float]) -> None:
    with Log(logdir / run) as log:
        steps = len(losses)
        values = np.full((steps, 2), norm, np.float32)
        log.table(AB, {"norm": values, "rms": values, "count": np.ones((steps, 2), np.float32)})
        for step, loss in enumerate(losses):
            log.entries(step, [schema.scalar(schema.TAG_LOG + "loss", loss)])


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logdir = tmp_path_factory.mktemp("health")
    write(logdir, "sound", 1.0, [1.0, 0.9, 0.8, 0.7])
    write(logdir, "dead", 0.0, [1.0, 1.0, 1.0, 1.0])
    write(logdir, "broken", 1.0, [1.0, 0.9, float("inf"), float("nan")])
    return logdir


@pytest.fixture(scope="module")
def health_board(loader: str, logdir: Path) -> Iterator[TensorBoard]:
    with TensorBoard(loader, logdir) as board:
        board.until_step(3, "sound", "dead", "broken")
        yield board


def ask(board: TensorBoard, *runs: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = board._binary("health", {"runs": runs, **more})
    return answer


def test_health_equals_the_command_line(health_board: TensorBoard, logdir: Path) -> None:
    expected = {one.run: describe(one) for one in diagnose_directory(logdir)}
    health_board.until(lambda: ask(health_board, "broken")["runs"][0]["verdict"] == "severe")
    answer = ask(health_board, "sound", "dead", "broken")
    assert [run["run"] for run in answer["runs"]] == ["sound", "dead", "broken"] and answer["missing"] == []
    assert {run["run"]: run for run in answer["runs"]} == expected
    rules = {run["run"]: [one["rule"] for one in run["findings"]] for run in answer["runs"]}
    assert "gradient/zero" in rules["dead"] and "loss/nonfinite" in rules["broken"]


def test_health_settings_reach_the_rules(health_board: TensorBoard) -> None:
    (run,) = ask(health_board, "dead", rules={"gradient/zero": {"patience": 100}})["runs"]
    assert "gradient/zero" not in [one["rule"] for one in run["findings"]] and "gradient/zero" in run["checked"]
    (run,) = ask(health_board, "dead", rules={"gradient/*": None})["runs"]
    assert not any(name.startswith("gradient/") for name in run["checked"])


def test_health_lists_all_rules_with_limits(health_board: TensorBoard) -> None:
    rules = ask(health_board, "sound")["rules"]
    assert [rule["name"] for rule in rules] == [rule.name for rule in RULES]
    assert {"name", "title", "limits", "words", "source"} == set(rules[0])
    for rule in rules:
        assert rule["words"].keys() == rule["limits"].keys()
        assert all(one["text"] for one in rule["words"].values())


def test_health_reference_equals_the_command_line(health_board: TensorBoard, logdir: Path) -> None:
    expected = {one.run: describe(one) for one in diagnose_directory(logdir, reference="sound")}
    answer = ask(health_board, "sound", "dead", "broken", reference="sound")
    assert {run["run"]: run for run in answer["runs"]} == expected
    dead = next(run for run in answer["runs"] if run["run"] == "dead")
    values = {one["rule"]: one.get("reference") for one in dead["findings"]}
    assert values["gradient/zero"] == 1.0 and "runs/parted" in dead["checked"]


def test_health_invalid_reference_is_400(health_board: TensorBoard) -> None:
    response = health_board.post("health", {"runs": ["sound"], "reference": 3})
    assert response.status_code == 400 and "invalid reference: 3" in response.text


def test_health_unknown_run_is_missing(health_board: TensorBoard) -> None:
    answer = ask(health_board, "nowhere", "sound")
    assert answer["missing"] == [{"run": "nowhere", "reason": "no data in run 'nowhere'"}]
    assert [run["run"] for run in answer["runs"]] == ["sound"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"gradient/zer": None}, "unknown rule: 'gradient/zer' (near: gradient/zero"),
        ({"gradient/zero": {"limits": 1}}, "unknown limit of gradient/zero: 'limits'"),
        ({"gradient/zero": 3}, "invalid limits of gradient/zero: 3"),
        (["gradient/zero"], "invalid rules: ['gradient/zero']"),
    ],
)
def test_health_invalid_settings_are_400(rules: Any, message: str, health_board: TensorBoard) -> None:
    response = health_board.post("health", {"runs": ["sound"], "rules": rules})
    assert response.status_code == 400 and message in response.text


def test_health_growing_run_is_judged_again(loader: str, tmp_path: Path) -> None:
    with TensorBoard(loader, tmp_path) as board, Log(tmp_path / "grows") as log:
        log.entries(0, [schema.scalar(schema.TAG_LOG + "loss", 1.0)])
        log.table(AB, {"norm": np.ones((1, 2), np.float32), "count": np.ones((1, 2), np.float32)})
        board.until(lambda: ask(board, "grows")["runs"])
        assert ask(board, "grows")["runs"][0]["verdict"] == "nothing found"
        log.entries(1, [schema.scalar(schema.TAG_LOG + "loss", float("nan"))])
        board.until(lambda: ask(board, "grows")["runs"][0]["verdict"] == "severe")
