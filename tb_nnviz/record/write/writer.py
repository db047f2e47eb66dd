"""A background thread between training and the event file, so that training never waits for a disk."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, SupportsFloat

from tensorboard.compat.proto import event_pb2

from tb_nnviz import schema
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.write import events, exits
from tb_nnviz.record.write.event_file import EventFile, Report
from tb_nnviz.record.write.rank_sink import RankSink
from tb_nnviz.record.write.user_writer import UserWriter

if TYPE_CHECKING:
    from _typeshed import StrPath

_logger = logging.getLogger("tb_nnviz")

#: Number of pending calls of `submit` at which the next call waits for the thread.
MAX_WAITING = 256
#: Seconds without progress after which a caller stops waiting for the thread.
PATIENCE = 30.0


class Sink(Protocol):
    """The destination of events. Only the writer's thread calls it."""

    logdir: str

    def write(self, event: event_pb2.Event) -> None: ...
    def flush(self) -> bool:
        """Return False if events are still pending, so that flush has to be called again."""

    def close(self) -> None: ...


#: The entries of one event, or a function that makes them on the writer's thread.
Entries = Sequence[schema.Entry] | Callable[[], Sequence[schema.Entry]]


class _Item(NamedTuple):
    step: int
    wall_time: float
    events: tuple[Entries, ...]


class _Mark:
    """A place in the queue, reached when everything before it is flushed."""

    def __init__(self) -> None:
        self.reached = threading.Event()


