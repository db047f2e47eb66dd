"""The size of each weight's map. It depends on shapes and the budget of bytes only, so that it stays the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Values that a map has even if they exceed the budget: 8 x 8 tiles of three numbers.
LEAST_VALUES = 192
#: Bytes of a map in an event besides its values and norms: tag, metadata, header.
FIXED_BYTES = 560
#: Bytes of a norm in the header: digits and comma.
NORM_BYTES = 10
#: A kernel with more pixels is shown as a matrix.
MOST_PIXELS = 4096

MATRIX = ("row", "column")
KERNELS = ("out", "in", "height", "width")


@dataclass(frozen=True)
class View:
    """The view of a parameter: a matrix, or kernels by output and input channel.

    Args:
        axes: their names.
        shape: their sizes.
        transposed: the first two axes of the parameter are exchanged, as in a transposed convolution.
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    transposed: bool = False


@dataclass(frozen=True)
class Plan:
    """The part of a view that its map keeps.

    Args:
        view: the view.
        kept: rows and columns of tiles, or output and input channels.
        tile: rows and columns of a tile. The last tiles may be smaller. (1, 1) for kernels.
    """

    view: View
    kept: tuple[int, int]
    tile: tuple[int, int] = (1, 1)

    @property
    def tiled(self) -> bool:
        return self.tile != (1, 1)

    @property
    def values(self) -> int:
        """Number of values of the map, of one byte each."""
        pixels = math.prod(self.view.shape[2:])
        return self.kept[0] * self.kept[1] * pixels * (3 if self.tiled else 1)

    @property
    def bytes(self) -> int:
        """Approximate size of the map in an event."""
        norms = sum(kept * (2 if tile > 1 else 1) for kept, tile in zip(self.kept, self.tile, strict=True))
        return FIXED_BYTES + self.values + NORM_BYTES * norms


def view(shape: Sequence[int], convolution: bool = False, transposed: bool = False) -> View:
    """Return the view of a parameter with at least two dimensions.

    The weight of a convolution is viewed as kernels unless they are single numbers, and so is any parameter of four
    dimensions or more. Other parameters are matrices whose columns are the last axis.

    >>> view((16, 3, 5, 5)), view((1, 197, 64)).shape, view((8, 4, 1, 1), True).axes
    (View(axes=('out', 'in', 'height', 'width'), shape=(16, 3, 5, 5), transposed=False), (197, 64), ('row', 'column'))
    """
    spatial = tuple(shape[2:])
    pixels = math.prod(spatial)
    if (len(shape) >= 4 or (convolution and len(shape) == 3)) and 1 < pixels <= MOST_PIXELS:
        first, second = (shape[1], shape[0]) if transposed else (shape[0], shape[1])
        return View(KERNELS, (first, second, math.prod(spatial[:-1]), spatial[-1]), transposed)
    if convolution and pixels == 1:
        first, second = (shape[1], shape[0]) if transposed else (shape[0], shape[1])
        return View(MATRIX, (first, second), transposed)
    sizes = [size for size in shape if size != 1]
    if len(sizes) < 2:  # a single column stays a column, and a single row stays a row
        return View(MATRIX, (shape[0], math.prod(shape[1:])))
    return View(MATRIX, (math.prod(sizes[:-1]), sizes[-1]))


def plans(views: Sequence[View], budget: int) -> list[Plan]:
    """Return a plan per view, so that all maps fit into the budget: small ones whole, the others of about equal size.

    >>> small, large = plans([View(MATRIX, (10, 10)), View(MATRIX, (512, 512))], 4096)
    >>> small.tiled, large.tile, large.kept
    (False, (23, 23), (23, 23))
    """
    whole = [_whole(view) for view in views]
    left, share = budget, 0
    for number, plan in enumerate(sorted(whole, key=lambda plan: plan.bytes)):
        share = left // (len(whole) - number)
        if plan.bytes > share:
            break
        left -= plan.bytes
    else:
        return whole
    return [plan if plan.bytes <= share else _reduced(plan.view, share) for plan in whole]


def _whole(view: View) -> Plan:
    return Plan(view, (view.shape[0], view.shape[1]))


def _reduced(view: View, share: int) -> Plan:
    """Return the largest plan of at most ``share`` bytes or ``LEAST_VALUES`` values. The longer axis is cut first."""
    make = _fewer_kernels if view.axes == KERNELS else _tiles
    low, high = 1, max(view.shape[:2])
    while low < high:  # search for the largest kept size of an axis
        middle = (low + high + 1) // 2
        plan = make(view, middle)
        if plan.bytes <= share or plan.values <= LEAST_VALUES:
            low = middle
        else:
            high = middle - 1
    return make(view, low)


def _tiles(view: View, most: int) -> Plan:
    rows, columns = view.shape
    kept = tuple(math.ceil(size / math.ceil(size / most)) for size in (rows, columns))
    # The smallest tile that gives as many tiles, so that a reader can infer it from the sizes before and after.
    return Plan(view, (kept[0], kept[1]), (math.ceil(rows / kept[0]), math.ceil(columns / kept[1])))


def _fewer_kernels(view: View, most: int) -> Plan:
    return Plan(view, (min(view.shape[0], most), min(view.shape[1], most)))


def evenly(size: int, kept: int) -> list[int]:
    """Return the indices of an axis that are kept, evenly spaced.

    >>> evenly(10, 4)
    [0, 2, 5, 7]
    """
    return [i * size // kept for i in range(kept)]
