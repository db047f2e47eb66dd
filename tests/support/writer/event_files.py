"""Helpers that read event files with TensorBoard's own loaders, and run programs that end in various ways."""

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
    """Return the event files of a directory in TensorBoard's order."""
    return sorted(path for path in logdir.iterdir() if "tfevents" in path.name)


def load(path: pathlib.Path) -> list[event_pb2.Event]:
    """Return all events of a file up to the first bad record. The loader verifies checksums."""
    return list(event_file_loader.EventFileLoader(str(path)).Load())


def steps(logdir: pathlib.Path) -> list[int]:
    """Return the steps of a directory's only file. Check that it begins with its version and is whole."""
    (path,) = files(logdir)
    events = load(path)
    assert events[0].file_version == "brain.Event:2"
    assert whole(path)
    return [event.step for event in events[1:]]


def whole(path: pathlib.Path) -> bool:
    """Return True if the file ends where its last record ends."""
    data = path.read_bytes()
    position = 0
    while position < len(data):
        position += int.from_bytes(data[position : position + 8], "little") + 16
    return position == len(data)


def values(event: event_pb2.Event) -> dict[str, object]:
    """Return an event's values by tag, as numbers or lists."""
    return {value.tag: tensor_util.make_ndarray(value.tensor).tolist() for value in event.summary.value}


def start(program: str, *args: object) -> subprocess.Popen[str]:
    """Start one of the functions in programs.py in a process of its own."""
    # Python 3.12 and later warn about a fork in a process with threads
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
    """Run a program and return its exit status and stderr."""
    process = start(program, *args)
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition that another thread fulfils. Fails after the time limit."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not fulfilled within {seconds} s"
        time.sleep(0.005)
