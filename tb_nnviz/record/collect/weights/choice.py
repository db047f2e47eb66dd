"""The choice of tracked weights, as the argument ``tracked_weights`` of ``watch`` gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tb_nnviz.record.model.metadata import metadata
from tb_nnviz.record.model.modules import NamedParameter

Index = tuple[int, ...]
#: Number of elements per weight, or indices by parameter.
Choice = int | Mapping[str, Sequence[Index]]


def checked(choice: Any, parameters: Iterable[NamedParameter]) -> Choice:
    """Return the argument ``tracked_weights`` as a choice.

    Args:
        choice: the argument.
        parameters: those that have rows.

    Raises:
        ValueError: the argument is invalid, or names a parameter or an index that does not exist.
    """
    if choice is None:
        return 0
    if isinstance(choice, int) and not isinstance(choice, bool) and choice >= 0:
        return choice
    if not isinstance(choice, Mapping):
        raise ValueError(
            f"invalid tracked_weights: {choice!r:.120} (a number of at least 0, "
            'indices by parameter such as {"fc1.weight": [(0, 3)]}, or None)'
        )
    known = {parameter.name: parameter.tensor for parameter in parameters}
    found = {}
    for name, indices in choice.items():
        if name not in known:
            raise ValueError(f"unknown parameter in tracked_weights: {name!r} (one of {', '.join(known):.200})")
        if not has_elements(known[name]):
            kind = _describe(known[name])
            raise ValueError(f"invalid tracked_weights: {name!r} is {kind}, whose single values cannot be read")
        found[name] = [_index(name, index, tuple(known[name].shape)) for index in indices]
    return found


def _index(name: str, index: Any, shape: tuple[int, ...]) -> Index:
    whole = (index,) if isinstance(index, int) and not isinstance(index, bool) else index
    if (
        not isinstance(whole, tuple | list)
        or len(whole) != len(shape)
        or not all(type(i) is int and 0 <= i < size for i, size in zip(whole, shape, strict=True))
    ):
        raise ValueError(f"invalid index in tracked_weights: {index!r} of {name!r} (its shape is {shape})")
    return tuple(whole)


def has_elements(tensor: Tensor) -> bool:
    """Return True if single values of a parameter can be read: it is floating-point, in one block of memory."""
    return (
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.is_floating_point()
        and tensor.layout == torch.strided
        and not (tensor.is_meta or tensor.is_nested)
    )


def _describe(tensor: Tensor) -> str:
    with metadata():
        return f"{type(tensor).__name__} of {tensor.dtype}, {tensor.layout}".replace("torch.", "")
