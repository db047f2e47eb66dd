"""Protection of the training loop from nnviz's errors, and measurement of nnviz's time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from tb_nnviz.record.hooks.handles import Failed, Hook
from tb_nnviz.record.hooks.notices import Notices, NotRecorded
from tb_nnviz.record.interrupts import is_interrupt

if TYPE_CHECKING:
    from tb_nnviz.record.hooks.optimizers import StepPatch

_logger = logging.getLogger("tb_nnviz")


class Guard:
    """Runner of nnviz's parts. A part that raises is turned off, with one warning that carries the traceback.

    >>> guard = Guard("runs/a", lambda part: ())
    >>> guard.attempt("greeting", print, "hello")
    hello

    Args:
        run: name of the run in warnings.
        turned_off: called with a part that has failed. It stops the part, and returns the kinds that the log lacks
            from now on.
    """

    def __init__(self, run: str, turned_off: Callable[[str], Iterable[str]]) -> None:
        #: Seconds that nnviz spent on the training's threads, in total and in the open step.
        self.seconds = self.step_seconds = 0.0
        #: Number of the open step.
        self.step = 0
        self.notices = Notices()
        self._run = run
        self._turned_off = turned_off
        self._off: set[str] = set()
        self._all_off = False
        self._depth = 0

    def __enter__(self) -> None:
        """Measure the time of a block. Nested blocks count once."""
        self._depth += 1
        if self._depth == 1:
            self._entered = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            spent = time.perf_counter() - self._entered
            self.seconds += spent
            self.step_seconds += spent

    def attempt(self, part: str, function: Callable[..., None], *args: Any) -> None:
        """Run a part, unless it has failed before."""
        if self.is_off(part):
            return
        with self:
            try:
                function(*args)
            except Exception as error:  # an error of nnviz must not end training
                if is_interrupt(error):
                    raise
                self.fail(part, error)

    def release(self, what: str, function: Callable[..., None], *args: Any) -> bool:
        """Run a function that removes something from the user's objects. Returns False if it raised.

        It runs even if its part has failed.
        """
        try:
            function(*args)
        except Exception as error:  # the rest still has to be removed
            if is_interrupt(error):
                raise
            _logger.warning("%s of %s: an error of tb_nnviz at the end", what, self._run, exc_info=error)
            return False
        return True

    def is_off(self, part: str) -> bool:
        """Return True if the part has failed."""
        return part in self._off or self._all_off

    def stop(self) -> None:
        """Turn all parts off. Whoever calls it has said why."""
        self._all_off = True

    def failing(self, part: str) -> Failed:
        """Return the function that a hook of the part calls if it raised."""
        return partial(self.fail, part)

    def owns(self, hook: Hook | StepPatch) -> bool:
        """Return True if the hook was made with a ``failing`` of this guard."""
        failed = hook._failed
        return isinstance(failed, partial) and failed.func == self.fail

    def fail(self, part: str, error: Exception) -> None:
        """Turn a part off. If that raises too, turn all parts off, because their state is unknown then."""
        if self.is_off(part):
            return
        self._off.add(part)
        kinds: tuple[str, ...] = ()
        if isinstance(error, NotRecorded):
            reason = str(error)
            _logger.warning("%s of %s: turned off: %s", part, self._run, reason, exc_info=error)
        else:
            reason = f"turned off after an error of tb_nnviz: {type(error).__name__}: {error}"
            _logger.warning("%s of %s: turned off after an error of tb_nnviz", part, self._run, exc_info=error)
        try:
            kinds = tuple(self._turned_off(part))
        except Exception as another:  # this runs in the user's backward pass
            if is_interrupt(another):
                raise
            self._all_off = True
            _logger.warning("all of %s: turned off after an error of tb_nnviz", self._run, exc_info=another)
            self.notices.record("all", f"all parts: {reason}", (), self.step)
        self.notices.record(f"failed {part}", f"{part}: {reason}", kinds, self.step)

    def notice(self, key: str, reason: str, kinds: tuple[str, ...] = ()) -> None:
        """Log a warning that says what is not recorded and why, once per key. The run's log keeps it for the page.

        Args:
            key: identity of the notice.
            reason: one line: what is missing, and what to do about it.
            kinds: the kinds that are missing or incomplete.
        """
        self.notices.warn(key, reason, kinds, self.step)
