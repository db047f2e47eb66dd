"""The dataflow of a model as observed in the first training pass that is logged: ``nnviz/graph``.

The document, UTF-8 JSON in a uint8 tensor of plugin ``nnviz``, written once by every writer of a run::

    {"version": 1, "observed": true, "reason": null | why not,
     "modules": [{"name", "type", "model", "calls", "parameters", "trainable", "shared", "buffers",
                  "parameter_bytes", "buffer_bytes"}],
     "nodes": [{"kind": "input" | "call" | "group" | "operator" | "output", "name", "model", "module", "type",
                "inputs": [{"shape", "dtype"}], "outputs": [...], "bytes", "parameters": [names]}],
     "edges": [{"from", "to": indices of nodes, "shape", "via": [operators], "assumed": true}]}

``modules``: every module once, in order of first call, those not called last; its own parameters (elements),
each counted where it is registered first, ``shared`` elements are those counted elsewhere. A ``call`` is named
as its activation row; ``module`` is the name of the module, of an operator that of the module it ran in. A
``group`` is a call within which others were observed: it has shapes and no edges. ``bytes`` is the memory of a
call's outputs for the batch observed, shapes are whole. ``via`` are operators that a flow passed on its way. An
``assumed`` edge stands where something was computed without gradients outside of all modules: it leads from
what nothing else had taken up. What is missing of a node or an edge is left out.
"""

from __future__ import annotations

import inspect
import json
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.dataflow.dataflow import Dataflow, Flow, TooLargeError, described, leads_to, tensors_of
from tb_nnviz.record.hooks.calls import Calls, in_backward
from tb_nnviz.record.hooks.fast_path import OptionalHooks
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.handles import Hook
from tb_nnviz.record.model.modules import first_tensor, named_modules, named_parameters, takes_hooks
from tb_nnviz.record.model.table import module_table
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan

UNOBSERVED = "no training pass of the model was observed: it is compiled or scripted, or was not called"


@dataclass(eq=False)
class _Open:
    """A module call that is running; ``holds`` others that were observed."""

    module: nn.Module
    inputs: list[Flow]
    described: list[dict[str, Any]]
    holds: bool = False


@dataclass(eq=False)
class _Observed:
    """A pass that is observed; ``key`` stands for it among the calls, None for one outside of a model's call."""

    key: object
    root: nn.Module | None
    flow: Dataflow
    open: list[_Open] = field(default_factory=list)
    rows: dict[nn.Module, int] = field(default_factory=dict)
    calls: dict[nn.Module, int] = field(default_factory=dict)


