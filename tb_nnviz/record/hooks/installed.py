"""What of ours is in the user's objects, and how it comes out again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.handles import Hook, Removable


class Installed:
    """The parts that are in the user's objects. Each goes by itself, whatever became of the others."""

    def __init__(self, models: Iterable[nn.Module], optimizers: Iterable[torch.optim.Optimizer], guard: Guard) -> None:
        self._models, self._optimizers, self._guard = tuple(models), tuple(optimizers), guard
        self._parts: list[tuple[str, Removable]] = []

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, part: str, item: Removable) -> None:
        """Know that it is in there; ``part`` is its name in warnings."""
        self._parts.append((part, item))

    def remove(self, whole: bool = True) -> None:
        """Take everything out; not ``whole``: there may be hooks of a part that was half made."""
        removed = [self._guard.release(part, item.remove) for part, item in reversed(self._parts)]
        self._parts.clear()
        if not (whole and all(removed)):
            self._guard.release("hooks", self._sweep)

    def _sweep(self) -> None:
        """Take off every hook whose errors the guard hears: the handles of some are lost."""
        modules = dict.fromkeys(module for model in self._models for module in model.modules())
        for module in modules:
            always = vars(module).get("_forward_hooks_always_called", {})
            for name in ("_forward_pre_hooks", "_forward_hooks"):
                for key in self._take(vars(module).get(name, {})):
                    always.pop(key, None)
        for optimizer in self._optimizers:
            for name in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"):
                self._take(vars(optimizer).get(name, {}))

    def _take(self, hooks: dict[int, Any]) -> list[int]:
        ours = [key for key, hook in hooks.items() if isinstance(hook, Hook) and self._guard.hears(hook)]
        for key in ours:
            del hooks[key]
        return ours
