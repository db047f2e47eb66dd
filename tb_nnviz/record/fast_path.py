"""Hooks that stay out of the way of torch's fast paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.handles import Failed, Handles, Hook, Removable

Register = Callable[[], Removable]


class OptionalHooks:
    """Hooks on modules, taken off where torch would compute otherwise because of them.

    An ``nn.TransformerEncoderLayer`` in evaluation has a fast path that differs in the last bits, and
    takes the slow one if any module within it has a forward hook. So when a model with such layers is
    called, hooks within those that may take the fast path go, and come back with the next call that
    trains. (Gradients that enter a frozen layer in evaluation mode take the slow path with hooks or
    without: such a layer's own modules are not observed.)
    """

    def __init__(self, models: Iterable[nn.Module], failed: Failed) -> None:
        self._handles = Handles()
        self._register: dict[nn.Module, list[Register]] = {}
        self._installed: dict[nn.Module, Handles] = {}
        self._layer_of: dict[nn.Module, nn.Module] = {}
        self._removed = False
        gates: dict[nn.Module, None] = {}
        for model in models:
            found = [module for module in model.modules() if isinstance(module, nn.TransformerEncoderLayer)]
            self._layer_of |= {module: layer for layer in found for module in layer.modules()}
            if found:
                gates[model] = None
                gates |= {module: None for module in model.modules() if isinstance(module, nn.TransformerEncoder)}
        for gate in gates:
            if gate not in self._layer_of:
                self._handles.add(gate.register_forward_pre_hook(Hook(self._called, failed)))

    def add(self, module: nn.Module, register: Register) -> None:
        """Register a hook on the module."""
        layer = self._layer_of.get(module)
        if layer is None:
            self._handles.add(register())
        else:
            self._installed.setdefault(layer, Handles()).add(register())
            self._register.setdefault(layer, []).append(register)

    def remove(self) -> None:
        """Take all hooks off for good."""
        self._removed = True
        self._handles.remove()
        for handles in self._installed.values():
            handles.remove()

    def _called(self, module: nn.Module, args: Any) -> None:
        if torch.compiler.is_compiling() or self._removed or self._layer_of.get(module) is not None:
            return
        for layer, registered in self._register.items():
            trains = layer.training or (
                torch.is_grad_enabled() and any(parameter.requires_grad for parameter in layer.parameters())
            )
            handles = self._installed[layer]
            if not trains:
                handles.remove()
            elif not handles:
                for register in registered:
                    handles.add(register())