class GraphCapture(Collector):
    """Observes the first pass of each model in the first logged step, and then takes its hooks off.

    Args:
        models: those watched, by name.
        calls: the calls of this thread, as the module hooks know them.
        guard: keeps our time, and hears of our errors.
    """

    part = "the graph"

    def __init__(self, models: Mapping[str, nn.Module], calls: Callable[[], Calls], guard: Guard) -> None:
        self._models, self._calls, self._guard = models, calls, guard
        self.active = self._done = self.paused = False
        self._reason: str | None = UNOBSERVED
        self._names: dict[nn.Module, str] = {}
        self._prefixes = {model: prefix for prefix, model in reversed(list(models.items()))}
        self._eager: dict[nn.Module, None] = {}
        self._count: dict[nn.Module, int] = {}  # calls in the passes observed, in order of the first
        self._running: _Observed | None = None
        self._finished: dict[nn.Module | None, Dataflow] = {}
        self._given: list[tuple[weakref.ref[Tensor], nn.Module]] = []  # what models put out, while it lives
        self._links: dict[tuple[nn.Module, nn.Module, str], None] = {}
        self._thread = 0
        self._returning: nn.Module | None = None  # whose call has returned, until it has been left
        failed = guard.failing(self.part)
        self._hooks = OptionalHooks(models.values(), failed)
        for name, module in named_modules(models):
            if takes_hooks(module) and ".parametrizations" not in f".{name}":
                self._names[module] = name
                before, after = Hook(self._called, failed), Hook(self._returned, failed)
                left = Hook(self._left, failed)
                self._hooks.add(module, partial(module.register_forward_pre_hook, before, with_kwargs=True))
                self._hooks.add(module, partial(module.register_forward_hook, after))
                self._hooks.add(module, partial(module.register_forward_hook, left, always_call=True))

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged and not self._done
        self._running = None

    def close(self, pending: PendingStep) -> None:
        self._end_pass()
        document = self._document()
        self._done, self.active = True, False
        # A compiled graph contains its hooks: without one, torch would compile it again.
        self._hooks.remove(self._eager)
        self._forget()
        pending.events.append(lambda arrays: [graph_entry(document)])

    def drop(self) -> None:
        self.remove()

    def remove(self) -> None:
        """Take all hooks off."""
        self._done, self.active = True, False
        self._hooks.remove()
        self._forget()

    def _forget(self) -> None:
        self._running = None
        for kept in (self._finished, self._given, self._links, self._eager, self._count):
            kept.clear()

    # Hooks

    def _called(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused or in_backward():
            return
        with self._guard:
            self._eager[module] = None
            if module not in self._names:  # a copy of the model, which carries our hooks too
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
                running.open[-1].holds = True
            running.open.append(_Open(module, inputs, [described(tensor) for tensor in tensors]))

    def _returned(self, module: nn.Module, args: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or not self.active or self.paused or in_backward():
            return
        if (running := self._running) is None:
            if module in self._finished:
                self._give(module, tensors_of(output))
            return
        if self._thread != threading.get_ident():
            return
        self._returning = module
        with self._guard:
            places = [place for place, call in enumerate(running.open) if call.module is module]
            if not places:
                return
            call = running.open[places[-1]]
            del running.open[places[-1] :]  # calls within it that have raised, too
            try:
                self._close_call(running, call, output)
            except TooLargeError as error:
                self._give_up(error)
                return
            if not running.open and running.root is not None:
                self._end_pass()

    def _left(self, module: nn.Module, args: Any, output: Any) -> None:
        """A call is over, whether it has returned or raised: of a pass that raised no node of autograd is held."""
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
        """The pass that this call belongs to, begun if it is its first; None if it is not observed."""
        running, calls = self._running, self._calls()
        if running is not None:
            if self._thread != threading.get_ident():
                return None
            if running.key is calls.running and not (running.key is None and calls.reached):
                return running
            if running.root is None:  # its backward pass has been, or a model is called
                self._end_pass()
            self._running = None  # what has raised begins anew
        root = None
        if calls.running is not None:
            root = calls.running.root
            if not calls.running.counted or root is not module:
                return None
        elif calls.reached or not calls.counts(module):
            return None
        if root in self._finished:
            if root is not None:
                self._link(root, _arguments(root, args, kwargs))
            return None
        names = {parameter.tensor: parameter.name for parameter in named_parameters(self._models)}
        self._thread = threading.get_ident()
        self._running = _Observed(calls.running, root, Dataflow(names))
        return self._running

    def _has_enough(self, running: _Observed, module: nn.Module, args: Any, kwargs: Any) -> bool:
        """Whether this is one more pass on fresh inputs, outside of a model's call, where nothing says that one ends.

        In a rollout no backward pass comes between them: all of their nodes, and what those have saved, would be held.
        """
        if running.root is not None or running.open or running.rows.get(module, 0) < schema.MAX_CALLS:
            return False
        if not all(running.flow.is_new(tensor) for tensor in tensors_of((args, kwargs))):
            return False
        self._end_pass()
        return True

    def _take_inputs(self, running: _Observed, module: nn.Module, args: Any, kwargs: Any) -> None:
        """What a pass begins with: the model's arguments; outside of a model's call, tensors that nothing made."""
        named = _arguments(module, args, kwargs)
        if running.root is None:
            named = {name: tensor for name, tensor in named.items() if running.flow.is_new(tensor)}
        else:
            self._link(running.root, named)
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
            "type": type(module).__name__,
            "inputs": call.described,
        }
        ends = module is running.root and not running.open
        if call.holds:
            flows = running.flow.trace(tensors, name)
            running.flow.add("group", row, tensors, **about)
        else:
            running.flow.add("call", row, tensors, call.inputs, **about)
            flows = running.flow.trace(tensors, name) if ends else []
        if ends:
            self._give(module, tensors)
            running.flow.add("output", "output", tensors, flows, model=self._model(module))

    def _give(self, model: nn.Module, tensors: list[Tensor]) -> None:
        self._given = [given for given in self._given if given[0]() is not None]
        self._given += [(weakref.ref(tensor), model) for tensor in tensors]

    def _link(self, root: nn.Module, named: Mapping[str, Tensor]) -> None:
        """Remember what of this model's arguments another one has put out."""
        alive = [(tensor, model) for given, model in self._given if (tensor := given()) is not None]
        for name, argument in named.items():
            for tensor, model in alive:
                if model is not root and (tensor is argument or leads_to(argument.grad_fn, tensor.grad_fn)):
                    self._links[model, root, name] = None

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
        """The name of the innermost module that is running."""
        return self._names[running.open[-1].module] if running.open else ""

    def _model(self, module: nn.Module) -> str:
        """The name of the model that a module belongs to: "" for the only one."""
        if module in self._prefixes:
            return self._prefixes[module]
        return "" if "" in self._models else self._names[module].partition(".")[0]

    def _document(self) -> dict[str, Any]:
        nodes: list[dict[str, Any]] = []
        edges: list[dict[str, Any]] = []
        ends: dict[tuple[nn.Module | None, str, str], int] = {}
        for root, flow in self._finished.items():
            first = len(nodes)
            nodes += flow.nodes
            edges += [{**edge, "from": edge["from"] + first, "to": edge["to"] + first} for edge in flow.edges]
            ends |= {(root, node["kind"], node["name"]): first + place for place, node in enumerate(flow.nodes)}
        for giver, taker, name in self._links:
            ways = ends.get((giver, "output", "output")), ends.get((taker, "input", name))
            if None not in ways:
                edges.append({"from": ways[0], "to": ways[1]})
        return {
            "version": schema.VERSION,
            "observed": self._reason is None,
            "reason": self._reason,
            "modules": module_table(self._models, self._count),
            "nodes": nodes,
            "edges": edges,
        }


def graph_entry(document: dict[str, Any]) -> schema.Entry:
    """The document as its tag has it: uint8 [bytes of JSON]."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return schema.Entry(schema.TAG_GRAPH, np.frombuffer(text, np.uint8), schema.PLUGIN)


def _arguments(module: nn.Module, args: Any, kwargs: Any) -> dict[str, Tensor]:
    """The tensors that a model is called with, by the names of its arguments."""
    try:
        known = [parameter.name for parameter in inspect.signature(module.forward).parameters.values()]
    except (TypeError, ValueError):
        known = []
    known += [f"input {number}" for number in range(len(known), len(args))]
    named: dict[str, Tensor] = {}
    for name, value in [*zip(known, args, strict=False), *kwargs.items()]:
        tensors = tensors_of(value)
        named |= {name if len(tensors) == 1 else f"{name}[{i}]": tensor for i, tensor in enumerate(tensors)}
    return named
