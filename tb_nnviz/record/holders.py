"""Search for the holders of an object, in a notebook whose last error and outputs hold more than its variables do."""

from __future__ import annotations

import builtins
import gc
import re
import sys
import weakref
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

#: Names under which an interactive shell keeps the results of expressions.
_RESULT = re.compile(r"_{1,3}|_\d+")
#: Levels of containers that are searched.
_DEPTH = 6


def is_held(reference: weakref.ref[Any]) -> bool:
    """Return True if an object is held by more than a traceback that is over, or an interactive shell's results.

    In doubt the answer is True. The object of a dead reference is not held.
    """
    if reference() is None:
        return False
    return _is_held([reference()], _over_frames() | _last_results(), _result_tables(), set(), _DEPTH)


def _is_held(box: list[Any], over: set[int], tables: list[Any], seen: set[int], depth: int) -> bool:
    """Return True if the object in the box is held. The box is the only reference to it that is ours."""
    seen.add(id(box[0]))
    boxes = [[one] for one in gc.get_referrers(box[0]) if one is not box]
    known = sum(sum(one is box[0] for one in gc.get_referents(holder[0])) for holder in boxes)
    if known < sys.getrefcount(box[0]) - 2:  # less the box and the argument; a running function holds it
        return True
    for holder in boxes:
        if id(holder[0]) in seen or id(holder[0]) in over:
            continue
        if any(holder[0] is table for table in tables):
            if _only_result(holder[0], box):
                continue
            return True
        if isinstance(holder[0], FrameType) or depth == 0 or _is_held(holder, over, tables, seen, depth - 1):
            return True
    return False


def _only_result(table: Any, box: list[Any]) -> bool:
    """Return True if a table of names holds the object in the box only as the result of an expression."""
    names = [name for name, value in table.items() if value is box[0]]
    return all(isinstance(name, int) or (isinstance(name, str) and _RESULT.fullmatch(name)) for name in names)


def _over_frames() -> set[int]:
    """Return the ids of the frames of the last error, without those that are still running."""
    errors = [getattr(sys, name, None) for name in ("last_exc", "last_value")]
    tracebacks = [getattr(sys, "last_traceback", None), *(t for error in errors for t in _tracebacks(error, 8))]
    over = {id(frame) for traceback in tracebacks for frame in _frames(traceback)}
    for frame in sys._current_frames().values():
        running: FrameType | None = frame
        while running is not None:
            over.discard(id(running))
            running = running.f_back
    return over


def _tracebacks(error: Any, depth: int) -> Iterator[TracebackType | None]:
    if isinstance(error, BaseException) and depth:
        yield error.__traceback__
        for other in (error.__cause__, error.__context__):
            yield from _tracebacks(other, depth - 1)


def _frames(traceback: TracebackType | None) -> Iterator[FrameType]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _shell() -> Any:
    """Return the interactive shell of a notebook, or None."""
    return getattr(builtins, "get_ipython", lambda: None)()


def _last_results() -> set[int]:
    """Return the ids of the objects in which a shell keeps the result of the last cell."""
    shell = _shell()
    displayed = getattr(getattr(shell, "displayhook", None), "exec_result", None)
    results = [one for one in (getattr(shell, "last_execution_result", None), displayed) if one is not None]
    return {id(part) for one in results for part in (one, getattr(one, "__dict__", None)) if part is not None}


def _result_tables() -> list[Any]:
    """Return the tables in which a shell keeps results beside its variables."""
    tables: list[Any] = [vars(builtins), vars(sys.modules["__main__"])]
    space = getattr(_shell(), "user_ns", None)
    if isinstance(space, dict):
        tables += [space, space.get("_oh")]
    return tables
