"""Notices of a run: warnings in the terminal that the log keeps, so that the page can show them."""

from __future__ import annotations

import logging

from tb_nnviz.schema import Notice

_logger = logging.getLogger("tb_nnviz")

#: Notices that the log keeps. Later ones are only in the terminal.
MOST = 100
#: Characters of a reason that the log keeps.
LONGEST = 1000


class NotRecorded(RuntimeError):
    """The end of a part that nnviz is not to blame for. Its message is a notice, and its cause the user's error."""


class Notices:
    """The notices of a run, in the order in which they were found.

    >>> notices = Notices()
    >>> notices.record("mode", "the model is in evaluation mode", ("activation",), step=3)
    >>> notices.take()
    [Notice(reason='the model is in evaluation mode', kinds=('activation',), step=3)]
    >>> notices.take()
    """

    def __init__(self) -> None:
        self._by_key: dict[str, Notice] = {}
        self._is_new = False

    def warn(self, key: str, reason: str, kinds: tuple[str, ...], step: int) -> None:
        """Log a warning in the terminal and record it, once per key."""
        if key not in self._by_key:
            self.record(key, reason, kinds, step)
            _logger.warning("%s", reason)

    def record(self, key: str, reason: str, kinds: tuple[str, ...], step: int) -> None:
        """Record a notice for the log, once per key."""
        if key not in self._by_key:
            line = " ".join(reason.split())[:LONGEST]
            self._by_key[key] = Notice(line, kinds, step)
            self._is_new = self._is_new or len(self._by_key) <= MOST

    def take(self) -> list[Notice] | None:
        """Return all notices if one is new since the last call, else None."""
        if not self._is_new:
            return None
        self._is_new = False
        return list(self._by_key.values())[:MOST]
