"""The monitor of one run: its public methods."""

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
from tb_nnviz.record.hooks.handles import Hook
from tb_nnviz.record.hooks.uncompiled import uncompiled
from tb_nnviz.record.model import sharding
from tb_nnviz.record.model.sharding import is_distributed
from tb_nnviz.record.options import Options
from tb_nnviz.record.session import Session
from tb_nnviz.record.write.writer import Writer

if TYPE_CHECKING:
    from typing_extensions import Self

Optimizer = torch.optim.Optimizer

#: The open sessions of this process by their directory. A session that is garbage-collected disappears.
_open_runs: WeakValueDictionary[str, Session] = WeakValueDictionary()


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
        optimizers: Sequence[Optimizer],
        make_writer: Callable[[], Writer],
        directory: str,
        options: Options,
    ) -> None:
        run = os.path.realpath(directory)
        if run in _open_runs:
            raise ValueError(
                f"invalid logdir: {directory!r} is already written by another monitor of this process. "
                "Close that one first; several models and optimizers go into one: "
                'watch({"G": g, "D": d}, [opt_g, opt_d])'
            )
        self._models, self._optimizers = models, tuple(optimizers)
        self._run = run
        self._closed = False
        self._started = time.perf_counter()
        self._session = Session(models, optimizers, make_writer, run, options)
        self._guard = self._session.guard
        _open_runs[run] = self._session
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
    def log(self, **scalars: float | Tensor) -> None:
        """Log scalars of your own, such as the loss, as ``nnviz/log/<name>``.

        Call it after the optimizer's step: the scalars belong to the step that just closed. A validation value
        named ``val_<name>`` is drawn together with ``<name>``.

        Args:
            scalars: numbers, or tensors of one element on any device. Nothing waits for them.

        >>> import tempfile, tb_nnviz
        >>> with tb_nnviz.watch(nn.Linear(3, 1), logdir=tempfile.mkdtemp()) as monitor:
        ...     monitor.log(loss=torch.tensor(0.25), accuracy=0.93)
        """
        self._guard.attempt("log", self._session.log, scalars)

    @uncompiled(breaks=True)
    def step(self) -> None:
        """Close a step by hand, after its backward pass, in loops without an optimizer to watch.

        Without an optimizer, gradients are read as they are now and there is no ``update``. With optimizers, those
        that have not stepped are left out of this step.
        """
        if not self._closed:
            Hook(self._session.close_by_hand, self._guard.failing("gradients"))()

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint, so that a resumed run continues at the right step."""
        return {"version": schema.VERSION, "step": self._session.number}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue at the step of a checkpoint, in place of ``start_step``.

        Raises:
            ValueError: the state is not one of ``state_dict``, or comes from a newer version.
        """
        if not isinstance(state, Mapping) or state.get("version") != schema.VERSION or "step" not in state:
            raise ValueError(f"invalid state: {state!r:.120} (from Monitor.state_dict, version {schema.VERSION})")
        self._session.resume_at(int(state["step"]))

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

    @uncompiled(breaks=True)
    def clipped(self, norm: float | Tensor, max_norm: float, *, of: Hashable = None) -> None:
        """Log that other code clipped gradients, as ``clip_grad_norm_`` does. Call it before the optimizer's step.

        Args:
            norm: L2 norm before clipping. Nothing waits for a tensor.
            max_norm: the limit.
            of: identifies the gradients that were clipped. Of several calls with the same identity in a step, the
                last counts. The norms of calls with different identities are combined.
        """
        if not (isinstance(norm, Tensor) and (norm.is_meta or is_distributed(norm))):
            self._guard.attempt("clipping", self._session.clipped, norm, max_norm, of)

    @uncompiled(breaks=True)
    def close(self) -> None:
        """Remove all hooks and write pending events. A step that is still open is dropped."""
        if self._closed and not self._session.installed:
            return
        self._closed = True
        try:
            self._session.end()
        finally:  # also after an interrupt: the next call removes the hooks that it left
            if _open_runs.get(self._run) is self._session:
                del _open_runs[self._run]
            self._guard.release("the writer", self._session.writer.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
