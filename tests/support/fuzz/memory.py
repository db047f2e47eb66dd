"""Peak of this process's memory."""

from __future__ import annotations

import contextlib
import re
import tracemalloc
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """The largest memory that the process has taken since the object was made, beyond what it took then.

    On Linux it is resident memory, which costs nothing to measure. Elsewhere it is what Python has allocated.
    """

    def __init__(self) -> None:
        self._before = 0
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5")
            self._before = _resident("VmRSS")
        if not self._before:
            tracemalloc.start()

    def bytes(self) -> int:
        """Return the peak in bytes."""
        if self._before:
            return _resident("VmHWM") - self._before
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak


def _resident(key: str) -> int:
    found = re.search(rf"{key}:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) << 10 if found else 0
