"""The largest unit and the sum over units at each position of a model's output."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

#: Numbers of units that are compared. A single unit is always the largest, and more are too many to count.
FEWEST_UNITS, MOST_UNITS = 2, 1 << 12
#: Positions that are read, and the elements that they may have in all.
MOST_POSITIONS, MOST_ELEMENTS = 1 << 12, 1 << 20


def count_largest(x: Tensor, unit_axis: int) -> Tensor | None:
    """Return by unit the number of positions at which it is the largest, then two numbers of all positions.

    These are the number of positions, and the sum of |sum over units - 1|. At most ``MOST_POSITIONS`` evenly spaced
    positions are read. The result is float64 [units + 2] (float32 on Apple's GPUs), or None if the output has too few
    or too many units.

    Args:
        x: a detached, strided tensor of real numbers with a batch axis.
        unit_axis: the axis of units. All others are axes of positions.

    >>> count_largest(torch.tensor([[0.25, 0.75], [1.0, 3.0], [2.0, 0.0]]), 1).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    units = x.shape[unit_axis] if x.dim() > 1 else 0
    if not FEWEST_UNITS <= units <= MOST_UNITS or x.numel() == 0:
        return None
    x = x.movedim(unit_axis, -1)
    kept, steps = list(x.shape[:-1]), [1] * (x.dim() - 1)
    while np.prod(kept) > min(MOST_POSITIONS, MOST_ELEMENTS // units):
        longest = kept.index(max(kept))
        steps[longest] += 1
        kept[longest] = -(-x.shape[longest] // steps[longest])
    x = x[tuple(slice(None, None, step) for step in steps)].reshape(-1, units)
    exact = torch.float32 if x.device.type == "mps" else torch.float64
    x = x.float() if x.dtype.itemsize < 4 else x
    counts = x.new_zeros(units + 2, dtype=exact)
    counts.scatter_add_(0, x.argmax(1), counts.new_ones(x.shape[0]))
    counts[-2] += x.shape[0]
    counts[-1] += (x.sum(1, dtype=exact) - 1).abs().sum()
    return counts


def largest_share(counts: np.ndarray) -> float:
    """Return the largest share of positions at which the same unit is the largest.

    >>> largest_share(np.array([1.0, 2.0, 3.0, 4.0]))
    0.6666666666666666
    """
    # an output with NaN has no largest unit
    return float("nan") if np.isnan(counts[-1]) else float(counts[:-2].max() / counts[-2])


def sum_deviation(counts: np.ndarray) -> float:
    """Return the mean over positions of |sum over units - 1|.

    >>> sum_deviation(np.array([1.0, 2.0, 3.0, 4.5]))
    1.5
    """
    return float(counts[-1] / counts[-2])
