"""Writing through the user's own SummaryWriter of torch or tensorboardX."""

from __future__ import annotations

import logging
import sys
from typing import Any

from tensorboard.compat.proto import event_pb2

_logger = logging.getLogger("tb_nnviz")


class UserWriter:
    """A sink that hands events to the current file writer of a SummaryWriter.

    The events have that writer's guarantees, not nnviz's: it determines which of them survive a full disk, a
    signal or an exit without ``close``. The writer is flushed and never closed. Once the user has
    closed it, events are lost. No second file is begun.

    >>> import tempfile
    >>> from tensorboardX import SummaryWriter
    >>> with tempfile.TemporaryDirectory() as runs, SummaryWriter(runs) as summary_writer:
    ...     UserWriter(summary_writer).logdir == runs
    True

    Raises:
        ValueError: it is not a SummaryWriter, or is closed.
    """

    def __init__(self, summary_writer: Any) -> None:
        if not callable(getattr(summary_writer, "_get_file_writer", None)):
            got = f"{type(summary_writer).__module__}.{type(summary_writer).__qualname__}"
            raise ValueError(f"invalid writer: expected a SummaryWriter of torch or tensorboardX, got {got}")
        if getattr(summary_writer, "all_writers", True) is None:
            raise ValueError("invalid writer: the SummaryWriter is closed")
        self._summary_writer = summary_writer
        self._file_writer = summary_writer._get_file_writer()
        self._event = _event_class(self._file_writer)
        self._warned = False
        self.logdir = str(self._file_writer.get_logdir())

    def write(self, event: event_pb2.Event) -> None:
        """Hand an event over. This blocks while the queue of the user's writer is full."""
        try:
            if self._is_closed():
                raise ValueError("it is closed")
            own = event if self._event is None else self._event.FromString(event.SerializeToString())
            self._file_writer.add_event(own, event.step, event.wall_time)
        except Exception as error:
            self._warn(error)

    def flush(self) -> bool:
        """Ask the user's writer to flush."""
        try:
            if not self._is_closed():
                self._file_writer.flush()
        except Exception as error:
            self._warn(error)
        return True  # an event that the user's writer did not take is lost, so nothing waits here

    def close(self) -> None:
        """Flush only, since the user closes the writer."""
        self.flush()

    def _is_closed(self) -> bool:
        # a closed file writer of torch raises, while that of tensorboardX drops events silently
        if getattr(self._summary_writer, "all_writers", True) is None:
            return True
        return bool(getattr(getattr(self._file_writer, "event_writer", None), "_closed", False))

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            message = "the SummaryWriter of %s no longer takes nnviz's events, they are lost: %s"
            _logger.warning(message, self.logdir, error)


def _event_class(file_writer: Any) -> Any:
    """Return the Event class of a file writer, or None if it is TensorBoard's. tensorboardX has its own class."""
    for kind in type(file_writer).__mro__:
        event = getattr(sys.modules.get(kind.__module__), "Event", None)
        if hasattr(event, "FromString"):
            return None if event is event_pb2.Event else event
    return None
