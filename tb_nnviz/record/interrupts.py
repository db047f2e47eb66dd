"""Exceptions that are not nnviz's: a signal handler or a function of the user raised them while nnviz's code ran."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from types import CodeType, FrameType

_MARK = "_tb_nnviz_reaches_the_program"


def let_through(error: BaseException) -> None:
    """Mark an exception that must reach the program, because the user asked for it.

    >>> error = ValueError()
    >>> let_through(error)
    >>> is_interrupt(error)
    True
    """
    error.__dict__[_MARK] = True


def is_interrupt(error: BaseException) -> bool:
    """Return True if the exception must reach the program.

    It is one that ``let_through`` has marked, or that a signal handler raised, as a time limit does.

    Python calls a handler from whatever function runs, and passes it that function's frame. So the traceback of the
    exception has a call that the code of its caller does not contain. It is recognized by its arguments, or as the
    handler of a signal.

    Args:
        error: an exception that was caught, with its traceback from the frame that caught it.

    >>> import signal, os
    >>> def limit(number, frame):
    ...     raise TimeoutError
    >>> earlier = signal.signal(signal.SIGUSR1, limit)
    >>> try:
    ...     os.kill(os.getpid(), signal.SIGUSR1)
    ... except TimeoutError as error:
    ...     is_interrupt(error)
    ... finally:
    ...     _ = signal.signal(signal.SIGUSR1, earlier)
    True
    """
    if error.__dict__.get(_MARK):
        return True
    trace = error.__traceback__
    caller: FrameType | None = None
    handlers: frozenset[CodeType] | None = None
    while trace is not None:
        frame = trace.tb_frame
        if caller is not None:
            if _receives(frame, caller):
                return True
            handlers = frozenset(_handlers()) if handlers is None else handlers
            if frame.f_code in handlers:
                return True
        caller, trace = frame, trace.tb_next
    return False


def _receives(frame: FrameType, caller: FrameType) -> bool:
    """Return True if a call has its caller's frame among its arguments."""
    code = frame.f_code
    count = code.co_argcount + bool(code.co_flags & 0x04)  # CO_VARARGS: the name of *args follows the arguments
    names = code.co_varnames[: code.co_argcount] + code.co_varnames[code.co_argcount + code.co_kwonlyargcount :][:count]
    for name in names[:count]:
        value = frame.f_locals.get(name)
        if value is caller or (isinstance(value, tuple) and any(item is caller for item in value)):
            return True
    return False


def _handlers() -> Iterator[CodeType]:
    """Yield the code of the functions that handle signals now."""
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        while isinstance(handler, partial):
            handler = handler.func
        for found in (handler, vars(type(handler)).get("__call__")):
            function = getattr(found, "__func__", found)
            if isinstance(code := getattr(function, "__code__", None), CodeType):
                yield code
