"""The steps of a run: what is measured when, as the hooks report it, and how a step closes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.activation_maps.recorder import MapRecorder
from tb_nnviz.record.collect.clipping import Clipping
from tb_nnviz.record.collect.dataflow.capture import GraphCapture
from tb_nnviz.record.collect.global_norm import GlobalNorm
from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.snapshot import Snapshot
from tb_nnviz.record.collect.weights.capture import WeightCapture
from tb_nnviz.record.event_emitter import EventEmitter
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.installed import Installed
from tb_nnviz.record.hooks.modules import ModuleHooks
from tb_nnviz.record.hooks.optimizers import OptimizerHooks
from tb_nnviz.record.hooks.order import ExecutionOrder
from tb_nnviz.record.hooks.scaler import GradScalerPatch, loss_scale
from tb_nnviz.record.model.modules import Layer, layers, named_modules, named_parameters, selector
from tb_nnviz.record.pending_step import Recorder
from tb_nnviz.record.settings import Settings
from tb_nnviz.record.write.writer import Writer

Optimizer = torch.optim.Optimizer

#: Steps of one optimizer within one step of all, after which it is said that the others are waited for.
MOST_REPEATS = 100

#: What is measured by each part of ours that can fail by itself.
_PART_KINDS = {
    "activations": ("activation", "activation_gradient"),
    "gradients": schema.PARAMETER_KINDS,
    "optimizer state": ("optimizer",),
}


class Session:
    """Knows the open step, tells each part when it reads, and hands what was measured to the writer.

    Making it puts the hooks into the user's objects; where that fails they are out again.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[Optimizer],
        make_writer: Callable[[], Writer],
        run: str,
        settings: Settings,
    ) -> None:
        self._optimizers, self._settings = tuple(optimizers), settings
        # what may refuse its arguments comes before any hook
        kinds, keep = settings.kinds, selector(settings.include, settings.exclude)
        calls = {"activation", "activation_gradient"} & set(kinds)
        observed = layers(models, settings.include, settings.exclude) if calls else []
        #: The step that is open.
        self.number = self._first = settings.start_step
        self._begun: set[Optimizer] = set()
        self._stepped: set[Optimizer] = set()
        self._pass_seen = self._ordered = self._skipping = self._mapping = self._over = False
        self._repeats = 0
        self._norms, self._clipping = GlobalNorm(), Clipping()
        self.guard = guard = Guard(run, self._turned_off)
        self.installed = Installed(models.values(), optimizers, guard)
        owners = {parameter.owner for parameter in named_parameters(models)} | {layer.module for layer in observed}
        modules = [module for _, module in named_modules(models) if module in owners]
        try:
            failing = guard.failing("the order of execution")
            self._order = ExecutionOrder(modules, failing, models.values())
            self.installed.add("the order of execution", self._order)
            self._recorder = Recorder(kinds, self._order.__getitem__)
            snapshot = Snapshot(settings.snapshot_bytes)
            self._parameters = ParameterCollector(
                models, self._optimizers, self._recorder, keep, self._order, snapshot, guard.warn_once
            )
            self._weights = WeightCapture(settings, self._parameters, guard, self._order.__getitem__)
            gradients, failing = "activation_gradient" in kinds, guard.failing("activations")
            self._modules = ModuleHooks(models, observed, self, gradients, failing)
            self.installed.add("activations", self._modules)
            self._graph = GraphCapture(models, self._modules.calls, guard)
            self.installed.add("the graph", self._graph)
            self._maps = MapRecorder.of(models, settings, (self._order, self._modules, self._graph))
            failing = guard.failing("gradients")
            self._hooks = OptimizerHooks(self._optimizers, self, failing)
            self.installed.add("gradients", self._hooks)
            if settings.scaler is not None:
                scaled = GradScalerPatch(settings.scaler, self._hooks.begun.__getitem__, self._skipped, failing)
                self.installed.add("loss scaling", scaled)
                scaled.install()
            self._begin()
            self.writer = make_writer()  # the last: where anything fails there is no empty file
        except BaseException:
            self.installed.remove(whole=False)
            raise
        self._events = EventEmitter(self.writer, settings.window, settings.rules, settings.say_findings)

    # What the monitor is asked for

    def log(self, figures: dict[str, float | Tensor]) -> None:
        """Figures of the user's own: of the step that closed last, or of the open one once it has a pass."""
        step = self.number if self._pass_seen else max(self.number - 1, self._first)

        def invalid(name: str, value: object) -> None:
            self.guard.warn_once(name, f"invalid scalar {name}: {value!r:.80} (a number, or a tensor of one)")

        self._events.log(step, figures, invalid)

    def clipped(self, norm: float | Tensor, max_norm: float, of: Hashable) -> None:
        """Gradients of the open step were clipped; see ``Monitor.clipped``."""
        self._clipping.add(self.number, norm, max_norm, of)

    def close_by_hand(self) -> None:
        """End the open step, unless all optimizers have just stepped: then it has ended already."""
        if not self._optimizers or self._stepped or self._begun or self._pass_seen:
            self._finish_step()

    def go_on_at(self, step: int) -> None:
        """Drop the open step and open this one."""
        self.number = self._first = step
        self._begun.clear()
        self._clipping = Clipping()
        self._begin()

    def end(self) -> None:
        """Drop the open step, open none, and leave the user's objects."""
        self._over = True
        self.installed.remove()

    # What the hooks report

    def opened(self) -> None:
        """A training pass begins."""
        self._pass_seen = True
        if self._recording:
            self._hooks.come_last()
        if self._mapping:
            self.guard.attempt("maps", self._maps.saw_training)

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        """A layer's output."""
        if "activation" in self._recorder.kinds:
            with self.guard:
                self._recorder.activation(layer, call, order, output)

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """The gradient with respect to a layer's output."""
        with self.guard:
            self._recorder.activation_gradient(layer, call, order, gradient)

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        """An optimizer is about to step."""
        # A step that raised, and one that calls its base class's, have two of these for one of the other:
        # what was measured last counts, and the step counts once.
        self._begun.add(optimizer)
        self._take_maps()
        if self._recording:
            self.guard.attempt("gradients", self._read_before, optimizer, closure)
        self._weights.before(optimizer)
        if self._needs_norms and not closure:
            self.guard.attempt("gradient norms", self._read_norms, optimizer)

    def _take_maps(self) -> None:
        """Before any update, so that maps show the parameters that the step began with."""
        if self._mapping:
            self._mapping = False
            self.guard.attempt("maps", self._maps.take, self.number, self.writer)

    def _read_before(self, optimizer: Optimizer, closure: bool) -> None:
        self._parameters.before(optimizer, closure)
        if self._settings.scaler is not None and (scale := loss_scale(self._settings.scaler)) is not None:
            self._recorder.loss_scale(scale)
            found = getattr(optimizer, "found_inf", None)
            self._recorder.skipped(found if isinstance(found, Tensor) else False)

    def _read_norms(self, optimizer: Optimizer | None) -> None:
        scale, found_inf = (getattr(optimizer, name, None) for name in ("grad_scale", "found_inf"))
        self._norms.add(optimizer, self._parameters.gradients(optimizer), scale, found_inf)

    def computed(self, optimizer: Optimizer) -> None:
        """An optimizer's closure has computed its gradients."""
        if self._recording:
            self.guard.attempt("gradients", self._parameters.gradients_of, optimizer)
        if self._needs_norms:
            self.guard.attempt("gradient norms", self._read_norms, optimizer)

    def after(self, optimizer: Optimizer) -> None:
        """An optimizer has stepped."""
        if optimizer not in self._begun:
            return
        self._begun.discard(optimizer)
        if self._recording:
            self.guard.attempt("gradients", self._parameters.after, optimizer)
            if "optimizer" in self._recorder.kinds and not self._skipping:
                self.guard.attempt("optimizer state", self._parameters.moments, optimizer)
        if optimizer in self._stepped:
            self._wait_for_others()
        self._stepped.add(optimizer)
        if len(self._stepped) == len(self._optimizers):
            self._finish_step()

    def _skipped(self, optimizer: Optimizer) -> None:
        """A GradScaler has found gradients that are not finite, and has not called the optimizer."""
        if self._over or optimizer not in self._optimizers:
            return
        if not self._recording:  # what caused it is worth an event of its own
            self._recorder.begin(self.number, True, False, only=frozenset({"gradient"}))
            if self._stepped:
                self._recorder.lacks_gradients()
        self._skipping = True
        self.before(optimizer, False)
        self.guard.attempt("gradients", self._recorder.skipped, True)
        self._norms.skip(optimizer)
        self.after(optimizer)
        self._skipping = False

    def _wait_for_others(self) -> None:
        self._repeats += 1
        if self._repeats == MOST_REPEATS:
            missing = [
                f"optimizer {i} ({type(o).__name__})" for i, o in enumerate(self._optimizers) if o not in self._stepped
            ]
            self.guard.warn_once(
                "repeats",
                f"step {self.number} stays open until every optimizer has stepped, and {', '.join(missing)} has not, "
                f"while the others have {MOST_REPEATS} times: call monitor.step() where a step ends",
            )

    # Steps

    @property
    def _recording(self) -> bool:
        return self._recorder.statistics or self._recorder.histograms

    @property
    def _needs_norms(self) -> bool:
        """Whether gradients are read for their common norm only: the recorder has it of logged steps."""
        if self._recorder.statistics and self._recorder.is_whole:
            return "gradient" not in self._recorder.kinds
        return self._settings.window

    def _begin(self) -> None:
        self._modules.active = False  # should anything fail here, nothing piles up
        statistics, histograms = self._settings.logged(self.number), self._settings.histograms(self.number)
        self._recorder.begin(self.number, statistics, histograms)
        self._weights.begin(self.number, statistics)
        self._parameters.next_step()
        self._norms.next_step()
        self._modules.next_step((statistics or histograms) and not self.guard.is_off("activations"))
        self._graph.next_step(statistics or histograms)
        self._stepped.clear()
        self._repeats = 0
        self._pass_seen = False
        self._mapping = self._settings.maps(self.number)
        self.guard.step_seconds = 0.0

    def _finish_step(self) -> None:
        self._take_maps()  # of a loop that has no optimizer to hook
        if not self._ordered:  # the first pass has shown the order of execution
            self._ordered = True
            self.guard.attempt("the order of execution", self._order.settle)
        if self._needs_norms and not self._optimizers:
            self.guard.attempt("gradient norms", self._read_norms, None)
        self.guard.attempt("the graph", self._finish_graph)
        self._weights.close(self.number, self._recorder, self.writer)
        if self._recording:
            self.guard.attempt("gradients", self._parameters.close)
            seconds = self.guard.step_seconds
            self.guard.attempt(
                "steps", self._events.record, self.number, self._recorder, self._norms, self._clipping, seconds
            )
        elif self._settings.window:
            self.guard.attempt("window", self._events.remember, self.number, self._norms, self._recorder.transfer)
        self.number += 1
        self._begin()

    def _finish_graph(self) -> None:
        document = self._graph.take()
        if document is not None:
            self._events.graph(self.number, document)

    def _turned_off(self, part: str) -> None:
        """A part of ours has failed: half of a step would not be true."""
        if part == "activations":
            self._modules.active = False
        if part == "the graph":
            self._graph.remove()
        self._recorder.drop(_PART_KINDS.get(part, ()))
