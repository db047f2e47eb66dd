"""Draining of open writers when the process ends normally, by an exception or by SIGTERM."""

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
    """A writer that is closed when the process ends."""

    def close_at_exit(self) -> None: ...
    def drain(self, patience: float, limit: float) -> bool: ...


#: Seconds that SIGTERM waits for a writer: in total, and without progress (the writer's thread may wait for a
#: lock that the interrupted code holds). Schedulers kill a process about 30 s after SIGTERM.
_LIMIT, _PATIENCE = 20.0, 5.0

_open: dict[Drainable, util.Finalize] = {}
_draining = False


def add(writer: Drainable) -> None:
    """Close the writer when the process ends normally, by an exception or by SIGTERM."""
    # Both are needed. atexit runs before exit functions that were registered earlier, such as the one in
    # which tensorboardX closes its files. A finalizer runs in children of multiprocessing too, which skip atexit.
    atexit.register(writer.close_at_exit)
    _open[writer] = util.Finalize(None, writer.close_at_exit, exitpriority=10)
    _install()


def remove(writer: Drainable) -> None:
    """Forget a closed writer. After the last one, restore the handling of SIGTERM."""
    finalizer = _open.pop(writer, None)
    if finalizer is not None:
        finalizer.cancel()
        atexit.unregister(writer.close_at_exit)
    if not _open:
        _uninstall()


def _install() -> None:
    # only the default is replaced: not SIG_IGN, the user's handler, or None (a handler that is not Python's)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        with contextlib.suppress(ValueError):  # not the main interpreter
            signal.signal(signal.SIGTERM, _on_sigterm)


def _uninstall() -> None:
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is _on_sigterm:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _on_sigterm(signum: int, frame: FrameType | None) -> None:
    global _draining
    if _draining:  # a second signal
        return
    _draining = True
    try:
        for writer in list(_open):
            writer.drain(_PATIENCE, _LIMIT)
    finally:
        _draining = False
    # a later handler that calls this one decides by itself how the process ends
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)


def _forget_in_child() -> None:
    # A forked child has no writer threads. SIGTERM ends a DataLoader's worker, which must not wait for any.
    global _draining
    _draining = False
    _open.clear()
    _uninstall()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