class Writer:
    """A queue of events from the training loop, and the thread that writes them.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as runs:
    ...     writer = file_writer(runs + "/baseline")
    ...     writer.submit(0, time.time(), [schema.scalar("nnviz/log/loss", 0.5)])
    ...     writer.close()

    It never raises. It loses nothing if the process ends without ``close``: normally, by an exception, or by
    SIGTERM (if the program has no handler of its own, and one writer was made on the main thread). In a forked
    child it does nothing.

    Args:
        sink: the destination.
        flush_seconds: the longest time that an event stays unflushed.
    """

    def __init__(self, sink: Sink, flush_seconds: float = 2.0) -> None:
        self.logdir = sink.logdir
        #: CPU time that the thread has used.
        self.cpu_seconds = 0.0
        self._sink = sink
        self._flush_seconds = flush_seconds
        self._pid = os.getpid()
        # A signal handler that calls put may interrupt put. With queue.Queue that would be a deadlock.
        self._queue: queue.SimpleQueue[_Item | _Mark] = queue.SimpleQueue()
        self._handled = 0
        self._dropped = 0
        self._stalled = False
        self._closed = False
        #: True once the process ends. What is submitted later is lost.
        self.is_exiting = False
        #: Called by the thread before it closes the destination. It keeps no session alive.
        self.at_end: Callable[[], None] = lambda: None
        self._released = False
        self._last = _Mark()
        self._warned: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="tb_nnviz writer", daemon=True)
        self._thread.start()
        exits.add(self)

    @property
    def refused(self) -> bool:
        """True if the destination takes no events, because another rank writes them."""
        return bool(getattr(self._sink, "refused", False))

    def submit(self, step: int, wall_time: float, *events: Entries) -> None:
        """Add the events of one step to the queue, in their order.

        It never raises. It waits while `MAX_WAITING` calls are pending.

        Args:
            step: the events' step.
            wall_time: seconds since the epoch.
            events: for each event the entries, whose arrays belong to the writer from now on, or a function that
                the thread calls for them. An event without entries is not written.
        """
        if os.getpid() != self._pid:
            return
        if self._closed:
            self._warn("closed", "the writer of %s is closed, step %s and later are not recorded", self.logdir, step)
        elif self._has_room():
            self._queue.put(_Item(step, wall_time, events))
        else:
            self._dropped += len(events)

    def write_now(self, step: int, wall_time: float, entries: Sequence[schema.Entry]) -> None:
        """Write an event at once. Only the thread may call it, in ``at_end`` or in a function that makes entries."""
        self._write_event(step, wall_time, entries)

    def add_scalar(self, tag: str, value: SupportsFloat, step: int) -> None:
        """Write a stock scalar, like the method of SummaryWriter with this name."""
        try:
            entry = schema.scalar(tag, float(value))
        except Exception as error:
            if is_interrupt(error):
                raise
            self._warn("scalar", "a value of %s is lost, it is not a number", tag, trace=True)
        else:
            self.submit(step, time.time(), [entry])

    def flush(self) -> None:
        """Wait until everything that was submitted is in the file, or flushed by the user's writer."""
        self.drain()

    def drain(self, patience: float = PATIENCE, limit: float = float("inf")) -> bool:
        """Flush within limits, and return True if everything is flushed.

        Args:
            patience: seconds without progress after which it gives up.
            limit: seconds in total after which it gives up.
        """
        if not self._can_wait():
            return False
        mark = _Mark()
        self._queue.put(mark)
        return self._reach(mark, patience, limit)

    def close(self) -> None:
        """Write pending events, close the file (flush a user's writer), and remove the process's exit functions."""
        if not self._can_wait():
            return
        if not self._closed:
            self._closed = True
            self._queue.put(self._last)
        if not self._reach(self._last, PATIENCE):
            self._warn("hangs", "the writer of %s hangs, the last %s events are lost", self.logdir, self._queue.qsize())
        if self._dropped:
            self._warn("dropped", "the writer of %s did not keep up, %s events are lost", self.logdir, self._dropped)
        exits.remove(self)

    def close_at_exit(self) -> None:
        """Close, because the process ends."""
        self.close()
        self.is_exiting = True

    def release(self) -> None:
        """Close without waiting, because nobody can submit events any more. Garbage collection may call this."""
        if not self._closed and os.getpid() == self._pid:
            self._closed = self._released = True
            self._queue.put(self._last)

    def _can_wait(self) -> bool:
        """Return True if there is a thread to wait for: not in a forked child, and not on the thread itself."""
        return os.getpid() == self._pid and threading.current_thread() is not self._thread

    def _reach(self, mark: _Mark, patience: float, limit: float = float("inf")) -> bool:
        handled, now = self._handled, time.monotonic()
        progress, end = now, now + limit
        while self._thread.is_alive() and not mark.reached.wait(0.5):
            now = time.monotonic()
            if handled != self._handled:
                handled, progress = self._handled, now
            if now - progress > patience or now > end:
                return False
        return mark.reached.is_set()

    def _has_room(self) -> bool:
        """Wait for room in the queue.

        Returns False if the thread hangs. Then later calls do not wait, until the thread makes progress.
        """
        if self._queue.qsize() < MAX_WAITING or not self._can_wait():
            self._stalled = False
            return True
        end = time.monotonic() + PATIENCE
        while not self._stalled and self._thread.is_alive():
            time.sleep(0.002)  # not a condition, whose lock a signal handler could not take again
            if self._queue.qsize() < MAX_WAITING:
                return True
            self._stalled = time.monotonic() > end
        self._warn("stalled", "the writer of %s hangs, events are lost", self.logdir)
        return False

    def _run(self) -> None:
        due: float | None = time.monotonic()  # immediately, so that a bad path is reported at the start
        mark = None
        while mark is not self._last:
            mark = None
            try:
                item = self._queue.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
            except queue.Empty:
                pass
            else:
                if isinstance(item, _Mark):
                    mark = item
                else:
                    self._write(item)
                    due = due or time.monotonic() + self._flush_seconds
                del item  # so that its arrays are freed before the next item comes
            if mark is self._last:
                self._guard(self.at_end)
            if mark or (due is not None and time.monotonic() >= due):
                due = None if self._guard(self._sink.flush) else time.monotonic() + self._flush_seconds
            if mark is self._last:
                self._guard(self._sink.close)
            self._handled += 1
            self.cpu_seconds = time.thread_time()
            if mark:
                mark.reached.set()
        if self._released:
            exits.remove(self)

    def _write(self, item: _Item) -> None:
        for event in item.events:
            self._write_event(item.step, item.wall_time, event)

    def _write_event(self, step: int, wall_time: float, event: Entries) -> None:
        try:
            entries = event() if callable(event) else event
            if entries:
                self._sink.write(events.event(int(step), wall_time, entries))
        except BaseException:  # even SystemExit in the function must not end the thread
            self._warn("event", "cannot make an event of step %s of %s", step, self.logdir, trace=True)

    def _guard(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except BaseException:
            self._warn("sink", "cannot write the events of %s", self.logdir, trace=True)
            return False

    def _warn(self, topic: str, message: str, *args: object, trace: bool = False) -> None:
        """Log a warning, once per topic."""
        if topic not in self._warned:
            self._warned.add(topic)
            _logger.warning(message, *args, exc_info=trace)


#: Returns why this process may not write, or an empty string.
Refusal = Callable[[], str]


def file_writer(logdir: StrPath, refusal: Refusal | None = None, report: Report | None = None) -> Writer:
    """Return a writer to a new event file in the directory, which the first event makes if there is a ``refusal``."""
    made = EventFile(logdir, report=report)
    return Writer(made if refusal is None else RankSink(made.logdir, lambda: made, refusal))


def user_writer(summary_writer: Any, refusal: Refusal | None = None) -> Writer:
    """Return a writer through a SummaryWriter of torch or tensorboardX, with that writer's guarantees."""
    made = UserWriter(summary_writer)
    return Writer(made if refusal is None else RankSink(made.logdir, lambda: made, refusal))
