"""The spread of a tensor's elements over samples, estimated from a few of them."""

from __future__ import annotations

import torch
from torch import Tensor

#: Samples that are compared.
MOST_SAMPLES = 8
#: Elements of a sample that are compared.
MOST_ELEMENTS = 1 << 13


def every(x: Tensor, axis: int, most: int) -> Tensor:
    """Return a tensor with at most this many evenly spaced indices of an axis, which are ``i * size // kept``.

    >>> every(torch.arange(6), 0, 4).tolist()
    [0, 1, 3, 4]
    """
    size = x.shape[axis]
    if size <= most:
        return x
    if size % most == 0:  # a view
        return x[(slice(None),) * (axis % x.dim()) + (slice(None, None, size // most),)]
    # indices that are made on the device need no copy to it
    return x.index_select(axis, torch.arange(most, device=x.device).mul_(size).div_(most, rounding_mode="floor"))


def spread(x: Tensor, axis: int) -> Tensor | None:
    """Return the root mean square, over the elements of a sample, of their standard deviation over samples.

    At most ``MOST_SAMPLES`` samples and ``MOST_ELEMENTS`` evenly spaced elements of each are read. The result is
    exactly 0 if these samples are equal. It has one element, or is None with fewer than two samples.

    Args:
        x: a detached, strided tensor of real numbers, [..., samples, ...].
        axis: the axis of samples.

    >>> spread(torch.tensor([[1.0, 5.0], [3.0, 5.0]]), 0)
    tensor([0.7071], dtype=torch.float64)
    """
    if x.shape[axis] < 2 or x.numel() == 0:
        return None
    others = sorted((i for i in range(x.dim()) if i != axis % x.dim()), key=x.stride, reverse=True)
    x = every(x, axis, MOST_SAMPLES).permute(axis, *others)  # in the order of memory, so that it flattens to a view
    step = -(-(x.numel() // x.shape[0]) // MOST_ELEMENTS)
    # an even step would meet the same columns in every line of an image
    x = x.reshape(x.shape[0], -1)[:, :: step + 1 - step % 2]
    x = x.float() if x.dtype.itemsize < 4 else x
    # differences from one of the samples: a mean of equal numbers need not be exact
    x = x - x[:1]
    x = x - x.mean(0)
    # in float64, in which squares of 1e-30 and 1e30 have digits
    norm: Tensor = torch.linalg.vector_norm(x, dtype=torch.float32 if x.device.type == "mps" else torch.float64)
    norm = norm / x.numel() ** 0.5
    return norm.reshape(1)
