"""The norm of all gradients together, by one read of them: for steps of which nothing else is measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.stats import norms

Optimizer = torch.optim.Optimizer


class Gradients(NamedTuple):
    """All gradients of a step together, those without a row too.

    Where an element is not finite, ``norm`` is NaN if one is, and Inf otherwise.
    """

    norm: float
    finite_norm: float
    nonfinite: float


class Norms(NamedTuple):
    """What was found of a step."""

    gradients: Gradients
    skipped: bool


class _Read(NamedTuple):
    sums: Tensor
    scale: Tensor | None
    skipped: bool | Tensor


class GlobalNorm:
    """Sums over the gradients of each optimizer, in the open step; they stay on their device."""

    def __init__(self) -> None:
        self._read: dict[Optimizer | None, _Read] = {}

    def __len__(self) -> int:
        return len(self._read)

    def next_step(self) -> None:
        """Forget what was read."""
        self._read.clear()

    def add(
        self,
        optimizer: Optimizer | None,
        gradients: list[Tensor],
        scale: Tensor | None = None,
        found_inf: Tensor | None = None,
    ) -> None:
        """Read an optimizer's gradients; ``scale`` is what they are still multiplied by."""
        self._read[optimizer] = _Read(norms(gradients), scale, False if found_inf is None else found_inf)

    def skip(self, optimizer: Optimizer) -> None:
        """The optimizer's step was skipped."""
        if optimizer in self._read:
            self._read[optimizer] = self._read[optimizer]._replace(skipped=True)

    def send(self, transfer: HostCopy) -> Callable[[HostArrays], Norms]:
        """Take the sums along; what makes figures of them on the host."""

        def add(x: Tensor | None) -> Slot | None:
            return None if x is None else transfer.add(x.detach().reshape(-1).double())

        read = [
            (add(one.sums), add(one.scale), one.skipped if isinstance(one.skipped, bool) else add(one.skipped))
            for one in self._read.values()
        ]

        def figures(arrived: HostArrays) -> Norms:
            second = nonfinite = nan = 0.0
            skipped = False
            for sums, scale, skip in read:
                assert sums is not None
                squares, others, nans = arrived(sums).tolist()
                second += squares / (1.0 if scale is None else float(arrived(scale)[0]) ** 2)
                nonfinite += others
                nan += nans
                skipped |= skip if isinstance(skip, bool) else skip is not None and bool(arrived(skip)[0])
            finite_norm = math.sqrt(second)
            norm = math.nan if nan else math.inf if nonfinite else finite_norm
            return Norms(Gradients(norm, finite_norm, nonfinite), skipped)

        return figures
