"""The life cycle of a run: which step is open, when it begins, and how it closes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.dataflow.capture import GraphCapture
from tb_nnviz.record.collectors import Collectors
from tb_nnviz.record.event_emitter import EventEmitter
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.installed import Installed
from tb_nnviz.record.hooks.modules import ModuleHooks
from tb_nnviz.record.hooks.optimizers import OptimizerHooks
from tb_nnviz.record.hooks.order import ExecutionOrder
from tb_nnviz.record.hooks.scaler import GradScalerPatch
from tb_nnviz.record.model.modules import Layer, layers, named_modules, named_parameters
from tb_nnviz.record.options import Options
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.record.write.writer import Writer

Optimizer = torch.optim.Optimizer

#: Steps of one optimizer within one open step, after which a warning names the optimizers that have not stepped.
MOST_REPEATS = 100


class Session:
    """The life cycle of a run's steps. The hooks report to it, and it passes their reports on to the collectors.

    The constructor installs the hooks in the user's objects. If that fails, it removes them again.

    Args:
        models: by their prefix.
        optimizers: a step closes when each of them has stepped once. Without any, ``close_by_hand`` closes it.
        make_writer: makes the writer of the run's events.
        run: name of the run in warnings.
        options: what to measure.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[Optimizer],
        make_writer: Callable[[], Writer],
        run: str,
        options: Options,
    ) -> None:
        self._optimizers, self._options = tuple(optimizers), options
        calls = {"activation", "activation_gradient"} & set(options.kinds)
        observed = layers(models, options.include, options.exclude) if calls else []
        #: The open step.
        self.number = self._first = options.start_step
        self._plan = StepPlan(self.number)
        self._begun: set[Optimizer] = set()
        self._stepped: set[Optimizer] = set()
        self._pass_seen = self._ordered = self._over = False
        self._repeats = 0
        self.guard = guard = Guard(run, self._turned_off)
        self.installed = Installed(models.values(), optimizers, guard)
        owners = {parameter.owner for parameter in named_parameters(models)} | {layer.module for layer in observed}
        modules = [module for _, module in named_modules(models) if module in owners]
        try:
            failing = guard.failing("the order of execution")
            self._order = ExecutionOrder(modules, failing, models.values())
            self.installed.add("the order of execution", self._order)
            gradients, failing = "activation_gradient" in options.kinds, guard.failing("activations")
            self._modules = ModuleHooks(models, observed, self, gradients, failing)
            self.installed.add("activations", self._modules)
            graph = GraphCapture(models, self._modules.calls, guard)
            self.installed.add(graph.part, graph)
            paused = (self._order, self._modules, graph)
            self._collectors = Collectors(models, self._optimizers, options, self._order, graph, paused, guard)
            failing = guard.failing("gradients")
            self._hooks = OptimizerHooks(self._optimizers, self, failing)
            self.installed.add("gradients", self._hooks)
            if options.scaler is not None:
                patch = GradScalerPatch(options.scaler, self._hooks.begun.__getitem__, self._skipped, failing)
                self.installed.add("loss scaling", patch)
                patch.install()
            self._begin()
            self.writer = make_writer()  # last, so that an error leaves no empty file
        except BaseException:
            self.installed.remove(whole=False)
            raise
        self._events = EventEmitter(self.writer, options.window, options.rules, options.report_findings)

    # Called by the monitor

    def log(self, values: dict[str, float | Tensor]) -> None:
        """Submit scalars of the user. They belong to the last closed step, or to the open step if a pass has begun."""
        step = self.number if self._pass_seen else max(self.number - 1, self._first)

        def invalid(name: str, value: object) -> None:
            reason = f"invalid scalar {name}: {value!r:.80} (a number, or a tensor of one element)"
            self.guard.notice(f"scalar {name}", reason, (schema.LOG,))

        self._events.log(step, values, invalid)

    def clipped(self, norm: float | Tensor, max_norm: float, of: Hashable) -> None:
        """Record a clipping of the open step's gradients, as in ``Monitor.clipped``."""
        self._collectors.clipping.add(self.number, norm, max_norm, of)

    def close_by_hand(self) -> None:
        """Close the open step, unless all optimizers have just stepped: that closed it already."""
        if not self._optimizers or self._stepped or self._begun or self._pass_seen:
            self._close()

    def resume_at(self, step: int) -> None:
        """Drop the open step and open this one."""
        self.number = self._first = step
        self._begun.clear()
        self._collectors.clipping.clear()
        self._begin()

    def end(self) -> None:
        """Drop the open step, open no other, and remove the hooks."""
        self._over = True
        self.installed.remove()
        self._write_notices()

    # Called by the hooks

    def opened(self) -> None:
        """Report that a training pass begins."""
        self._pass_seen = True
        self._write_notices()
        if self._plan.logged:
            self._hooks.move_last()
        self._collectors.opened()

    def activation(self, layer: Layer, call: int, order: int, output: Tensor, inputs: tuple[Any, ...]) -> None:
        """Report a layer's output."""
        with self.guard:
            self._collectors.activations.activation(layer, call, order, output, inputs)

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Report the gradient with respect to a layer's output."""
        with self.guard:
            self._collectors.activations.activation_gradient(layer, call, order, gradient)

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        """Report that an optimizer is about to step."""
        self._begun.add(optimizer)
        self._collectors.before(optimizer, closure)

    def computed(self, optimizer: Optimizer) -> None:
        """Report that an optimizer's closure has computed its gradients."""
        self._collectors.computed(optimizer)

    def after(self, optimizer: Optimizer) -> None:
        """Report that an optimizer has stepped."""
        if optimizer not in self._begun:  # the step called super().step(), which has reported too
            return
        self._begun.discard(optimizer)
        self._collectors.after(optimizer)
        if optimizer in self._stepped:
            self._count_repeat()
        self._stepped.add(optimizer)
        if len(self._stepped) == len(self._optimizers):
            self._close()

    def _skipped(self, optimizer: Optimizer) -> None:
        """Report that a GradScaler has found nonfinite gradients and has not called the optimizer."""
        if self._over or optimizer not in self._optimizers:
            return
        if not self._plan.logged:  # the gradients that caused the skip are worth an event
            self._plan = self._plan.after_skip(missed_gradients=bool(self._stepped))
            self._collectors.begin_late(self._plan)
        self._begun.add(optimizer)
        self._collectors.before(optimizer, False)
        self._collectors.skipped(optimizer)
        self.after(optimizer)

    def _count_repeat(self) -> None:
        self._repeats += 1
        if self._repeats == MOST_REPEATS:
            missing = [
                f"optimizer {i} ({type(o).__name__})" for i, o in enumerate(self._optimizers) if o not in self._stepped
            ]
            self.guard.notice(
                "repeats",
                f"step {self.number} stays open until every optimizer has stepped, and {', '.join(missing)} has not, "
                f"while the others have {MOST_REPEATS} times: call monitor.step() where a step ends",
            )

    # Steps

    def _begin(self) -> None:
        self._modules.active = False  # if a line below raises, nothing accumulates
        self._plan = plan = self._options.plan(self.number)
        self._collectors.begin(plan)
        self._modules.next_step(plan.logged and not self.guard.is_off("activations"))
        self._stepped.clear()
        self._repeats = 0
        self._pass_seen = False
        self.guard.step, self.guard.step_seconds = self.number, 0.0

    def _close(self) -> None:
        if not self._ordered:  # the first pass has shown the order of execution
            self._ordered = True
            self.guard.attempt("the order of execution", self._order.settle)
        pending = self._collectors.close(self._plan)
        if pending is not None:
            # A reduction over ranks belongs here, as one call with `pending`: the step is complete, and its values
            # are still on their devices, because their copy to the host begins in `submit`.
            self.guard.attempt("steps", self._events.submit, pending, self.guard.step_seconds)
        self._write_notices()
        self.number += 1
        self._begin()

    def _write_notices(self) -> None:
        """Submit the notices if one is new. A step that stays open must not hold them back."""
        if (notices := self.guard.notices.take()) is not None:
            self.guard.attempt("notices", self._events.notices, self.number, notices)

    def _turned_off(self, part: str) -> list[str]:
        """Stop a part that failed, and return the kinds that the log lacks from now on."""
        if part == "activations":
            self._modules.active = False
        return self._collectors.drop(part)
