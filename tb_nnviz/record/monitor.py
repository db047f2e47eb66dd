"""The monitor of one run: when what is measured, and what the user may call."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.clipping import Clipping
from tb_nnviz.record.graph import GraphCapture
from tb_nnviz.record.guard import Guard
from tb_nnviz.record.handles import Hook, Removable
from tb_nnviz.record.hooks import ExecutionOrder, ModuleHooks
from tb_nnviz.record.map_recorder import MapRecorder
from tb_nnviz.record.modules import Layer, layers, named_modules, named_parameters, selector
from tb_nnviz.record.norms import GradientNorms
from tb_nnviz.record.optimizers import OptimizerHooks
from tb_nnviz.record.parameters import ParameterReader
from tb_nnviz.record.recorder import Recorder
from tb_nnviz.record.scaler import WatchedStep, loss_scale
from tb_nnviz.record.settings import Settings
from tb_nnviz.record.snapshot import Snapshot
from tb_nnviz.record.step_events import StepEvents
from tb_nnviz.record.sweep import sweep
from tb_nnviz.record.weight_capture import WeightCapture
from tb_nnviz.record.writer import Writer

if TYPE_CHECKING:
    from typing_extensions import Self

Optimizer = torch.optim.Optimizer

#: Steps of one optimizer within one step of all, after which it is said that the others are waited for.
MOST_REPEATS = 100

#: Monitors of this process by the run directory that they write; one that nobody holds any more does not count.
_open_runs: WeakValueDictionary[str, Monitor] = WeakValueDictionary()

#: What is measured by each part of ours that can fail by itself.
_PART_KINDS = {
    "activations": ("activation", "activation_gradient"),
    "gradients": schema.PARAMETER_KINDS,
    "optimizer state": ("optimizer",),
}


class Overhead(NamedTuple):
    """What the monitor itself costs.

    ``seconds`` is time inside its calls on the training thread plus CPU time of the writer's thread;
    ``share`` is that over the wall time since the monitor was made.
    """

    seconds: float
    share: float


class Monitor:
    """Watches one run; made by ``tb_nnviz.watch``. A context manager: ``close`` at the end.

    Nothing of it raises into the training loop: what fails is turned off with one warning.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[Optimizer],
        make_writer: Callable[[], Writer],
        directory: str,
        settings: Settings,
    ) -> None:
        run = os.path.realpath(directory)
        if run in _open_runs:
            raise ValueError(
                f"invalid logdir: {directory!r} is already written by another monitor of this process. "
                "Close that one first; several models and optimizers go into one: "
                'watch({"G": g, "D": d}, [opt_g, opt_d])'
            )
        self._models, self._optimizers = models, tuple(optimizers)
        # what may refuse its arguments comes before any hook
        kinds, keep = settings.kinds, selector(settings.include, settings.exclude)
        calls = {"activation", "activation_gradient"} & set(kinds)
        observed = layers(models, settings.include, settings.exclude) if calls else []
        self._run, self._settings = run, settings
        self._started = time.perf_counter()
        self._step = self._first_step = settings.start_step
        self._begun: set[Optimizer] = set()
        self._stepped: set[Optimizer] = set()
        self._pass_seen = self._ordered = self._closed = self._skipping = self._mapping = False
        self._repeats = 0
        self._norms, self._clipping = GradientNorms(), Clipping()
        self._guard = guard = Guard(run, self._turned_off)
        self._installed: list[tuple[str, Removable]] = []  # what is in the user's objects
        owners = {parameter.owner for parameter in named_parameters(models)} | {layer.module for layer in observed}
        modules = [module for _, module in named_modules(models) if module in owners]
        try:
            failing = guard.failing("the order of execution")
            self._order = ExecutionOrder(modules, failing, models.values())
            self._installed.append(("the order of execution", self._order))
            self._recorder = Recorder(kinds, self._order.__getitem__)
            snapshot = Snapshot(settings.snapshot_bytes)
            self._parameters = ParameterReader(
                models, self._optimizers, self._recorder, keep, self._order, snapshot, guard.warn_once
            )
            self._weights = WeightCapture(settings, self._parameters, guard, self._order.__getitem__)
            gradients, failing = "activation_gradient" in kinds, guard.failing("activations")
            self._modules = ModuleHooks(models, observed, self, gradients, failing)
            self._installed.append(("activations", self._modules))
            self._graph = GraphCapture(models, self._modules.calls, guard)
            self._installed.append(("the graph", self._graph))
            self._maps = MapRecorder.of(models, settings, (self._order, self._modules, self._graph))
            failing = guard.failing("gradients")
            self._hooks = OptimizerHooks(self._optimizers, self, failing)
            self._installed.append(("gradients", self._hooks))
            if settings.scaler is not None:
                scaled = WatchedStep(settings.scaler, self._hooks.begun.__getitem__, self._skipped, failing)
                self._installed.append(("loss scaling", scaled))
                scaled.install()
            self._begin()
            self._writer = make_writer()  # the last: where anything fails there is no empty file
        except BaseException:
            self._take_off(whole=False)
            raise
        self._events = StepEvents(self._writer, settings.window, settings.rule, settings.say_findings)
        _open_runs[run] = self

    # For users

    @property
    def writer(self) -> Writer:
        """Where the events go; its ``add_scalar(tag, value, step)`` writes figures of your own."""
        return self._writer

    @property
    def overhead(self) -> Overhead:
        """What the monitor has cost so far.

        >>> import tempfile, tb_nnviz
        >>> with tb_nnviz.watch(nn.Linear(3, 1), logdir=tempfile.mkdtemp()) as monitor:
        ...     monitor.step()
        ...     text = f"{monitor.overhead.share:.1%} of the run"
        """
        seconds = self._guard.seconds + self._writer.cpu_seconds
        return Overhead(seconds, seconds / max(time.perf_counter() - self._started, 1e-9))

    def log(self, **scalars: float | Tensor) -> None:
        """Record figures beside the internals, as ``nnviz/log/<name>``.

        Call it after the optimizer's step: they belong to the step that it closed. Call a validation
        figure ``val_<name>``, and it is drawn together with ``<name>``.

        Args:
            scalars: floats, or tensors of one element on any device; nothing waits for them.

        >>> import tempfile, tb_nnviz
        >>> with tb_nnviz.watch(nn.Linear(3, 1), logdir=tempfile.mkdtemp()) as monitor:
        ...     monitor.log(loss=torch.tensor(0.25), accuracy=0.93)
        """
        self._guard.attempt("log", self._log, scalars)

    def _log(self, figures: dict[str, float | Tensor]) -> None:
        step = self._step if self._pass_seen else max(self._step - 1, self._first_step)

        def invalid(name: str, value: object) -> None:
            self._guard.warn_once(name, f"invalid scalar {name}: {value!r:.80} (a number, or a tensor of one)")

        self._events.log(step, figures, invalid)

    def step(self) -> None:
        """Close a step by hand: after its backward pass, in loops without an optimizer to hook.

        Without an optimizer, gradients are read as they are now and there is no ``update``. With some,
        those that have not stepped are left out of this step.
        """
        # where all optimizers have just stepped it is closed already
        open_ = not self._optimizers or self._stepped or self._begun or self._pass_seen
        if not self._closed and open_:
            Hook(self._finish_step, self._guard.failing("gradients"))()

    def state_dict(self) -> dict[str, Any]:
        """What to put in a checkpoint so that a resumed run goes on at the right step."""
        return {"version": schema.VERSION, "step": self._step}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on at a checkpoint's step, in place of ``start_step``.

        Raises:
            ValueError: it is not a state of ``state_dict``, or of a newer version.
        """
        if not isinstance(state, Mapping) or state.get("version") != schema.VERSION or "step" not in state:
            raise ValueError(f"invalid state: {state!r:.120} (from Monitor.state_dict, version {schema.VERSION})")
        self._step = self._first_step = int(state["step"])
        self._begun.clear()
        self._clipping = Clipping()
        self._begin()

    def clip_grad_norm_(
        self,
        max_norm: float,
        norm_type: float = 2.0,
        error_if_nonfinite: bool = False,
        foreach: bool | None = None,
        *,
        parameters: Tensor | Iterable[Tensor] | None = None,
    ) -> Tensor:
        """Clip as ``torch.nn.utils.clip_grad_norm_`` does, and record the norm before, the factor and the rate.

        Args:
            max_norm, norm_type, error_if_nonfinite, foreach: torch's.
            parameters: those whose gradients are clipped together; default: all of the watched models.

        Returns:
            The norm before clipping, a scalar on its device, as torch's function does.

        Under a GradScaler call ``scaler.unscale_(optimizer)`` first. Norms that are not L2 are not recorded.

        >>> import tempfile, tb_nnviz
        >>> model = nn.Linear(3, 1)
        >>> with tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), logdir=tempfile.mkdtemp()) as monitor:
        ...     model(torch.ones(2, 3)).sum().backward()
        ...     norm = monitor.clip_grad_norm_(1.0)
        >>> torch.isclose(norm, torch.tensor(4.0))
        tensor(True)
        """
        if parameters is None:
            parameters = dict.fromkeys(p for model in self._models.values() for p in model.parameters())
        clipped = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        norm = nn.utils.clip_grad_norm_(clipped, max_norm, norm_type, error_if_nonfinite, foreach)
        if norm_type == 2:
            self.clipped(norm, max_norm, of=frozenset(map(id, clipped)))
        return norm

    def clipped(self, norm: float | Tensor, max_norm: float, *, of: Hashable = None) -> None:
        """Record what another one's clipping found, as ``clip_grad_norm_`` does: call it before the optimizer's step.

        Args:
            norm: L2 norm before clipping; nothing waits for a tensor.
            max_norm: what it was clipped to.
            of: what stands for the gradients that were clipped: of several calls with the same one in a step
                the last counts, those with others are added.
        """
        if not (isinstance(norm, Tensor) and norm.is_meta):
            self._guard.attempt("clipping", self._clipping.add, self._step, norm, max_norm, of)

    def close(self) -> None:
        """Take all hooks off and write what is pending. A step that is still open is dropped."""
        if self._closed and not self._installed:
            return
        self._closed = True
        try:
            self._take_off()
        finally:  # an interrupt too; what it left on is taken off by the next call
            if _open_runs.get(self._run) is self:
                del _open_runs[self._run]
            self._guard.release("the writer", self._writer.close)

    def _take_off(self, whole: bool = True) -> None:
        """Leave the user's objects, with each part by itself; sweep up where one was not made as a whole."""
        removed = [self._guard.release(part, item.remove) for part, item in reversed(self._installed)]
        self._installed.clear()
        if not (whole and all(removed)):
            self._guard.release("hooks", sweep, self._models.values(), self._optimizers, self._guard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # What the hooks report

    def opened(self) -> None:
        """A training pass begins."""
        self._pass_seen = True
        if self._recording:
            self._hooks.come_last()
        if self._mapping:
            self._guard.attempt("maps", self._maps.saw_training)

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        """A layer's output."""
        if "activation" in self._recorder.kinds:
            with self._guard:
                self._recorder.activation(layer, call, order, output)

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """The gradient with respect to a layer's output."""
        with self._guard:
            self._recorder.activation_gradient(layer, call, order, gradient)

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        """An optimizer is about to step."""
        # A step that raised, and one that calls its base class's, have two of these for one of the other:
        # what was measured last counts, and the step counts once.
        self._begun.add(optimizer)
        self._take_maps()
        if self._recording:
            self._guard.attempt("gradients", self._read_before, optimizer, closure)
        self._weights.before(optimizer)
        if self._needs_norms and not closure:
            self._guard.attempt("gradient norms", self._read_norms, optimizer)

    def _take_maps(self) -> None:
        """Before any update, so that maps show the parameters that the step began with."""
        if self._mapping:
            self._mapping = False
            self._guard.attempt("maps", self._maps.take, self._step, self._writer)

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
            self._guard.attempt("gradients", self._parameters.gradients_of, optimizer)
        if self._needs_norms:
            self._guard.attempt("gradient norms", self._read_norms, optimizer)

    def after(self, optimizer: Optimizer) -> None:
        """An optimizer has stepped."""
        if optimizer not in self._begun:
            return
        self._begun.discard(optimizer)
        if self._recording:
            self._guard.attempt("gradients", self._parameters.after, optimizer)
            if "optimizer" in self._recorder.kinds and not self._skipping:
                self._guard.attempt("optimizer state", self._parameters.moments, optimizer)
        if optimizer in self._stepped:
            self._wait_for_others()
        self._stepped.add(optimizer)
        if len(self._stepped) == len(self._optimizers):
            self._finish_step()

    def _skipped(self, optimizer: Optimizer) -> None:
        """A GradScaler has found gradients that are not finite, and has not called the optimizer."""
        if self._closed or optimizer not in self._optimizers:
            return
        if not self._recording:  # what caused it is worth an event of its own
            self._recorder.begin(self._step, True, False, only=frozenset({"gradient"}))
            if self._stepped:
                self._recorder.lacks_gradients()
        self._skipping = True
        self.before(optimizer, False)
        self._guard.attempt("gradients", self._recorder.skipped, True)
        self._norms.skip(optimizer)
        self.after(optimizer)
        self._skipping = False

    def _wait_for_others(self) -> None:
        self._repeats += 1
        if self._repeats == MOST_REPEATS:
            missing = [
                f"optimizer {i} ({type(o).__name__})" for i, o in enumerate(self._optimizers) if o not in self._stepped
            ]
            self._guard.warn_once(
                "repeats",
                f"step {self._step} stays open until every optimizer has stepped, and {', '.join(missing)} has not, "
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
        statistics, histograms = self._settings.logged(self._step), self._settings.histograms(self._step)
        self._recorder.begin(self._step, statistics, histograms)
        self._weights.begin(self._step, statistics)
        self._parameters.next_step()
        self._norms.next_step()
        self._modules.next_step((statistics or histograms) and not self._guard.is_off("activations"))
        self._graph.next_step(statistics or histograms)
        self._stepped.clear()
        self._repeats = 0
        self._pass_seen = False
        self._mapping = self._settings.maps(self._step)
        self._guard.step_seconds = 0.0

    def _finish_step(self) -> None:
        self._take_maps()  # of a loop that has no optimizer to hook
        if not self._ordered:  # the first pass has shown the order of execution
            self._ordered = True
            self._guard.attempt("the order of execution", self._order.settle)
        if self._needs_norms and not self._optimizers:
            self._guard.attempt("gradient norms", self._read_norms, None)
        self._guard.attempt("the graph", self._finish_graph)
        self._weights.close(self._step, self._recorder, self._events)
        if self._recording:
            self._guard.attempt("gradients", self._parameters.close)
            seconds = self._guard.step_seconds
            self._guard.attempt(
                "steps", self._events.record, self._step, self._recorder, self._norms, self._clipping, seconds
            )
        elif self._settings.window:
            self._guard.attempt("window", self._events.remember, self._step, self._norms, self._recorder.transfer)
        self._step += 1
        self._begin()

    def _finish_graph(self) -> None:
        document = self._graph.take()
        if document is not None:
            self._events.graph(self._step, document)

    def _turned_off(self, part: str) -> None:
        """A part of ours has failed: half of a step would not be true."""
        if part == "activations":
            self._modules.active = False
        if part == "the graph":
            self._graph.remove()
        self._recorder.drop(_PART_KINDS.get(part, ()))
