"""Ends of a process: none loses events, and the program's own signal handlers stay in place."""

from __future__ import annotations

import pathlib
import signal
import threading

import pytest

from tb_nnviz import schema
from tb_nnviz.record.write import writer
from tests.support.writer import event_files

LOSS = [schema.scalar("nnviz/log/loss", 0.5)]
ALL = list(range(100))


def test_add_several_writers_share_handler_and_restore_it(tmp_path: pathlib.Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert before is signal.SIG_DFL
    first, second = writer.file_writer(tmp_path / "a"), writer.file_writer(tmp_path / "b")
    installed = signal.getsignal(signal.SIGTERM)
    first.close()
    assert signal.getsignal(signal.SIGTERM) is installed is not before
    second.close()
    assert signal.getsignal(signal.SIGTERM) is before


def test_add_users_handler_is_left_alone(tmp_path: pathlib.Path) -> None:
    def users_handler(*_: object) -> None: ...

    signal.signal(signal.SIGTERM, users_handler)
    try:
        made = writer.file_writer(tmp_path)
        assert signal.getsignal(signal.SIGTERM) is users_handler
        made.close()
        assert signal.getsignal(signal.SIGTERM) is users_handler
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_writer_of_another_thread_writes(tmp_path: pathlib.Path) -> None:
    made: list[writer.Writer] = []
    thread = threading.Thread(target=lambda: made.append(writer.file_writer(tmp_path)))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    made[0].submit(0, 1.0, LOSS)
    made[0].close()
    assert event_files.steps(tmp_path) == [0]


def test_normal_exit_writes_everything(tmp_path: pathlib.Path) -> None:
    assert event_files.run("normal_exit", tmp_path) == (0, "")
    assert event_files.steps(tmp_path) == ALL


def test_exception_writes_everything(tmp_path: pathlib.Path) -> None:
    status, errors = event_files.run("exception", tmp_path)
    assert status == 1 and errors.endswith("RuntimeError: out of memory\n")
    assert event_files.steps(tmp_path) == ALL


@pytest.mark.parametrize(
    ("program", "number", "status", "expected"),
    [
        ("sigterm", signal.SIGTERM, -signal.SIGTERM, ALL),
        ("interrupt", signal.SIGINT, -signal.SIGINT, ALL),
        ("own_handler", signal.SIGTERM, 3, [*ALL, *range(100, 110)]),
        ("later_handler", signal.SIGTERM, 4, [*ALL, *range(100, 110)]),
    ],
)
def test_signal_writes_everything_keeps_status(
    tmp_path: pathlib.Path, program: str, number: int, status: int, expected: list[int]
) -> None:
    process = event_files.start(program, tmp_path)
    assert process.stdout and process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == status
    assert event_files.steps(tmp_path) == expected


def test_sigterm_drains_every_writer(tmp_path: pathlib.Path) -> None:
    process = event_files.start("two_writers", tmp_path)
    assert process.stdout and process.stdout.readline() == "ready\n"
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGTERM
    assert event_files.steps(tmp_path / "a") == event_files.steps(tmp_path / "b") == ALL


def test_sigterm_while_submit_waits_loses_nothing(tmp_path: pathlib.Path) -> None:
    assert event_files.run("sigterm_in_submit", tmp_path) == (-signal.SIGTERM, "")
    assert event_files.steps(tmp_path) == list(range(writer.MAX_WAITING))


@pytest.mark.parametrize("program", ["os_fork", "forked_child_is_killed"])
def test_forked_child_leaves_parents_file_alone(tmp_path: pathlib.Path, program: str) -> None:
    assert event_files.run(program, tmp_path) == (0, "")
    assert event_files.steps(tmp_path) == ALL


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_child_that_trains_writes_everything(tmp_path: pathlib.Path, method: str) -> None:
    assert event_files.run("processes", tmp_path, method) == (0, "")
    assert event_files.steps(tmp_path / "parent") == event_files.steps(tmp_path / "child") == ALL


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_child_terminated_writes_everything(tmp_path: pathlib.Path, method: str) -> None:
    assert event_files.run("terminated_process", tmp_path, method) == (0, "")
    assert event_files.steps(tmp_path) == ALL
