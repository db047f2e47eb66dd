"""Parameters, gradients and updates, measured around each optimizer's step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.parameter_rows import ParameterRows
from tb_nnviz.record.collect.snapshot import Snapshot
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.refusal import attempt
from tb_nnviz.record.measure.stats import TensorStats, measure_any
from tb_nnviz.record.model.metadata import gradient_of, requires_grad, version_of
from tb_nnviz.record.model.modules import NamedParameter
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.reduce.local import StepBuffer
from tb_nnviz.record.step_plan import StepPlan


class ParameterCollector(Collector):
    """The collector of parameters and gradients just before each optimizer's step, and of updates just after it.

    Args:
        kinds: the kinds to write.
        parameters: those that have rows, and those of each optimizer.
        rows: the tables of the kinds measured.
        snapshot: holds the values before the step.
        optimizers: all that are watched. Without any, gradients are read when the step closes, and there is no update.
        notice: reports a part that is not logged, by key, reason and kinds.
    """

    part = "gradients"
    kinds = ("parameter", "gradient", "update")

    def __init__(
        self,
        kinds: Iterable[str],
        parameters: WatchedParameters,
        rows: ParameterRows,
        snapshot: Snapshot,
        optimizers: Sequence[WatchedOptimizer],
        notice: Callable[[str, str, tuple[str, ...]], None],
    ) -> None:
        self._written = frozenset(kinds)
        self._parameters, self._rows, self._snapshot = parameters, rows, snapshot
        self._optimizers, self._notice = optimizers, notice
        self._buffers = {kind: StepBuffer() for kind in rows.tables if kind in self.kinds}
        #: The parameters that the optimizers are about to update, or have updated, in the open step.
        self.updated: set[nn.Parameter] = set()
        # of each of them, the identity of its gradient and the version, None if the optimizer rescales it in place
        self._applied: dict[nn.Parameter, tuple[int, int | None]] = {}
        self._lost: dict[str, Tensor] = {}

    @property
    def writes_gradients(self) -> bool:
        """True if gradients have rows in completely logged steps."""
        return "gradient" in self._written

    def begin(self, plan: StepPlan) -> None:
        self._plan, self.active = plan, plan.logged
        without = () if self._optimizers else ("update",)
        self._due = frozenset(kind for kind in self._buffers if plan.measures(kind) and kind not in without)
        for buffer in self._buffers.values():
            buffer.clear()
        self._seen: set[nn.Parameter] = set()
        self._chosen = False
        self.updated.clear()
        self._applied.clear()
        self._lost.clear()
        self._snapshot.release()

    begin_late = begin

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        self._choose()
        own = self._parameters.names_of(optimizer)
        if self._seen:  # an optimizer may step more often than the others: its last step counts
            for name, tensor in own:
                self._seen.discard(tensor)
                self._forget(name, self._buffers)
        for name, tensor in own:
            if isinstance(name, str):
                self._read_parameter(name, tensor, updated=closure or gradient_of(tensor) is not None)
        if not closure:
            self._read_gradients(optimizer, own)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        own = self._parameters.names_of(optimizer)
        for name, _ in own:  # a closure may run several times
            self._forget(name, ("gradient",))
        self._read_gradients(optimizer, own)

    def _read_gradients(self, optimizer: WatchedOptimizer, own: Sequence[tuple[str | int, nn.Parameter]]) -> None:
        # A fused optimizer under a GradScaler unscales the gradients itself.
        scale = optimizer.attribute("grad_scale")
        factor = None if scale is None else scale.detach().reshape(1).double()
        self.updated.difference_update(tensor for _, tensor in own)
        for name, tensor in own:
            self._read_gradient(name, tensor, scale, factor)
            if (gradient := gradient_of(tensor)) is not None:
                self.updated.add(tensor)
                self._applied[tensor] = id(gradient), None if scale is not None else version_of(gradient)

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        for _, tensor in self._parameters.names_of(optimizer):  # their updates are 0, but not lost
            self._applied.pop(tensor, None)

    def after(self, optimizer: WatchedOptimizer) -> None:
        for name, tensor in self._parameters.names_of(optimizer):
            if isinstance(name, str) and tensor in self.updated:
                before = self._snapshot.take(tensor)
                if before is not None:
                    self._read_update(name, tensor, before, optimizer.attribute("found_inf"))

    def close(self, pending: PendingStep) -> None:
        for parameter in self._choose():  # parameters that no optimizer has stepped have not been read yet
            self._read_parameter(parameter.name, parameter.tensor)
            if not self._optimizers:
                self._read_gradient(parameter.name, parameter.tensor)
        self._rows.update(self._parameters.rows())
        for kind, buffer in self._buffers.items():
            if kind in self._due:
                pending.add(self._rows.tables[kind], buffer, kind in self._written)
        pending.lost = {name: pending.copy.add(lost) for name, lost in self._lost.items()}
        pending.has_all_gradients = not self._parameters.sharded()

    def drop(self) -> None:
        super().drop()
        self._written = self._due = frozenset()
        self._buffers.clear()
        self._applied.clear()
        self._lost.clear()
        self._snapshot.release()

    def _read_parameter(self, name: str, tensor: nn.Parameter, updated: bool = False) -> None:
        """Measure a parameter once per step, and copy it into the snapshot if it is about to be updated."""
        if tensor in self._seen:
            return
        self._seen.add(tensor)
        copy = None
        if updated and self._measures("update"):
            copy = attempt(tensor, partial(self._snapshot.buffer, tensor))
        stats = self._measure("parameter", name, tensor, copy_to=copy)
        if stats is None and "parameter" in self._due:
            self._rows.refuse("update", name, tensor)
            self._snapshot.take(tensor)

    def _read_gradient(
        self, name: str | int, tensor: nn.Parameter, scale: Tensor | None = None, factor: Tensor | None = None
    ) -> None:
        """Measure a gradient as it is now.

        Args:
            name: the row, or a number if the parameter has none.
            tensor: the parameter.
            scale: the loss scale that the gradient still contains, as the optimizer has it.
            factor: the same as float64 [1].
        """
        if (gradient := gradient_of(tensor)) is None or not self._measures("gradient"):
            return
        if scale is not None and self._plan.histograms:
            divided = attempt(gradient, partial(_divided, gradient, scale))
            gradient, factor = (gradient, factor) if divided is None else (divided, None)
        # Without histograms all statistics follow from those of the scaled gradient, so it needs no copy.
        self._measure("gradient", name, gradient, scale=factor)

    def _read_update(self, name: str, tensor: nn.Parameter, before: Tensor, found_inf: Tensor | None) -> None:
        """Measure an update, and count the elements whose gradient is lost in it.

        All dtypes are counted, not only bfloat16 and float16. A float32 weight loses its gradient too if the learning
        rate is far too low. The gradient is read within the pass over the update, which adds 2 % to a logged step.

        Args:
            name: the row.
            tensor: the parameter.
            before: its value before the optimizer's step.
            found_inf: above 0 if a fused optimizer skipped the step. A GradScaler sets it.
        """
        gradient = gradient_of(tensor)
        applied, version = self._applied.get(tensor, (0, None))
        if gradient is not None and (id(gradient) != applied or version not in (None, version_of(gradient))):
            gradient = None  # another gradient than the one that was applied
        stats = self._measure("update", name, tensor, minus=before, gradient=gradient)
        if stats is not None and stats.lost is not None:
            # In a skipped step both counts become infinite, so that their ratio is NaN.
            lost = stats.lost
            if found_inf is not None:
                lost = lost / (found_inf.detach().reshape(1).to(lost.device) == 0)
            self._lost[name] = lost

    def _measures(self, kind: str) -> bool:
        return kind in self._written and kind in self._due

    def _forget(self, name: str | int, kinds: Iterable[str]) -> None:
        for kind in kinds:
            if (buffer := self._buffers.get(kind)) is not None:
                buffer.forget(name)

    def _measure(
        self,
        kind: str,
        name: str | int,
        x: Tensor,
        *,
        minus: Tensor | None = None,
        copy_to: Tensor | None = None,
        scale: Tensor | None = None,
        gradient: Tensor | None = None,
    ) -> TensorStats | None:
        if kind not in self._due:
            return None
        bin_counts = self._plan.histograms and kind in self._written and isinstance(name, str)
        if not (self._plan.statistics or bin_counts):
            return None
        stats = measure_any(x, minus=minus, copy_to=copy_to, bin_counts=bin_counts, gradient=gradient)
        if stats is not None:
            self._buffers[kind].put(name, stats, self._plan.statistics, scale)
        elif isinstance(name, str):
            self._rows.refuse(kind, name, x)
        return stats

    def _choose(self) -> list[NamedParameter]:
        """Return the parameters. The first call in a step chooses those whose updates are measured."""
        found = self._parameters.all()
        if sharded := self._parameters.sharded():
            self._notice(
                "sharded",
                f"nothing of {len(sharded)} parameters, their gradients, updates and optimizer state: this rank holds "
                "only a part of each, and nnviz does not communicate with the other ranks",
                ("parameter", "gradient", "update", "optimizer", schema.WEIGHT, schema.TRACKED),
            )
        if not self._chosen and self._measures("update"):
            self._chosen = True
            trained = {parameter.tensor: parameter.name for parameter in found if requires_grad(parameter.tensor)}
            self._snapshot.choose(list(trained), self._plan.statistics)
            for tensor in self._snapshot.too_large(list(trained)):
                size, most = self._snapshot.bytes_of(tensor) / 1e6, self._snapshot.budget(list(trained)) / 1e6
                name = trained[tensor]
                self._notice(
                    f"snapshot {name}",
                    f"no update of {name}: its copy takes {size:.0f} MB, "
                    f"and snapshot_bytes allows {most:.0f} MB in all",
                    ("update",),
                )
        return found


def _divided(gradient: Tensor, scale: Tensor) -> Tensor:
    """Return a gradient without the loss scale, divided as the optimizer does it: in float32."""
    gradient = gradient.detach()
    gradient = gradient.float() if gradient.dtype in (torch.float16, torch.bfloat16) else gradient
    return gradient / scale.detach().to(gradient.device)
