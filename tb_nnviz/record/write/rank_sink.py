"""A destination of events that may turn out to belong to another rank."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tensorboard.compat.proto import event_pb2

if TYPE_CHECKING:
    from tb_nnviz.record.write.writer import Sink

_logger = logging.getLogger("tb_nnviz")

#: Events that are held back, and seconds for which they are.
MOST_HELD, HOLD_SECONDS = 64, 30.0
#: Seconds for which a short run waits for the first rank at its end.
CLOSE_SECONDS = 5.0


class RankSink:
    """The destination of a rank that is not the first. It makes no file until it has decided.

    Its first events may come before the first rank has begun. They are held back until the first rank has begun the
    run too, or until it seems that it never will.

    Args:
        logdir: the directory of the events.
        make: makes the destination of a rank that writes.
        refusal: returns why this rank may not write, or an empty string.
    """

    def __init__(self, logdir: str, make: Callable[[], Sink], refusal: Callable[[], str]) -> None:
        self.logdir, self._make, self._refusal = logdir, make, refusal
        self._inner: Sink | None = None
        self._held: list[event_pb2.Event] = []
        self._begun = time.monotonic()
        #: True once it has refused an event. Later ones are dropped.
        self.refused = False

    def write(self, event: event_pb2.Event) -> None:
        """Write an event, or hold it back, or drop it."""
        if self._inner is not None:
            self._inner.write(event)
        elif not self.refused:
            self._held.append(event)
            self._decide(len(self._held) >= MOST_HELD)

    def _decide(self, now: bool) -> None:
        """Refuse all events if the first rank has begun the run, else write them, if that must be decided now."""
        if reason := self._refusal():
            self.refused = True
            self._held.clear()
            _logger.warning("%s", reason)
        elif now or time.monotonic() > self._begun + HOLD_SECONDS:
            self._inner = self._make()
            for event in self._held:
                self._inner.write(event)
            self._held.clear()

    def flush(self) -> bool:
        """Flush the events that were written."""
        if self._held:
            self._decide(now=False)
        return not self._held if self._inner is None else self._inner.flush()

    def close(self) -> None:
        """Close the destination, if there is one or events are held back for one."""
        end = time.monotonic() + CLOSE_SECONDS
        while self._held:
            self._decide(time.monotonic() > end)
            if self._held:
                time.sleep(0.05)
        if self._inner is not None:
            self._inner.close()
