"""Observation of the models' dataflow, once, for ``nnviz/graph``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from tb_nnviz import schema
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.dataflow.dataflow import Dataflow, Flow, TooLargeError
from tb_nnviz.record.collect.dataflow.document import arguments_of, graph_document, graph_entry
from tb_nnviz.record.collect.dataflow.links import ModelLinks
from tb_nnviz.record.collect.dataflow.tensors import described, tensors_of
from tb_nnviz.record.hooks.calls import Calls, in_backward
from tb_nnviz.record.hooks.fast_path import OptionalHooks
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.handles import Hook, after_call, before_call
from tb_nnviz.record.hooks.modes import is_tracing
from tb_nnviz.record.model.modules import first_tensor, named_modules, named_parameters, takes_hooks, type_name
from tb_nnviz.record.model.table import module_table
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan

UNOBSERVED = "no training pass of the model was observed: it is compiled or scripted, or was not called"
EVALUATED = "no training pass of the model was observed: it was called in evaluation mode (call model.train() before)"


@dataclass(eq=False)
class _Open:
    """A module call that is running."""

    module: nn.Module
    inputs: list[Flow]
    described: list[dict[str, Any]]
    is_group: bool = False  # it contains other observed calls


@dataclass(eq=False)
class _Observed:
    """A pass that is being observed."""

    key: object  # identifies the pass among the thread's calls; None outside of a model's call
    root: nn.Module | None
    flow: Dataflow
    open: list[_Open] = field(default_factory=list)
    rows: dict[nn.Module, int] = field(default_factory=dict)
    calls: dict[nn.Module, int] = field(default_factory=dict)


class GraphCapture(Collector):
    """The collector of the dataflow: the first training pass of each model in the first logged step.

    It then removes its hooks.

    Args:
        models: by their prefix.
        calls: returns the calls of the current thread, which the module hooks follow.
        guard: measures the time, and turns the part off if a hook raises.
    """

    part = "the graph"
    kinds = (schema.GRAPH,)

    def __init__(self, models: Mapping[str, nn.Module], calls: Callable[[], Calls], guard: Guard) -> None:
        self._models, self._calls, self._guard = models, calls, guard
        self.active = self._done = self.paused = False
        self._reason: str | None = UNOBSERVED
        self._names: dict[nn.Module, str] = {}
        self._prefixes = {model: prefix for prefix, model in reversed(list(models.items()))}
        self._count: dict[nn.Module, int] = {}  # calls in the observed passes, in order of the first call
        self._running: _Observed | None = None
        self._finished: dict[nn.Module | None, Dataflow] = {}
        self._links = ModelLinks()
        self._thread = 0
        self._returning: nn.Module | None = None  # its call has returned, and `_left` has not run yet
        failed = guard.failing(self.part)
        self._hooks = OptionalHooks(models.values(), failed)
        for name, module in named_modules(models):
            if takes_hooks(module) and ".parametrizations" not in f".{name}":
                self._names[module] = name
                before, after = Hook(self._called, failed), Hook(self._returned, failed)
                left = Hook(self._left, failed)
                self._hooks.add(module, partial(before_call, module, before, with_kwargs=True))
                self._hooks.add(module, partial(after_call, module, after))
                self._hooks.add(module, partial(after_call, module, left, always_call=True))

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged and not self._done
        self._running = None

    def close(self, pending: PendingStep) -> None:
        self._end_pass()
        modules = module_table(self._models, self._count)
        document = graph_document(modules, self._finished, self._links, self._reason)
        self._done, self.active = True, False
        self._hooks.remove()
        self._forget()
        pending.events.append(lambda arrays: [graph_entry(document)])

    def drop(self) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove all hooks."""
        self._done, self.active = True, False
        self._hooks.remove()
        self._forget()

    def _forget(self) -> None:
        self._running = None
        for kept in (self._finished, self._links, self._count):
            kept.clear()

    # Hooks

    def _called(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused or in_backward():
            return
        if is_tracing():
            return
        with self._guard:
            if module not in self._names:  # a copy of the model carries copies of the hooks
                return
            running = self._observed(module, args, kwargs)
            if running is None or self._has_enough(running, module, args, kwargs):
                return
            running.calls[module] = running.calls.get(module, 0) + 1
            if not running.open:
                self._take_inputs(running, module, args, kwargs)
            tensors = tensors_of((args, kwargs))
            try:
                inputs = running.flow.trace(tensors, self._scope(running))
            except TooLargeError as error:
                self._give_up(error)
                return
            if running.open:
                running.open[-1].is_group = True
            running.open.append(_Open(module, inputs, [described(tensor) for tensor in tensors]))

    def _returned(self, module: nn.Module, args: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused or in_backward():
            return
        if (running := self._running) is None:
            if module in self._finished:
                self._links.add_outputs(module, tensors_of(output))
            return
        if self._thread != threading.get_ident():
            return
        self._returning = module
        with self._guard:
            places = [place for place, call in enumerate(running.open) if call.module is module]
            if not places:
                return
            call = running.open[places[-1]]
            del running.open[places[-1] :]  # together with the calls inside it that raised
            try:
                self._close_call(running, call, output)
            except TooLargeError as error:
                self._give_up(error)
                return
            if not running.open and running.root is not None:
                self._end_pass()

    def _left(self, module: nn.Module, args: Any, output: Any) -> None:
        """Forget a call that raised, so that no autograd node of a failed pass is held."""
        if torch.compiler.is_compiling() or not self.active or self.paused or in_backward():
            return
        if (running := self._running) is None or self._thread != threading.get_ident():
            return
        returned, self._returning = self._returning, None
        if returned is module:
            return
        with self._guard:
            places = [place for place, call in enumerate(running.open) if call.module is module]
            if places:
                del running.open[places[-1] :]
                if not running.open:
                    self._running = None

    def _observed(self, module: nn.Module, args: Any, kwargs: Any) -> _Observed | None:
        """Return the pass of a call, begun by it if necessary, or None if the call is not observed."""
        running, calls = self._running, self._calls()
        if running is not None:
            if self._thread != threading.get_ident():
                return None
            if running.key is calls.running and not (running.key is None and calls.reached):
                return running
            if running.root is None:  # its backward pass has run, or a model is called
                self._end_pass()
            self._running = None  # a pass that raised begins again
        root = None
        if calls.running is not None:
            root = calls.running.root
            if not calls.running.counted or root is not module:
                self._note_mode(root)
                return None
        elif calls.reached or not calls.counts(module):
            self._note_mode(module)
            return None
        if root in self._finished:
            if root is not None:
                self._links.add_arguments(root, arguments_of(root, args, kwargs))
            return None
        names = {parameter.tensor: parameter.name for parameter in named_parameters(self._models)}
        self._thread = threading.get_ident()
        self._running = _Observed(calls.running, root, Dataflow(names))
        return self._running

    def _note_mode(self, module: nn.Module) -> None:
        """Remember that a pass with gradients was in evaluation mode, in case that no other pass is observed."""
        if self._reason == UNOBSERVED and not module.training and torch.is_grad_enabled():
            self._reason = EVALUATED

    def _has_enough(self, running: _Observed, module: nn.Module, args: Any, kwargs: Any) -> bool:
        """End the pass and return True if a call outside of a model's call begins one more pass on new inputs.

        Nothing marks the end of such a pass. In a rollout without backward passes, the autograd nodes of all passes
        and the tensors that they saved would be held.
        """
        if running.root is not None or running.open or running.rows.get(module, 0) < schema.MAX_CALLS:
            return False
        if not all(running.flow.is_new(tensor) for tensor in tensors_of((args, kwargs))):
            return False
        self._end_pass()
        return True

    def _take_inputs(self, running: _Observed, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Add the inputs of a pass: the model's arguments, or outside of a model's call tensors that no node made."""
        named = arguments_of(module, args, kwargs)
        if running.root is None:
            named = {name: tensor for name, tensor in named.items() if running.flow.is_new(tensor)}
        else:
            self._links.add_arguments(running.root, named)
        model = self._model(module)
        for name, tensor in named.items():
            running.flow.add("input", name, [tensor], model=model)

    def _close_call(self, running: _Observed, call: _Open, output: Any) -> None:
        module, tensors, name = call.module, tensors_of(output), self._names[call.module]
        row = name
        if first_tensor(output) is not None:
            row = schema.row_name(name, min(running.rows.get(module, 0), schema.MAX_CALLS - 1))
            running.rows[module] = running.rows.get(module, 0) + 1
        about: dict[str, Any] = {
            "model": self._model(module),
            "module": name,
            "type": type_name(module),
            "inputs": call.described,
        }
        ends = module is running.root and not running.open
        if call.is_group:
            flows = running.flow.trace(tensors, name)
            running.flow.add("group", row, tensors, **about)
        else:
            running.flow.add("call", row, tensors, call.inputs, **about)
            flows = running.flow.trace(tensors, name) if ends else []
        if ends:
            self._links.add_outputs(module, tensors)
            running.flow.add("output", "output", tensors, flows, model=self._model(module))

    def _end_pass(self) -> None:
        running, self._running = self._running, None
        if running is not None and running.flow.nodes:
            running.flow.release()
            self._finished[running.root] = running.flow
            for module, calls in running.calls.items():
                self._count[module] = self._count.get(module, 0) + calls
            self._reason = None

    def _give_up(self, error: Exception) -> None:
        self._forget()
        self._reason, self._thread = f"the pass is too large to be drawn: {error}", -1
        self._finished = dict.fromkeys([None, *self._models.values()], Dataflow({}))

    def _scope(self, running: _Observed) -> str:
        """Return the name of the innermost running module."""
        return self._names[running.open[-1].module] if running.open else ""

    def _model(self, module: nn.Module) -> str:
        """Return the prefix of the model that a module belongs to, which is "" for a single model."""
        if module in self._prefixes:
            return self._prefixes[module]
        return "" if "" in self._models else self._names[module].partition(".")[0]
