"""The norm of all gradients together, from one read of them, for steps in which gradients have no rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.stats import norms
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import GlobalNormRead, GradientNorm, PendingStep
from tb_nnviz.record.step_plan import StepPlan


class _Read(NamedTuple):
    sums: Tensor
    scale: Tensor | None
    skipped: bool | Tensor


class GlobalNorm(Collector):
    """The collector of the global gradient norm: sums over the gradients of each optimizer, on their device.

    Args:
        parameters: those of each optimizer.
        rows: the collector that measures gradients in logged steps, if their kind is written.
        every_step: read the gradients at every step, for the window between logged steps.
        optimizers: all that are watched. Without any, gradients are read when the step closes.
    """

    part = "gradient norms"

    def __init__(
        self,
        parameters: WatchedParameters,
        rows: ParameterCollector,
        every_step: bool,
        optimizers: Sequence[WatchedOptimizer],
    ) -> None:
        self._parameters, self._rows = parameters, rows
        self._every_step, self._optimizers = every_step, optimizers
        self._read: dict[WatchedOptimizer | None, _Read] = {}

    def begin(self, plan: StepPlan) -> None:
        self._plan = plan
        self.active = self._every_step or plan.complete
        self._read.clear()

    def begin_late(self, plan: StepPlan) -> None:
        self._plan = plan

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if not closure:
            self.computed(optimizer)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        if self._needed:
            scale, found_inf = (optimizer.attribute(name) for name in ("grad_scale", "found_inf"))
            sums = norms(self._parameters.gradients(optimizer))
            self._read[optimizer] = _Read(sums, scale, False if found_inf is None else found_inf)

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        if optimizer in self._read:
            self._read[optimizer] = self._read[optimizer]._replace(skipped=True)

    def close(self, pending: PendingStep) -> None:
        if self._needed and not self._optimizers:
            self._read[None] = _Read(norms(self._parameters.gradients(None)), None, False)
        if self._read or not pending.plan.logged:
            pending.norms = self._send(pending.copy)

    def drop(self) -> None:
        super().drop()
        self._read.clear()

    @property
    def _needed(self) -> bool:
        """True if the norm does not follow from rows. It can change within a step, because rows may be dropped."""
        if self._plan.statistics and self._plan.complete:
            return not self._rows.writes_gradients
        return self._every_step

    def _send(self, copy: HostCopy) -> Callable[[HostArrays], GlobalNormRead]:
        def put(x: Tensor) -> Slot:
            return copy.add(x.detach().reshape(-1).double())

        read = [
            (
                put(one.sums),
                None if one.scale is None else put(one.scale),
                one.skipped if isinstance(one.skipped, bool) else put(one.skipped),
            )
            for one in self._read.values()
        ]

        def finish(arrays: HostArrays) -> GlobalNormRead:
            sum_sq = nonfinite = nan = 0.0
            skipped = False
            for sums, scale, skip in read:
                squares, others, nans = arrays(sums).tolist()
                sum_sq += squares / (1.0 if scale is None else float(arrays(scale)[0]) ** 2)
                nonfinite += others
                nan += nans
                skipped |= skip if isinstance(skip, bool) else bool(arrays(skip)[0])
            finite_norm = math.sqrt(sum_sq)
            norm = math.nan if nan else math.inf if nonfinite else finite_norm
            return GlobalNormRead(GradientNorm(norm, finite_norm, nonfinite), skipped)

        return finish


def norm_of_rows(statistics: dict[str, np.ndarray]) -> GradientNorm:
    """Return the norm of all gradients from the statistics of each.

    >>> rows = {"count": [2, 0], "norm": [5.0, np.nan], "finite_norm": [5.0, np.nan], "nonfinite": [0.0, np.nan]}
    >>> norm_of_rows({name: np.array(values) for name, values in rows.items()})
    GradientNorm(norm=5.0, finite_norm=5.0, nonfinite=0.0)
    """
    present = statistics["count"] > 0
    norm, finite_norm = (float(np.sqrt(np.sum(statistics[name][present] ** 2))) for name in ("norm", "finite_norm"))
    return GradientNorm(norm, finite_norm, float(np.sum(statistics["nonfinite"][present])))
