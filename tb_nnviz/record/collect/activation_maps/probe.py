"""The probe: the fixed inputs of the activation maps."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from tb_nnviz.record.model.metadata import metadata
from tb_nnviz.record.model.nested import tensors_in, with_tensors

_EXPECTED = "a tensor, a tuple of positional arguments, a dict of arguments by name, or an object that holds tensors"


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
        """Make a probe of a tensor, a tuple of positional arguments, a dict of arguments by name, or another object.

        Raises:
            TypeError: the value is none of these, or it is an object without tensors or that cannot be copied.
            ValueError: a tuple or a dict contains no tensor.
        """
        args: tuple[Any, ...] = ()
        kwargs: dict[str, Any] = {}
        if isinstance(value, Tensor):
            args = (value,)
        elif isinstance(value, tuple) and _is_spread(value, model):
            args = tuple(value)
        elif isinstance(value, Mapping):
            kwargs = dict(value)
        elif not isinstance(value, list) and next(tensors_in(value), None) is not None:
            args = (value,)
        else:
            raise TypeError(f"invalid {name}: {_shown(value)} ({_EXPECTED})")
        if any(not isinstance(key, str) for key in kwargs):
            raise TypeError(f"invalid {name}: {sorted(map(repr, kwargs))} (names of arguments are strings)")
        device = device_of(model)
        if next(tensors_in((args, kwargs)), None) is None:
            raise ValueError(f"invalid {name}: there is no tensor in {_shown(value)}")
        try:
            args, kwargs = with_tensors((args, kwargs), lambda tensor: tensor.detach().to(device, copy=True))
        except Exception as error:  # of a user's class
            raise TypeError(f"invalid {name}: {_shown(value)} cannot be copied ({error!r:.120})") from error
        return cls(args, kwargs, dtype_of(model))

    def tensors(self) -> Iterator[Tensor]:
        """Iterate over all tensors, in the order given."""
        return tensors_in((self.args, self.kwargs))

    @property
    def first(self) -> Tensor:
        """The first tensor, which represents the inputs."""
        return next(self.tensors())

    def call(self, model: nn.Module) -> Any:
        """Call the model, uncompiled, on fresh copies of the inputs, which it may modify."""
        device, dtype = device_of(model), dtype_of(model)
        args, kwargs = with_tensors(
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
    """Return the device of the model's first parameter with values, to which its inputs go."""
    with metadata():
        devices = (parameter.device for parameter in model.parameters() if not parameter.is_meta)
        return next(devices, torch.device("cpu"))


def dtype_of(model: nn.Module) -> torch.dtype | None:
    """Return the dtype of the model's first floating-point parameter, or None if it has none."""
    with metadata():
        return next((parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()), None)


def _is_spread(value: tuple[Any, ...], model: nn.Module) -> bool:
    """Return True if a tuple holds the positional arguments, and False if it is the only argument itself.

    A plain tuple holds them. A named one does so if the model takes as many, or arguments of these names.
    """
    fields = getattr(value, "_fields", None)
    if fields is None:
        return True
    if isinstance(value, PackedSequence):
        return False
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return True
    known = signature.parameters.values()
    required = [one for one in known if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    if set(fields) <= set(signature.parameters) or len(required) == len(value):
        return True
    try:
        signature.bind(value)
    except TypeError:
        return True
    return False


def _shown(value: Any) -> str:
    """Return a value's class and the beginning of its text, which a class may refuse to give."""
    try:
        text = f"{value!r:.60}"
    except Exception:
        return type(value).__name__
    return f"{type(value).__name__} {text}"
