"""The route ``runs`` on both loaders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tb_nnviz import schema
from tests.support.event_logs import STEPS, WALL_TIME, Log, Zoo
from tests.support.tensorboards import TensorBoard


def test_runs_lists_only_runs_with_statistics(board: TensorBoard, zoo: Zoo) -> None:
    runs = board.runs()
    assert list(runs) == sorted(zoo.last_wall_times)
    assert runs["plain"] == {
        "run": "plain",
        "kinds": {"gradient": ["count", "mean", "norm"]},
        "first_wall_time": WALL_TIME,
        "steps": STEPS - 1,
        "notices": [],
    }
    assert runs["grown"]["first_wall_time"] == WALL_TIME
    assert runs["odd"]["kinds"] == {"gradient": ["count", "min", "nonfinite", "norm"]}


def test_runs_notices_of_all_writers_are_joined(loader: str, tmp_path: Path) -> None:
    first, second = schema.Notice("one\udc80", ("gradient",), 0), schema.Notice("two", (), 7)
    with Log(tmp_path / "a") as log:
        log.entries(0, [schema.notices_entry([first])])
        log.entries(3, [schema.notices_entry([first, second._replace(step=3)])])
        last = log.entries(7, [schema.notices_entry([second])])
    with Log(tmp_path / "bad") as log:
        last_bad = log.entries(1, [schema.Entry(schema.TAG_NOTICES, np.frombuffer(b"[]", np.uint8), schema.PLUGIN)])
    with TensorBoard(loader, tmp_path) as board:
        board.until_written({"a": last, "bad": last_bad})
        answer = board.get("runs").get_json()
    found = {run["run"]: (run["kinds"], run["notices"]) for run in answer["runs"]}
    wanted = [{**first._asdict(), "reason": r"one\udc80"}, {**second._asdict(), "step": 3}]
    assert found == {"a": ({}, [{**one, "kinds": list(one["kinds"])} for one in wanted]), "bad": ({}, [])}
    reason = "nnviz/notices: unknown notices version: None (this tb_nnviz reads 1), at step 1"
    assert answer["missing"] == [{"run": "bad", "reason": reason}]


def test_runs_of_other_writers_are_counted(board: TensorBoard, zoo: Zoo) -> None:
    answer = board.get("runs").get_json()
    folders = {path.parent for path in zoo.logdir.rglob("*tfevents*")}
    assert answer["others"] == len(folders) - len(answer["runs"]) == 1  # "users" has only a stock scalar


def test_runs_of_empty_logdir_are_none(empty_board: TensorBoard) -> None:
    answer = empty_board.get("runs").get_json()
    assert (answer["runs"], answer["others"]) == ([], 0)
