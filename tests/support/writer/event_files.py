"""Reading event files back with TensorBoard's own loaders, and programs that end in every way."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import time
from collections.abc import Callable

from tensorboard.backend.event_processing import event_file_loader
from tensorboard.compat.proto import event_pb2
from tensorboard.util import tensor_util

from tests.support.paths import ROOT


def files(logdir: pathlib.Path) -> list[pathlib.Path]:
    """The event files of a directory in TensorBoard's order."""
    return sorted(path for path in logdir.iterdir() if "tfevents" in path.name)


def load(path: pathlib.Path) -> list[event_pb2.Event]:
    """All events of a file; the loader checks checksums and ends at the first bad record."""
    return list(event_file_loader.EventFileLoader(str(path)).Load())


def steps(logdir: pathlib.Path) -> list[int]:
    """The steps of a directory's only file, which has to begin with its version and to be whole."""
    (path,) = files(logdir)
    events = load(path)
    assert events[0].file_version == "brain.Event:2"
    assert whole(path)
    return [event.step for event in events[1:]]


def whole(path: pathlib.Path) -> bool:
    """Whether the records reach the file's very end: nothing torn, nothing behind a bad one."""
    data = path.read_bytes()
    position = 0
    while position < len(data):
        position += int.from_bytes(data[position : position + 8], "little") + 16
    return position == len(data)


def values(event: event_pb2.Event) -> dict[str, object]:
    """Tag to number or list of an event's values."""
    return {value.tag: tensor_util.make_ndarray(value.tensor).tolist() for value in event.summary.value}


def start(program: str, *args: object) -> subprocess.Popen[str]:
    """One of writer_programs in a process of its own."""
    # Newer Pythons warn of every fork beside a thread.
    command = [
        sys.executable,
        "-W",
        "ignore::DeprecationWarning",
        "-m",
        "tests.support.writer.programs",
        program,
        *map(str, args),
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(program: str, *args: object) -> tuple[int, str]:
    """Exit status and stderr of a program."""
    process = start(program, *args)
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Poll for what happens on another thread; the limit only ends a broken run."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
