"""All collectors of a run, behind the guard: one that fails is dropped, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from tb_nnviz.record.collect.activation_maps.collector import ActivationMaps
from tb_nnviz.record.collect.activation_maps.probe_passes import Pausable
from tb_nnviz.record.collect.activations import ActivationCollector
from tb_nnviz.record.collect.clipping import Clipping
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.dataflow.capture import GraphCapture
from tb_nnviz.record.collect.global_norm import GlobalNorm
from tb_nnviz.record.collect.loss_scaling import LossScale, LossScaling
from tb_nnviz.record.collect.modes import NormalizationModes
from tb_nnviz.record.collect.optimizers.learning_rates import LearningRates
from tb_nnviz.record.collect.optimizers.optimizer_state import OptimizerStateCollector
from tb_nnviz.record.collect.optimizers.options import OptimizerOptions
from tb_nnviz.record.collect.parameter_rows import ParameterRows
from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.passes.collector import PassCollector
from tb_nnviz.record.collect.samples.collector import SampleCollector
from tb_nnviz.record.collect.snapshot import Snapshot
from tb_nnviz.record.collect.stale_gradients import StaleGradients
from tb_nnviz.record.collect.unit_axis.unit_axes import UnitAxes
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.collect.weights.maps import WeightMaps
from tb_nnviz.record.collect.weights.tracked import TrackedWeights
from tb_nnviz.record.hooks.attention import Attention
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.modes import outside_modes
from tb_nnviz.record.hooks.order import ExecutionOrder
from tb_nnviz.record.model.modules import Layer, layers, selector
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.options import Options
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class Collectors:
    """The collectors of a run. Active ones get the hooks' reports, and a closed step is gathered from them.

    Args:
        models: by their prefix.
        optimizers: all that are watched. The list may change between steps.
        options: what to measure.
        order: the order of execution.
        graph: the collector of the dataflow. It reads the calls of the module hooks.
        paused: the hooks that must not see the probe.
        guard: measures the time, and turns off parts that fail.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[WatchedOptimizer],
        options: Options,
        order: ExecutionOrder,
        graph: GraphCapture,
        paused: Sequence[Pausable],
        guard: Guard,
    ) -> None:
        self._guard = guard
        self._watched = watched = WatchedParameters(models, selector(options.include, options.exclude), order)
        kinds, depth = options.kinds, order.__getitem__
        # An update's ratio needs the parameter's norm, whether or not that is written.
        rows = ParameterRows({*kinds, "parameter"} if "update" in kinds else kinds, depth)
        snapshot = Snapshot(options.snapshot_bytes)
        parameters = ParameterCollector(kinds, watched, rows, snapshot, optimizers, guard.notice)
        units = UnitAxes()
        self.loss_scale = LossScale(options.scaler)
        self.activations = ActivationCollector(kinds, depth, units, self.loss_scale)
        self.samples = SampleCollector("activation" in kinds, units)
        self.passes = PassCollector(kinds, models, units)
        self.maps = ActivationMaps(
            models,
            layers(models, options.include, options.exclude),
            options.probes,
            options.map_bytes,
            options.probe_inputs,
            options.probe_labels,
            paused,
            units,
            guard.notice,
        )
        self.clipping = Clipping()
        self.learning_rates = LearningRates(optimizers)
        self._optimizer_options = OptimizerOptions(optimizers, watched, self.learning_rates)
        self._stale_gradients = StaleGradients(watched, optimizers)
        # The order in which collectors add to a step is the order of events, and of values in an event.
        self._all: list[Collector] = [
            self.maps,
            graph,
            WeightMaps(watched, options.weight_bytes),
            TrackedWeights(watched, options.tracked, depth),
            self.activations,
            self.samples,
            self.passes,
            parameters,
            OptimizerStateCollector(watched, parameters, rows),
            self.learning_rates,
            self._optimizer_options,
            LossScaling(self.loss_scale),
            self._stale_gradients,
            NormalizationModes(models),
            GlobalNorm(watched, rows, parameters, options.window, optimizers),
            self.clipping,
        ]
        self._active = self._all

    def resume(self, learning_rate_names: object) -> None:
        """Forget what belongs to steps that are abandoned.

        Args:
            learning_rate_names: the names of parameter groups in the checkpoint.
        """
        self.learning_rates.restore(learning_rate_names)
        self._optimizer_options.restart()
        self.clipping.clear()

    def begin(self, plan: StepPlan) -> None:
        """Open a step."""
        self._watched.next_step()
        # Without measurements in the new step, only collectors that were active have something to drop.
        begun = self._all if plan.due else self._active
        for collector in begun:
            collector.begin(plan)
        self._active = [collector for collector in begun if collector.active]

    def begin_late(self, plan: StepPlan) -> None:
        """Continue a step that is logged after all."""
        for collector in self._all:
            collector.begin_late(plan)
        self._active = [collector for collector in self._all if collector.active]

    def opened(self) -> None:
        """Report that a training pass begins."""
        if self.maps.active:
            self._guard.attempt(self.maps.part, self.maps.opened)
        if self._stale_gradients.active:
            with outside_modes():
                self._guard.attempt(self._stale_gradients.part, self._stale_gradients.opened)

    def reached(self) -> None:
        """Report that the gradient of an activation comes back from a training pass."""
        if self._stale_gradients.active:
            self._guard.attempt(self._stale_gradients.part, self._stale_gradients.reached)

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        """Report that an optimizer is about to step."""
        for collector in self._active:
            self._guard.attempt(collector.part, collector.before, optimizer, closure)

    def computed(self, optimizer: WatchedOptimizer) -> None:
        """Report that an optimizer's closure has computed its gradients."""
        for collector in self._active:
            self._guard.attempt(collector.part, collector.computed, optimizer)

    def skipped(self, optimizer: WatchedOptimizer) -> None:
        """Report that a GradScaler skipped an optimizer's step."""
        for collector in self._active:
            self._guard.attempt(collector.part, collector.skipped, optimizer)

    def after(self, optimizer: WatchedOptimizer) -> None:
        """Report that an optimizer has stepped."""
        for collector in self._active:
            self._guard.attempt(collector.part, collector.after, optimizer)

    def close(self, plan: StepPlan) -> PendingStep | None:
        """Return what was measured in the step, or None if nothing was due."""
        if not (self._active or plan.logged):
            return None
        pending = PendingStep(plan)
        for collector in self._active:
            self._guard.attempt(collector.part, collector.close, pending)
            if self._guard.is_off(collector.part):
                pending.discard(collector.kinds)
        return pending

    def drop(self, part: str) -> list[str]:
        """Stop a part that failed, because half of a step would be wrong. Returns the kinds that it measured."""
        failed = [collector for collector in self._all if part == collector.part or part in collector.needs]
        self._all = [collector for collector in self._all if collector not in failed]
        for collector in failed:
            collector.drop()
        self._active = [collector for collector in self._active if collector not in failed]
        return [kind for collector in failed for kind in collector.kinds]


