"""The table of fields to which a tensor is reduced: their order, their merge, and their power of the loss scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from torch import Tensor

Merge = Literal["min", "max", "sum"]


class Field(NamedTuple):
    """One number of those to which a tensor is reduced.

    Args:
        name: unique within its table.
        merge: the operation that combines the values of two parts of a tensor, which are blocks, micro-batches or
            ranks. All three propagate NaN: a minimum or maximum is NaN if either value is NaN.
        scale_power: the power of the loss scale by which the value of a scaled tensor is multiplied.
    """

    name: str
    merge: Merge
    scale_power: int

    @property
    def empty(self) -> float:
        """The value of an empty tensor, which changes nothing when it is merged."""
        return {"min": float("inf"), "max": float("-inf"), "sum": 0.0}[self.merge]


#: The fields of a tensor. ``native/state.h`` holds the same table. An extension built from another table is not used.
FIELDS = (
    Field("min", "min", 1),  # NaN if any element is NaN
    Field("max", "max", 1),
    Field("ieee_sum", "sum", 1),  # of all elements: the mean of a tensor that is not finite follows from it
    Field("sum", "sum", 1),  # of finite elements, like all that follow but "nonfinite"
    Field("sum_sq", "sum", 2),
    Field("nonzero", "sum", 0),
    Field("nonfinite", "sum", 0),
    Field("finite_absmax", "max", 1),
    Field("saturated", "sum", 0),  # elements near a bound of their module; NaN if it has none
)
#: The fields of one unit of a layer, such as a channel.
UNIT_FIELDS = (
    Field("min", "min", 1),
    Field("max", "max", 1),
    Field("sum_sq", "sum", 2),  # of finite elements
    Field("count", "sum", 0),  # of all elements
)
#: The index of each field in ``TensorStats.values``.
INDEX = {field.name: i for i, field in enumerate(FIELDS)}
#: Elements closer than this to a bound of their module count as saturated.
SATURATION = 1e-2


def describe(fields: Iterable[Field]) -> str:
    """Return a table as text, in the form in which the C extension exports its own.

    >>> describe(UNIT_FIELDS)
    'min:min max:max sum_sq:sum count:sum'
    """
    return " ".join(f"{field.name}:{field.merge}" for field in fields)


class TensorStats(NamedTuple):
    """The measured state of one tensor, on the tensor's device.

    Args:
        numel: number of elements.
        values: float64 [len(FIELDS)].
        units: float64 [len(UNIT_FIELDS), units], or None if no unit axis was given.
        bin_counts: counts as ``histogram.count_codes`` returns them, or None if they were not requested.
        lost: float64 [2], the number of elements whose gradient is not 0, and of those among them that are 0, or None
            if no gradient was given.
    """

    numel: int
    values: Tensor
    units: Tensor | None = None
    bin_counts: Tensor | None = None
    lost: Tensor | None = None
