"""Execution order of modules."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.hooks.fast_path import OptionalHooks
from tb_nnviz.record.hooks.handles import Failed, Hook, before_call
from tb_nnviz.record.model.modules import NamedParameter, takes_hooks


class ExecutionOrder:
    """The order in which modules are first called, recorded until ``settle`` or ``remove``.

    Args:
        modules: those that are counted.
        failed: called with the error of a hook.
        models: the watched models.
        beside: modules that are not counted. Each has the position of the counted module that is called next.
    """

    def __init__(
        self,
        modules: Iterable[nn.Module],
        failed: Failed,
        models: Iterable[nn.Module] = (),
        beside: Iterable[nn.Module] = (),
    ) -> None:
        #: True while a probe runs, whose calls are not training.
        self.paused = False
        self._position: dict[nn.Module, int] = {}
        self._beside: dict[nn.Module, int | None] = dict.fromkeys(beside)
        self._settled = False
        self._hooks = OptionalHooks(models, failed)
        for module in dict.fromkeys([*modules, *self._beside]):
            if takes_hooks(module):
                self._hooks.add(module, partial(before_call, module, Hook(self._called, failed)))

    def _called(self, module: nn.Module, args: Any) -> None:
        if not (torch.compiler.is_compiling() or self._settled or self.paused):
            if module not in self._beside:
                self._position.setdefault(module, len(self._position))
            elif self._beside[module] is None:
                self._beside[module] = len(self._position)

    def __getitem__(self, module: nn.Module) -> int | None:
        """Return the position of the module's first call, or None if it was not called."""
        position = self._position.get(module)
        return self._beside.get(module) if position is None else position

    def sort(self, parameters: Iterable[NamedParameter]) -> list[NamedParameter]:
        """Return parameters by their owner's first call. Those of uncalled modules come last, as registered."""
        last = len(self._position)
        return sorted(parameters, key=lambda parameter: self._position.get(parameter.owner, last))

    def settle(self) -> None:
        """End the recording after the first pass, and remove the hooks."""
        self._settled = True
        self._hooks.remove()

    def remove(self) -> None:
        """Remove all hooks."""
        self._hooks.remove()
