"""The arguments of a model's call, kept by reference, and whether they have changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.nested import tensors_in, with_tensors

#: Containers that are searched at every call. Others are searched in full.
_CONTAINERS = (tuple, list, dict)


class Arguments(NamedTuple):
    """The arguments of one call, by reference, with the versions of their tensors.

    >>> x = torch.zeros(2)
    >>> arguments = Arguments.of((x,), {"scale": 2})
    >>> arguments.problem(), x.add_(1), arguments.problem()
    ('', tensor([1., 1.]), 'an input was changed in place since the pass')
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tensors: list[Tensor]
    versions: list[int]

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """Keep the arguments of a call."""
        found: list[Tensor] = []
        _collect((args, kwargs), found, 4)
        return cls(args, dict(kwargs), found, [_version(tensor) for tensor in found])

    @property
    def bytes(self) -> int:
        """The memory of the tensors."""
        return sum(map(size_of, self.tensors))

    def problem(self) -> str:
        """Return the reason why the call cannot be repeated with these arguments, "" if it can."""
        found: list[Tensor] = []
        _collect((self.args, self.kwargs), found, 4)
        if len(found) != len(self.tensors) or any(a is not b for a, b in zip(found, self.tensors, strict=True)):
            return "a container among the inputs was changed since the pass"
        if [_version(tensor) for tensor in found] != self.versions:
            return "an input was changed in place since the pass"
        if any(isinstance(value, Iterator) for value in _leaves((self.args, self.kwargs), 4)):
            return "an input is an iterator, which the pass has consumed"
        return ""

    def copies(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with copies of their tensors, which are leaves of autograd's graph."""

        def copied(tensor: Tensor) -> Tensor:
            made = tensor.detach().clone()
            return made.requires_grad_(tensor.requires_grad)

        args, kwargs = with_tensors((self.args, self.kwargs), copied)
        return args, kwargs


def size_of(tensor: Tensor) -> int:
    """Return the bytes of a tensor's elements, 0 for one without a block of memory."""
    try:
        return 0 if tensor.is_sparse or tensor.is_nested else tensor.nbytes
    except (RuntimeError, TypeError, NotImplementedError) as error:  # of a class that refuses functions
        if is_interrupt(error):
            raise
        return 0


def _collect(value: object, found: list[Tensor], levels: int) -> None:
    if isinstance(value, Tensor):
        found.append(value)
    elif value is None or isinstance(value, int | float | str | torch.dtype | torch.device):
        return
    elif type(value) in _CONTAINERS and levels:
        for part in value.values() if isinstance(value, dict) else value:  # type: ignore[attr-defined]
            _collect(part, found, levels - 1)
    else:
        found += tensors_in(value)


def _leaves(value: object, levels: int) -> Iterator[object]:
    if isinstance(value, tuple | list | Mapping) and levels:
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(part, levels - 1)
    else:
        yield value


def _version(tensor: Tensor) -> int:
    try:
        return tensor._version
    except RuntimeError as error:  # an inference tensor has no version
        if is_interrupt(error):
            raise
        return -1
