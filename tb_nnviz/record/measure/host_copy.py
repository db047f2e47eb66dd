"""One packed copy per step from each device to the host."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

#: The place of a tensor's values in the host's arrays: (device, dtype), start, end.
Slot = tuple[tuple[torch.device, torch.dtype], int, int]
#: Returns the values of a slot.
HostArrays = Callable[[Slot], np.ndarray]


class HostCopy:
    """A collection of small tensors that are copied to the host together.

    >>> copy = HostCopy()
    >>> slot = copy.add(torch.tensor([1.0, 2.0]))
    >>> copy.start()()(slot).tolist()
    [1.0, 2.0]
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        self._sizes: dict[tuple[torch.device, torch.dtype], int] = {}

    def add(self, tensor: Tensor) -> Slot:
        """Add a 1-d tensor. The slot finds its values on the host."""
        key = (tensor.device, tensor.dtype)
        start = self._sizes.get(key, 0)
        end = self._sizes[key] = start + tensor.numel()
        self._groups.setdefault(key, []).append(tensor)
        return key, start, end

    def start(self) -> Callable[[], HostArrays]:
        """Begin the copy, and return a function that waits for it on any thread and returns the host's arrays."""
        with torch.no_grad():
            packed = {key: torch.cat(tensors) for key, tensors in self._groups.items()}
        self._groups.clear()
        hosts = {key: tensor for key, tensor in packed.items() if key[0].type == "cpu"}
        waits: list[Callable[[], None]] = []
        for device in {key[0] for key in packed} - {torch.device("cpu")}:
            keys = [key for key in packed if key[0] == device]
            raw = torch.cat([packed[key].view(torch.uint8) for key in sorted(keys, key=lambda key: -key[1].itemsize)])
            host, wait = _start_copy(raw)
            waits.append(wait)
            first = 0
            for key in sorted(keys, key=lambda key: -key[1].itemsize):
                size = packed[key].numel() * key[1].itemsize
                hosts[key] = host[first : first + size].view(key[1])
                first += size

        def arrive() -> HostArrays:
            for wait in waits:
                wait()
            arrays = {key: host.numpy() for key, host in hosts.items()}
            return lambda slot: arrays[slot[0]][slot[1] : slot[2]]

        return arrive


def _start_copy(raw: Tensor) -> tuple[Tensor, Callable[[], None]]:
    """Begin a copy of bytes to host memory, and return that memory and a function that waits for it.

    From CUDA the copy goes to pinned memory and does not wait.
    """
    if raw.device.type != "cuda":
        return raw.cpu(), lambda: None
    host = torch.empty(raw.shape, dtype=raw.dtype, device="cpu", pin_memory=True)
    host.copy_(raw, non_blocking=True)
    done = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(raw.device))
    return host, done.synchronize
