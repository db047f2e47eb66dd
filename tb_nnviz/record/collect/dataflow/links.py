"""Connections between models: an output of one that becomes an argument of another."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from tb_nnviz.record.collect.dataflow.autograd import leads_to


class ModelLinks:
    """The models whose outputs are arguments of other models. It keeps no tensor alive."""

    def __init__(self) -> None:
        self._outputs: list[tuple[weakref.ref[Tensor], nn.Module]] = []
        self._links: dict[tuple[nn.Module, nn.Module, str], None] = {}

    def __iter__(self) -> Iterator[tuple[nn.Module, nn.Module, str]]:
        """Iterate over the model that gives, the model that takes, and the name of the argument."""
        return iter(self._links)

    def clear(self) -> None:
        """Forget everything."""
        self._outputs.clear()
        self._links.clear()

    def add_outputs(self, model: nn.Module, tensors: Sequence[Tensor]) -> None:
        """Remember a model's outputs while they exist."""
        self._outputs = [output for output in self._outputs if output[0]() is not None]
        self._outputs += [(weakref.ref(tensor), model) for tensor in tensors]

    def add_arguments(self, model: nn.Module, arguments: Mapping[str, Tensor]) -> None:
        """Link a model to those whose outputs are among its arguments, or a few operators before them."""
        alive = [(tensor, other) for output, other in self._outputs if (tensor := output()) is not None]
        for name, argument in arguments.items():
            for tensor, other in alive:
                if other is not model and (tensor is argument or leads_to(argument.grad_fn, tensor.grad_fn)):
                    self._links[other, model, name] = None
