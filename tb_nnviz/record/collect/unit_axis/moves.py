"""The place of an axis after an operator."""

from __future__ import annotations

import math
from typing import Any

Shape = tuple[int, ...]

#: Operators that only regroup elements, in their order.
_REGROUPING = frozenset(
    "view reshape reshape_alias unsafe_view squeeze unsqueeze flatten unflatten alias".split()  # noqa: SIM905
)
#: Operators that may change the size of any axis, but not its meaning.
_RESIZING = frozenset(
    """cat slice narrow split split_with_sizes chunk glu index index_select gather constant_pad_nd repeat unfold
    mkldnn_reshape""".split()  # noqa: SIM905
)


def regrouped(axis: int, before: Shape, after: Shape) -> int | None:
    """Return the place of an axis after a reshape, or None if the reshape splits it or joins it with others.

    A matrix of features that becomes images or volumes has channels then, as in a generator.

    >>> regrouped(1, (8, 3, 4, 5), (8, 3, 20)), regrouped(1, (8, 3, 4, 5), (8, 60)), regrouped(1, (1, 3, 5), (3, 5))
    (1, None, 0)
    """
    if axis == 1 and len(before) == 2 and len(after) > 3 and before[0] == after[0]:
        return 1
    outer, size = math.prod(before[:axis]), before[axis]
    reached = 1
    for place, other in enumerate(after):
        if reached == outer and other == size:
            return place
        reached *= other
    return None


def moved(name: str, node: Any, axis: int, before: Shape, after: Shape) -> int | None:
    """Return the place of an input's axis in the output of an operator, or None if it is not there.

    Args:
        name: the operator.
        node: its autograd node, which has saved its arguments.
        axis: the input's axis.
        before: the input's shape.
        after: the output's shape.
    """
    if name in _REGROUPING:
        return regrouped(axis, before, after)
    if name == "permute" and len(dims := _axes(node, "dims", len(before))) == len(before):
        return dims.index(axis)
    if name in ("transpose", "t"):
        first, second = (_axes(node, f"dim{i}", len(before)) for i in (0, 1))
        pair = (*first, *second) if first and second else (0, len(before) - 1)
        return {pair[0]: pair[1], pair[1]: pair[0]}.get(axis, axis)
    if len(before) == len(after):
        return axis if before[axis] == after[axis] or name in _RESIZING else None
    dims = _axes(node, "dim", max(len(before), len(after)))
    if name == "stack" and dims:
        return axis + (dims[0] <= axis)
    if len(after) < len(before) and dims and axis not in dims:  # select, or a reduction such as a mean
        return axis - sum(dim < axis for dim in dims)
    if name == "expand":
        return axis + len(after) - len(before)
    return None


def _axes(node: Any, argument: str, count: int) -> tuple[int, ...]:
    """Return an argument of an operator that gives axes, or nothing if the operator has no such argument."""
    saved = getattr(node, f"_saved_{argument}", None)
    found = saved if isinstance(saved, tuple | list) else (saved,)
    if not all(isinstance(axis, int) for axis in found):
        return ()
    # torch reports a negative number as an unsigned one
    return tuple((axis - 2**64 if axis >= 2**63 else axis) % count for axis in found)
