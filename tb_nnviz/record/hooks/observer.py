"""The interface of what receives the reports of module hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from tb_nnviz.record.hooks.attention import Attention
from tb_nnviz.record.model.modules import Layer


class Observer(Protocol):
    """The receiver of the reports of module hooks. It gets one report at a time, from any thread."""

    def opened(self) -> None:
        """Handle the beginning of a training pass."""

    def inputs(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Handle the arguments with which a watched model is called, at the beginning of a pass in a logged step."""

    def output(self, model: nn.Module, output: Any) -> None:
        """Handle the result of a watched model, at the end of a pass in a logged step."""

    def activation(self, layer: Layer, call: int, order: int, output: Tensor, inputs: tuple[Any, ...]) -> None:
        """Handle a layer's output in a logged step.

        Args:
            layer, call, order: those of ``Call``.
            output: the tensor, with its place in autograd's graph.
            inputs: the positional arguments of the call.
        """

    def activation_gradient(self, layer: Layer, call: int, order: int, gradient: Tensor) -> None:
        """Handle the gradient with respect to that output."""

    def attended(self, attention: Attention) -> Tensor | None:
        """Measure attention that a layer computes in its call, which has not ended."""

    def attention(self, layer: Layer, call: int, found: Sequence[Tensor], weights: Tensor | None) -> None:
        """Handle what was measured of the attention of a layer's call, and the attention weights that it returned."""
