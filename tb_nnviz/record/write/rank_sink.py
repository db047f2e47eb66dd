"""A destination of events that may turn out to belong to another rank."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from tensorboard.compat.proto import event_pb2

if TYPE_CHECKING:
    from tb_nnviz.record.write.writer import Sink

_logger = logging.getLogger("tb_nnviz")


class RankSink:
    """The destination of a rank that is not the first. It decides at the first event, and makes no file before.

    Args:
        logdir: the directory of the events.
        make: makes the destination of a rank that writes.
        refusal: returns why this rank may not write, or an empty string.
    """

    def __init__(self, logdir: str, make: Callable[[], Sink], refusal: Callable[[], str]) -> None:
        self.logdir, self._make, self._refusal = logdir, make, refusal
        self._inner: Sink | None = None
        #: True once it has refused an event. Later ones are dropped.
        self.refused = False

    def write(self, event: event_pb2.Event) -> None:
        """Write an event, or drop it."""
        if self._inner is None and not self.refused:
            reason = self._refusal()
            self.refused = bool(reason)
            if self.refused:
                _logger.warning("%s", reason)
            else:
                self._inner = self._make()
        if self._inner is not None:
            self._inner.write(event)

    def flush(self) -> bool:
        """Flush the events that were written."""
        return self._inner is None or self._inner.flush()

    def close(self) -> None:
        """Close the destination, if there is one."""
        if self._inner is not None:
            self._inner.close()
