"""Clipping of gradients: what the norms were before it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import torch
from torch import Tensor

from tb_nnviz import schema
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy

#: Calls that are remembered between two logged steps.
MOST_CALLS = 10_000


class Clipping:
    """Norms of the gradients before clipping, since the last logged step; they stay on their device."""

    def __init__(self) -> None:
        self._calls: OrderedDict[tuple[int, Hashable], tuple[int, Tensor, float]] = OrderedDict()

    def add(self, step: int, norm: float | Tensor, max_norm: float, of: Hashable = None) -> None:
        """Take the norm that a call found; of several in a step for the same gradients the last counts."""
        # a copy, since the caller's may change; of one element, or it is refused here
        found = torch.as_tensor(norm).detach().reshape(1).to(torch.float32, copy=True)
        self._calls[step, of] = step, found, float(max_norm)
        if len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)

    def send(self, step: int, transfer: HostCopy) -> Callable[[HostArrays], list[schema.Entry]]:
        """Take the norms along; what makes entries of them on the host. Nothing was clipped: no entries."""
        calls, self._calls = list(self._calls.values()), OrderedDict()
        tickets = [transfer.add(norm) for _, norm, _ in calls]
        steps, limits = np.array([call[0] for call in calls]), np.array([call[2] for call in calls])

        def entries(arrived: HostArrays) -> list[schema.Entry]:
            norms = np.array([arrived(ticket)[0] for ticket in tickets], np.float64)
            return [
                schema.scalar(schema.TAG_GLOBAL + name, x) for name, x in figures(step, steps, norms, limits).items()
            ]

        return entries


def figures(step: int, steps: np.ndarray, norms: np.ndarray, limits: np.ndarray) -> dict[str, float]:
    """What is said of the calls up to a step.

    Args:
        step: the logged step.
        steps, norms, limits: [calls], the step of each call since the last logged step, the norm that it
            found and the norm that it allowed.

    Several calls in one step, one a model, say: the norm is that of all their gradients together, the
    factor the smallest. The factor is torch's, ``max_norm / (norm + 1e-6)`` and at most 1. The rate is the
    share of the steps with a call in which something was clipped.

    >>> figures(7, np.array([6, 7]), np.array([4.0, 1.0]), np.array([2.0, 2.0]))
    {'gradient_norm_before_clipping': 1.0, 'clip_factor': 1.0, 'clip_rate': 0.5}
    """
    if not len(steps):
        return {}
    with np.errstate(all="ignore"):
        factors = np.minimum(limits / (norms + 1e-6), 1.0)
    found = {}
    now = steps == step
    if now.any():
        found["gradient_norm_before_clipping"] = float(np.sqrt(np.sum(norms[now] ** 2)))
        found["clip_factor"] = float(np.min(factors[now]))
    found["clip_rate"] = len(set(steps[~(factors >= 1)])) / len(set(steps))
    return found
