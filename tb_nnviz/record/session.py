"""The life cycle of a run: which step is open, when it begins, and how it closes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from tb_nnviz.record.actions.delivery import Delivery
from tb_nnviz.record.burst import Burst
from tb_nnviz.record.collect import scalars
from tb_nnviz.record.collect.dataflow.capture import GraphCapture
from tb_nnviz.record.collect.held_values import HeldValues
from tb_nnviz.record.collectors import CallMeasures, Collectors
from tb_nnviz.record.event_emitter import EventEmitter
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.installed import Installed
from tb_nnviz.record.hooks.modes import outside_modes
from tb_nnviz.record.hooks.modules import ModuleHooks
from tb_nnviz.record.hooks.open_step import OpenStep, Sign
from tb_nnviz.record.hooks.optimizers import OptimizerHooks
from tb_nnviz.record.hooks.order import ExecutionOrder
from tb_nnviz.record.hooks.scaler import GradScalerPatch
from tb_nnviz.record.hooks.unseen import Unseen
from tb_nnviz.record.locate.locator import PART, Locator
from tb_nnviz.record.locate.passes import Passes
from tb_nnviz.record.model.attention import AttentionLayers
from tb_nnviz.record.model.modules import layers, named_modules, named_parameters, selector
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.options import Options
from tb_nnviz.record.reports.call_reports import CallReports, refuse_split_outputs
from tb_nnviz.record.reports.lost_hooks import LostHooks
from tb_nnviz.record.reports.step_notices import (
    CALL_KINDS,
    STEPPED_KINDS,
    InvalidScalars,
    open_step_notice,
    repeats_notice,
    reporter,
    whole_steps_notice,
)
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.record.write.event_file import Report
from tb_nnviz.record.write.writer import Writer
from tb_nnviz.rules.finding import Finding

#: Calls of ``log`` without a pass, at which the hooks are looked at.
MOST_QUIET_LOGS = 16
#: Steps of one optimizer within one open step, after which a warning names the optimizers that have not stepped.
MOST_REPEATS = 100


class Session:
    """The life cycle of a run's steps. The hooks report to it, and it passes their reports on to the collectors.

    The constructor installs the hooks in the user's objects. If that fails, it removes them again.

    Args:
        models: by their prefix.
        optimizers: a step closes when each of them has stepped once. Without any, ``close_by_hand`` closes it.
        make_writer: makes the writer of the run's events. It gets a function that reports problems with the directory.
        run: name of the run in warnings.
        options: what to measure.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[WatchedOptimizer],
        make_writer: Callable[[Report], Writer],
        run: str,
        options: Options,
    ) -> None:
        #: All that are watched. The collectors share the list.
        self.optimizers, self._options = list(optimizers), options
        self._models = tuple(models.values())
        calls = set(CALL_KINDS) & set(options.kinds)
        observed = layers(models, options.include, options.exclude) if calls else []
        #: The open step.
        self.number = self._first = options.start_step
        self._plan = StepPlan(self.number)
        self._burst = Burst(options)
        self._begun: set[WatchedOptimizer] = set()
        self._stepped: set[WatchedOptimizer] = set()
        self._pass_seen = self._ordered = self._over = self._is_open = False
        self._repeats = 0
        self._open, self._held = OpenStep(models), HeldValues()
        self._ends_unseen = False  # True if steps end without a watched optimizer
        self._scaler: GradScalerPatch | None = None
        self._quiet_logs = 0
        self.guard = guard = Guard(run, self._turned_off)
        self._invalid = InvalidScalars(guard)
        self.installed = Installed(models.values(), self.optimizers, guard)
        keep = selector(options.include, options.exclude)
        attention = AttentionLayers(models, keep) if "activation" in options.kinds else None
        owners = {parameter.owner for parameter in named_parameters(models)} | {layer.module for layer in observed}
        modules = [module for _, module in named_modules(models) if module in owners]
        beside = [layer.module for layer in attention or () if layer.module not in owners]
        try:
            self._unseen = Unseen(models.values())
            self.installed.add("hooks", self._unseen)
            failing = guard.failing("the order of execution")
            self._order = ExecutionOrder(modules, failing, models.values(), beside)
            self.installed.add("the order of execution", self._order)
            gradients, failing = "activation_gradient" in options.kinds, guard.failing("activations")
            self._calls = CallMeasures(self.opened, guard)
            self._modules = ModuleHooks(
                models, observed, self._calls, gradients, failing, attention, lambda: not self._unseen.compiled
            )
            self.installed.add("activations", self._modules)
            self._reports = CallReports(options.kinds, self._modules, self._unseen, guard)
            graph = GraphCapture(models, self._modules.calls, guard)
            self.installed.add(graph.part, graph)
            paused = (self._order, self._modules, graph)
            self._collectors = Collectors(models, self.optimizers, options, self._order, graph, paused, guard)
            self._calls.collectors = self._collectors
            self._hooks = OptimizerHooks(self, guard.failing("gradients"))
            self.installed.add("gradients", self._hooks)
            self._hooks.add_all(self.optimizers)
            passes = Passes(models, self._modules.calls, options.replay_bytes, guard.failing(PART))
            self.installed.add(PART, passes)
            self._locator = Locator(models, self.optimizers, passes, paused, options.on_finding.interrupts)
            self._lost = LostHooks(self._modules, passes, self._hooks, guard, options.kinds)
            if options.scaler is not None:
                self._patch(options.scaler)
            self._begin()
            self.writer = make_writer(reporter(self.guard))  # last, so that an error leaves no empty file
        except BaseException:
            self.installed.remove(whole=False)
            raise
        #: Brings findings to the program.
        self.delivery = Delivery(options.on_finding, self.writer.flush, self._burst.found)
        self._events = EventEmitter(self.writer, options.window, options.rules, self.delivery)
        # if the model, the optimizers and the monitor are gone, so are the thread and the file
        weakref.finalize(self, self.writer.release).atexit = False

    # Called by the monitor

    def log(self, values: Mapping[str, Any]) -> None:
        """Submit scalars of the user. They belong to the last closed step, or to the open step if a pass has begun."""
        step = self.number if self._pass_seen else max(self.number - 1, self._first)
        with outside_modes():
            self._events.log(step, self._held.take(step, scalars.checked(values, self._invalid)))
        if self._ends_unseen and self._pass_seen:  # users log once per step
            self._close(seen=False)
        self._quiet_logs += 1
        if self._quiet_logs == MOST_QUIET_LOGS:  # without a pass: all hooks may be gone
            self._lost.restore_modules()
            self._lost.restore_optimizers()

    def watch_optimizers(
        self, optimizers: Sequence[WatchedOptimizer], replaces: Sequence[WatchedOptimizer], scaler: Any = None
    ) -> None:
        """Watch optimizers in place of others, from the open step on.

        Args:
            optimizers: the new ones.
            replaces: those that are watched no longer.
            scaler: in place of the present GradScaler, unless it is None.
        """
        self._hooks.add_all(optimizers)  # first, so that an error changes nothing
        for optimizer in replaces:
            self._hooks.discard(optimizer)
        had_any = bool(self.optimizers)
        self.optimizers[:] = [one for one in self.optimizers if one not in replaces] + list(optimizers)
        if scaler is not None:
            if self._scaler is not None:
                self._scaler.remove()
            self._patch(scaler)
            self._collectors.loss_scale.given = scaler
        self._ends_unseen = False
        self._open.reset()
        self._begun.clear()
        self._stepped.intersection_update(self.optimizers)
        if self._stepped and len(self._stepped) == len(self.optimizers):
            self._close()
        elif not had_any:
            self._collectors.begin(self._plan)  # gradients are read at another time

    def learning_rate_names(self) -> list[list[str]]:
        """Return the names of the groups of each optimizer, for a checkpoint."""
        return self._collectors.learning_rates.names()

    def clipped(self, norm: float | Tensor, max_norm: float, of: Hashable) -> None:
        """Record a clipping of the open step's gradients, as in ``Monitor.clipped``."""
        with outside_modes():
            self._collectors.clipping.add(self.number, norm, max_norm, of)

    def close_by_hand(self) -> None:
        """Close the open step, unless all optimizers have just stepped: that closed it already."""
        if self._over:
            return
        self.delivery.before_update()
        if not self.optimizers:
            self._look(self._locator.check, None)
        if not self.optimizers or self._stepped or self._begun or self._pass_seen or self._unseen.whole_steps:
            self._close()

    def resume_at(self, step: int, learning_rate_names: object = None) -> None:
        """Drop the open step and open this one."""
        self._collectors.resume(learning_rate_names)
        self._held.release(self._events.log)
        self._events.restart()
        self.number = self._first = step
        self._begun.clear()
        self._begin()

    def end(self) -> None:
        """Drop the open step, open no other, and remove the hooks."""
        self._over = True
        self.installed.remove()
        self.guard.attempt("log", self._held.release, self._events.log)
        self._write_notices()

    def close(self) -> None:
        """Drop the open step, remove the hooks and close the writer."""
        try:
            self.end()
        finally:  # also after an interrupt: the next call removes the hooks that it left
            self.guard.release("the writer", self.writer.close)

    # Called by the hooks

    def opened(self) -> None:
        """Report that a training pass begins."""
        self._open_again()
        self._pass_seen = True
        self._quiet_logs = 0
        if self._unseen.whole_steps:
            whole_steps_notice(self.guard, self._options.kinds)
        self._write_notices()
        if self._plan.logged:
            self._lost.restore_optimizers()
        if self._plan.logged or self._options.window:
            self._hooks.move_last()
        if (sign := self._open.passes()) is not None and not self._ends_unseen:
            self._wait(sign)
        self._collectors.opened()

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        """Report that an optimizer is about to step."""
        self.delivery.before_update()
        self._open_again()
        self._begun.add(optimizer)
        with outside_modes():
            self._collectors.before(optimizer, closure)
        if not closure:
            self._look(self._locator.check, optimizer)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        """Report that an optimizer's closure has computed its gradients."""
        with outside_modes():
            self._collectors.computed(optimizer)
        self._look(self._locator.check_closure, optimizer)

    def found(self, finding: Finding) -> None:
        """Handle a finding of the open step that no rule made. It is in the file before the program acts on it."""
        self.guard.attempt("findings", self._events.found, self.number, finding)
        self.delivery.deliver()

    def after(self, optimizer: WatchedOptimizer) -> None:
        """Report that an optimizer has stepped."""
        if optimizer not in self._begun:  # the step called super().step(), which has reported too
            return
        self._begun.discard(optimizer)
        self._open.reset()
        self._ends_unseen = False
        try:
            with outside_modes():
                self._collectors.after(optimizer)
                self.guard.attempt(PART, self._locator.stepped, optimizer)
        finally:  # also after an interrupt, because the optimizer has stepped
            if optimizer in self._stepped:
                self._count_repeat()
            self._stepped.add(optimizer)
            if len(self._stepped) == len(self.optimizers):
                self._close()

    def _skipped(self, given: Any) -> None:
        """Report that a GradScaler has found nonfinite gradients and has not called the optimizer."""
        optimizer = self._hooks.find(given)
        if self._over or optimizer is None:
            return
        if not self._plan.logged:  # the gradients that caused the skip are worth an event
            self._plan = self._plan.after_skip(missed_gradients=bool(self._stepped))
            self._collectors.begin_late(self._plan)
        self._begun.add(optimizer)
        self._collectors.before(optimizer, False)
        self._collectors.skipped(optimizer)
        self._look(self._locator.skipped, self._collectors.loss_scale.current())
        if self._hooks.is_running(optimizer):  # the scaler is called by a wrapper, whose step ends soon
            self._hooks.skip(optimizer)
        else:
            self.after(optimizer)

    def _look(self, check: Callable[..., None], *args: Any) -> None:
        """Look for nonfinite values, and report the finding."""
        with outside_modes():
            self.guard.attempt(PART, check, self.number, *args)
        if (found := self._locator.take()) is not None:
            self.found(found)

    def _count_repeat(self) -> None:
        self._repeats += 1
        if self._repeats == MOST_REPEATS:
            missing = [f"optimizer {i} ({o.name})" for i, o in enumerate(self.optimizers) if o not in self._stepped]
            repeats_notice(self.guard, self.number, missing, MOST_REPEATS)

    def _wait(self, sign: Sign) -> None:
        """React to a sign that the open step has ended."""
        if self._lost.restore_optimizers():
            self._open.reset()
            return
        self._ends_unseen = sign is Sign.CHANGED
        missing = [optimizer.name for optimizer in self.optimizers if optimizer not in self._stepped]
        open_step_notice(self.guard, self.number, self._open.count - 1, sign, missing, self._options.kinds)
        self._write_notices()

    # Steps

    def _patch(self, scaler: Any) -> None:
        """Replace the method of a GradScaler."""
        self._scaler = GradScalerPatch(scaler, self._hooks.steps, self._skipped, self.guard.failing("gradients"))
        self.installed.add("loss scaling", self._scaler)
        self._scaler.install()

    def _begin(self) -> None:
        self._modules.active = False  # if a line below raises, nothing accumulates
        self._plan = plan = self._burst.plan(self.number)
        self._collectors.begin(plan)
        if plan.logged:
            refuse_split_outputs(self.guard, self._models)
            self.guard.attempt("activations", self._lost.restore_modules)
        self.guard.attempt(PART, self._locator.next_step)
        self._modules.next_step(plan.logged and not self.guard.is_off("activations"))
        self._stepped.clear()
        self._repeats = 0
        self._pass_seen = False
        self.guard.step, self.guard.step_seconds = self.number, 0.0
        self._is_open = True

    def _open_again(self) -> None:
        """Open the step, if an interrupt came while it was being opened."""
        if not self._is_open:
            self._begin()

    def _close(self, seen: bool = True) -> None:
        """Close the open step.

        Args:
            seen: False if it ended without the step of a watched optimizer, and without ``close_by_hand``.
        """
        self._is_open = False
        try:
            with outside_modes():
                self._submit(seen)
        finally:  # also after an interrupt, or the next step would be measured on top of this one
            if not self._over:
                self.number += 1
                if seen:
                    self._ends_unseen = False
                    self._open.reset()
                self._begin()

    def _submit(self, seen: bool) -> None:
        """Submit what was measured in the step."""
        if not self._ordered:  # the first pass has shown the order of execution
            self._ordered = True
            self.guard.attempt("the order of execution", self._order.settle)
        if self._plan.logged:
            self._reports.report(self._pass_seen)
        pending = self._collectors.close(self._plan)
        if pending is not None:
            if not seen:
                pending.discard(STEPPED_KINDS)
                pending.norms = None
            # A reduction over ranks belongs here, as one call with `pending`: the step is complete, and its values
            # are still on their devices, because their copy to the host begins in `submit`.
            self.guard.attempt("steps", self._events.submit, pending, self.guard.step_seconds)
        self.guard.attempt("log", self._held.release, self._events.log)
        self._write_notices()
        if self.writer.refused:  # another rank writes this run
            self.guard.stop()

    def _write_notices(self) -> None:
        """Submit the notices if one is new. A step that stays open must not hold them back."""
        if (notices := self.guard.notices.take()) is not None:
            self.guard.attempt("notices", self._events.notices, self.number, notices)

    def _turned_off(self, part: str) -> list[str]:
        """Stop a part that failed, and return the kinds that the log lacks from now on."""
        if part == "activations":
            self._modules.active = False
        if part == PART:
            self._locator.remove()
        return self._collectors.drop(part)
