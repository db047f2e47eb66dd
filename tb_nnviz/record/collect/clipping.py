"""Clipping of gradients: the norms before it, and how often it changed something."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
import torch
from torch import Tensor

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.measure.host_copy import HostArrays
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan

#: Most calls that are held between two logged steps.
MOST_CALLS = 10_000


class Clipping(Collector):
    """The collector of gradient norms before clipping since the last logged step. The norms stay on their device."""

    part = "clipping"

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all calls."""
        self._calls: OrderedDict[tuple[int, Hashable], tuple[int, Tensor, float]] = OrderedDict()

    def add(self, step: int, norm: float | Tensor, max_norm: float, of: Hashable = None) -> None:
        """Record the norm that a call found. Of several calls for the same gradients in a step, the last counts."""
        # A copy, because the caller may change its tensor. reshape refuses a tensor of more than one element.
        found = torch.as_tensor(norm).detach().reshape(1).to(torch.float32, copy=True)
        self._calls[step, of] = step, found, float(max_norm)
        if len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.statistics and plan.complete

    def close(self, pending: PendingStep) -> None:
        step, calls = pending.plan.step, list(self._calls.values())
        self.clear()
        slots = [pending.copy.add(norm) for _, norm, _ in calls]
        steps, limits = np.array([call[0] for call in calls]), np.array([call[2] for call in calls])

        def finish(arrays: HostArrays) -> dict[str, float]:
            return summarize(step, steps, np.array([arrays(slot)[0] for slot in slots], np.float64), limits)

        pending.clipping = finish

    def drop(self) -> None:
        super().drop()
        self.clear()


def summarize(step: int, steps: np.ndarray, norms: np.ndarray, limits: np.ndarray) -> dict[str, float]:
    """Return the scalars of the calls up to a logged step.

    Args:
        step: the logged step.
        steps: [calls], the step of each call since the last logged step.
        norms: [calls], the norm that the call found.
        limits: [calls], the norm that it allowed.

    If a step has several calls, such as one per model, the norm is that of all their gradients together and the
    factor is the smallest. The factor is that of torch, ``max_norm / (norm + 1e-6)`` and at most 1. The rate is the
    share of the steps with a call in which something was clipped.

    >>> summarize(7, np.array([6, 7]), np.array([4.0, 1.0]), np.array([2.0, 2.0]))
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
