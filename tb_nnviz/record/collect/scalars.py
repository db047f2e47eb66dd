"""Scalars of the user, copied to the host without waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.measure.host_copy import HostCopy, Slot
from tb_nnviz.record.model.sharding import is_distributed


def send(
    scalars: Mapping[str, float | Tensor], invalid: Callable[[str, object], None]
) -> Callable[[], dict[str, float]]:
    """Begin to copy scalars to the host, and return a function that waits for them, on any thread.

    Args:
        scalars: numbers, or tensors of one element.
        invalid: called with the name and the value of anything else.

    >>> send({"loss": torch.tensor(0.5), "epoch": 3}, print)()
    {'loss': 0.5, 'epoch': 3.0}
    """
    copy = HostCopy()
    found: dict[str, float | Slot] = {}
    for name, value in scalars.items():
        if isinstance(value, Tensor) and value.numel() == 1 and not (value.is_meta or is_distributed(value)):
            found[name] = copy.add(value.detach().reshape(1).to(torch.float32, copy=True))
            continue
        try:
            if isinstance(value, Tensor | str):
                raise TypeError
            found[name] = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            if is_interrupt(error):
                raise
            invalid(name, value)
    arrive = copy.start()

    def values() -> dict[str, float]:
        arrays = arrive()
        return {name: x if isinstance(x, float) else float(arrays(x)[0]) for name, x in found.items()}

    return values
