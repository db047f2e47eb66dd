"""The axis of units of each row, inferred once."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.unit_axis.autograd import units_of
from tb_nnviz.record.collect.unit_axis.modules import declared_units, normalized_units, usual_units
from tb_nnviz.record.collect.unit_axis.moves import Shape, regrouped

#: Stride and size of an axis, by which it is found again in a view.
_Place = tuple[int, int]


class _Seen(NamedTuple):
    tensor: weakref.ref[Tensor]
    axis: int
    place: _Place | None


class UnitAxes:
    """The axis of units of each row.

    It is inferred at the first output of a row: from autograd's graph, which shows functions between the modules
    too. Without gradients it follows from the module's type, from the module's inputs, or from an earlier output of
    the same shape. It is then kept as a distance from the last axis, so that it also holds for an output without a
    batch axis.

    >>> units, conv = UnitAxes(), nn.Conv2d(3, 8, 3)
    >>> units.of("conv", conv, (), conv(torch.ones(2, 3, 5, 5))), units.known("conv", 3)
    (1, 0)
    """

    def __init__(self) -> None:
        self._known: dict[str, int | None] = {}
        self._shapes: dict[Shape, int] = {}
        self._outputs: dict[int, _Seen] = {}  # by the id of an output, or of the tensor that it is a view of

    def next_step(self) -> None:
        """Forget the outputs of a step."""
        self._outputs.clear()

    def __contains__(self, name: str) -> bool:
        """Return True if the axis of a row was inferred."""
        return name in self._known

    def known(self, name: str, dims: int) -> int | None:
        """Return the axis of units of a row's output, or None if nothing determines it.

        Args:
            name: the row.
            dims: number of axes of the output.
        """
        distance = self._known.get(name)
        return None if distance is None or distance > dims else dims - distance

    def of(self, name: str, module: nn.Module, inputs: Iterable[Tensor], output: Tensor) -> int | None:
        """Return the axis of units of a row's output, or None if nothing determines it.

        Args:
            name: the row.
            module: the module.
            inputs: the tensors that it was called with.
            output: the tensor that the row describes, with its place in autograd's graph.
        """
        if name not in self._known:
            axis = None if output.is_nested else self._infer(module, inputs, output)
            self._known[name] = None if axis is None else output.dim() - axis
            self.note(output, axis)
        return self.known(name, output.dim())

    def note(self, output: Tensor, axis: int | None) -> None:
        """Remember the axis of units of an output, for the modules that read it."""
        if axis is not None:
            place = (output.stride(axis), output.size(axis)) if _is_plain(output) else None
            for tensor in (output, _base_of(output)):
                if tensor is not None:
                    self._outputs[id(tensor)] = _Seen(weakref.ref(tensor), axis, place)
            self._shapes[tuple(output.shape)] = axis

    def _infer(self, module: nn.Module, inputs: Iterable[Tensor], output: Tensor) -> int | None:
        shape = tuple(output.shape)
        if (axis := units_of(output)) is not None or (axis := self._declared(module, output)) is not None:
            return axis
        for x in inputs:
            if _is_plain(x) and _is_plain(output) and (axis := self._followed(x, output)) is not None:
                return axis
        if (axis := normalized_units(module, shape)) is not None:
            return axis
        known = self._shapes.get(shape)
        return usual_units(module, shape) if known is None else known

    def _declared(self, module: nn.Module, output: Tensor) -> int | None:
        """Return the axis of units that the module's type determines, also if a subclass turned the output."""
        base = _base_of(output) if _is_plain(output) else None
        if base is None or base.dim() != output.dim() or id(base) in self._outputs:
            return declared_units(module, tuple(output.shape))
        axis = declared_units(module, tuple(base.shape))
        return None if axis is None else _place(output, (base.stride(axis), base.size(axis)))

    def _followed(self, x: Tensor, output: Tensor) -> int | None:
        """Return the place of the units of an input in the output, if the input is an earlier output."""
        if (found := self._origin(x)) is None:
            return None
        before, shape = tuple(x.shape), tuple(output.shape)
        if (base := _base_of(output)) is not None and (base is x or base is _base_of(x)):
            return _place(output, (x.stride(found), before[found]))
        if len(before) == len(shape):
            return found if before[found] == shape[found] else None
        return regrouped(found, before, shape)

    def _origin(self, x: Tensor) -> int | None:
        """Return the axis of units of an earlier output, or of a view of one."""
        if (seen := self._outputs.get(id(x))) is not None and seen.tensor() is x:
            return seen.axis
        base = _base_of(x)
        seen = self._outputs.get(id(base))
        if base is None or seen is None or seen.tensor() is not base or seen.place is None:
            return None
        return _place(x, seen.place)


def _base_of(view: Tensor) -> Tensor | None:
    """Return the tensor that another one is a view of."""
    return None if view.is_inference() else view._base


def _is_plain(x: Tensor) -> bool:
    return type(x) in (Tensor, nn.Parameter) and x.layout == torch.strided and not x.is_nested


def _place(view: Tensor, place: _Place) -> int | None:
    """Return the axis of a view that has this stride and size."""
    same = [i for i in range(view.dim()) if (view.stride(i), view.size(i)) == place]
    return same[0] if len(same) == 1 else None
