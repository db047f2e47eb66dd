"""An event file that survives full disks. Records that cannot be written wait in memory, and none stays incomplete."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tensorboard.compat.proto import event_pb2

from tb_nnviz import schema
from tb_nnviz.record.write import records
from tb_nnviz.record.write.other_files import OtherFiles

if TYPE_CHECKING:
    from _typeshed import StrPath

_logger = logging.getLogger("tb_nnviz")
_counter = itertools.count()
_TIMESTAMP = re.compile(r"events\.out\.tfevents\.(\d{10})\.")
_LAYOUT = schema.layout_tag("")
#: Called with a key and a text.
Report = Callable[[str, str], None]
#: Bytes per write.
_BATCH = 1 << 20
#: The largest timestamp of ten digits, which is its length in file names.
_LAST_STAMP = 9_999_999_999


class _Record(NamedTuple):
    data: bytes
    #: True if other records cannot be read without it: the version, a layout, a record that is torn on disk.
    needed: bool


class EventFile:
    """A new event file in a directory. It is not thread-safe: the writer's thread owns it.

    >>> import tempfile
    >>> from tb_nnviz.record.write import events
    >>> with tempfile.TemporaryDirectory() as runs:
    ...     sink = EventFile(runs + "/baseline")
    ...     sink.write(events.event(0, 1.0, [schema.scalar("nnviz/log/loss", 0.5)]))  # keeps it in memory
    ...     written = sink.flush()  # hands it to the system
    ...     sink.close()
    >>> written  # False if the system did not take everything
    True

    Args:
        logdir: the directory, created with the file.
        limit: bytes that may wait in memory while nothing can be written.
        report: called with the key and the text of a problem with the directory.

    Raises:
        ValueError: the directory is an address of remote storage.
    """

    def __init__(self, logdir: StrPath, limit: int = 64 << 20, report: Report | None = None) -> None:
        path = os.fsdecode(os.fspath(logdir))
        if "://" in path:
            raise ValueError(f"invalid logdir: {path!r} is not on a file system; pass writer=SummaryWriter(...) for it")
        # absolute, since training scripts may change their directory
        self.logdir = os.path.abspath(os.path.expanduser(path))
        self.path: str | None = None
        self._limit = limit
        self._pending: deque[_Record] = deque()
        self._pending_bytes = 0
        self._layouts: list[_Record] = []
        self._fd: int | None = None
        self._identity = 0, 0  # of the file: another file may have the descriptor's number
        self._others = OtherFiles(self.logdir)
        self._reported = False
        self._report = report or (lambda key, reason: _logger.warning("%s", reason))
        self._good = 0  # the end of the last whole record
        self._end = 0  # the end of the file; beyond _good lies a torn record
        self._lost = 0
        self._closed = False
        self._failing = False
        self._error: OSError | None = None  # the last one
        version = event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2")
        self._head = _Record(records.frame(version.SerializeToString()), True)

    def write(self, event: event_pb2.Event) -> None:
        """Add an event. It reaches the file with the next flush or before."""
        layout = any(value.tag.startswith(_LAYOUT) for value in event.summary.value)
        record = _Record(records.frame(event.SerializeToString()), layout)
        self._pending.append(record)
        self._pending_bytes += len(record.data)
        if layout:
            self._layouts.append(record)
        if not self._failing and self._pending_bytes >= _BATCH:
            self.flush()
        while self._pending_bytes > self._limit and len(self._pending) > 1:
            self._drop_oldest()

    def flush(self) -> bool:
        """Hand all records to the operating system. Returns False if some have to wait for another try."""
        try:
            self._open()
            self._cut()
            while self._pending:
                self._append()
        except OSError as error:
            with contextlib.suppress(OSError):
                self._cut()  # immediately, so that readers are unlikely to find the torn record
            if self._error is None:
                where = self.path or self.logdir
                _logger.warning("cannot write %s: %s; events wait in memory, training goes on", where, error)
            if error.errno == errno.ESTALE:  # the file is gone from a network file system
                self._abandon()
            self._error, self._failing = error, True
            self._look()
            return False
        self._failing = False
        self._look()
        return True

    def close(self) -> None:
        """Try once more to write everything, and log the number of events that are lost."""
        if self._closed:
            return
        self._closed = True
        self.flush()
        self._look(now=True)
        self._lost += sum(record != self._head for record in self._pending)
        if self._lost:
            where = self.path or self.logdir
            _logger.warning("%d events are lost, %s could not be written: %s", self._lost, where, self._error)
        self._pending.clear()
        self._pending_bytes = 0
        try:
            self._release()
        except OSError as error:  # network file systems may report only now that they are full
            _logger.warning("cannot close %s: %s", self.path, error)

    def _look(self, now: bool = False) -> None:
        """Report files of other writers."""
        if not self._reported and (problem := self._others.look(now)) is not None:
            self._reported = True
            self._report("other files", problem)

    def _open(self) -> None:
        if self._fd is not None and not self._is_own():
            self._fd = None
            _logger.warning("other code closed the descriptor of %s: it is opened again", self.path)
            with contextlib.suppress(OSError):
                state, flags = os.stat(self.path or ""), os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
                if (state.st_dev, state.st_ino) == self._identity:
                    self._fd = os.open(self.path or "", flags)
            if self._fd is None:
                self._abandon()
        if self._fd is not None and os.fstat(self._fd).st_nlink == 0 and not os.path.exists(self.path or ""):
            self._abandon()  # the file was deleted; in a renamed directory it would keep its link
        if self._fd is None:
            os.makedirs(self.logdir, exist_ok=True)
            self.path, self._fd = _create(self.logdir)
            state = os.fstat(self._fd)
            self._identity = state.st_dev, state.st_ino
            self._good = self._end = 0
            self._wait(self._head)

    def _abandon(self) -> None:
        """Abandon the file. The next one begins with the layouts, which later vectors need."""
        with contextlib.suppress(OSError):
            self._release()
        for record in reversed(self._layouts):
            if record not in self._pending:
                self._wait(record)

    def _wait(self, record: _Record) -> None:
        self._pending.appendleft(record)
        self._pending_bytes += len(record.data)

    def _is_own(self) -> bool:
        """Return True if the descriptor is still that of the file."""
        try:
            state = os.fstat(self._fd if self._fd is not None else -1)
        except OSError:
            return False
        return (state.st_dev, state.st_ino) == self._identity

    def _release(self) -> None:
        own, descriptor, self._fd = self._is_own(), self._fd, None
        if descriptor is not None and own:
            os.close(descriptor)

    def _cut(self) -> None:
        """Truncate a torn record, which no reader gets past."""
        if self._fd is not None and self._end > self._good and self._is_own():
            os.ftruncate(self._fd, self._good)
            self._end = self._good

    def _append(self) -> None:
        """Write a batch of records, and drop those from memory that are whole in the file."""
        assert self._fd is not None
        if not self._is_own():
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        batch = bytearray()
        for record in self._pending:
            batch += record.data
            if len(batch) >= _BATCH:
                break
        view = memoryview(batch)
        try:
            while view:
                written = os.write(self._fd, view)
                self._end += written
                view = view[written:]
        finally:
            while self._pending and self._good + len(self._pending[0].data) <= self._end:
                record = self._pending.popleft()
                self._good += len(record.data)
                self._pending_bytes -= len(record.data)
            if self._pending and self._end > self._good:
                # the data server may have read the torn part, so the rest of this record must follow
                self._pending[0] = self._pending[0]._replace(needed=True)

    def _drop_oldest(self) -> None:
        """Drop the oldest record that no other record needs."""
        oldest = next((i for i, record in enumerate(self._pending) if not record.needed), 0)
        self._pending_bytes -= len(self._pending[oldest].data)
        del self._pending[oldest]
        self._lost += 1


def _create(logdir: str) -> tuple[str, int]:
    """Create a file whose name sorts after all others of the directory, and return its path and descriptor.

    TensorBoard reads the files of a directory in the order of their names, and its Python loader never returns
    to an older file. So the file of a resumed run must sort last, whatever the clock and the process id are.
    """
    found = (int(match[1]) for match in map(_TIMESTAMP.match, os.listdir(logdir)) if match)
    newest = max((stamp for stamp in found if stamp < _LAST_STAMP), default=0)
    stamp = max(int(time.time()), newest + 1)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
    while True:
        tail = f"{socket.gethostname()}.{os.getpid()}.{next(_counter):06d}.nnviz"
        path = os.path.join(logdir, f"events.out.tfevents.{stamp:010d}.{tail}")
        with contextlib.suppress(FileExistsError):
            return path, os.open(path, flags, 0o666)
