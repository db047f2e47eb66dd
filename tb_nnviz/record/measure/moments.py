"""Sums over the moments of gradients that an optimizer keeps."""

from __future__ import annotations

import torch
from torch import Tensor

from tb_nnviz.record.measure import native, torch_ops
from tb_nnviz.record.measure.stats import is_scattered, real_of


def moments(
    first: Tensor,
    second: Tensor,
    step_scale: float | Tensor,
    correction: float | Tensor,
    epsilon: float,
    denominator: Tensor | None = None,
) -> Tensor:
    """Return the sums of squares of Adam's two moments and of the step that follows from them, float64 [3].

    The step is ``step_scale * first / (sqrt(denominator) * correction + epsilon)``, element by element, by
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.

    Args:
        first: running mean of gradients.
        second: running mean of their squares, of the same shape.
        step_scale: learning rate over the first moment's bias correction, as a number or a 0-d tensor.
        correction: one over the root of the second moment's bias correction, likewise.
        epsilon: the optimizer's epsilon.
        denominator: the tensor below the root, if it is not the second moment (AMSGrad).

    >>> moments(torch.tensor([3.0]), torch.tensor([4.0]), 0.5, 1.0, 0.0).tolist()
    [9.0, 16.0, 0.5625]
    """
    fast = native.moments(first, second, step_scale, correction, epsilon, denominator)
    if fast is not None:
        return fast
    tensors = [x.detach() for x in (first, second, *(() if denominator is None else (denominator,)))]
    if first.is_complex():  # optimizers treat the real and the imaginary part as separate numbers
        tensors = [torch.view_as_real(x.resolve_conj()) for x in tensors]
    return torch_ops.moments(tensors[0], tensors[1], step_scale, correction, epsilon, (*tensors, None)[2])


def gradient_ratio(
    gradient: Tensor, second: Tensor, correction: float | Tensor, epsilon: float
) -> tuple[int, Tensor] | None:
    """Return the number of elements of a gradient, and the sum of the squares of its ratio, float64 [1].

    The ratio of an element is ``gradient / sqrt(max(second * correction, epsilon**2))``, and 0 if the gradient is 0.
    Its root mean square is far above 1 if a gradient is larger than the optimizer is used to: M. Wortsman et al.,
    "Stable and low-precision training for large-scale vision-language models", 2023, section 3.4.

    Return None if the gradient's elements are not in memory.

    Args:
        gradient: the gradient. Complex tensors count as their real view, sparse ones as dense.
        second: running mean of the squares of earlier gradients, of the same shape.
        correction: one over its bias correction, as a number or a 0-d tensor.
        epsilon: the least value of the root.

    >>> numel, sum_sq = gradient_ratio(torch.tensor([6.0, 0.5]), torch.tensor([4.0, 0.0]), 1.0, 0.25)
    >>> numel, sum_sq.tolist()
    (2, [13.0])
    """
    numel = gradient.numel() * (2 if gradient.is_complex() else 1)
    if (fast := native.gradient_ratio(gradient, second, correction, epsilon)) is not None:
        return numel, fast
    if is_scattered(gradient):  # elements that are not stored are 0
        stored = gradient.detach().coalesce()
        gradient, second = stored.values(), second.detach()[tuple(stored.indices())]
    real, squares = real_of(gradient), real_of(second)
    if real is None or squares is None or real.shape != squares.shape or not real.is_floating_point():
        return None
    fast = native.gradient_ratio(real, squares, correction, epsilon)
    return numel, torch_ops.gradient_ratio(real, squares, correction, epsilon) if fast is None else fast
