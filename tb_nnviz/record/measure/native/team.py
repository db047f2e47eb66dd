"""The OpenMP runtime that torch has loaded: its threads share the work on large tensors."""

from __future__ import annotations

import ctypes
from pathlib import Path

_FUNCTIONS = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")


def find_team() -> tuple[int, ...] | None:
    """Addresses of three functions of GNU's runtime; None where torch uses another, or not on Linux.

    A runtime of our own would have threads of its own, and both would wait for work on the same cores.
    """
    try:
        mapped = {
            line.split(maxsplit=5)[5].strip()
            for line in Path("/proc/self/maps").read_text().splitlines()
            if "libgomp" in line
        }
        # others may have brought their own
        paths = [path for path in mapped if "/torch" in path] or sorted(mapped)
        if len(paths) != 1:
            return None
        runtime = ctypes.CDLL(paths[0])
        found = [ctypes.cast(getattr(runtime, name), ctypes.c_void_p).value for name in _FUNCTIONS]
    except (OSError, AttributeError, IndexError):
        return None
    return tuple(address for address in found if address) if all(found) else None
