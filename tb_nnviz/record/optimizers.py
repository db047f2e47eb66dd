"""Hooks on the user's optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from tb_nnviz.record.hooks import Failed, Handles, Hook


class OptimizerHooks:
    """Reports each watched optimizer just before and just after its step."""

    def __init__(
        self,
        optimizers: Iterable[torch.optim.Optimizer],
        before: Callable[[torch.optim.Optimizer, bool], None],
        after: Callable[[torch.optim.Optimizer], None],
        failed: Failed,
    ) -> None:
        self._before, self._after = before, after
        self._handles = Handles()
        for optimizer in optimizers:
            self._handles.add(optimizer.register_step_pre_hook(Hook(self._pre, failed)))
            self._handles.add(optimizer.register_step_post_hook(Hook(self._post, failed)))

    def _pre(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # the first argument is the optimizer itself
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        self._before(optimizer, closure is not None)

    def _post(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._after(optimizer)

    def remove(self) -> None:
        self._handles.remove()
