"""In which order modules are first called."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.hooks.fast_path import OptionalHooks
from tb_nnviz.record.hooks.handles import Failed, Hook
from tb_nnviz.record.model.modules import NamedParameter, takes_hooks


class ExecutionOrder:
    """Learns in which order modules are first called, until ``settle`` or ``remove``.

    Of what is compiled it learns nothing: a graph that is to tell would be compiled again once it has.
    """

    def __init__(self, modules: Iterable[nn.Module], failed: Failed, models: Iterable[nn.Module] = ()) -> None:
        #: Whether calls are none of training's: a probe runs.
        self.paused = False
        self._position: dict[nn.Module, int] = {}
        self._settled = False
        self._hooks = OptionalHooks(models, failed)
        for module in dict.fromkeys(modules):
            if takes_hooks(module):
                self._hooks.add(module, partial(module.register_forward_pre_hook, Hook(self._called, failed)))

    def _called(self, module: nn.Module, args: Any) -> None:
        if not (torch.compiler.is_compiling() or self._settled or self.paused):
            self._position.setdefault(module, len(self._position))

    def __getitem__(self, module: nn.Module) -> int | None:
        """Position of the module's first call, None if it was not called."""
        return self._position.get(module)

    def sort(self, parameters: Iterable[NamedParameter]) -> list[NamedParameter]:
        """By the owner's first call; those of modules that were not called last, as registered."""
        last = len(self._position)
        return sorted(parameters, key=lambda parameter: self._position.get(parameter.owner, last))

    def settle(self) -> None:
        """The first pass is over. Hooks stay where none was called: torch compiles again where one goes."""
        self._settled = True
        self._hooks.remove(self._position)

    def remove(self) -> None:
        """Take all hooks off."""
        self._hooks.remove()
