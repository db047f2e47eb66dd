"""Gradients that were not set to zero before a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.host_copy import HostArrays, Slot
from tb_nnviz.record.measure.refusal import is_plain
from tb_nnviz.record.model.metadata import gradient_of, requires_grad
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.model.sharding import is_sharded
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan

#: Parameters of an optimizer that are looked at: the smallest of some that lie evenly among all.
MOST_PARAMETERS, MOST_CANDIDATES = 16, 32
#: Most elements of a gradient that are read.
MOST_ELEMENTS = 1 << 14
#: Most readings of a step that are kept. Those of the same gradients are merged.
MOST_READINGS = 64


class _Reading(NamedTuple):
    """The gradients of an optimizer's sample at one time.

    Args:
        places: the parameters of the sample whose gradients could be read, by their place.
        present: those of them that have a gradient.
        nonzero: float32 [present], 1 for each whose gradient is not 0, or None if none has a gradient.
    """

    places: list[int]
    present: list[int]
    nonzero: Tensor | None


class StaleGradients(Collector):
    """The collector of the scalar ``stale_gradient``: 1 if an optimizer applies gradients of an earlier step too.

    Gradients are read when each training pass begins, and when the first gradient comes back from it. If those of the
    first pass are nonzero and none becomes zero before the optimizer steps, nobody has set them to zero. So a loop that
    calls ``zero_grad()`` between the forward pass and ``backward()`` has none that are stale, and neither have the
    models of a GAN, whose gradients are set to zero in turn.

    A small sample is enough, because ``zero_grad()`` concerns all gradients of an optimizer. By default it removes
    them, and then no tensor is read at all. No device is waited for.

    Args:
        parameters: the parameters of the models.
        optimizers: all that are watched, read again at every step.
    """

    part = "stale gradients"

    def __init__(self, parameters: WatchedParameters, optimizers: Sequence[WatchedOptimizer]) -> None:
        self._parameters, self._optimizers = parameters, optimizers

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.complete and plan.statistics
        self._samples: dict[WatchedOptimizer | None, list[nn.Parameter]] = {}
        self._readings: dict[WatchedOptimizer | None, list[_Reading]] = {}
        self._stepped: set[WatchedOptimizer] = set()
        self._reads_next_gradient = False

    def opened(self) -> None:
        """Read the gradients, because a training pass begins."""
        self._reads_next_gradient = True
        self._read()

    def reached(self) -> None:
        """Read the gradients, if the gradient of an activation is the first one that comes back from a pass."""
        if self._reads_next_gradient:
            self._reads_next_gradient = False
            self._read()

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if not closure:
            self._stepped.add(optimizer)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        self._stepped.add(optimizer)

    def close(self, pending: PendingStep) -> None:
        sent = [
            [(one.places, one.present, None if one.nonzero is None else pending.copy.add(one.nonzero)) for one in found]
            for found in self._readings.values()
            if any(one.places for one in found)
        ]
        if sent:
            pending.stale = lambda arrays: float(any(_is_stale(found, arrays) for found in sent))

    def drop(self) -> None:
        super().drop()
        self._samples.clear()
        self._readings.clear()

    def _read(self) -> None:
        for optimizer in self._optimizers or (None,):
            readings = self._readings.setdefault(optimizer, [])
            # Whatever happens later, gradients that were zero in the beginning are not stale.
            if optimizer in self._stepped or (readings and not readings[0].present):
                continue
            sample = self._samples.get(optimizer)
            if sample is None:
                sample = self._samples[optimizer] = self._choose(optimizer)
            _append(readings, _read_sample(sample))

    def _choose(self, optimizer: WatchedOptimizer | None) -> list[nn.Parameter]:
        """Return the parameters to look at. They are on one device, so that they are read together."""
        found = optimizer.parameters if optimizer else self._parameters.present()
        trainable = [each for each in found if requires_grad(each)]
        count = min(len(trainable), MOST_CANDIDATES)
        candidates = [trainable[i * len(trainable) // count] for i in range(count)]
        usable = [each for each in candidates if is_plain(each) and not is_sharded(each)]
        together = [each for each in usable if each.device == usable[0].device]
        return sorted(together, key=Tensor.numel)[:MOST_PARAMETERS]


def _append(readings: list[_Reading], new: _Reading) -> None:
    """Add a reading. A later one of the same gradients is merged into the last, since a zero in either counts."""
    last = readings[-1] if len(readings) > 1 else None
    if last is not None and last[:2] == new[:2]:
        if last.nonzero is not None and new.nonzero is not None:
            readings[-1] = last._replace(nonzero=torch.minimum(last.nonzero, new.nonzero))
    elif len(readings) < MOST_READINGS:
        readings.append(new)


def _read_sample(sample: Sequence[nn.Parameter]) -> _Reading:
    places, present, found = [], [], []
    for place, parameter in enumerate(sample):
        gradient = gradient_of(parameter)
        if gradient is not None:
            # since the sample was chosen, the parameter may have been sharded
            if is_sharded(parameter) or (elements := _elements(gradient)) is None:
                continue
            present.append(place)
            found.append(elements)
        places.append(place)
    if not found:
        return _Reading(places, present, None)
    with torch.no_grad():
        nonzero = [largest != 0 for largest in torch._foreach_norm(found, math.inf)]  # NaN is not 0
        return _Reading(places, present, torch.stack(nonzero).to(torch.float32))


def _elements(gradient: Tensor) -> Tensor | None:
    """Return some elements of a gradient, evenly spaced, or None if they cannot be read."""
    x = gradient.detach()
    if x.layout == torch.sparse_coo:
        x = x._values()
    if not is_plain(x) or not x.numel() or not x.untyped_storage().size():  # or its memory was freed
        return None
    x = torch.view_as_real(x.resolve_conj()) if x.is_complex() else x.resolve_neg()
    x = x.view(-1) if x.is_contiguous() else x
    return x[:: -(-x.numel() // MOST_ELEMENTS)] if x.dim() else x


def _is_stale(readings: Sequence[tuple[list[int], list[int], Slot | None]], arrays: HostArrays) -> bool:
    """Return True if gradients were nonzero at the first reading, and none of them was zero at a later one."""
    first: set[int] = set()
    for i, (places, present, slot) in enumerate(readings):
        flags = np.empty(0) if slot is None else arrays(slot)
        nonzero = {place for place, flag in zip(present, flags.tolist(), strict=True) if flag}
        if i == 0:
            first = nonzero
        elif first & set(places) - nonzero:
            return False
    return bool(first)
