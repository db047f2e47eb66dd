"""Events through the user's own torch or tensorboardX SummaryWriter."""

from __future__ import annotations

import logging
import sys
from typing import Any

from tensorboard.compat.proto import event_pb2

_logger = logging.getLogger("tb_nnviz")


class UserWriter:
    """A sink that hands events to the file writer which a SummaryWriter has now.

    The events have that writer's guarantees, not ours: what survives a full disk, a signal or an exit without
    ``close`` is its matter. It is flushed, never closed, and no second file is begun once the user has closed it.

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
        """Hand an event over; blocks while the user's writer has a full queue."""
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
        return True  # nothing waits here: what the user's writer did not take is lost

    def close(self) -> None:
        """Flush: the writer is the user's to close."""
        self.flush()

    def _is_closed(self) -> bool:
        # torch's file writer raises once it is closed, tensorboardX's silently drops.
        if getattr(self._summary_writer, "all_writers", True) is None:
            return True
        return bool(getattr(getattr(self._file_writer, "event_writer", None), "_closed", False))

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            _logger.warning("the SummaryWriter of %s no longer takes our events, they are lost: %s", self.logdir, error)


def _event_class(file_writer: Any) -> Any:
    """The Event class that a file writer wants, None where it is TensorBoard's (tensorboardX brings its own)."""
    for kind in type(file_writer).__mro__:
        event = getattr(sys.modules.get(kind.__module__), "Event", None)
        if hasattr(event, "FromString"):
            return None if event is event_pb2.Event else event
    return None
