"""Takes our hooks off where their handles cannot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from tb_nnviz.record.guard import Guard
from tb_nnviz.record.handles import Hook


def sweep(models: Iterable[nn.Module], optimizers: Iterable[torch.optim.Optimizer], guard: Guard) -> None:
    """Take off every hook whose errors the guard hears: handles of a part that was half made are lost."""
    modules = dict.fromkeys(module for model in models for module in model.modules())
    for module in modules:
        always = vars(module).get("_forward_hooks_always_called", {})
        for name in ("_forward_pre_hooks", "_forward_hooks"):
            for key in _take(vars(module).get(name, {}), guard):
                always.pop(key, None)
    for optimizer in optimizers:
        for name in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"):
            _take(vars(optimizer).get(name, {}), guard)


def _take(hooks: dict[int, Any], guard: Guard) -> list[int]:
    ours = [key for key, hook in hooks.items() if isinstance(hook, Hook) and guard.hears(hook)]
    for key in ours:
        del hooks[key]
    return ours
