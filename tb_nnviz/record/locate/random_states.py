"""The states of random number generators at the beginning of a pass."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from tb_nnviz.record.model.metadata import metadata

#: Puts a generator into the state that it had.
Restore = Callable[[], object]


class RandomStates:
    """The generators that a model may draw from, and functions that put their states back.

    The state of torch's generators is read at every pass, which takes a microsecond. Python's and numpy's take longer.
    They are read in the first passes, and after those only if a pass has changed them.

    Args:
        model: the model.
    """

    #: Passes in which all generators are read.
    LEARNED = 2

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._passes = self._unchanged = 0
        self._devices: list[torch.device] = []
        self._own: list[Any] = []
        self._slow = True
        self._before: tuple[Any, int] | None = None

    def begin(self) -> list[Restore]:
        """Return functions that put the generators into their present state."""
        if self._passes <= self.LEARNED:  # a module may make its generator in its first pass
            self._devices, self._own = _devices(self._model), list(_generators(self._model))
        generator = torch.default_generator  # torch.get_rng_state takes ten times as long
        found: list[Restore] = [partial(generator.set_state, generator.get_state())]
        if self._devices:
            found += map(_of_device, self._devices)
        if self._own:
            found += map(_of_generator, self._own)
        if self._slow:
            python, of_numpy = random.getstate(), np.random.get_state()
            self._before = python, _position(of_numpy)
            found += [lambda: random.setstate(python), lambda: np.random.set_state(of_numpy)]
        return found

    def end(self) -> None:
        """Learn if the pass has drawn from Python's or numpy's generator."""
        self._passes += 1
        if self._before is None:
            return
        python, position = self._before
        self._before = None
        self._unchanged += 1
        if random.getstate() != python or _position(np.random.get_state()) != position:
            self._unchanged = 0
        elif self._unchanged >= self.LEARNED:
            self._slow = False


def _position(state: Any) -> int:
    return hash((int(state[2]), int(state[3]), state[1].tobytes()))


def _devices(model: nn.Module) -> list[torch.device]:
    with metadata():
        found = {tensor.device for tensor in model.parameters()} | {tensor.device for tensor in model.buffers()}
    return [device for device in found if device.type not in ("cpu", "meta")]


def _generators(model: nn.Module) -> Iterable[Any]:
    kinds = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
    seen: dict[int, Any] = {}
    for module in model.modules():
        seen |= {id(value): value for value in vars(module).values() if isinstance(value, kinds)}
    return seen.values()


def _of_device(device: torch.device) -> Restore:
    home: Any = getattr(torch, device.type)
    index = () if device.type == "mps" else (device,)
    state = home.get_rng_state(*index)
    return lambda: home.set_rng_state(state, *index)


def _of_generator(one: Any) -> Restore:
    state: Any
    if hasattr(one, "get_state"):  # of torch, or numpy's RandomState
        state = one.get_state()
        return lambda: one.set_state(state)
    if isinstance(one, np.random.Generator):
        state = one.bit_generator.state
        return lambda: setattr(one.bit_generator, "state", state)
    state = one.getstate()
    return lambda: one.setstate(state)
