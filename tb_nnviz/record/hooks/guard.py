"""What stands between our code and the user's: nothing of ours is raised there, and its time is kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tb_nnviz.record.hooks.handles import Failed, Hook

_logger = logging.getLogger("tb_nnviz")


class Guard:
    """Runs parts of ours; one that raises is turned off, with one warning that carries the traceback.

    >>> off = []
    >>> guard = Guard("runs/a", off.append)
    >>> guard.attempt("greeting", print, "hello")
    hello
    """

    def __init__(self, run: str, turned_off: Callable[[str], None]) -> None:
        #: Seconds spent inside our calls on the training's threads, in all and in the open step.
        self.seconds = self.step_seconds = 0.0
        self._run = run
        self._turned_off = turned_off
        self._off: set[str] = set()
        self._warned: set[str] = set()
        self._all_off = False
        self._depth = 0

    def __enter__(self) -> None:
        """Keep the time of a block; blocks within blocks count once."""
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
        """Run a part of ours, unless it has failed before."""
        if self.is_off(part):
            return
        with self:
            try:
                function(*args)
            except Exception as error:  # training goes on, whatever went wrong here
                self.fail(part, error)

    def release(self, what: str, function: Callable[..., None], *args: Any) -> bool:
        """Take something of ours out of the user's way, even of a part that has failed; False: it did not work."""
        try:
            function(*args)
        except Exception as error:  # what else there is must go all the same
            _logger.warning("%s of %s: an error of tb_nnviz at the end", what, self._run, exc_info=error)
            return False
        return True

    def is_off(self, part: str) -> bool:
        """Whether the part has failed."""
        return part in self._off or self._all_off

    def failing(self, part: str) -> Failed:
        """What a hook calls when it raised."""
        return partial(self.fail, part)

    def hears(self, hook: Hook) -> bool:
        """Whether the hook was made with a ``failing`` of this guard."""
        failed = hook._failed
        return isinstance(failed, partial) and failed.func == self.fail

    def fail(self, part: str, error: Exception) -> None:
        """Turn a part off; all of them where that fails too, for then nothing is known of what the others have."""
        if self.is_off(part):
            return
        self._off.add(part)
        _logger.warning("%s of %s: turned off after an error of tb_nnviz", part, self._run, exc_info=error)
        try:
            self._turned_off(part)
        except Exception as another:  # this runs in the user's backward pass
            self._all_off = True
            _logger.warning("all of %s: turned off after an error of tb_nnviz", self._run, exc_info=another)

    def warn_once(self, key: str, message: str) -> None:
        """Say something about the user's input, once."""
        if key not in self._warned:
            self._warned.add(key)
            _logger.warning("%s", message)
