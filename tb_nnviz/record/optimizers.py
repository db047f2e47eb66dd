"""Hooks on the user's optimizers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch

from tb_nnviz.record.handles import Failed, Handles, Hook


class OptimizerHooks:
    """Reports each watched optimizer just before and just after its step."""

    def __init__(
        self,
        optimizers: Iterable[torch.optim.Optimizer],
        before: Callable[[torch.optim.Optimizer, bool], None],
        after: Callable[[torch.optim.Optimizer], None],
        failed: Failed,
    ) -> None:
        #: How often each has been about to step.
        self.begun: Counter[torch.optim.Optimizer] = Counter()
        self._before, self._after = before, after
        self._pre_hooks: list[Any] = []
        self._handles = Handles()
        for optimizer in optimizers:
            handle = optimizer.register_step_pre_hook(Hook(self._pre, failed))
            self._pre_hooks.append(handle)
            self._handles.add(handle)
            self._handles.add(optimizer.register_step_post_hook(Hook(self._post, failed)))

    def come_last(self) -> None:
        """Run after the user's own hooks, which may change gradients, even those registered since."""
        for handle in self._pre_hooks:
            hooks = handle.hooks_dict_ref()
            if hooks and next(reversed(hooks)) != handle.id and handle.id in hooks:
                hooks.move_to_end(handle.id)

    def _pre(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # the first argument is the optimizer itself
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        self.begun[optimizer] += 1
        self._before(optimizer, closure is not None)

    def _post(self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._after(optimizer)

    def remove(self) -> None:
        """Take all hooks off."""
        self._pre_hooks.clear()
        self._handles.remove()
