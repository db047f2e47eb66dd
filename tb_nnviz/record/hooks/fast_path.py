"""Hooks that leave torch's fast paths alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.hooks.handles import Failed, Handles, Hook, Removable, before_call
from tb_nnviz.record.model.metadata import requires_grad

Register = Callable[[], Removable]


class OptionalHooks:
    """Hooks on modules that are removed while they would change what torch computes.

    An ``nn.TransformerEncoderLayer`` in evaluation mode has a fast path whose results differ in the last bits.
    It takes the slow path if any module within it has a forward hook. So each call of a model with such layers
    first removes the hooks within layers that may take the fast path, and the next training call puts them
    back. The modules within a frozen layer in evaluation mode are not observed at all, although it takes the
    slow path in any case if gradients enter it.
    """

    def __init__(self, models: Iterable[nn.Module], failed: Failed) -> None:
        self._gates = Handles()
        self._hooks: dict[nn.Module, tuple[list[Register], Handles]] = {}
        self._within: dict[nn.Module, dict[nn.Module, None]] = {}
        gates: dict[nn.Module, None] = {}
        for model in models:
            found = [module for module in model.modules() if isinstance(module, nn.TransformerEncoderLayer)]
            self._within |= {layer: dict.fromkeys(layer.modules()) for layer in found}
            if found:
                gates[model] = None
                gates |= {module: None for module in model.modules() if isinstance(module, nn.TransformerEncoder)}
        for gate in gates:  # a gate within such a layer would itself prevent the fast path
            if not any(gate in modules for modules in self._within.values()):
                self._gates.add(before_call(gate, Hook(self._called, failed)))

    def add(self, module: nn.Module, register: Register) -> None:
        """Register a hook on the module."""
        registered, handles = self._hooks.setdefault(module, ([], Handles()))
        registered.append(register)
        handles.add(register())

    @property
    def are_lost(self) -> bool:
        """True if other code has removed one of the hooks."""
        return self._gates.are_lost or any(handles.are_lost for _, handles in self._hooks.values())

    def remove(self, modules: Iterable[nn.Module] | None = None) -> None:
        """Remove the hooks of some modules for good, or all hooks."""
        if modules is None:
            self._gates.remove()
        for module in list(self._hooks) if modules is None else modules:
            if module in self._hooks:
                self._hooks.pop(module)[1].remove()

    def _called(self, module: nn.Module, args: Any) -> None:
        if not torch.compiler.is_compiling():
            self.switch()

    def switch(self) -> None:
        """Remove the hooks that would prevent a fast path now, and put back all others."""
        for layer, modules in self._within.items():
            trains = layer.training or (torch.is_grad_enabled() and any(map(requires_grad, layer.parameters())))
            for registered, handles in (self._hooks[inner] for inner in modules if inner in self._hooks):
                if not trains:
                    handles.remove()
                elif not handles:
                    for register in registered:
                        handles.add(register())
