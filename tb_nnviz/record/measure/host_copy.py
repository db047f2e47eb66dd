"""One packed copy from each device to the host a step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

#: Where a tensor's numbers will lie: (device, dtype), first, past the last.
Slot = tuple[tuple[torch.device, torch.dtype], int, int]
HostArrays = Callable[[Slot], np.ndarray]


class HostCopy:
    """Collects small tensors and brings all of them to the host at once.

    >>> transfer = HostCopy()
    >>> ticket = transfer.add(torch.tensor([1.0, 2.0]))
    >>> transfer.start()()(ticket).tolist()
    [1.0, 2.0]
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        self._sizes: dict[tuple[torch.device, torch.dtype], int] = {}

    def add(self, tensor: Tensor) -> Slot:
        """Take along a tensor of one axis; the ticket finds it again on the host."""
        key = (tensor.device, tensor.dtype)
        start = self._sizes.get(key, 0)
        end = self._sizes[key] = start + tensor.numel()
        self._groups.setdefault(key, []).append(tensor)
        return key, start, end

    def start(self) -> Callable[[], HostArrays]:
        """Begin copying, without waiting; the result, called in any thread, waits and gives the lookup."""
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
            return lambda ticket: arrays[ticket[0]][ticket[1] : ticket[2]]

        return arrive


def _start_copy(raw: Tensor) -> tuple[Tensor, Callable[[], None]]:
    """Copy bytes from a device into host memory; with CUDA in pinned memory and without waiting."""
    if raw.device.type != "cuda":
        return raw.cpu(), lambda: None
    host = torch.empty(raw.shape, dtype=raw.dtype, device="cpu", pin_memory=True)
    host.copy_(raw, non_blocking=True)
    done = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(raw.device))
    return host, done.synchronize
