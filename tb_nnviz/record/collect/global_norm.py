"""The norm of all gradients together, and of each, from one read of them, for steps in which gradients have no rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor, nn

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.parameter_rows import ParameterRows
from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.norms import NormSums, RowNorms, norms
from tb_nnviz.record.model.metadata import elements_of
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import GlobalNormRead, GradientNorm, PendingStep
from tb_nnviz.record.step_plan import StepPlan


class _Read(NamedTuple):
    """One read of an optimizer's gradients."""

    parameters: list[nn.Parameter]
    counts: list[int]
    sums: list[NormSums]
    scale: Tensor | None
    skipped: bool | Tensor


class GlobalNorm(Collector):
    """The collector of gradient norms: sums over the gradients of each optimizer, on their device.

    Args:
        parameters: those of each optimizer.
        rows: the tables of parameters.
        measured: the collector that measures gradients in logged steps, if their kind is written.
        every_step: read the gradients at every step, for the window between logged steps.
        optimizers: all that are watched. Without any, gradients are read when the step closes.
    """

    part = "gradient norms"

    def __init__(
        self,
        parameters: WatchedParameters,
        rows: ParameterRows,
        measured: ParameterCollector,
        every_step: bool,
        optimizers: Sequence[WatchedOptimizer],
    ) -> None:
        self._parameters, self._rows, self._measured = parameters, rows, measured
        self._every_step, self._optimizers = every_step, optimizers
        self._reads: dict[WatchedOptimizer | None, _Read] = {}

    def begin(self, plan: StepPlan) -> None:
        self._plan = plan
        self.active = self._every_step or plan.complete
        self._reads.clear()

    def begin_late(self, plan: StepPlan) -> None:
        self._plan = plan

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        if not closure:
            self.computed(optimizer)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        if self._needed:
            scale, found_inf = (optimizer.attribute(name) for name in ("grad_scale", "found_inf"))
            self._read(optimizer, scale, False if found_inf is None else found_inf)

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        if optimizer in self._reads:
            self._reads[optimizer] = self._reads[optimizer]._replace(skipped=True)

    def close(self, pending: PendingStep) -> None:
        if self._needed and not self._optimizers:
            self._read(None, None, False)
        if self._reads or not pending.plan.logged:
            names = None if pending.plan.logged else self._row_names(pending)
            pending.norms = self._send(pending.copy, names)

    def drop(self) -> None:
        super().drop()
        self._reads.clear()

    @property
    def _needed(self) -> bool:
        """True if the norm does not follow from rows. It can change within a step, because rows may be dropped."""
        if self._plan.statistics and self._plan.complete:
            return not self._measured.writes_gradients
        return self._every_step

    def _read(self, optimizer: WatchedOptimizer | None, scale: Tensor | None, skipped: bool | Tensor) -> None:
        parameters, gradients = self._parameters.gradients(optimizer)
        self._reads[optimizer] = _Read(parameters, elements_of(gradients), norms(gradients), scale, skipped)

    def _row_names(self, pending: PendingStep) -> list[list[str | None]] | None:
        """Return the rows of the gradients of each read, and add their layout to the step. None without rows."""
        table = self._rows.tables.get("gradient")
        if table is None or not self._measured.writes_gradients:
            return None
        names = [self._parameters.last_names(read.parameters) for read in self._reads.values()]
        if any(name is not None and name not in table for own in names for name in own):
            self._rows.update(self._parameters.rows())
        pending.add_layout(table, written=False)
        return names

    def _send(self, copy: HostCopy, names: list[list[str | None]] | None) -> Callable[[HostArrays], GlobalNormRead]:
        def put(x: Tensor) -> Slot:
            return copy.add(x.detach().reshape(-1).double())

        read = [
            (
                one.counts,
                [(part.at, put(part.sums)) for part in one.sums],
                None if one.scale is None else put(one.scale),
                one.skipped if isinstance(one.skipped, bool) else put(one.skipped),
            )
            for one in self._reads.values()
        ]

        def finish(arrays: HostArrays) -> GlobalNormRead:
            total = np.zeros(3)
            skipped = False
            rows: dict[str, tuple[int, np.ndarray]] = {}
            for place, (counts, parts, scale, skip) in enumerate(read):
                factor = 1.0 if scale is None else float(arrays(scale)[0])
                skipped |= skip if isinstance(skip, bool) else bool(arrays(skip)[0])
                for at, slot in parts:
                    with np.errstate(all="ignore"):  # a scale may have shrunk to 0
                        sums = arrays(slot).reshape(-1, 3) / np.array([factor**2, 1, 1])
                    total += sums.sum(0)
                    if names is not None:
                        rows.update(
                            (name, (counts[i], own))
                            for i, own in zip(at, sums, strict=True)
                            if (name := names[place][i]) is not None
                        )
            finite_norm = math.sqrt(total[0])
            norm = math.nan if total[2] else math.inf if total[1] else finite_norm
            gradients = GradientNorm(norm, finite_norm, float(total[1]))
            if names is None:
                return GlobalNormRead(gradients, skipped)
            found = np.array([own for _, own in rows.values()]).reshape(-1, 3)
            return GlobalNormRead(gradients, skipped, RowNorms(list(rows), [n for n, _ in rows.values()], found))

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
