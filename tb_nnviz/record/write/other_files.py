"""Event files of other writers in the directory of a run."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time

#: Seconds after the beginning at which the directory is listed, and the interval after the last of them.
_LOOKS, _INTERVAL = (10.0, 60.0, 300.0), 600.0
#: Seconds by which the clock of a file system may differ from that of the process.
_SLACK = 5.0
_OURS = re.compile(r"events\.out\.tfevents\.\d{10}\.(.*\.\d+)\.\d{6}\.nnviz")
#: A file without data, by which TensorBoard's profiler marks a run.
_MARK = ".profile-empty"

WRITER = (
    "{path} is of another writer. Without its data server, TensorBoard stops reading a file when the directory has a "
    "newer one: pass that SummaryWriter as writer= in place of logdir=, or give another logdir"
)
PROCESS = (
    "{path} is written by another process, so that the run mixes the values of both: give each process a logdir of "
    "its own (of several ranks, watch on one), or pass one writer="
)


class OtherFiles:
    """The event files of a directory that others write.

    The directory is listed at the beginning, rarely later, and at the end.

    Args:
        directory: the directory, which may not exist yet.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._begin, self._began = time.monotonic(), time.time()
        self._looks = list(_LOOKS)
        self._process = f"{socket.gethostname()}.{os.getpid()}"
        self._first: dict[str, tuple[float, int]] | None = None
        self._next = 0.0

    def look(self, now: bool = False) -> str | None:
        """List the directory if it is time to, and return the problem that is found.

        Args:
            now: whether it is time in any case.
        """
        passed = time.monotonic() - self._begin
        if passed < self._next and not now:
            return None
        self._next = next((look for look in self._looks if look > passed), passed + _INTERVAL)
        files = self._list()
        first = files if self._first is None else self._first
        self._first = first
        for name, state in files.items():
            match = _OURS.fullmatch(name)
            if match is None:
                return WRITER.format(path=os.path.join(self._directory, name))
            if match[1] != self._process and state != first.get(name) and state[0] > self._began - _SLACK:
                return PROCESS.format(path=os.path.join(self._directory, name))
        return None

    def _list(self) -> dict[str, tuple[float, int]]:
        """Return the time of modification and the size of each event file."""
        found = {}
        with contextlib.suppress(OSError), os.scandir(self._directory) as entries:
            for entry in entries:
                if "tfevents" in entry.name and not entry.name.endswith(_MARK):
                    with contextlib.suppress(OSError):
                        state = entry.stat()
                        found[entry.name] = state.st_mtime, state.st_size
        return found
