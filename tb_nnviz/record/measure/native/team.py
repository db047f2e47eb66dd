"""The OpenMP runtime that torch has loaded, whose threads share the work on large tensors.

The extension is not linked with OpenMP. A second runtime would create a second team of threads, and both teams
would spin for work on the same cores. PyTorch's Linux wheels bring GNU's runtime (libgomp) as a library of
their own, so it has to be looked up among the libraries that this process has loaded.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_FUNCTIONS = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")


def find_team() -> tuple[int, ...] | None:
    """Return the addresses of three functions of torch's libgomp.

    Return None if torch uses another runtime, or if this is not Linux.
    """
    try:
        mapped = {
            line.split(maxsplit=5)[5].strip()
            for line in Path("/proc/self/maps").read_text().splitlines()
            if "libgomp" in line
        }
        # other packages, such as scikit-learn, may have loaded a copy of their own
        paths = [path for path in mapped if "/torch" in path] or sorted(mapped)
        if len(paths) != 1:
            return None
        runtime = ctypes.CDLL(paths[0])
        found = [ctypes.cast(getattr(runtime, name), ctypes.c_void_p).value for name in _FUNCTIONS]
    except (OSError, AttributeError, IndexError):
        return None
    return tuple(address for address in found if address) if all(found) else None
