"""Documents that are wrong, or look like something else: what the routes answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_nnviz import schema
from tests.support.event_logs import AB, WALL_TIME, Log, layout, numbers
from tests.support.fuzz.strict import decode
from tests.support.logs.findings import finding
from tests.support.tensorboards import TensorBoard

#: Rows of another run under the id of AB.
OTHER = layout(["c.weight", "d.weight"])


def uint8(document: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(json.dumps(document).encode(), np.uint8)


def vectors(log: Log, step: int, document: dict[str, Any]) -> float:
    """Write statistics with a layout document of one's own."""
    values = {name: table[step] for name, table in numbers(3, 2).items()}
    entries = [schema.vector("gradient", name, value) for name, value in values.items()]
    entries.append(schema.Entry(schema.layout_tag("gradient"), uint8(document), schema.PLUGIN))
    return log.entries(step, [*entries, schema.layout_id_entry(AB)])


@pytest.fixture(scope="module")
def documents(loader: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoard]:
    """Write a sound run, runs with odd layouts, and a run with a finding that names another run."""
    logdir, last = tmp_path_factory.mktemp("documents"), {}
    whole = json.loads(AB.encode())
    others = json.loads(OTHER.encode())
    odd = {
        "collision": {**others, "id": AB.id},
        "extra": {**whole, "rows": [{**row, "offset": 0, "$a": 1} for row in whole["rows"]]},
        "name": {**whole, "rows": [{**whole["rows"][0], "name": ["a"]}, whole["rows"][1]]},
        "numel": {**whole, "rows": [{**whole["rows"][0], "numel": "x"}, whole["rows"][1]]},
    }
    for name, document in {"sound": whole, **odd}.items():
        with Log(logdir / name) as log:
            for step in range(3):
                last[name] = vectors(log, step, document)
    with Log(logdir / "findings") as log:
        for step in range(3):
            last["findings"] = vectors(log, step, whole)
        made = finding(2, run="sound", wall_time="yesterday", dtype="float32", shape=[9], offset=0)
        last["findings"] = log.entries(2, [schema.findings_entry([made])])
    with TensorBoard(loader, logdir) as board:
        board.until_written({name: wall_time for name, wall_time in last.items() if name != "findings"})
        board.until(lambda: decode(board.post("findings", {"runs": ["findings"]}).data)["findings"])
        yield board


def test_series_layout_of_same_id_and_other_rows_is_kept_apart(documents: TensorBoard) -> None:
    for runs in (["sound", "collision"], ["collision", "sound"]):
        answer = documents.series(*runs)
        names = {one["run"]: [row["name"] for row in answer["layouts"][str(one["layout"])]] for one in answer["series"]}
        assert names == {"sound": ["a.weight", "b.weight"], "collision": ["c.weight", "d.weight"]}
    # A page that knows the rows of one does not take them for those of the other.
    known = documents.series("collision")["series"][0]["layout"]
    assert str(known) not in documents.series("sound", known=[])["layouts"]


@pytest.mark.parametrize(("run", "reason"), [("name", "name ['a'] is not a string"), ("numel", "numel 'x' is not")])
def test_series_invalid_row_is_missing_and_others_are_whole(documents: TensorBoard, run: str, reason: str) -> None:
    alone = documents.series("sound")
    answer = documents.series("sound", run)
    assert [one["run"] for one in answer["series"]] == ["sound"]
    assert answer["series"][0]["values"]["norm"].tobytes() == alone["series"][0]["values"]["norm"].tobytes()
    reasons = [one["reason"] for one in answer["missing"] if one["run"] == run]
    assert any(one.startswith("nnviz/layout/gradient: invalid layout: row 0: ") and reason in one for one in reasons)
    assert any(one.endswith(", at step 0") for one in reasons)


def test_series_row_with_keys_of_a_reference_is_whole(documents: TensorBoard) -> None:
    answer = decode(
        documents.post("series", {"runs": ["sound", "extra"], "kind": "gradient", "statistics": ["norm"]}).data
    )
    (extra,) = [one for one in answer["series"] if one["run"] == "extra"]
    row = answer["layouts"][str(extra["layout"])][0]
    assert (row["name"], row["dtype"], row["shape"], row["offset"], row["$a"]) == ("a.weight", "float32", [4, 3], 0, 1)
    assert extra["values"]["norm"].shape == (3, 2)


def test_findings_own_run_and_wall_time_do_not_count(documents: TensorBoard) -> None:
    answer = decode(documents.post("findings", {"runs": ["sound", "findings"]}).data)
    (found,) = answer["findings"]
    assert found["run"] == "findings"
    assert found["wall_time"] > WALL_TIME
    assert (found["dtype"], found["shape"], found["offset"]) == ("float32", [9], 0)


def test_runs_wall_times_that_are_no_dates_are_listed(tmp_path: Path) -> None:
    """The data server refuses such events, so this is on the Python loader only."""
    with Log(tmp_path / "sound") as log:
        last = vectors(log, 0, json.loads(AB.encode()))
    for number, wall_time in enumerate((float("inf"), float("nan"))):
        with Log(tmp_path / f"bad{number}", wall_time=wall_time) as log:
            for step in range(3):
                vectors(log, step, json.loads(AB.encode()))
    with TensorBoard("python", tmp_path) as board:
        board.until_written({"sound": last})
        answer = json.loads(board.get("runs").data, parse_constant=_refuse)
        assert {run["run"]: run["first_wall_time"] for run in answer["runs"]} == {
            "sound": WALL_TIME,
            "bad0": 0.0,
            "bad1": 0.0,
        }
        series = board.series("bad0", "bad1", "sound")
        assert [one["steps"].tolist() for one in series["series"]] == [[0, 1, 2], [0, 1, 2], [0]]


def _refuse(name: str) -> None:
    raise AssertionError(name)