class CallMeasures:
    """The observer of the module hooks. It has each report measured by the collectors of its subject.

    Args:
        opened: called when a training pass begins.
        guard: measures the time, and turns off parts that fail.
    """

    #: The collectors of the run.
    collectors: Collectors

    def __init__(self, opened: Callable[[], None], guard: Guard) -> None:
        self.opened, self._guard = opened, guard

    def inputs(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Measure the arguments of a watched model."""
        passes = self.collectors.passes
        self._guard.attempt(passes.part, passes.inputs, model, args, kwargs)

    def output(self, model: nn.Module, output: Any) -> None:
        """Measure the result of a watched model."""
        passes = self.collectors.passes
        self._guard.attempt(passes.part, passes.output, model, output)

    def activation(self, layer: Layer, call: int, order: int, output: Tensor, inputs: tuple[Any, ...]) -> None:
        """Measure a layer's output."""
        with self._guard:
            self.collectors.activations.activation(layer, call, order, output, inputs)
            samples = self.collectors.samples
            if samples.active:
                self._guard.attempt(samples.part, samples.activation, layer, call, output, inputs)

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Measure the gradient with respect to a layer's output."""
        with self._guard:
            self.collectors.reached()
            self.collectors.activations.activation_gradient(layer, call, order, gradient)

    def attended(self, attention: Attention) -> Tensor | None:
        """Measure attention that a layer computes."""
        samples, found = self.collectors.samples, []
        if samples.active:
            self._guard.attempt(samples.part, lambda: found.append(samples.attended(attention)))
        return found[0] if found else None

    def attention(self, layer: Layer, call: int, found: Sequence[Tensor], weights: Tensor | None) -> None:
        """Add the attention of a layer's call."""
        samples = self.collectors.samples
        if samples.active:
            self._guard.attempt(samples.part, samples.attention, layer, call, found, weights)
