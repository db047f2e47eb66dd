"""Hooks on the user's modules, as handles: installed once, removed without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tb_nnviz.record.modules import Layer, NamedParameter, first_tensor
from tb_nnviz.schema import MAX_CALLS

#: Called when one of our functions raised: the training loop must not notice.
Failed = Callable[[Exception], None]
#: A hook that does nothing, and that can be pickled and loaded without this package.
_inert = nullcontext().__exit__


class Hook:
    """Runs a function of ours inside the user's code: returns nothing, raises nothing.

    Copies of the user's model carry copies of its hooks, so copied or pickled it becomes inert.
    """

    def __init__(self, function: Callable[..., None], failed: Failed) -> None:
        self._function = function
        self._failed = failed

    def __call__(self, *args: Any) -> None:
        try:
            self._function(*args)
        except Exception as error:  # training goes on, whatever went wrong here
            self._failed(error)

    def __deepcopy__(self, memo: dict[int, Any]) -> Callable[..., None]:
        return _inert

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")


class Removable(Protocol):
    """What torch gives for a hook that was registered."""

    def remove(self) -> None:
        """Take the hook off."""


class Handles:
    """Handles of installed hooks; ``remove`` takes all of them off, once."""

    def __init__(self) -> None:
        self._handles: list[Removable] = []

    def add(self, handle: Removable) -> None:
        self._handles.append(handle)

    def remove(self) -> None:
        while self._handles:
            self._handles.pop().remove()


class ExecutionOrder:
    """Learns in which order modules are first called, until ``remove``."""

    def __init__(self, modules: Iterable[nn.Module], failed: Failed) -> None:
        self._position: dict[nn.Module, int] = {}
        self._handles = Handles()
        for module in dict.fromkeys(modules):
            self._handles.add(module.register_forward_pre_hook(Hook(self._called, failed)))

    def _called(self, module: nn.Module, args: Any) -> None:
        self._position.setdefault(module, len(self._position))

    def __getitem__(self, module: nn.Module) -> int | None:
        """Position of the module's first call, None if it was not called."""
        return self._position.get(module)

    def sort(self, parameters: Iterable[NamedParameter]) -> list[NamedParameter]:
        """By the owner's first call; those of modules that were not called last, as registered."""
        last = len(self._position)
        return sorted(parameters, key=lambda parameter: self._position.get(parameter.owner, last))

    def remove(self) -> None:
        self._handles.remove()


class Observer(Protocol):
    """What the module hooks report to."""

    def opened(self) -> None:
        """A training pass begins."""

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        """A layer's output, while the step is logged; ``order`` is where in the step the call began."""

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """The gradient with respect to that output."""


class ModuleHooks:
    """Reports the outputs of layers in training passes, and the gradients that reach them.

    A pass is one call of a watched model in training mode with gradients enabled; evaluation is not
    observed. While ``active`` is false a hook costs one comparison.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        layers: Iterable[Layer],
        observer: Observer,
        gradients: bool,
        failed: Failed,
    ) -> None:
        self.active = False
        self._layers = {layer.module: layer for layer in layers}
        self._roots = set(models.values())
        self._observer = observer
        self._gradients = gradients
        self._failed = failed
        self._step = 0
        self._order = 0
        self._counted: bool | None = None  # of the pass that is running; None outside of one
        self._calls: dict[Layer, int] = {}
        self._recalls: dict[Layer, int] = {}
        self._orders: dict[tuple[Layer, int], int] = {}
        self._root: nn.Module | None = None  # the watched model whose pass is running
        self._leaves: dict[tuple[Layer, int], Removable] = {}
        self._begun: dict[Layer, int] = {}
        self._handles = Handles()
        for module in self._layers:
            if next(module.children(), None) is not None:
                self._handles.add(module.register_forward_pre_hook(Hook(self._begin_call, failed)))
            self._handles.add(module.register_forward_hook(Hook(self._end_call, failed)))
        for root in self._roots:
            self._handles.add(root.register_forward_pre_hook(Hook(self._begin_pass, failed)))
            self._handles.add(root.register_forward_hook(Hook(self._end_pass, failed), always_call=True))

    def next_step(self, active: bool) -> None:
        """Begin a new step, observed or not; gradients of earlier passes no longer count."""
        self.active = active
        self._step += 1
        self._order = 0
        self._root = None
        self._forget_pass()
        self._orders.clear()
        self._release_leaves()

    def remove(self) -> None:
        """Take all hooks off."""
        self.active = False
        self._step += 1
        self._handles.remove()
        self._release_leaves()

    def _forget_pass(self) -> None:
        self._calls.clear()
        self._recalls.clear()

    def _release_leaves(self) -> None:
        while self._leaves:
            self._leaves.popitem()[1].remove()

    def _begin_pass(self, module: nn.Module, args: Any) -> None:
        if _compiling() or module not in self._roots or _in_backward():
            return
        if self._root not in (None, module):  # one watched model within another
            return
        self._root, self._counted = module, module.training and torch.is_grad_enabled()
        if self._counted:
            self._observer.opened()
            self._forget_pass()

    def _end_pass(self, module: nn.Module, args: Any, output: Any) -> None:
        if not _compiling() and module is self._root and not _in_backward():
            self._root = self._counted = None

    def _begin_call(self, module: nn.Module, args: Any) -> None:
        if not _compiling() and self.active and (layer := self._layers.get(module)) is not None:
            self._begun[layer] = self._order
            self._order += 1

    def _end_call(self, module: nn.Module, args: Any, output: Any) -> None:
        if _compiling() or not self.active:  # in this order: what a compiled graph reads, it guards
            return
        layer = self._layers.get(module)  # None for a copy of the model, which carries our hooks too
        if layer is None:
            return
        order = self._begun.pop(layer, None)
        if order is None:
            order, self._order = self._order, self._order + 1
        counted = module.training and torch.is_grad_enabled() if self._counted is None else self._counted
        again = _in_backward()  # activation checkpointing runs the forward pass once more
        if not (counted or again) or (tensor := first_tensor(output)) is None:
            return
        calls = self._recalls if again else self._calls
        call = min(calls.get(layer, 0), MAX_CALLS - 1)
        calls[layer] = calls.get(layer, 0) + 1
        if again:
            order = self._orders.get((layer, call), order)
        else:
            self._orders[layer, call] = order
            self._observer.activation(layer, call, order, tensor.detach())
        if self._gradients and tensor.requires_grad and (layer, call) not in self._leaves:
            step = self._step

            def reached(gradient: Tensor) -> None:
                if step == self._step:
                    self._observer.activation_gradient(layer, call, order, gradient.detach())

            handle = tensor.register_hook(Hook(reached, self._failed))  # type: ignore[no-untyped-call]
            if tensor.is_leaf:  # a parameter, say: it outlives the pass, and a hook on it would too
                self._leaves[layer, call] = handle


def _compiling() -> bool:
    # under torch.compile a hook is traced into the graph: there it must be nothing
    return torch.compiler.is_compiling()


def _in_backward() -> bool:
    return torch._C._current_graph_task_id() != -1
