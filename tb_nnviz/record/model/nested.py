"""Tensors within a model's inputs, which may be containers and objects of any class."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

#: Levels of nesting that are searched.
MOST_LEVELS = 12
#: Objects that are passed on as they are, whatever they hold.
_WHOLE = (
    *(str, bytes, int, float, complex, type(None)),
    *(type, ModuleType, FunctionType, MethodType, nn.Module, torch.Generator, torch.dtype, torch.device),
)


def tensors_in(value: object) -> Iterator[Tensor]:
    """Yield the tensors within a value once each, in the order of items and attributes.

    >>> class Batch:
    ...     def __init__(self): self.x, self.more = torch.ones(2), {"y": torch.zeros(1)}
    >>> list(tensors_in(Batch()))
    [tensor([1., 1.]), tensor([0.])]
    """
    yield from _tensors(value, MOST_LEVELS, {})


def _tensors(value: object, levels: int, seen: dict[int, object]) -> Iterator[Tensor]:
    if id(value) in seen:
        return
    seen[id(value)] = value  # held, because an id can be used again
    if isinstance(value, Tensor):
        yield value
    elif levels:
        for part in _parts(value):
            yield from _tensors(part, levels - 1, seen)


def _parts(value: object) -> list[object]:
    """Return the items of a container, or the attributes of an object."""
    if isinstance(value, _WHOLE):
        return []
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, tuple | list | set | frozenset):
        return list(value)
    return list(_attributes(value).values())


def _attributes(value: object) -> dict[str, Any]:
    """Return the attributes that an object holds itself: those in its ``__dict__`` and its slots."""
    slots = [name for base in type(value).__mro__ for name in _names(vars(base).get("__slots__", ()))]
    found = {name: getattr(value, name) for name in slots if name[:2] != "__" and hasattr(value, name)}
    return {**found, **getattr(value, "__dict__", {})}


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def with_tensors(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Return a copy of a value in which each tensor is replaced. What holds no tensor is not copied.

    A tensor that is there several times is replaced by one. Objects are copied by ``copy.copy``.

    Args:
        value: the value.
        function: returns the replacement of a tensor.

    >>> with_tensors({"a": (torch.ones(1), 3), "b": [torch.zeros(1)]}, lambda x: x + 1)
    {'a': (tensor([2.]), 3), 'b': [tensor([1.])]}
    """
    return _replaced(value, function, MOST_LEVELS, {})


def _replaced(value: Any, function: Callable[[Tensor], Tensor], levels: int, done: dict[int, tuple[Any, Any]]) -> Any:
    if id(value) in done:
        return done[id(value)][1]
    if isinstance(value, Tensor):
        done[id(value)] = value, function(value)
        return done[id(value)][1]
    if not levels or next(_tensors(value, levels, {}), None) is None:
        return value

    def inner(part: Any) -> Any:
        return _replaced(part, function, levels - 1, done)

    made: Any
    if isinstance(value, PackedSequence):  # its sizes stay on the CPU
        made = PackedSequence(
            inner(value.data), value.batch_sizes.clone(), inner(value.sorted_indices), inner(value.unsorted_indices)
        )
    elif type(value) in (tuple, set, frozenset):
        made = type(value)(map(inner, value))
    elif isinstance(value, tuple):
        made = type(value)(*map(inner, value)) if hasattr(value, "_fields") else type(value)(map(inner, value))
    else:
        made = copy.copy(value)
        done[id(value)] = value, made  # a value may contain itself
        _fill(made, inner)
    done[id(value)] = value, made
    return made


def _fill(made: Any, inner: Callable[[Any], Any]) -> None:
    """Replace the tensors of a shallow copy of a list, a mapping or an object."""
    if isinstance(made, list):
        made[:] = map(inner, made)
        return
    if isinstance(made, Mapping):
        for key, part in list(made.items()):
            if (new := inner(part)) is not part:
                made[key] = new  # type: ignore[index]
        return
    for name, part in _attributes(made).items():
        if (new := inner(part)) is not part:
            if name in getattr(made, "__dict__", {}):
                made.__dict__[name] = new
            else:
                object.__setattr__(made, name, new)
