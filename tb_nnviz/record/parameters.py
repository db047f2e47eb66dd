"""Reads parameters, gradients and updates into the recorder, around each optimizer's step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz.record.hooks import ExecutionOrder
from tb_nnviz.record.modules import named_parameters
from tb_nnviz.record.optimizer_state import adam_state
from tb_nnviz.record.recorder import Recorder
from tb_nnviz.record.snapshot import Snapshot

Optimizer = torch.optim.Optimizer


class ParameterReader:
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
        self._named = False
        self._closures: set[Optimizer] = set()

    def next_step(self) -> None:
        """A new step begins."""
        self._named = False
        self._closures.clear()
        self._snapshot.release()

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        """The optimizer is about to step. A closure has yet to compute the gradients."""
        self._name()
        own = self._own(optimizer)
        self._recorder.forget(own)  # it may step more often than the others: its last step counts
        # a fused optimizer under a GradScaler unscales by itself
        scale = getattr(optimizer, "grad_scale", None)
        for name, tensor in own:
            if isinstance(name, str):
                self._recorder.parameter(name, tensor, self._snapshot, closure or tensor.grad is not None)
            if not closure:
                self._recorder.gradient(name, tensor, scale)
        first = sum(len(other.param_groups) for other in self._optimizers[: self._optimizers.index(optimizer)])
        for number, group in enumerate(optimizer.param_groups, first):
            self._recorder.learning_rate(number, str(group.get("name", number)), group.get("lr"))
        if closure:
            self._closures.add(optimizer)
        else:
            self._closures.discard(optimizer)

    def after(self, optimizer: Optimizer) -> None:
        """The optimizer has stepped."""
        closure = optimizer in self._closures
        for name, tensor in self._own(optimizer):
            if closure:
                self._recorder.gradient(name, tensor)
                if tensor.grad is None:
                    continue
            if isinstance(name, str):
                self._recorder.update(name, tensor, self._snapshot)
        if "optimizer" in self._recorder.kinds:
            self._moments(optimizer)

    def rest(self) -> None:
        """Read what no optimizer has stepped; without any optimizer, gradients as they are now."""
        self._name()
        for tensor, name in self._names.items():
            self._recorder.parameter(name, tensor)
            if not self._optimizers:
                self._recorder.gradient(name, tensor)

    def gradients(self, optimizer: Optimizer | None) -> list[Tensor]:
        """The gradients that an optimizer is about to apply; without one, those of all parameters."""
        if optimizer is None:
            tensors = [parameter for model in self._models.values() for parameter in model.parameters()]
        else:
            tensors = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        return [tensor.grad.detach() for tensor in tensors if tensor.grad is not None]

    def _moments(self, optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            for tensor in group["params"]:
                name = self._names.get(tensor)
                if name is not None and (state := adam_state(optimizer, group, tensor)) is not None:
                    self._recorder.moments(name, state)

    def _name(self) -> None:
        """Find the parameters and their rows, once a step: they may have been replaced, added or frozen."""
        if self._named:
            return
        self._named = True
        found = [p for p in self._order.sort(named_parameters(self._models)) if self._keep(p.name, p.owner)]
        self._names = {parameter.tensor: parameter.name for parameter in found}
        self._recorder.rows_of(found)
        if not self._recorder.measures("update"):
            return
        updated = [parameter.tensor for parameter in found if parameter.tensor.requires_grad]
        self._snapshot.choose(updated)
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
