"""Evaluation of a model without side effects."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.metadata import metadata

#: Attributes that torch gives every module.
_TORCH_ATTRIBUTES = frozenset(vars(nn.Module()))
#: Interrupts of one restoration after which a part of it is given up: a handler that raises at every call.
MAX_INTERRUPTS = 20


class Autocast(NamedTuple):
    """The state of autocast on a device, which can be restored later."""

    device: str
    enabled: bool
    dtype: torch.dtype

    @classmethod
    def now(cls, device: str) -> Autocast:
        """Return the current state. A device without autocast, such as meta, has that of the CPU."""
        try:
            return cls(device, torch.is_autocast_enabled(device), torch.get_autocast_dtype(device))
        except RuntimeError as error:
            if is_interrupt(error):
                raise
            return cls.now("cpu")
        except (TypeError, AttributeError) as error:  # before torch 2.4
            if is_interrupt(error):
                raise
            if device == "cpu":
                return cls(device, torch.is_autocast_cpu_enabled(), torch.get_autocast_cpu_dtype())
            return cls(device, torch.is_autocast_enabled(), torch.get_autocast_gpu_dtype())

    def context(self) -> AbstractContextManager[Any]:
        """Return a context with this state, but without autocast's cache of weights.

        A weight that is cast here has no gradient. Training must not find it in the cache.
        """
        if not (self.enabled or Autocast.now(self.device).enabled):
            return nullcontext()
        return torch.autocast(self.device, dtype=self.dtype, enabled=self.enabled, cache_enabled=False)


def is_uninitialized(model: nn.Module) -> bool:
    """Return True if the model has lazy parameters or buffers, which its first pass would initialize.

    >>> is_uninitialized(nn.LazyLinear(3)), is_uninitialized(nn.Linear(3, 3))
    (True, False)
    """
    return any(is_lazy(tensor) for tensors in (model.parameters(), model.buffers()) for tensor in tensors)


@contextmanager
def evaluation(model: nn.Module, autocast: Autocast | None = None) -> Iterator[None]:
    """Put a model in evaluation mode without gradients and compilation, and restore it at the end.

    Everything that ``isolated`` restores is restored. Modes are set one by one, since a user's ``eval()`` may do more,
    such as merge weights.

    Args:
        model: the model.
        autocast: the state of autocast in the context, by default the current one.

    >>> model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    >>> with evaluation(model):
    ...     model(torch.ones(1, 2)).requires_grad, model.training
    (False, False)
    >>> model.training
    True
    """
    with torch.no_grad(), isolated(model, autocast):
        for module in model.modules():
            module.training = False
        yield


@contextmanager
def isolated(model: nn.Module, autocast: Autocast | None = None) -> Iterator[None]:
    """Let a model run without compilation, and restore it at the end.

    The model is restored even if an exception is raised. That includes each module's mode, its attributes, the
    contents of attributes that are lists, dicts or sets, and its buffers (the model writes to copies). Also restored
    are the random states of torch, of the model's devices, of numpy and Python, and of generators that are attributes
    of modules.

    Args:
        model: the model.
        autocast: the state of autocast in the context, by default the current one.

    >>> model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    >>> with isolated(model):
    ...     (model(torch.ones(3, 2)) > 1e9).sum().item(), model[0].num_batches_tracked.item()
    (0, 1)
    >>> model[0].num_batches_tracked.item()
    0
    """
    restores: list[Callable[[], object]] = []
    try:
        _keep_random_states(restores, model)
        copies: dict[int, Tensor] = {}
        with torch.no_grad():
            for module in model.modules():
                _keep_module(restores, module, copies)
        with _uncompiled(), nullcontext() if autocast is None else autocast.context():
            yield
    finally:
        _restore_all(restores)


def _restore_all(restores: Sequence[Callable[[], object]]) -> None:
    """Restore from the last to the first. If a signal handler of the user interrupts it, restore all again.

    Raises:
        BaseException: the first exception. By then everything else is restored.
    """
    errors: list[BaseException] = []
    left = list(restores)
    while left:
        try:
            while left:
                left[-1]()
                left.pop()
        except BaseException as error:
            errors.append(error)
            # Only a handler is known to leave a restore that works if it is repeated.
            left = left if is_interrupt(error) and len(errors) < MAX_INTERRUPTS else left[:-1]
    if errors:
        raise errors[0]


def _keep_module(restores: list[Callable[[], object]], module: nn.Module, copies: dict[int, Tensor]) -> None:
    restores.append(partial(_restore, module, module.training, dict(module.__dict__), dict(module._buffers)))
    for name in module.__dict__.keys() - _TORCH_ATTRIBUTES:
        _keep(restores, module.__dict__[name])
    for name, buffer in module._buffers.items():
        if buffer is not None and not is_lazy(buffer):
            module._buffers[name] = copies.setdefault(id(buffer), _copied(buffer))


def _copied(buffer: Tensor) -> Tensor:
    """Return a copy of a buffer, or the buffer itself if its class refuses to be copied."""
    try:
        return buffer.clone()
    except Exception as error:
        if is_interrupt(error):
            raise
        if type(buffer) is Tensor:
            raise
        return buffer


def _keep(restores: list[Callable[[], object]], value: object) -> None:
    """Restore the contents of a user's attribute at the end.

    These are the elements of a list, dict or set, such as a cache that a pass appends to, or the state of a
    generator of random numbers.
    """
    if type(value) is list:
        restores.append(partial(value.__setitem__, slice(None), list(value)))
    elif type(value) is dict or type(value) is set:
        restores.append(partial(_refill, value, value.copy()))
    elif isinstance(value, torch.Generator):
        restores.append(partial(value.set_state, value.get_state()))
    elif isinstance(value, np.random.Generator):
        restores.append(partial(setattr, value.bit_generator, "state", value.bit_generator.state))
    elif isinstance(value, np.random.RandomState):
        restores.append(partial(value.set_state, value.get_state()))
    elif type(value) is random.Random:  # some subclasses have no state
        restores.append(partial(value.setstate, value.getstate()))


def _refill(value: Any, contents: Any) -> None:
    value.clear()
    value.update(contents)


def _restore(module: nn.Module, training: bool, attributes: dict[str, Any], buffers: dict[str, Tensor | None]) -> None:
    now = module.__dict__
    for name in [name for name in now if name not in attributes]:
        del now[name]
    now.update(attributes)
    if not isinstance(module, torch.jit.ScriptModule):
        module._buffers.clear()
        module._buffers.update(buffers)
    if module.training != training:  # a scripted module keeps its mode elsewhere
        module.training = training


def _keep_random_states(restores: list[Callable[[], object]], model: nn.Module) -> None:
    with metadata():
        devices = {tensor.device for tensor in model.parameters()} - {torch.device("cpu"), torch.device("meta")}
    restores.append(partial(random.setstate, random.getstate()))
    restores.append(partial(np.random.set_state, np.random.get_state()))
    restores.append(partial(torch.set_rng_state, torch.get_rng_state()))
    for device in devices:
        state = _generator(device).get_rng_state(*_index(device))
        restores.append(partial(_generator(device).set_rng_state, state, *_index(device)))


def _generator(device: torch.device) -> Any:
    return getattr(torch, device.type)


def _index(device: torch.device) -> tuple[torch.device, ...]:
    # torch.mps has one device, and its functions take none
    return () if device.type == "mps" else (device,)


def _uncompiled() -> AbstractContextManager[Any]:
    """Return a context in which compiled parts run eagerly, so that hooks run and nothing is compiled."""
    stance = getattr(torch.compiler, "set_stance", None)  # since torch 2.6
    if stance is None or "torch._dynamo" not in sys.modules:
        return nullcontext()
    context: AbstractContextManager[Any] = stance("force_eager")
    return context
