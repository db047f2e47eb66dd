"""The command ``tb-nnviz doctor``: what it reports about the installation and about logs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.cli import main
from tb_nnviz.cli.doctor.check import NOTE, OK, PROBLEM
from tb_nnviz.cli.doctor.environment import check_environment
from tb_nnviz.cli.doctor.runs import check_runs
from tests.support.event_logs import AB, Log

VALUES = {"norm": np.ones((3, 2), np.float32)}


def texts(status: str, logdir: Path) -> list[str]:
    return [check.text for check in check_runs(logdir) if check.status == status]


def test_doctor_sound_run_is_described_and_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Log(tmp_path / "a" / "b") as log:
        log.table(AB, VALUES)
        log.entries(2, [schema.notices_entry([schema.Notice("no graph", ("graph",), 1)])])
    assert main(["doctor", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("tb_nnviz ") and "tensorboard " in lines[0] and "torch " in lines[0]
    assert f"{OK:<8} TensorBoard starts and finds the plugin nnviz" in lines
    assert lines[-2:] == [
        f"{OK:<8} a/b: gradient up to step 2, no findings",
        f"{NOTE:<8} a/b: not recorded, step 1: no graph",
    ]


def test_check_runs_without_runs_is_problem(tmp_path: Path) -> None:
    assert texts(PROBLEM, tmp_path / "none") == [f"missing directory: {tmp_path / 'none'}"]
    assert texts(PROBLEM, tmp_path) == [f"no event file in {tmp_path} or below it"]
    assert main(["doctor", str(tmp_path)]) == 1


def test_check_runs_run_of_other_program_is_note(tmp_path: Path) -> None:
    with Log(tmp_path / "other") as log:
        log.entries(0, [schema.scalar("loss", 1.0), schema.scalar("accuracy", 0.5)])
    assert texts(PROBLEM, tmp_path) == []
    assert texts(NOTE, tmp_path) == ["other: not logged by tb_nnviz (2 scalars of other programs)"]


def test_check_runs_broken_record_and_document_are_problems(tmp_path: Path) -> None:
    with Log(tmp_path / "torn") as log:
        log.table(AB, VALUES)
    (path,) = (tmp_path / "torn").iterdir()
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with Log(tmp_path / "wrong") as log:
        log.table(AB, VALUES, steps=[0, 1, 2])
        log.entries(2, [schema.Entry(schema.TAG_GRAPH, np.frombuffer(b"{}", np.uint8), schema.PLUGIN)])
    torn, wrong = texts(PROBLEM, tmp_path)
    assert torn.startswith("torn: ") and "not read to its end: ValueError: invalid record at byte" in torn
    assert wrong == "wrong: nnviz/graph: unknown graph version: None (this tb_nnviz reads 1), at step 2"


def test_check_runs_two_writers_at_once_are_problem(tmp_path: Path) -> None:
    with Log(tmp_path / "both", 0, 1000.0) as first, Log(tmp_path / "both", 1, 1001.0) as second:
        first.table(AB, VALUES)
        second.table(AB, VALUES)
    with Log(tmp_path / "resumed", 0, 1000.0) as first, Log(tmp_path / "resumed", 1, 2000.0) as second:
        first.table(AB, VALUES)
        second.table(AB, VALUES)
    (problem,) = texts(PROBLEM, tmp_path)
    assert problem.startswith("both: events.out.tfevents.0000000000.test and events.out.tfevents.0000000001.test were")


def test_doctor_names_that_are_no_unicode_are_printed(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = os.fsencode(tmp_path / "run ") + b"\xff"
    with Log(os.fsdecode(folder)) as log:
        log.table(AB, VALUES)
    code = f"import sys; from tb_nnviz.cli import main; sys.exit(main(['doctor', {str(tmp_path)!r}]))"
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", code) == 0
    assert rb"run \udcff: gradient up to step 2" in capfdbinary.readouterr().out


def test_check_environment_broken_plugin_of_others_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tensorboard_plugins]\nfancy = theirs_module:Plugin\n")
    (tmp_path / "theirs_module.py").write_text("raise OSError('no licence')\n")
    monkeypatch.syspath_prepend(tmp_path)
    problems = [check.text for check in check_environment() if check.status == PROBLEM]
    assert problems == ["TensorBoard does not start: the plugin fancy of theirs fails with OSError: no licence"]


def test_check_environment_extension_switched_off_is_note(monkeypatch: pytest.MonkeyPatch) -> None:
    from tb_nnviz.record.measure import native

    monkeypatch.setattr(native, "library", None)
    monkeypatch.setenv("NNVIZ_NATIVE", "0")
    notes = [check.text for check in check_environment() if check.status == NOTE]
    assert notes == ["the C extension is not in use, so statistics on the CPU cost more: NNVIZ_NATIVE is 0"]


def test_main_without_command_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "doctor" in capsys.readouterr().out
