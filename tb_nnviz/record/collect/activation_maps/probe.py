"""The probe: the fixed inputs of the activation maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Probe:
    """A private copy of one model's inputs.

    It follows the model to another device. Tensors of the model's dtype also follow it to another dtype.

    >>> probe = Probe.of(torch.ones(2, 3), nn.Linear(3, 1))
    >>> probe.first.shape, len(probe.args), probe.kwargs
    (torch.Size([2, 3]), 1, {})
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    #: The model's dtype when the probe was given. Tensors of this dtype follow the model, as after ``model.half()``.
    dtype: torch.dtype | None = None

    @classmethod
    def of(cls, value: Any, model: nn.Module, name: str = "probe") -> Probe:
        """Make a probe of a tensor, a tuple of positional arguments, or a dict of arguments by name.

        Raises:
            TypeError: the value is none of these.
            ValueError: it contains no tensor.
        """
        args: tuple[Any, ...] = ()
        kwargs: dict[str, Any] = {}
        if isinstance(value, Tensor):
            args = (value,)
        elif isinstance(value, tuple):
            args = tuple(value)
        elif isinstance(value, Mapping):
            kwargs = dict(value)
        else:
            expected = "a tensor, a tuple of positional arguments, or a dict of arguments by name"
            raise TypeError(f"invalid {name}: {type(value).__name__} {value!r:.60} ({expected})")
        if any(not isinstance(key, str) for key in kwargs):
            raise TypeError(f"invalid {name}: {sorted(map(repr, kwargs))} (names of arguments are strings)")
        device = device_of(model)
        args, kwargs = _map((args, kwargs), lambda tensor: tensor.detach().to(device, copy=True))
        probe = cls(args, kwargs, dtype_of(model))
        if next(probe.tensors(), None) is None:
            raise ValueError(f"invalid {name}: there is no tensor in {value!r:.80}")
        return probe

    def tensors(self) -> Iterator[Tensor]:
        """Iterate over all tensors, in the order given."""
        return _tensors((self.args, self.kwargs))

    @property
    def first(self) -> Tensor:
        """The first tensor, which represents the inputs."""
        return next(self.tensors())

    def call(self, model: nn.Module) -> Any:
        """Call the model, uncompiled, on fresh copies of the inputs, which it may modify."""
        device, dtype = device_of(model), dtype_of(model)
        args, kwargs = _map(
            (self.args, self.kwargs),
            lambda tensor: tensor.to(device, dtype if tensor.dtype == self.dtype else tensor.dtype, copy=True),
        )
        return model._call_impl(*args, **kwargs)  # type: ignore[no-untyped-call]


def probes(probe: Any, models: Mapping[str, nn.Module]) -> dict[str, Probe]:
    """Return the probes by the prefix of their model. With a dict of models, ``probe`` is a dict by their names.

    Raises:
        TypeError, ValueError: see ``Probe.of``, or a name that no model has.
    """
    if list(models) == [""]:
        return {"": Probe.of(probe, models[""])}
    if not isinstance(probe, Mapping):
        expected = f"a dict of probes by the models' names: {', '.join(models)}"
        raise TypeError(f"invalid probe: {type(probe).__name__} ({expected})")
    if unknown := [name for name in probe if name not in models]:
        raise ValueError(f"unknown model of probe: {unknown[0]!r} (one of {', '.join(models)})")
    if not probe:
        raise ValueError("missing probe: the dict is empty")
    return {name: Probe.of(value, models[name], f"probe of {name}") for name, value in probe.items()}


def device_of(model: nn.Module) -> torch.device:
    """Return the device of the model's first parameter, to which its inputs go."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def dtype_of(model: nn.Module) -> torch.dtype | None:
    """Return the dtype of the model's first floating-point parameter, or None if it has none."""
    return next((parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()), None)


def _map(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Return the same structure of tuples, lists and dicts with each tensor replaced."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {key: _map(item, function) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_map(item, function) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(_map(item, function) for item in value)
    return value


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from _tensors(item)
