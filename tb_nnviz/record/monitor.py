"""The monitor of one run: when what is measured, and what the user may call."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.finish import finish_step
from tb_nnviz.record.hooks import ExecutionOrder, Failed, ModuleHooks
from tb_nnviz.record.modules import Filter, Layer, NamedParameter, layers, named_modules, named_parameters, selector
from tb_nnviz.record.optimizers import OptimizerHooks
from tb_nnviz.record.recorder import Recorder
from tb_nnviz.record.schedule import Schedule
from tb_nnviz.record.transfer import Ticket, Transfer
from tb_nnviz.record.writer import Writer
from tb_nnviz.rules.gradient_norm import GradientNormRule

if TYPE_CHECKING:
    from typing_extensions import Self

_logger = logging.getLogger("tb_nnviz")

#: Every how many histogram steps TensorBoard's own histograms are written too.
STOCK_EVERY = 5

#: Monitors of this process by the run directory that they write; one that nobody holds any more does not count.
_open_runs: WeakValueDictionary[str, Monitor] = WeakValueDictionary()

#: What is measured by each part of ours that can fail by itself.
_PART_KINDS = {
    "activations": ("activation", "activation_gradient"),
    "gradients": schema.PARAMETER_KINDS,
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
        optimizers: Sequence[torch.optim.Optimizer],
        make_writer: Callable[[], Writer],
        directory: str,
        kinds: Sequence[str],
        logged: Schedule,
        histograms: Schedule,
        start_step: int,
        include: Filter,
        exclude: Filter,
        rule: GradientNormRule | None,
    ) -> None:
        run = os.path.realpath(directory)
        if run in _open_runs:
            raise ValueError(
                f"invalid logdir: {directory!r} is already written by another monitor of this process. "
                "Close that one first; several models and optimizers go into one: "
                'watch({"G": g, "D": d}, [opt_g, opt_d])'
            )
        self._models, self._optimizers = models, tuple(optimizers)
        self._keep = selector(include, exclude)
        # what may refuse its arguments comes first, and the writer before any hook
        observed = layers(models, include, exclude) if {"activation", "activation_gradient"} & set(kinds) else []
        self._run, self._kinds = run, tuple(kinds)
        self._logged, self._histograms = logged, histograms
        self._rule, self._histogram_steps = rule, 0
        self._started, self._seconds, self._step_seconds = time.perf_counter(), 0.0, 0.0
        self._step = self._first_step = start_step
        self._begun: set[torch.optim.Optimizer] = set()
        self._stepped: set[torch.optim.Optimizer] = set()
        self._pass_seen = self._ordered = self._closed = self._closure = False
        self._off: set[str] = set()
        self._warned: set[str] = set()
        self._names: dict[nn.Parameter, str] = {}
        self._writer = make_writer()
        _open_runs[run] = self
        owners = {parameter.owner for parameter in named_parameters(models)} | {layer.module for layer in observed}
        modules = [module for _, module in named_modules(models) if module in owners]
        self._order = ExecutionOrder(modules, self._failing("the order of execution"))
        self._recorder = Recorder(kinds, self._order.__getitem__)
        gradients = "activation_gradient" in kinds
        self._modules = ModuleHooks(models, observed, self, gradients, self._failing("activations"))
        self._hooks = OptimizerHooks(self._optimizers, self._before, self._after, self._failing("gradients"))
        self._begin()

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
        seconds = self._seconds + self._writer.cpu_seconds
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
        self._attempt("log", self._log, scalars)

    def _log(self, scalars: dict[str, float | Tensor]) -> None:
        step = self._step if self._pass_seen else max(self._step - 1, self._first_step)
        transfer = Transfer()
        found: list[tuple[str, float | Ticket]] = []
        for name, value in scalars.items():
            if isinstance(value, Tensor) and value.numel() == 1:
                found.append((name, transfer.add(value.detach().reshape(1).to(torch.float32, copy=True))))
                continue
            try:
                if isinstance(value, Tensor | str):
                    raise TypeError
                found.append((name, float(value)))
            except (TypeError, ValueError):
                self._warn_once(name, f"invalid scalar {name}: {value!r:.80} (a number, or a tensor of one)")
        arrive = transfer.start()

        def entries() -> list[schema.Entry]:
            arrived = arrive()
            return [
                schema.scalar(schema.TAG_LOG + name, value if isinstance(value, float) else arrived(value)[0])
                for name, value in found
            ]

        self._writer.submit(step, time.time(), entries)

    def step(self) -> None:
        """Close a step by hand: after its backward pass, in loops without an optimizer to hook.

        Without an optimizer, gradients are read as they are now and there is no ``update``. With some,
        those that have not stepped are left out of this step.
        """
        if not self._closed:
            self._finish_step()

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
        self._step = int(state["step"])
        self._begin()

    def clip_grad_norm_(self, max_norm: float) -> Tensor:
        """Not available yet: clip with ``torch.nn.utils.clip_grad_norm_``; what is logged is then after clipping."""
        raise NotImplementedError("Monitor.clip_grad_norm_ is not available yet: use torch.nn.utils.clip_grad_norm_")

    def close(self) -> None:
        """Take all hooks off and write what is pending. A step that is still open is dropped."""
        if self._closed:
            return
        self._closed = True
        self._modules.remove()
        self._hooks.remove()
        self._order.remove()
        if _open_runs.get(self._run) is self:
            del _open_runs[self._run]
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # What the hooks report

    def opened(self) -> None:
        self._pass_seen = True

    def activation(self, layer: Layer, call: int, order: int, output: Tensor) -> None:
        if "activation" in self._kinds and self._recorder.statistics:
            with self._clock():
                self._recorder.activation(layer, call, order, output)

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        with self._clock():
            self._recorder.activation_gradient(layer, call, order, gradient)

    def _before(self, optimizer: torch.optim.Optimizer, closure: bool) -> None:
        # A step that raised, and one that calls its base class's, have two of these for one of the other:
        # what was measured last counts, and the step counts once.
        self._begun.add(optimizer)
        if self._recording:
            self._attempt("gradients", self._read_before, optimizer, closure)

    def _read_before(self, optimizer: torch.optim.Optimizer, closure: bool) -> None:
        if not self._stepped:
            self._recorder.rows_of(self._parameters())
        own = self._own(optimizer)
        self._recorder.forget(own)  # it may step more often than the others: its last step counts
        for name, tensor in own:
            if isinstance(name, str):
                self._recorder.parameter(name, tensor)
                if closure or tensor.grad is not None:
                    self._recorder.keep(tensor)
            if not closure:  # a closure has yet to compute them
                self._recorder.gradient(name, tensor)
        first = sum(len(other.param_groups) for other in self._optimizers[: self._optimizers.index(optimizer)])
        for number, group in enumerate(optimizer.param_groups, first):
            self._recorder.learning_rate(number, str(group.get("name", number)), group.get("lr"))
        self._closure = closure

    def _after(self, optimizer: torch.optim.Optimizer) -> None:
        if optimizer not in self._begun:
            return
        self._begun.discard(optimizer)
        if self._recording:
            self._attempt("gradients", self._read_after, optimizer)
        self._stepped.add(optimizer)
        if len(self._stepped) == len(self._optimizers):
            self._finish_step()

    def _read_after(self, optimizer: torch.optim.Optimizer) -> None:
        for name, tensor in self._own(optimizer):
            if self._closure:
                self._recorder.gradient(name, tensor)
                if tensor.grad is None:
                    continue
            if isinstance(name, str):
                self._recorder.update(name, tensor)

    # Steps

    @property
    def _recording(self) -> bool:
        return self._recorder.statistics or self._recorder.histograms

    def _begin(self) -> None:
        statistics, histograms = self._logged(self._step), self._histograms(self._step)
        self._recorder.begin(self._step, statistics, histograms)
        self._modules.next_step(statistics and "activations" not in self._off)
        self._stepped.clear()
        self._pass_seen = self._closure = False
        self._step_seconds = 0.0

    def _finish_step(self) -> None:
        if not self._ordered:  # the first pass has shown the order of execution
            self._ordered = True
            self._order.remove()
        if self._recording:
            self._attempt("gradients", self._read_rest)
            self._attempt("steps", self._submit)
        self._step += 1
        self._begin()

    def _read_rest(self) -> None:
        """Measure what no optimizer has stepped; without any optimizer, gradients as they are now."""
        if not self._stepped:
            self._recorder.rows_of(self._parameters())
        for tensor, name in self._names.items():
            self._recorder.parameter(name, tensor)
            if not self._optimizers:
                self._recorder.gradient(name, tensor)

    def _submit(self) -> None:
        measured, now = self._recorder.close(), time.time()
        if measured.unwritten:
            self._writer.submit(measured.step, now, [schema.layout_entry(layout) for layout in measured.unwritten])
        stock = measured.histograms and self._histogram_steps % STOCK_EVERY == 0
        self._histogram_steps += measured.histograms
        seconds = self._step_seconds

        def entries() -> list[schema.Entry]:
            found, statistics = finish_step(measured, stock)
            if self._rule is not None and "gradient" in statistics:
                gradient = statistics["gradient"]
                present = gradient["count"] > 0
                rows = [row for row, there in zip(measured.layouts["gradient"].rows, present, strict=True) if there]
                for finding in self._rule.update(measured.step, rows, gradient["norm"][present]):
                    _logger.warning("%s", finding)
            return [*found, schema.scalar(schema.TAG_GLOBAL + "overhead_seconds", seconds)]

        self._writer.submit(measured.step, now, entries)

    def _parameters(self) -> list[NamedParameter]:
        """The parameters with a row, in order of execution; found afresh, since they may be replaced or added."""
        found = [p for p in self._order.sort(named_parameters(self._models)) if self._keep(p.name, p.owner)]
        self._names = {parameter.tensor: parameter.name for parameter in found}
        return found

    def _own(self, optimizer: torch.optim.Optimizer) -> list[tuple[str | int, nn.Parameter]]:
        """An optimizer's parameters; a number stands for the name of one that has no row."""
        tensors = [tensor for group in optimizer.param_groups for tensor in group["params"]]
        return [(self._names.get(tensor, id(tensor)), tensor) for tensor in tensors]

    # Harm

    @contextmanager
    def _clock(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self._seconds += spent
            self._step_seconds += spent

    def _attempt(self, part: str, function: Callable[..., None], *args: Any) -> None:
        """Run a part of ours, unless it has failed before."""
        if part in self._off:
            return
        with self._clock():
            try:
                function(*args)
            except Exception as error:  # training goes on, whatever went wrong here
                self._failing(part)(error)

    def _failing(self, part: str) -> Failed:
        """What to do when a part of ours raises: one warning with the traceback, and the part is off."""

        def failed(error: Exception) -> None:
            if part not in self._off:
                self._off.add(part)
                _logger.warning("%s of %s: turned off after an error of tb_nnviz", part, self._run, exc_info=error)
                self._recorder.drop(_PART_KINDS.get(part, ()))
            if part == "activations":
                self._modules.active = False

        return failed

    def _warn_once(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            _logger.warning("%s", message)
