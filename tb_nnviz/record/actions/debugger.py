"""A debugger in the frame of the training loop."""

from __future__ import annotations

import bdb
import os
import pdb
import sys
from types import FrameType

#: Packages whose frames are not those of the training loop.
_INNER = ("tb_nnviz.", "torch.")


def training_frame() -> FrameType:
    """Return the innermost frame that is neither nnviz's nor PyTorch's."""
    frame: FrameType = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith(_INNER):
        frame = frame.f_back
    return frame


def break_in(frame: FrameType, debugger: pdb.Pdb | None = None) -> None:
    """Open a debugger, as ``breakpoint()`` would in a frame.

    Another debugger than pdb, which ``PYTHONBREAKPOINT`` or ``sys.breakpointhook`` names, opens where it is called:
    go up to the training loop.

    Args:
        frame: the frame.
        debugger: the debugger, by default a new one on the standard streams.

    Raises:
        bdb.BdbQuit: the user has quit the debugger.
    """
    named = os.environ.get("PYTHONBREAKPOINT", "")
    if debugger is None and (sys.breakpointhook is not sys.__breakpointhook__ or named not in ("", "pdb.set_trace")):
        sys.breakpointhook()
        return
    debugger = pdb.Pdb() if debugger is None else debugger
    debugger.reset()
    # As in bdb.Bdb.set_trace, so that the commands `next` and `return` work from the frame on.
    outer: FrameType | None = frame
    while outer is not None:
        outer.f_trace = debugger.trace_dispatch
        debugger.botframe = outer
        outer = outer.f_back
    debugger.set_next(frame)
    debugger.interaction(frame, None)
    if debugger.quitting:
        raise bdb.BdbQuit
    if debugger.stopframe is not None or debugger.breaks:
        sys.settrace(debugger.trace_dispatch)
