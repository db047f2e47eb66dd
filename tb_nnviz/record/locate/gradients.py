"""The gradients that are checked at every step: small tensors, and the first elements of large ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.measure import native
from tb_nnviz.record.model.metadata import gradient_of
from tb_nnviz.record.model.sharding import is_sharded

#: Types whose operators do not belong to the user, and do not communicate.
_PLAIN = (Tensor, nn.Parameter)
#: Most elements of one gradient that are read.
MOST_ELEMENTS = 4096
#: Most elements that are read of a gradient with several axes.
MOST_OF_ROW = 1024


class SmallGradients:
    """A check of the gradients that an optimizer is about to apply. It reads well under 1 % of their elements.

    A gradient of one axis is read whole, such as that of a bias or of a norm layer. A NaN of the backward pass reaches
    all that lie upstream. Of a larger one the first row is read, which an Inf of the layer's input reaches although the
    gradient of the layer's output is 0. Of an embedding the first column is read, since most rows have no gradient.

    Args:
        models: whose embeddings are known by their type.
    """

    def __init__(self, models: Iterable[nn.Module]) -> None:
        self._models = tuple(models)
        self._counts: dict[int, int] = {}
        self._embeddings: set[int] = set()

    def check(self, parameters: Sequence[Tensor]) -> tuple[bool, list[Tensor]]:
        """Check the gradients of some parameters.

        Returns:
            True if no gradient in the host's memory has a nonfinite element among those that are read, and for each
            other device a sum of what was read there, float32 [], which is finite if all elements are.
        """
        heads: list[tuple[Tensor, int]] = []
        others: list[Tensor] = []
        columns: list[Tensor] = []
        counts = self._counts
        for parameter in parameters:
            gradient = gradient_of(parameter)
            if gradient is None or type(gradient) not in _PLAIN:
                continue
            count = counts.get(id(parameter))
            if count is None:
                count = self._learn(parameter)
            if not count:
                continue
            if id(parameter) in self._embeddings:
                columns.append(gradient)
            elif gradient.is_cpu and not gradient.is_sparse:
                heads.append((gradient, min(count, gradient.numel())))
            else:
                others.append(gradient)
        finite = True
        if heads:
            found = native.heads_are_finite(heads)
            if found is None:
                others += [gradient for gradient, _ in heads]
            else:
                finite = found
        if others or columns:
            sums = _sums([self._head(gradient) for gradient in others] + [_column(one) for one in columns])
            finite = finite and all(math.isfinite(one.item()) for one in sums if one.is_cpu)
            return finite, [one for one in sums if not one.is_cpu]
        return finite, []

    def _learn(self, parameter: Tensor) -> int:
        """Return the number of elements that are read of a parameter's gradient, which is new."""
        self._embeddings = {
            id(module.weight)
            for model in self._models
            for module in model.modules()
            if isinstance(module, nn.Embedding | nn.EmbeddingBag)
        }
        numel = 0 if is_sharded(parameter) else parameter.numel()
        if parameter.dim() > 1 and numel:
            numel = min(numel // parameter.shape[0], MOST_OF_ROW)
        self._counts[id(parameter)] = count = min(numel, MOST_ELEMENTS)
        return count

    @staticmethod
    def _head(gradient: Tensor) -> Tensor:
        x = gradient.detach()
        if x.is_sparse:
            x = x._values()
        return x.reshape(-1)[:MOST_ELEMENTS] if x.dim() < 2 else x[:1].reshape(-1)[:MOST_OF_ROW]


def _column(gradient: Tensor) -> Tensor:
    x = gradient.detach()
    if x.is_sparse:
        x = x._values()
    return x[..., 0].reshape(-1) if x.dim() else x.reshape(1)


def _sums(parts: Sequence[Tensor]) -> list[Tensor]:
    """Return a sum per device. An overflow of it is taken for a nonfinite element, and looked into in vain."""
    by_device: dict[torch.device, list[Tensor]] = {}
    for part in parts:
        if part.is_complex():
            part = torch.view_as_real(part).reshape(-1)
        if part.is_floating_point() and not part.is_meta and part.numel():
            by_device.setdefault(part.device, []).append(part)
    return [_sum(found) for found in by_device.values()]


def _sum(parts: Sequence[Tensor]) -> Tensor:
    try:
        joined = torch.cat([part.reshape(-1).float() for part in parts])
    except (RuntimeError, TypeError) as error:  # a class of tensors that refuses it
        if is_interrupt(error):
            raise
        joined = torch.cat([part.reshape(-1).float() for part in parts if type(part) is Tensor] or [torch.zeros(1)])
    # products with 0 leave NaN and Inf only, so that no sum overflows
    return (joined * 0).sum()


def nonfinite_parameters(parameters: Iterable[Tensor], gradients: bool = False) -> list[Tensor]:
    """Return the parameters of which an element, or an element of the gradient, is nonfinite.

    It reads all elements, and waits for each device once.
    """
    by_device: dict[torch.device, tuple[list[Tensor], list[Tensor]]] = {}
    order: list[Tensor] = []
    for parameter in parameters:
        x = gradient_of(parameter) if gradients else parameter
        if x is None or type(x) not in _PLAIN or is_lazy(x) or x.is_meta or is_sharded(parameter):
            continue
        x = x.detach()
        x = x.coalesce().values() if x.is_sparse else x
        if (x.is_floating_point() or x.is_complex()) and x.numel():
            owners, results = by_device.setdefault(x.device, ([], []))
            owners.append(parameter)
            results.append(torch.isfinite(x).all())
            order.append(parameter)
    bad = {
        id(owner)
        for owners, results in by_device.values()
        for owner, finite in zip(owners, torch.stack(results).tolist(), strict=True)
        if not finite
    }
    return [parameter for parameter in order if id(parameter) in bad]
