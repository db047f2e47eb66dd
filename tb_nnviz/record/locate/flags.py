"""Results of checks on a device, which are read without waiting for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class DeviceFlag:
    """Sums on their way to the host. They are finite if the gradients on the device are.

    Args:
        sums: one per device, float32 [].
    """

    def __init__(self, sums: Sequence[Tensor]) -> None:
        self._arriving = [_send(one) for one in sums]

    def ready(self) -> bool:
        """Return True if all sums have arrived."""
        return all(event is None or event.query() for _, event in self._arriving)

    def finite(self) -> bool:
        """Return True if all sums are finite. It waits for those that have not arrived."""
        for _, event in self._arriving:
            if event is not None:
                event.synchronize()
        return all(math.isfinite(one.item()) for one, _ in self._arriving)


def _send(one: Tensor) -> tuple[Tensor, Any]:
    """Begin the copy of a sum. Returns the copy, and an event that is recorded behind it if the device has events."""
    home: Any = getattr(torch, one.device.type, None)
    if one.is_cpu or not hasattr(home, "Event") or not hasattr(home, "current_stream"):
        return one.detach(), None
    host = torch.empty((), dtype=one.dtype, pin_memory=True).copy_(one.detach(), non_blocking=True)
    event = home.Event()
    event.record(home.current_stream(one.device))
    return host, event
