"""The spread of a tensor's elements over samples, estimated from a few of them."""

from __future__ import annotations

import torch
from torch import Tensor

#: Samples that are compared.
MOST_SAMPLES = 8
#: Elements of a sample up to which all are compared. Of a larger one, runs of neighbours are compared, which lie in one
#: line of the processor's cache.
MOST_ELEMENTS, RUNS, RUN = 1 << 12, 64, 16


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

    At most ``MOST_SAMPLES`` samples are read. Of each, all elements are read if they are at most ``MOST_ELEMENTS``,
    and about ``RUNS`` evenly spaced runs of ``RUN`` neighbours otherwise. The result is exactly 0 if these samples are
    equal. It has one element, or is None with fewer than two samples.

    Args:
        x: a detached, strided tensor of real numbers, [..., samples, ...].
        axis: the axis of samples.

    >>> spread(torch.tensor([[1.0, 5.0], [3.0, 5.0]]), 0)
    tensor([0.7071])
    """
    if x.shape[axis] < 2 or x.numel() == 0:
        return None
    others = sorted((i for i in range(x.dim()) if i != axis % x.dim()), key=x.stride, reverse=True)
    x = every(x, axis, MOST_SAMPLES).permute(axis, *others)  # in the order of memory, so that it flattens to a view
    x = x.reshape(x.shape[0], -1)
    if x.shape[1] > MOST_ELEMENTS:
        step = -(-x.shape[1] // (RUN * RUNS))
        # an even step would meet the same columns in every line of an image
        x = x[:, : x.shape[1] // RUN * RUN].view(x.shape[0], -1, RUN)[:, :: step + 1 - step % 2]
    x = x.float() if x.dtype.itemsize < 4 else x
    # differences from one of the samples: a mean of equal numbers need not be exact
    x = x - x[:1]
    x.sub_(x.mean(0))
    # squares of 1e-30 and 1e30 have no digits in float32
    largest = torch.linalg.vector_norm(x, torch.inf)
    norm: Tensor = torch.linalg.vector_norm(x.div_(largest.clamp(min=torch.finfo(x.dtype).tiny)))
    norm = norm * largest / x.numel() ** 0.5
    return norm.reshape(1)
