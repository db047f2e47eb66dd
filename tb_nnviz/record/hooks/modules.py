"""Hooks on the user's modules, which report outputs and the gradients with respect to them."""

from __future__ import annotations

import logging
import operator
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz.record.hooks.attention import Attention, AttentionPatch, weights_beside
from tb_nnviz.record.hooks.backward import BackwardPass
from tb_nnviz.record.hooks.calls import Call, Calls, Recomputed, in_backward
from tb_nnviz.record.hooks.fast_path import OptionalHooks
from tb_nnviz.record.hooks.handles import Failed, Handles, Hook, Removable, after_call, before_call
from tb_nnviz.record.hooks.modes import has_values, is_tracing, outside_modes
from tb_nnviz.record.hooks.observer import Observer
from tb_nnviz.record.model.attention import AttentionLayers
from tb_nnviz.record.model.modules import Layer, first_tensor, takes_hooks
from tb_nnviz.record.model.sharding import is_distributed

_logger = logging.getLogger("tb_nnviz")


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
        attention: modules that are observed in the calls in which they compute attention. None: no attention.
        patched: returns whether functions of torch may be replaced while a logged pass runs.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        layers: Iterable[Layer],
        observer: Observer,
        gradients: bool,
        failed: Failed,
        attention: AttentionLayers | None = None,
        patched: Callable[[], bool] = lambda: True,
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
        self._backward = BackwardPass(self._models)
        self._layers: dict[nn.Module, Layer] = {}
        self._attention_layers, self._attention = attention, AttentionPatch(self._attended, patched, failed)
        self._candidates: set[nn.Module] = set()  # observed if they compute attention
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

    def attention_names(self) -> list[str]:
        """Return the names of the modules whose attention is to be measured."""
        return [] if self._attention_layers is None else self._attention_layers.computing()

    def next_step(self, active: bool) -> None:
        """Begin a new step, observed if ``active``. Gradients of earlier passes no longer count."""
        if self._attention_layers is not None and self._called and not self._attention_layers.settled:
            self._attention_layers.settled = True  # the other modules need no hooks from now on
            self._seen = []
            self._observe()
        elif active and self._stale:  # no watched model was called as a whole since the last step
            self._observe()
        self._stale = active
        self.active = active
        self._step += 1
        self._order = 0
        self._attention.stop()
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
        layers = [layer for module, layer in self._layers.items() if module not in self._candidates]
        return [layer for layer in layers if layer not in self._called]

    def trained_in_evaluation(self) -> bool:
        """Return True if all passes of the open step that gradients reached were in evaluation mode."""
        return self._evaluated and not self._called

    def remove(self) -> None:
        """Remove all hooks."""
        self.active = False
        self._step += 1
        self._attention.stop()
        self._thread = threading.local()
        self._handles.remove()
        self._hooks.remove()
        self._release_leaves()

    def _observe_passes(self) -> None:
        for root in dict.fromkeys(self._models):
            if root in self._roots:
                self._handles.add(before_call(root, Hook(self._begin_pass, self._failed), with_kwargs=True))
                self._handles.add(after_call(root, Hook(self._end_pass, self._failed), always_call=True))

    def _observe(self) -> None:
        """Hook the current layers, unless they are still the same."""
        modules = [module for model in self._models for module in model.modules()]
        if len(modules) == len(self._seen) and all(map(operator.is_, modules, self._seen)):
            return
        self._seen = []  # until all hooks are there: an interrupt may come between
        found = {layer.module: layer for layer in self._wanted}
        more = {layer.module: layer for layer in self._attention_layers or () if layer.module not in found}
        self._candidates = {module for module in more if takes_hooks(module)}
        found |= {module: more[module] for module in self._candidates}
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
            if isinstance(module, nn.RNNBase):
                named = Hook(self._begin_named, self._failed)
                self._hooks.add(module, partial(before_call, module, named, with_kwargs=True))
            self._hooks.add(module, partial(after_call, module, Hook(self._end_call, self._failed)))
        self._hooks.switch()
        self._seen = modules
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

    def _begin_pass(self, module: nn.Module, args: Any, kwargs: Any) -> None:
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
            if self.active:
                with self._lock, outside_modes():
                    self._observer.inputs(root, args, kwargs)
                if self._attention_layers is not None:
                    self._attention.begin()

    def _end_pass(self, module: nn.Module, args: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or self.paused or in_backward():
            return
        calls = self.calls()
        counted = calls.running is not None and calls.running.counted
        evaluated = self.active and calls.running is not None and not counted
        if evaluated and not (calls.mode(module) or is_tracing()):
            self._note_evaluation(first_tensor(output))
        root = self._original(module)
        if calls.end(root) and counted and self.active:
            self._attention.end()
            with self._lock, outside_modes():
                self._observer.output(root, output)

    def _begin_call(self, module: nn.Module, args: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused:
            return
        if (layer := self._layers.get(self._original(module))) is not None:
            self.calls().begun.setdefault(layer, []).append(self._next_order())

    def _begin_named(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused or not kwargs:
            return
        if (layer := self._layers.get(self._original(module))) is not None:
            self.calls().named[layer] = kwargs

    def _attended(self, module: nn.Module, attention: Attention) -> None:
        """Measure the attention that a module computes, if its call counts."""
        if not self.active or self.paused or in_backward() or not (calls := self.calls()).counts(module):
            return
        module = self._original(module)
        layer = self._layers.get(module)
        if (layer is None or module in self._candidates) and self._attention_layers is not None:
            self._attention_layers.seen.add(module)
        if layer is None:  # it is observed from the next step on
            self._seen = []
            return
        with self._lock, outside_modes():
            found = self._observer.attended(attention)
        if found is not None:
            calls.attended.setdefault(layer, []).append(found)

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
        attended = calls.attended.pop(layer, None)
        weights = None if attended or self._attention_layers is None else weights_beside(output)
        if layer.module in self._candidates and self._attention_layers is not None:
            if not attended and weights is None:
                return
            self._attention_layers.seen.add(layer.module)
        recomputed = in_backward()
        counted = not recomputed and calls.counts(module)
        evaluated = not (recomputed or counted or self._evaluated or calls.mode(module) or is_tracing())
        if recomputed or counted or evaluated:
            with outside_modes():
                call = self._take(calls, layer, order, recomputed, counted, args, output)
                if call is not None and (attended or weights is not None):
                    with self._lock:
                        self._observer.attention(layer, call.number, attended or (), weights)

    def _take(
        self, calls: Calls, layer: Layer, order: int, recomputed: bool, counted: bool, args: Any, output: Any
    ) -> Call | None:
        """Report the output of a call if it counts, hook the gradient that will reach it, and return the call."""
        tensor = first_tensor(output)
        if tensor is None or is_distributed(tensor) or not has_values(tensor):
            return None
        if recomputed:
            again = self._recomputed.find(layer)
            if again is not None and tensor.requires_grad:
                self._hook_gradient(again, tensor, calls)
        elif counted:
            call = calls.number(layer, order)
            self._called.add(layer)
            if not torch.is_grad_enabled():
                self._recomputed.keep(call)
            named = calls.named.pop(layer, None) if calls.named else None
            given = args if named is None else (*args, *(named[key] for key in ("input", "hx") if key in named))
            with self._lock:
                self._observer.activation(layer, call.number, order, tensor, given)
            if tensor.requires_grad:
                self._hook_gradient(call, tensor, calls)
            return call
        else:
            self._note_evaluation(tensor)
        return None

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
        if is_tracing() or (torch.is_grad_enabled() and not self._backward.accumulates()):
            return
        if calls is not None:
            calls.reached = True
        if self._gradients and step == self._step:
            with self._lock, outside_modes():
                self._observer.activation_gradient(call.layer, call.number, call.order, gradient.detach())


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


def _evaluated(hooks: weakref.ref[ModuleHooks], step: int, gradient: Tensor) -> None:
    """Record that gradients have reached a pass in evaluation mode."""
    if (
        (alive := hooks()) is not None
        and alive._step == step
        and (not torch.is_grad_enabled() or alive._backward.accumulates())
    ):
        alive._evaluated = True


def _register(tensor: Tensor, hook: Hook) -> Removable:
    handle: Removable = tensor.register_hook(hook)  # type: ignore[no-untyped-call]
    return handle
