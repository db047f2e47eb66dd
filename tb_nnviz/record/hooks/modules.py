"""Hooks on the user's modules: what they put out, and the gradients that reach it."""

from __future__ import annotations

import logging
import operator
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tb_nnviz.record.hooks.calls import Call, Calls, Recomputed, in_backward
from tb_nnviz.record.hooks.fast_path import OptionalHooks
from tb_nnviz.record.hooks.handles import Failed, Handles, Hook, Removable
from tb_nnviz.record.model.modules import Layer, first_tensor, takes_hooks

_logger = logging.getLogger("tb_nnviz")


class Observer(Protocol):
    """What the module hooks report to; one call at a time, whatever thread it comes from."""

    def opened(self) -> None:
        """A training pass begins."""

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        """A layer's output, while the step is logged; ``order`` is where in the step the call began."""

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """The gradient with respect to that output."""


class ModuleHooks:
    """Reports the outputs of layers in training passes, and the gradients that reach them.

    A pass is one call of a watched model, and counts if the model is in training mode then and gradients
    are enabled; what it calls counts with it, frozen parts in evaluation mode too. Modules called outside
    of any such pass count by their own mode. While ``active`` is false a hook costs one comparison.

    An output is read where the hook stands: after the hooks that the user registered before ``watch``,
    before those registered later. Every backward pass through it is reported, so two over one graph are
    like two micro-batches. One that only differentiates is none: ``torch.autograd.grad`` with
    ``create_graph``, as in a gradient penalty.

    Args:
        models: those watched, by name.
        layers: the modules to observe; gone through again at each active step, as modules may be replaced.
        observer: what is told.
        gradients: whether it is told of gradients.
        failed: called with what a hook of ours raised.
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
        #: Whether calls are none of training's: a probe runs.
        self.paused = False
        self._models = tuple(models.values())
        self._find = layers
        self._observer = observer
        self._gradients = gradients
        self._failed = failed
        self._lock = threading.Lock()
        self._thread = threading.local()
        self._step = 0
        self._order = 0
        self._recomputed = Recomputed()
        self._leaves: dict[tuple[Layer, int], list[tuple[weakref.ref[Tensor], Removable]]] = {}
        self._differentiating = -1, False  # the last backward pass with create_graph, and whether it counts
        self._layers: dict[nn.Module, Layer] = {}
        self._seen: list[nn.Module] = []
        self._stale = False  # whether layers may have been replaced
        self._refused: set[nn.Module] = set()
        self._hooks = OptionalHooks((), failed)
        self._handles = Handles()
        self._observe()
        roots = [root for root in dict.fromkeys(self._models) if takes_hooks(root)]
        for root in roots:
            self._handles.add(root.register_forward_pre_hook(Hook(self._begin_pass, failed)))
            self._handles.add(root.register_forward_hook(Hook(self._end_pass, failed), always_call=True))
        self._roots = set(roots)

    def next_step(self, active: bool) -> None:
        """Begin a new step, observed or not; gradients of earlier passes no longer count."""
        if active and self._stale:  # no watched model was called as a whole since last time
            self._observe()
        self._stale = active
        self.active = active
        self._step += 1
        self._order = 0
        self._release_leaves()

    def remove(self) -> None:
        """Take all hooks off."""
        self.active = False
        self._step += 1
        self._thread = threading.local()
        self._handles.remove()
        self._hooks.remove()
        self._release_leaves()

    def _observe(self) -> None:
        """Hook the layers that there are now, unless they are those of last time."""
        modules = [module for model in self._models for module in model.modules()]
        if len(modules) == len(self._seen) and all(map(operator.is_, modules, self._seen)):
            return
        self._seen = modules
        found = {layer.module: layer for layer in self._find}
        self._hooks.remove()
        self._hooks = OptionalHooks(self._models, self._failed)
        # what was known keeps its layer: calls that are under way are counted by it
        self._layers = {
            module: known if (known := self._layers.get(module)) is not None and known.name == layer.name else layer
            for module, layer in found.items()
            if takes_hooks(module)
        }
        self._originals = {
            id(module._forward_hooks): module for module in (*self._layers, *self._models) if takes_hooks(module)
        }
        for module in self._layers:
            if next(module.children(), None) is not None:
                self._hooks.add(module, partial(module.register_forward_pre_hook, Hook(self._begin_call, self._failed)))
            self._hooks.add(module, partial(module.register_forward_hook, Hook(self._end_call, self._failed)))
        self._hooks.switch()
        refused = [layer for module, layer in found.items() if not takes_hooks(module) and module not in self._refused]
        if refused:
            self._refused.update(layer.module for layer in refused)
            names = ", ".join(layer.name for layer in refused[:5]) + (" ..." if len(refused) > 5 else "")
            _logger.warning("no activations of %s: %s takes no hooks", names, refused[0].type)

    def _release_leaves(self) -> None:
        while self._leaves:
            for _, handle in self._leaves.popitem()[1]:
                handle.remove()

    def calls(self) -> Calls:
        """The calls of this thread."""
        calls: Calls | None = getattr(self._thread, "calls", None)
        if calls is None or calls.step != self._step:
            calls = self._thread.calls = Calls(self._step)
        return calls

    def _original(self, module: nn.Module) -> nn.Module:
        """The module that a DataParallel replica stands for: it shares the dict of hooks. A copy has its own."""
        if module.__dict__.get("_is_replica", False):
            return self._originals.get(id(module._forward_hooks), module)
        return module

    def _begin_pass(self, module: nn.Module, args: Any) -> None:
        if (
            torch.compiler.is_compiling()
            or self.paused
            or (root := self._original(module)) not in self._roots
            or in_backward()
        ):
            return
        if self.calls().begin(root):
            self._observer.opened()
            if self._stale:
                self._observe()
                self._stale = False

    def _end_pass(self, module: nn.Module, args: Any, output: Any) -> None:
        if not (torch.compiler.is_compiling() or self.paused or in_backward()):
            self.calls().end(self._original(module))

    def _begin_call(self, module: nn.Module, args: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused:
            return
        if (layer := self._layers.get(self._original(module))) is not None:
            self.calls().begun.setdefault(layer, []).append(self._next_order())

    def _end_call(self, module: nn.Module, args: Any, output: Any) -> None:
        if (
            torch.compiler.is_compiling() or not self.active or self.paused
        ):  # in this order: what a compiled graph reads, it guards
            return
        layer = self._layers.get(self._original(module))
        if layer is None:  # a copy of the model, which carries our hooks too
            return
        calls = self.calls()
        begun = calls.begun.get(layer)
        order = begun.pop() if begun else self._next_order()
        tensor = first_tensor(output)
        if tensor is None:
            return
        if in_backward():
            again = self._recomputed.find(layer)
            if again is not None and tensor.requires_grad:
                self._hook_gradient(again, tensor, calls)
        elif calls.counts(module):
            call = calls.number(layer, order)
            if not torch.is_grad_enabled():
                self._recomputed.keep(call)
            with self._lock:
                self._observer.activation(layer, call.number, order, tensor.detach())
            if tensor.requires_grad:
                self._hook_gradient(call, tensor, calls)

    def _next_order(self) -> int:
        order, self._order = self._order, self._order + 1
        return order

    def _hook_gradient(self, call: Call, tensor: Tensor, calls: Calls) -> None:
        outside = calls.running is None  # of a watched model's pass: its backward pass ends this one
        if not (self._gradients or outside):
            return
        hook = Hook(*_gradient_hook(self, call, calls))
        if tensor.is_leaf:  # a parameter, say: it outlives the pass, and a hook on it would too
            hooked = self._leaves.setdefault((call.layer, call.number), [])
            if all(leaf() is not tensor for leaf, _ in hooked):
                hooked.append((weakref.ref(tensor), _register(tensor, hook)))
        else:
            _register(tensor, hook)

    def _reached(self, call: Call, step: int, calls: Calls | None, gradient: Tensor) -> None:
        if torch.is_grad_enabled() and not self._accumulates():
            return
        if calls is not None:
            calls.reached = True
        if self._gradients and step == self._step:
            with self._lock:
                self._observer.activation_gradient(call.layer, call.number, call.order, gradient.detach())

    def _accumulates(self) -> bool:
        """Whether the backward pass that builds a graph is ``backward``: ``torch.autograd.grad`` fills no ``.grad``."""
        task = torch._C._current_graph_task_id()
        if self._differentiating[0] != task:
            parameters = [p for model in self._models for p in model.parameters() if p.requires_grad and p.is_leaf]
            self._differentiating = task, any(map(_accumulates_in, parameters))
        return self._differentiating[1]


def _gradient_hook(hooks: ModuleHooks, call: Call, calls: Calls) -> tuple[Callable[[Tensor | None], None], Failed]:
    """What a tensor's hook does. Who keeps a loss keeps its graph, and that is not to keep the model and us."""
    us, layer, of_pass, step = weakref.ref(hooks), weakref.ref(call.layer), weakref.ref(calls), hooks._step
    number, order = call.number, call.order

    def reached(gradient: Tensor | None) -> None:
        alive, known = us(), layer()
        # without a gradient: another output of the same operation has one
        if gradient is not None and alive is not None and known is not None:
            alive._reached(Call(known, number, order), step, of_pass(), gradient)

    def failed(error: Exception) -> None:
        if (alive := us()) is not None:
            alive._failed(error)

    return reached, failed


def _accumulates_in(parameter: nn.Parameter) -> bool:
    view = parameter.view_as(parameter).grad_fn
    node = None if view is None else view.next_functions[0][0]
    try:
        return node is not None and bool(torch._C._will_engine_execute_node(node))
    except RuntimeError:  # its gradient is what torch.autograd.grad was asked for
        return False


def _register(tensor: Tensor, hook: Hook) -> Removable:
    handle: Removable = tensor.register_hook(hook)  # type: ignore[no-untyped-call]
    return handle
