"""Programs that train for 100 steps and end in different ways: python -m tests.support.writer.programs NAME LOGDIR."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.synchronize import Event
from types import FrameType
from typing import Any

from tb_nnviz import schema
from tb_nnviz.record.write import writer

# With one flush per hour, only the exit can write the events.
HOUR = 3600.0


def open_writer(logdir: str) -> writer.Writer:
    made = writer.file_writer(logdir)
    made.flush()
    made._flush_seconds = HOUR
    return made


def fill(made: writer.Writer, start: int = 0, stop: int = 100) -> None:
    for step in range(start, stop):
        made.submit(step, float(step), [schema.scalar("nnviz/log/loss", step)])


def train(logdir: str) -> None:
    fill(open_writer(logdir))


def wait_for_signal() -> None:
    print("ready", flush=True)
    while True:
        time.sleep(0.1)


def normal_exit(logdir: str) -> None:
    train(logdir)


def exception(logdir: str) -> None:
    train(logdir)
    raise RuntimeError("out of memory")


def interrupt(logdir: str) -> None:
    train(logdir)
    wait_for_signal()


def sigterm(logdir: str) -> None:
    train(logdir)
    wait_for_signal()


def two_writers(logdir: str) -> None:
    train(os.path.join(logdir, "a"))
    train(os.path.join(logdir, "b"))
    wait_for_signal()


def own_handler(logdir: str) -> None:
    """End in the program's own handler of SIGTERM, which logs too, perhaps in the middle of a submit."""
    made: list[writer.Writer] = []

    def handler(*_: object) -> None:
        fill(made[0], 100, 110)
        sys.exit(3)

    signal.signal(signal.SIGTERM, handler)
    made.append(open_writer(logdir))
    fill(made[0])
    wait_for_signal()


def later_handler(logdir: str) -> None:
    """End in a handler that was set later. Like Lightning's, it calls the one before it, and then exits itself."""
    made = open_writer(logdir)
    previous = signal.getsignal(signal.SIGTERM)

    def handler(signum: int, frame: FrameType | None) -> None:
        assert callable(previous)
        previous(signum, frame)
        fill(made, 100, 110)
        sys.exit(4)

    signal.signal(signal.SIGTERM, handler)
    fill(made)
    wait_for_signal()


def sigterm_in_submit(logdir: str) -> None:
    """Receive the signal while the queue is full and submit waits."""
    made = open_writer(logdir)
    running, go_on = threading.Event(), threading.Event()

    def slow() -> list[schema.Entry]:
        running.set()
        go_on.wait()
        return []

    made.submit(0, 0.0, slow)
    running.wait()
    fill(made, 0, writer.MAX_WAITING)

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        go_on.set()

    threading.Timer(0.05, kill).start()
    fill(made, writer.MAX_WAITING, writer.MAX_WAITING + 1)
    wait_for_signal()


def os_fork(logdir: str) -> None:
    """Fork a child that uses the parent's writer, as a copy of the script would, and exits normally."""
    made = open_writer(logdir)
    fill(made, 0, 50)
    child = os.fork()
    if child == 0:
        fill(made, 1000, 2000)
        made.flush()
        made.close()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    fill(made, 50, 100)


def forked_child_is_killed(logdir: str) -> None:
    """Fork a child, like a DataLoader's worker, that SIGTERM ends at once without touching the parent's writer."""
    made = open_writer(logdir)
    fill(made, 0, 50)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"x")
        while True:
            time.sleep(0.1)
    os.read(reading, 1)
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGTERM
    fill(made, 50, 100)


def processes(logdir: str, method: str) -> None:
    """Train in the parent and in a child of multiprocessing."""
    made = open_writer(os.path.join(logdir, "parent"))
    fill(made, 0, 50)
    context: Any = multiprocessing.get_context(method)
    child = context.Process(target=train, args=(os.path.join(logdir, "child"),))
    child.start()
    child.join()
    assert child.exitcode == 0
    fill(made, 50, 100)


def train_and_wait(logdir: str, ready: Event) -> None:
    train(logdir)
    ready.set()
    while True:
        time.sleep(0.1)


def terminated_process(logdir: str, method: str) -> None:
    """Terminate a child that trains."""
    context: Any = multiprocessing.get_context(method)
    ready = context.Event()
    child = context.Process(target=train_and_wait, args=(logdir, ready))
    child.start()
    ready.wait()
    child.terminate()
    child.join()
    assert child.exitcode == -signal.SIGTERM


def user_writer(logdir: str, library: str) -> None:
    """Train with a SummaryWriter that is never closed."""
    module = importlib.import_module(library)
    fill(writer.user_writer(module.SummaryWriter(logdir, max_queue=1000, flush_secs=3600)))


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell passes this on to background processes
        signal.signal(signal.SIGINT, signal.default_int_handler)
    globals()[sys.argv[1]](*sys.argv[2:])
