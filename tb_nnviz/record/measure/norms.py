"""Norms of many tensors from one read of each, for gradients that are read at every step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tb_nnviz.record.measure import native, torch_ops
from tb_nnviz.record.measure.refusal import attempt, is_plain
from tb_nnviz.record.measure.stats import is_scattered, real_of


class NormSums(NamedTuple):
    """The sums of the tensors of one device.

    Args:
        at: the positions of the tensors in the sequence that was given.
        sums: float64 [tensors, 3]: the sum of squares of the finite elements, the number of nonfinite elements, and the
            number of NaN.
    """

    at: list[int]
    sums: Tensor


class RowNorms(NamedTuple):
    """The norms of the gradients that have rows, of a step in which nothing else of them is measured.

    Args:
        names: the rows that have a gradient.
        counts: their number of elements.
        sums: float64 [names, 3], as ``NormSums.sums``, without the loss scale.
    """

    names: list[str]
    counts: list[int]
    sums: np.ndarray


def norms(tensors: Sequence[Tensor]) -> list[NormSums]:
    """Return the sums of each tensor, by device. Tensors that refuse to be read, and empty ones, are left out.

    >>> norms([torch.tensor([3.0, float("nan"), float("inf")]), torch.empty(0), torch.tensor(4.0)])[0].sums.tolist()
    [[9.0, 2.0, 1.0], [16.0, 0.0, 0.0]]
    """
    if (fast := native.norms(tensors)) is not None:
        return [NormSums(list(range(len(tensors))), fast)]
    plain: dict[torch.device, tuple[list[int], list[Tensor]]] = {}
    odd: dict[torch.device, tuple[list[int], list[Tensor]]] = {}
    for i, x in enumerate(tensors):
        real = attempt(x, partial(_elements, x))
        if real is None:
            continue
        if is_plain(real):
            at, found = plain.setdefault(real.device, ([], []))
        else:
            sums = attempt(x, partial(torch_ops.norms, [real]))
            if sums is None or type(sums) is not Tensor:
                continue
            real = sums
            at, found = odd.setdefault(sums.device, ([], []))
        at.append(i)
        found.append(real)
    result = []
    for at, found in plain.values():
        fast = native.norms(found)
        result.append(NormSums(at, torch_ops.norms(found) if fast is None else fast))
    return [*result, *(NormSums(at, torch.cat(found)) for at, found in odd.values())]


def _elements(x: Tensor) -> Tensor | None:
    """Return the elements that add to a norm, or None if there are none."""
    # the stored values of sparse tensors are enough, since zeros add nothing
    real = real_of(x.detach().coalesce().values() if is_scattered(x) else x)
    return real if real is not None and real.numel() and real.is_floating_point() else None
