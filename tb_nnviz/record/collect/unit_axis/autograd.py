"""The axis of units as autograd's graph of a forward pass shows it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from torch import Tensor

from tb_nnviz.record.collect.dataflow.autograd import operator_name, shape_at
from tb_nnviz.record.collect.unit_axis.moves import moved

#: Most operators that are searched for one output.
_NEAR = 128
#: Operators whose output has channels, at axis 1.
_CHANNELS = re.compile(r"conv(?!_tbc)|batch_norm|group_norm|channel_shuffle")
#: Operators whose output has channels before as many places as the number in their name.
_PLACES = re.compile(r"(?:pool|unpool|upsample_\w*|pad|grid_sampler_?)(\d)d")
#: Operators whose output has channels before two places.
_IMAGES = frozenset(("pixel_shuffle", "pixel_unshuffle", "col2im"))
#: Operators whose output has units on its last axis.
_LAST = re.compile(r"linear$|addmm|^mm$|matmul$|addmv|^mv$|embedding|rnn")


class Found(NamedTuple):
    """An axis of units. It is ``certain`` if the operator that made it takes no other layout."""

    axis: int
    certain: bool


def units_of(x: Tensor) -> int | None:
    """Return the axis of a tensor's units, or None if its operators do not determine one.

    The operators are followed back to the nearest ones whose layout is known, such as a convolution. Only their
    shapes and numbers are read, since a checkpoint would recompute a tensor that it has not saved.

    >>> import torch
    >>> image = torch.nn.Conv2d(3, 8, 3)(torch.ones(2, 3, 5, 5))
    >>> units_of(image.relu()), units_of(image.permute(0, 2, 3, 1).exp()), units_of(image.flatten(1))
    (1, 3, None)
    """
    found = None if x.grad_fn is None else _Search().units(x.grad_fn, x.output_nr)
    return None if found is None else found.axis


class _Search:
    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Found | None] = {}
        self._nodes: list[Any] = []  # held, because the id of a freed node can be used again

    def units(self, node: Any, output: int) -> Found | None:
        key = id(node), output
        if key in self._known or len(self._nodes) >= _NEAR:
            return self._known.get(key)
        self._nodes.append(node)
        self._known[key] = None
        found = self._known[key] = self._search(node, output)
        return found

    def _search(self, node: Any, output: int) -> Found | None:
        shape, name = shape_at(node, output), operator_name(node.name())
        if shape is None:
            return None
        if (declared := _declared(name, len(shape))) is not None:
            return declared
        found: list[Found] = []
        for other, at in node.next_functions:
            if other is None or hasattr(other, "variable") or (before := shape_at(other, at)) is None:
                continue
            if (inner := self.units(other, at)) is None:
                continue
            axis = moved(name, node, inner.axis, before, shape)
            if axis is None and operator_name(other.name()) == "batch_norm" and before[0] == 1 and len(shape) > 1:
                # an instance norm is the batch norm of one sample with the channels of all samples
                axis = 1 if before[1:] == (shape[0] * shape[1], *shape[2:]) else None
            if axis is not None:
                found.append(inner._replace(axis=axis))
        return next((one for one in found if one.certain), found[0] if found else None)


def _declared(name: str, dims: int) -> Found | None:
    """Return the axis of units of an operator's output if it follows from the operator."""
    if (match := _PLACES.search(name)) is not None or name in _IMAGES:
        axis = dims - 1 - (2 if match is None else int(match[1]))
        return Found(axis, True) if axis >= 0 else None
    if dims > 1 and _CHANNELS.search(name):
        return Found(1, True)
    return Found(dims - 1, False) if dims and _LAST.search(name) else None
