"""Hooks on the user's modules, which report outputs and the gradients with respect to them."""

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
from tb_nnviz.record.hooks.handles import Failed, Handles, Hook, Removable, after_call, before_call
from tb_nnviz.record.hooks.modes import has_values, is_tracing, outside_modes
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.metadata import metadata
from tb_nnviz.record.model.modules import Layer, first_tensor, takes_hooks
from tb_nnviz.record.model.sharding import is_distributed

_logger = logging.getLogger("tb_nnviz")


class Observer(Protocol):
    """The receiver of the reports of module hooks. It gets one report at a time, from any thread."""

    def opened(self) -> None:
        """Handle the beginning of a training pass."""

    def activation(self, layer: Layer, call: int, order: int, output: Tensor, inputs: tuple[Any, ...]) -> None:
        """Handle a layer's output in a logged step.

        Args:
            layer, call, order: those of ``Call``.
            output: the tensor, with its place in autograd's graph.
            inputs: the positional arguments of the call.
        """

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Handle the gradient with respect to that output."""


class ModuleHooks:
    """Hooks that report the outputs of layers in training passes, and the gradients that reach them.

    A pass is a call of a watched model. It counts if the model is in training mode and gradients are enabled.
    All calls within it count too, even those of frozen parts in evaluation mode. Modules that are called
    outside of any pass count by their own mode. While ``active`` is False, a hook costs one comparison.

    An output is read after the hooks that the user registered before ``watch``, and before those registered
    later. Every backward pass is reported, so two backward passes over one graph count like two micro-batches.
    ``torch.autograd.grad`` with ``create_graph``, as in a gradient penalty, is not reported.

    Args:
        models: the watched models, by name.
        layers: the modules to observe. They are listed again at each active step, since modules may be replaced.
        observer: the receiver of reports.
        gradients: report gradients too.
        failed: called with the error of a hook.
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
        #: True while a probe runs, whose calls are not training.
        self.paused = False
        self._models = tuple(models.values())
        self._wanted = layers
        self._observer = observer
        self._gradients = gradients
        self._failed = failed
        self._lock = threading.Lock()
        self._thread = threading.local()
        self._step = 0
        self._order = 0
        self._recomputed = Recomputed()
        self._leaves: dict[tuple[Layer, int], list[tuple[weakref.ref[Tensor], Removable]]] = {}
        self._differentiating = -1, False  # the last backward pass with create_graph; True if it is reported
        self._layers: dict[nn.Module, Layer] = {}
        self._called: set[Layer] = set()  # in training passes of the open step
        #: True if a layer's hook has run in the open step, in whatever mode.
        self.heard = False
        self._evaluated = False  # True if gradients have reached a pass in evaluation mode in the open step
        self._seen: list[nn.Module] = []
        self._stale = False  # True if layers may have been replaced
        self._refused: set[nn.Module] = set()
        self._hooks = OptionalHooks((), failed)
        self._handles = Handles()
        self._roots = {root for root in self._models if takes_hooks(root)}
        self._observe()
        self._observe_passes()

    def next_step(self, active: bool) -> None:
        """Begin a new step, observed if ``active``. Gradients of earlier passes no longer count."""
        if active and self._stale:  # no watched model was called as a whole since the last step
            self._observe()
        self._stale = active
        self.active = active
        self._step += 1
        self._order = 0
        self._called.clear()
        self.heard = False
        self._evaluated = False
        self._release_leaves()

    @property
    def are_lost(self) -> bool:
        """True if other code has removed hooks."""
        return self._handles.are_lost or self._hooks.are_lost

    def restore(self) -> bool:
        """Put back hooks that other code has removed. Returns True if there were any."""
        lost = self.are_lost
        if lost:
            self._seen = []
            self._observe()
            self._handles.remove()
            self._observe_passes()
        return lost

    def uncalled(self) -> list[Layer]:
        """Return the layers that no training pass of the open step called."""
        return [layer for layer in self._layers.values() if layer not in self._called]

    def trained_in_evaluation(self) -> bool:
        """Return True if all passes of the open step that gradients reached were in evaluation mode."""
        return self._evaluated and not self._called

    def remove(self) -> None:
        """Remove all hooks."""
        self.active = False
        self._step += 1
        self._thread = threading.local()
        self._handles.remove()
        self._hooks.remove()
        self._release_leaves()

    def _observe_passes(self) -> None:
        for root in dict.fromkeys(self._models):
            if root in self._roots:
                self._handles.add(before_call(root, Hook(self._begin_pass, self._failed)))
                self._handles.add(after_call(root, Hook(self._end_pass, self._failed), always_call=True))

    def _observe(self) -> None:
        """Hook the current layers, unless they are still the same."""
        modules = [module for model in self._models for module in model.modules()]
        if len(modules) == len(self._seen) and all(map(operator.is_, modules, self._seen)):
            return
        self._seen = modules
        found = {layer.module: layer for layer in self._wanted}
        self._hooks.remove()
        self._hooks = OptionalHooks(self._models, self._failed)
        # known modules keep their Layer object, by which running calls are counted
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
                self._hooks.add(module, partial(before_call, module, Hook(self._begin_call, self._failed)))
            self._hooks.add(module, partial(after_call, module, Hook(self._end_call, self._failed)))
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
        """Return the calls of this thread."""
        calls: Calls | None = getattr(self._thread, "calls", None)
        if calls is None or calls.step != self._step:
            calls = self._thread.calls = Calls(self._step)
        return calls

    def _original(self, module: nn.Module) -> nn.Module:
        """Return the original of a DataParallel replica. Both share one dict of hooks, unlike a copy of the model."""
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
        if torch.compiler.is_compiling() or self.paused or in_backward():
            return
        calls = self.calls()
        evaluated = self.active and calls.running is not None and not calls.running.counted
        if evaluated and not (calls.mode(module) or is_tracing()):
            self._note_evaluation(first_tensor(output))
        calls.end(self._original(module))

    def _begin_call(self, module: nn.Module, args: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused:
            return
        if (layer := self._layers.get(self._original(module))) is not None:
            self.calls().begun.setdefault(layer, []).append(self._next_order())

    def _end_call(self, module: nn.Module, args: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused:
            return
        layer = self._layers.get(self._original(module))
        if layer is None:  # the module belongs to a copy of the model, which carries these hooks too
            return
        self.heard = True
        calls = self.calls()
        begun = calls.begun.get(layer)
        order = begun.pop() if begun else self._next_order()
        recomputed = in_backward()
        counted = not recomputed and calls.counts(module)
        evaluated = not (recomputed or counted or self._evaluated or calls.mode(module) or is_tracing())
        if recomputed or counted or evaluated:
            with outside_modes():
                self._take(calls, layer, order, recomputed, counted, args, output)

    def _take(
        self, calls: Calls, layer: Layer, order: int, recomputed: bool, counted: bool, args: Any, output: Any
    ) -> None:
        """Report the output of a call if it counts, and hook the gradient that will reach it."""
        tensor = first_tensor(output)
        if tensor is None or is_distributed(tensor) or not has_values(tensor):
            return
        if recomputed:
            again = self._recomputed.find(layer)
            if again is not None and tensor.requires_grad:
                self._hook_gradient(again, tensor, calls)
        elif counted:
            call = calls.number(layer, order)
            self._called.add(layer)
            if not torch.is_grad_enabled():
                self._recomputed.keep(call)
            with self._lock:
                self._observer.activation(layer, call.number, order, tensor, args)
            if tensor.requires_grad:
                self._hook_gradient(call, tensor, calls)
        else:
            self._note_evaluation(tensor)

    def _note_evaluation(self, tensor: Tensor | None) -> None:
        """Learn if gradients reach the output of a call in evaluation mode."""
        if not (self._evaluated or tensor is None or tensor.grad_fn is None):
            _register(tensor, Hook(partial(_evaluated, weakref.ref(self), self._step), self._failed))

    def _next_order(self) -> int:
        order, self._order = self._order, self._order + 1
        return order

    def _hook_gradient(self, call: Call, tensor: Tensor, calls: Calls) -> None:
        # outside of a model's call, the backward pass ends the pass
        outside = calls.running is None
        if not (self._gradients or outside):
            return
        hook = Hook(*_gradient_hook(self, call, calls))
        if tensor.is_leaf:  # a parameter, for example, outlives the pass, and so would a hook on it
            hooked = self._leaves.setdefault((call.layer, call.number), [])
            if all(leaf() is not tensor for leaf, _ in hooked):
                hooked.append((weakref.ref(tensor), _register(tensor, hook)))
        else:
            _register(tensor, hook)

    def _reached(self, call: Call, step: int, calls: Calls | None, gradient: Tensor) -> None:
        if is_tracing() or (torch.is_grad_enabled() and not self._accumulates()):
            return
        if calls is not None:
            calls.reached = True
        if self._gradients and step == self._step:
            with self._lock, outside_modes():
                self._observer.activation_gradient(call.layer, call.number, call.order, gradient.detach())

    def _accumulates(self) -> bool:
        """Return True if the backward pass fills ``.grad``, unlike ``torch.autograd.grad``."""
        task = torch._C._current_graph_task_id()
        if self._differentiating[0] != task:
            with metadata():
                parameters = [p for model in self._models for p in model.parameters() if _is_leaf(p)]
            self._differentiating = task, any(map(_accumulates_in, parameters))
        return self._differentiating[1]


def _gradient_hook(hooks: ModuleHooks, call: Call, calls: Calls) -> tuple[Callable[[Tensor | None], None], Failed]:
    """Return the function of a tensor's hook, and the function that takes its errors.

    They hold weak references only, so that a loss kept by the user keeps neither the model nor nnviz alive.
    """
    owner, layer, of_pass, step = weakref.ref(hooks), weakref.ref(call.layer), weakref.ref(calls), hooks._step
    number, order = call.number, call.order

    def reached(gradient: Tensor | None) -> None:
        alive, known = owner(), layer()
        # gradient is None if only another output of the same operation has one
        if gradient is not None and alive is not None and known is not None:
            alive._reached(Call(known, number, order), step, of_pass(), gradient)

    def failed(error: Exception) -> None:
        if (alive := owner()) is not None:
            alive._failed(error)

    return reached, failed


def _is_leaf(parameter: nn.Parameter) -> bool:
    return parameter.requires_grad and parameter.is_leaf and not is_distributed(parameter)


def _evaluated(hooks: weakref.ref[ModuleHooks], step: int, gradient: Tensor) -> None:
    """Record that gradients have reached a pass in evaluation mode."""
    if (alive := hooks()) is not None and alive._step == step and (not torch.is_grad_enabled() or alive._accumulates()):
        alive._evaluated = True


def _accumulates_in(parameter: nn.Parameter) -> bool:
    try:
        view = parameter.view_as(parameter).grad_fn
        node = None if view is None else view.next_functions[0][0]
        return node is not None and bool(torch._C._will_engine_execute_node(node))
    except (RuntimeError, TypeError) as error:  # it is an input of torch.autograd.grad, or of a class without views
        if is_interrupt(error):
            raise
        return False


def _register(tensor: Tensor, hook: Hook) -> Removable:
    handle: Removable = tensor.register_hook(hook)  # type: ignore[no-untyped-call]
    return handle
