"""Reads parameters, gradients and updates into the recorder, around each optimizer's step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.optimizer_state import adam_state
from tb_nnviz.record.collect.snapshot import Snapshot
from tb_nnviz.record.hooks.order import ExecutionOrder
from tb_nnviz.record.model.modules import NamedParameter, named_parameters
from tb_nnviz.record.pending_step import Recorder

Optimizer = torch.optim.Optimizer


class ParameterCollector:
    """Knows the parameters' names, and reads what each optimizer is about to apply and what it did."""

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[Optimizer],
        recorder: Recorder,
        keep: Callable[[str, nn.Module], bool],
        order: ExecutionOrder,
        snapshot: Snapshot,
        warn_once: Callable[[str, str], None],
    ) -> None:
        self._models, self._optimizers = models, optimizers
        self._recorder, self._snapshot = recorder, snapshot
        self._keep, self._order = keep, order
        self._warn_once = warn_once
        self._names: dict[nn.Parameter, str] = {}
        self._found: list[NamedParameter] | None = None
        self._updated: set[nn.Parameter] = set()

    def next_step(self) -> None:
        """A new step begins."""
        self._found = None
        self._updated.clear()
        self._snapshot.release()

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        """The optimizer is about to step; with a closure its gradients are yet to be computed."""
        self._name()
        own = self._own(optimizer)
        self._recorder.forget(own)  # it may step more often than the others: its last step counts
        for name, tensor in own:
            if isinstance(name, str):
                self._recorder.parameter(name, tensor, self._snapshot, closure or tensor.grad is not None)
        if not closure:
            self.gradients_of(optimizer)
        first = sum(len(other.param_groups) for other in self._optimizers[: self._optimizers.index(optimizer)])
        for number, group in enumerate(optimizer.param_groups, first):
            self._recorder.learning_rate(number, str(group.get("name", number)), group.get("lr"))

    def gradients_of(self, optimizer: Optimizer) -> None:
        """The optimizer's gradients are computed; of a closure's several calls the last counts."""
        # a fused optimizer under a GradScaler unscales by itself
        scale = getattr(optimizer, "grad_scale", None)
        own = self._own(optimizer)
        self._updated.difference_update(tensor for _, tensor in own)
        self._recorder.forget_gradients(name for name, _ in own)
        for name, tensor in own:
            self._recorder.gradient(name, tensor, scale)
            if tensor.grad is not None:
                self._updated.add(tensor)

    def after(self, optimizer: Optimizer) -> None:
        """The optimizer has stepped."""
        for name, tensor in self._own(optimizer):
            if isinstance(name, str) and tensor in self._updated:
                self._recorder.update(name, tensor, self._snapshot)

    def close(self) -> None:
        """Read what no optimizer has stepped, and say what the rows are, now that their order is known."""
        found = self._name()
        for parameter in found:
            self._recorder.parameter(parameter.name, parameter.tensor)
            if not self._optimizers:
                self._recorder.gradient(parameter.name, parameter.tensor)
        self._recorder.rows_of(self._order.sort(found))

    def gradients(self, optimizer: Optimizer | None) -> list[Tensor]:
        """The gradients that an optimizer is about to apply; without one, those of all parameters."""
        if optimizer is None:
            tensors = [parameter for model in self._models.values() for parameter in model.parameters()]
        else:
            tensors = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        return [tensor.grad.detach() for tensor in tensors if tensor.grad is not None]

    def moments(self, optimizer: Optimizer) -> None:
        """What the optimizer keeps of the parameters that it has stepped."""
        for group in optimizer.param_groups:
            for tensor in group["params"]:
                name = self._names.get(tensor)
                if (
                    name is not None
                    and tensor in self._updated
                    and (state := adam_state(optimizer, group, tensor)) is not None
                ):
                    self._recorder.moments(name, state)

    def named(self) -> list[NamedParameter]:
        """All parameters that have rows, in order of execution as far as it is known."""
        return self._order.sort(self._name())

    def named_of(self, optimizer: Optimizer) -> list[NamedParameter]:
        """Those of them that an optimizer steps."""
        own = {tensor for group in optimizer.param_groups for tensor in group["params"]}
        return [parameter for parameter in self._name() if parameter.tensor in own]

    def _name(self) -> list[NamedParameter]:
        """Find the parameters, once a step: they may have been replaced, added or frozen."""
        if self._found is None:
            self._found = [p for p in named_parameters(self._models) if self._keep(p.name, p.owner)]
            self._names = {parameter.tensor: parameter.name for parameter in self._found}
            if self._recorder.measures("update"):
                self._choose([parameter.tensor for parameter in self._found if parameter.tensor.requires_grad])
        return self._found

    def _choose(self, updated: list[nn.Parameter]) -> None:
        """Say of which parameters the updates are measured in this step."""
        self._snapshot.choose(updated, self._recorder.statistics)
        for tensor in self._snapshot.too_large(updated):
            size, most = tensor.nbytes / 1e6, self._snapshot.budget(updated) / 1e6
            self._warn_once(
                f"snapshot {self._names[tensor]}",
                f"no update of {self._names[tensor]}: its copy takes {size:.0f} MB, and snapshot_bytes allows "
                f"{most:.0f} MB in all",
            )

    def _own(self, optimizer: Optimizer) -> list[tuple[str | int, nn.Parameter]]:
        """An optimizer's parameters; a number stands for the name of one that has no row."""
        tensors: list[Any] = [tensor for group in optimizer.param_groups for tensor in group["params"]]
        return [(self._names.get(tensor, id(tensor)), tensor) for tensor in tensors]
