"""What stands for a measured tensor: a few numbers, mergeable, still on its device."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

#: The numbers that stand for a tensor, in their order. ``native/state.h`` has the same.
FIELDS = (
    "low",  # minimum and maximum, NaN if any element is
    "high",
    "total",  # plain sum, as IEEE has it: the mean where something is not finite
    "first",  # sum, and sum of squares, nonfinite elements counted as 0
    "second",
    "nonzero",  # finite elements that are not exactly 0
    "nonfinite",
    "finite_absmax",  # only where nonfinite > 0
    "saturated",  # NaN where the module has no bound
)
#: How near to its module's bound an element counts as saturated.
SATURATION = 1e-2


class TensorStats(NamedTuple):
    """The measured state of one tensor.

    ``values`` is float64 [len(FIELDS)]. ``units``, where a unit axis was given, is float64 [4, units]:
    minimum, maximum, sum of squares of finite elements, and number of elements of each unit. ``bin_counts``,
    where asked for, are counts as ``histogram.count_codes`` gives them.
    """

    numel: int
    values: Tensor
    units: Tensor | None = None
    bin_counts: Tensor | None = None
