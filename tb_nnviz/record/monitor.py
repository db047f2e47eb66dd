"""The monitor of one run: its public methods."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record import arguments
from tb_nnviz.record.collect.scalars import short
from tb_nnviz.record.hooks.handles import Hook
from tb_nnviz.record.hooks.uncompiled import uncompiled
from tb_nnviz.record.model import sharding
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.model.sharding import is_distributed
from tb_nnviz.record.open_runs import OpenRuns
from tb_nnviz.record.options import Options
from tb_nnviz.record.reports.settings import RunSettings
from tb_nnviz.record.session import Session
from tb_nnviz.record.write.event_file import Report
from tb_nnviz.record.write.writer import Writer

if TYPE_CHECKING:
    from typing_extensions import Self

_open_runs = OpenRuns()


class Overhead(NamedTuple):
    """The cost of the monitor itself.

    Args:
        seconds: time in its calls on the training thread, plus CPU time of the writer's thread.
        share: the same over the wall time since the monitor was made.
    """

    seconds: float
    share: float


class Monitor:
    """The monitor of one run, made by ``tb_nnviz.watch``. As a context manager it closes itself.

    An error of nnviz never reaches the training loop: a part that fails is turned off with one warning.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[WatchedOptimizer],
        make_writer: Callable[[Report], Writer],
        directory: str,
        options: Options,
    ) -> None:
        run = os.path.realpath(directory)
        _open_runs.free(run, directory)
        self._models, self._run = models, run
        self._closed = False
        self._started = time.perf_counter()
        self._session = Session(models, optimizers, make_writer, run, options)
        self._guard = self._session.guard
        _open_runs.add(run, self, self._session)
        self._settings = RunSettings(self._guard, self._session.writer)
        self._guard.attempt("settings", self._settings.log, self._session.number, options.settings)
        self._guard.attempt("ranks", sharding.claim, run)

    @property
    def writer(self) -> Writer:
        """The writer of the events. Its ``add_scalar(tag, value, step)`` writes scalars of your own."""
        return self._session.writer

    @property
    def overhead(self) -> Overhead:
        """The cost of the monitor so far.

        >>> import tempfile, tb_nnviz
        >>> with tb_nnviz.watch(nn.Linear(3, 1), logdir=tempfile.mkdtemp()) as monitor:
        ...     monitor.step()
        ...     text = f"{monitor.overhead.share:.1%} of the run"
        """
        seconds = self._guard.seconds + self._session.writer.cpu_seconds
        return Overhead(seconds, seconds / max(time.perf_counter() - self._started, 1e-9))

    @uncompiled(breaks=True)
    def log(self, values: Any = None, /, **scalars: Any) -> None:
        """Log scalars of your own, such as the loss, as ``nnviz/log/<name>``.

        Call it after the optimizer's step: the scalars belong to the step that just closed. A validation value
        named ``val_<name>`` is drawn together with ``<name>``. A value that is no number is reported once, and the
        others are logged.

        Args:
            values: a dict of scalars by name, in place of or beside keywords. Names of dicts within are joined by
                slashes.
            scalars: numbers, or tensors of one element on any device. Nothing waits for them.

        >>> import tempfile, tb_nnviz
        >>> with tb_nnviz.watch(nn.Linear(3, 1), logdir=tempfile.mkdtemp()) as monitor:
        ...     monitor.log(loss=Tensor([0.25]), accuracy=0.93)
        ...     monitor.log({"val_loss": 0.5})
        """
        if self._session.writer.is_exiting:  # modules may be half gone
            return
        if values is None:
            self._guard.attempt("log", self._session.log, scalars)
        elif isinstance(values, Mapping):
            self._guard.attempt("log", self._session.log, {**values, **scalars})
        else:
            reason = f"invalid scalars: {short(values)} (keywords, or a dict of numbers by name)"
            self._guard.notice("scalars", reason, (schema.LOG,))
            self._guard.attempt("log", self._session.log, scalars)

    @uncompiled(breaks=True)
    def log_settings(self, settings: Any = None, /, **more: Any) -> None:
        """Log settings of the run, such as the seed or the data set, beside those that ``watch`` got.

        Of one name, the value that was logged last counts. A value that cannot be a setting is reported once, and the
        others are logged.

        Args:
            settings: texts, numbers, booleans or None by name, in place of or beside keywords.
            more: the same as keywords.

        >>> import tempfile, tb_nnviz
        >>> with tb_nnviz.watch(nn.Linear(3, 1), logdir=tempfile.mkdtemp(), settings={"seed": 0}) as monitor:
        ...     monitor.log_settings(data="digits", augmentation=None)
        """
        if self._session.writer.is_exiting:
            return
        if settings is not None and not isinstance(settings, Mapping):
            reason = f"invalid settings: {short(settings)} (keywords, or a dict of scalars by name)"
            self._guard.notice("settings", reason)
            settings = None
        given = {**(settings or {}), **more}
        self._guard.attempt("settings", self._settings.log, self._session.number, given)

    @uncompiled(breaks=True)
    def step(self) -> None:
        """Close a step by hand, after its backward pass, in loops without an optimizer to watch.

        Without an optimizer, gradients are read as they are now and there is no ``update``. With optimizers, those
        that have not stepped are left out of this step.
        """
        if not (self._closed or self._session.writer.is_exiting):
            Hook(self._session.close_by_hand, self._guard.failing("gradients"))()

    def watch_optimizer(self, optimizer: Any, *, replaces: Any = None, scaler: Any = None) -> None:
        """Watch another optimizer, as in a later phase of training. Steps are counted on.

        Call it between two steps. New parameters and replaced modules of the model need no call of their own.

        Args:
            optimizer: one or several, as in ``watch``. By default they take the place of all that are watched.
            replaces: one or several of the watched optimizers, whose place the new ones take. The others stay. An
                empty list adds the new ones.
            scaler: the GradScaler that goes with them, if it is another one.

        Raises:
            ValueError, TypeError: an argument is invalid. Nothing has changed then.

        >>> import tempfile, torch, tb_nnviz
        >>> model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
        >>> head = torch.optim.SGD(model[1].parameters(), lr=0.1)
        >>> with tb_nnviz.watch(model, head, logdir=tempfile.mkdtemp()) as monitor:
        ...     monitor.watch_optimizer(torch.optim.SGD(model.parameters(), lr=0.01))
        """
        new, scaler = arguments.optimizers(optimizer), arguments.scaler(scaler)
        if not new:
            raise TypeError("invalid optimizer: None (a torch.optim.Optimizer, or a list of them)")
        arguments.check_parameters(self._models, new)
        watched = self._session.optimizers
        replaced = list(watched) if replaces is None else arguments.among("replaces", replaces, watched)
        kept = [one for one in watched if one not in replaced]
        arguments.check_new(new, kept)
        if self._closed:
            self._guard.notice("closed", f"the monitor of {self._run} is closed: it watches no optimizer any more")
            return
        self._session.watch_optimizers(new, replaced, scaler)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint, so that a resumed run continues at the right step."""
        names = self._session.learning_rate_names()
        return {"version": schema.VERSION, "step": self._session.number, "learning_rates": names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue at the step of a checkpoint, in place of ``start_step``.

        Raises:
            ValueError: the state is not one of ``state_dict``, or comes from a newer version.
        """
        if not isinstance(state, Mapping) or state.get("version") != schema.VERSION or "step" not in state:
            raise ValueError(f"invalid state: {state!r:.120} (from Monitor.state_dict, version {schema.VERSION})")
        self._session.resume_at(int(state["step"]), state.get("learning_rates"))

    @uncompiled(breaks=True, callees=False)
    def clip_grad_norm_(
        self,
        max_norm: float,
        norm_type: float = 2.0,
        error_if_nonfinite: bool = False,
        foreach: bool | None = None,
        *,
        parameters: Tensor | Iterable[Tensor] | None = None,
    ) -> Tensor:
        """Clip like ``torch.nn.utils.clip_grad_norm_``, and log the norm before clipping, the factor and the rate.

        Args:
            max_norm: the largest norm that is allowed.
            norm_type: a norm other than L2 is not logged.
            error_if_nonfinite: raise if the norm is nonfinite.
            foreach: use the implementation for many tensors.
            parameters: those whose gradients are clipped together. By default all of the watched models.

        Returns:
            The norm before clipping, a scalar on its device.

        Under a GradScaler call ``scaler.unscale_(optimizer)`` first.

        >>> import tempfile, torch, tb_nnviz
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

    @uncompiled(breaks=True)
    def clipped(self, norm: float | Tensor, max_norm: float, *, of: Hashable = None) -> None:
        """Log that other code clipped gradients, as ``clip_grad_norm_`` does. Call it before the optimizer's step.

        Args:
            norm: L2 norm before clipping. Nothing waits for a tensor.
            max_norm: the limit.
            of: identifies the gradients that were clipped. Of several calls with the same identity in a step, the
                last counts. The norms of calls with different identities are combined.
        """
        unread = isinstance(norm, Tensor) and (norm.is_meta or is_distributed(norm))
        if not (unread or self._session.writer.is_exiting):
            self._guard.attempt("clipping", self._session.clipped, norm, max_norm, of)

    @uncompiled(breaks=True)
    def close(self) -> None:
        """Remove all hooks and write pending events. A step that is still open is dropped.

        Some problems show only at the end of a run, such as a loss that has never left its start. Their findings are
        logged now, or when the process ends without ``close``. Nothing is left to be stopped, so the actions "raise"
        and "break" of ``on_finding`` give a line in the terminal for them.

        Raises:
            FindingError: a finding of the last steps has the action "raise". Everything is written and closed then.
        """
        self._close()
        if not self._session.writer.is_exiting:
            self._session.delivery.deliver()

    def _close(self) -> None:
        if (self._closed and not self._session.installed) or self._session.writer.is_exiting:
            return
        self._closed = True
        try:
            self._session.close()
        finally:
            _open_runs.remove(self._run, self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:  # the program ends for another reason
            self._close()
