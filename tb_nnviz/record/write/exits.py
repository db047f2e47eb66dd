"""The ways out of a process: writers that are still open are drained on each."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import threading
from multiprocessing import util
from types import FrameType
from typing import Protocol


class Drainable(Protocol):
    """What is closed when the process ends."""

    def close(self) -> None: ...
    def drain(self, patience: float, limit: float) -> bool: ...


#: Seconds that SIGTERM waits: in all, and for one that makes no progress (its thread may wait for a lock which
#: the interrupted code holds). Schedulers kill about 30 s after SIGTERM.
_LIMIT, _PATIENCE = 20.0, 5.0

_open: dict[Drainable, util.Finalize] = {}
_draining = False


def add(writer: Drainable) -> None:
    """Close the writer when the process ends: by itself, by an exception, by SIGTERM."""
    # Both: atexit runs before the exit functions of what was made earlier (tensorboardX closes its files in one);
    # a finalizer also runs in children of multiprocessing, which skip atexit.
    atexit.register(writer.close)
    _open[writer] = util.Finalize(None, writer.close, exitpriority=10)
    _install()


def remove(writer: Drainable) -> None:
    """The writer is closed; after the last one SIGTERM is as it was."""
    finalizer = _open.pop(writer, None)
    if finalizer is not None:
        finalizer.cancel()
        atexit.unregister(writer.close)
    if not _open:
        _uninstall()


def _install() -> None:
    # None (a handler that is not Python's), SIG_IGN and the user's own handler are left alone.
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        with contextlib.suppress(ValueError):  # not the main interpreter
            signal.signal(signal.SIGTERM, _on_sigterm)


def _uninstall() -> None:
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is _on_sigterm:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _on_sigterm(signum: int, frame: FrameType | None) -> None:
    global _draining
    if _draining:  # a second one while we drain
        return
    _draining = True
    try:
        for writer in list(_open):
            writer.drain(_PATIENCE, _LIMIT)
    finally:
        _draining = False
    # A handler that was set over ours and calls it decides itself how the process ends, as without us.
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)


def _forget_in_child() -> None:
    # A forked child has no writer threads; a DataLoader's worker is ended by SIGTERM and must not wait for any.
    global _draining
    _draining = False
    _open.clear()
    _uninstall()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
