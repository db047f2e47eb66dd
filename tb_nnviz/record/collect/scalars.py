"""Figures that the user logs, on their way to the writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from tb_nnviz.record.measure.host_copy import HostCopy, Slot


def send(
    scalars: Mapping[str, float | Tensor], invalid: Callable[[str, object], None]
) -> Callable[[], dict[str, float]]:
    """Begin to bring figures to the host; the result, called on any thread, waits and gives them by name.

    ``invalid`` is told of what is neither a number nor a tensor of one.

    >>> send({"loss": torch.tensor(0.5), "epoch": 3}, print)()
    {'loss': 0.5, 'epoch': 3.0}
    """
    transfer = HostCopy()
    found: dict[str, float | Slot] = {}
    for name, value in scalars.items():
        if isinstance(value, Tensor) and value.numel() == 1 and not value.is_meta:
            found[name] = transfer.add(value.detach().reshape(1).to(torch.float32, copy=True))
            continue
        try:
            if isinstance(value, Tensor | str):
                raise TypeError
            found[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            invalid(name, value)
    arrive = transfer.start()

    def values() -> dict[str, float]:
        arrived = arrive()
        return {name: x if isinstance(x, float) else float(arrived(x)[0]) for name, x in found.items()}

    return values
