"""The open runs of this process: one monitor per directory."""

from __future__ import annotations

import gc
import logging
import weakref
from typing import Protocol

from tb_nnviz.record.holders import is_held
from tb_nnviz.record.session import Session

_logger = logging.getLogger("tb_nnviz")

#: Monitors that nobody holds, at which garbage is collected: their models may be gone too.
MOST_UNHELD = 16


class Closable(Protocol):
    """A monitor."""

    def close(self) -> None: ...


class OpenRuns:
    """The runs that this process writes. It keeps none of them alive."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[weakref.ref[Closable], weakref.ref[Session]]] = {}
        self._limit = MOST_UNHELD

    def free(self, run: str, directory: str) -> None:
        """Close the earlier monitor of a directory if nothing but a cell's last traceback or output holds it.

        Args:
            run: the directory's real path.
            directory: the directory as the user gave it.

        Raises:
            ValueError: a variable holds the earlier monitor.
        """
        if self._find(run) is None:
            return
        gc.collect()
        session = self._find(run)
        if session is None:
            return
        monitor = self._runs[run][0]
        if is_held(monitor):
            raise ValueError(
                f"invalid logdir: {directory!r} is already written by another monitor of this process. "
                "Close that one first; several models and optimizers go into one: "
                'watch({"G": g, "D": d}, [opt_g, opt_d])'
            )
        _logger.warning("the earlier monitor of %s, which no variable holds, is closed: this one takes over", directory)
        earlier = monitor()
        if earlier is not None:
            earlier.close()
        else:
            session.close()
        self.remove(run, session)

    def add(self, run: str, monitor: Closable, session: Session) -> None:
        """Add an open run."""
        self._runs = {key: item for key, item in self._runs.items() if item[1]() is not None}
        self._runs[run] = weakref.ref(monitor), weakref.ref(session)
        if self._unheld() >= self._limit:
            gc.collect()  # each holds a thread and an open file
            self._limit = max(MOST_UNHELD, 2 * self._unheld())

    def remove(self, run: str, session: Session) -> None:
        """Forget a closed run."""
        if self._find(run) is session:
            del self._runs[run]

    def _find(self, run: str) -> Session | None:
        return self._runs[run][1]() if run in self._runs else None

    def _unheld(self) -> int:
        return sum(monitor() is None and session() is not None for monitor, session in list(self._runs.values()))
