"""The record of all hooks in the user's objects, so that they can be removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.handles import Hook, Removable
from tb_nnviz.record.hooks.optimizers import StepPatch
from tb_nnviz.record.hooks.shared import remove_shared
from tb_nnviz.record.hooks.unseen import forget
from tb_nnviz.record.model.modules import takes_hooks
from tb_nnviz.record.model.optimizers import WatchedOptimizer


class Installed:
    """The installed parts. Each is removed on its own, even if others fail.

    Args:
        models: the watched models.
        optimizers: the watched optimizers. They are read again at the removal.
        guard: tells which hooks belong to the run.
    """

    def __init__(self, models: Iterable[nn.Module], optimizers: Iterable[WatchedOptimizer], guard: Guard) -> None:
        self._models, self._optimizers, self._guard = tuple(models), optimizers, guard
        self._parts: list[tuple[str, Removable]] = []

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, part: str, item: Removable) -> None:
        """Record an installed item. ``part`` is its name in warnings."""
        self._parts.append((part, item))

    def remove(self, whole: bool = True) -> None:
        """Remove everything.

        Args:
            whole: whether every hook has been recorded. If the installation of a part failed, some hooks have not.
        """
        forget(self._guard.owns)
        removed = [self._guard.release(part, item.remove) for part, item in reversed(self._parts)]
        self._parts.clear()
        for module in self._modules():
            if takes_hooks(module):
                self._guard.release("hooks", remove_shared, module, self._guard.owns)
        if not (whole and all(removed)):
            self._guard.release("hooks", self._sweep)

    def _sweep(self) -> None:
        """Remove every hook that the guard owns, since the handles of some are lost."""
        for module in self._modules():
            always = vars(module).get("_forward_hooks_always_called", {})
            with_kwargs = vars(module).get("_forward_pre_hooks_with_kwargs", {})
            for name in ("_forward_pre_hooks", "_forward_hooks"):
                for key in self._take(vars(module).get(name, {})):
                    with_kwargs.pop(key, None)
                    always.pop(key, None)
                    always.pop(-1 - key, None)
        for one in [one for optimizer in self._optimizers for one in (optimizer.stepped, *optimizer.within)]:
            attributes = getattr(one, "__dict__", {})
            for name in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"):
                self._take(attributes.get(name, {}))
            patch = attributes.get("step")
            if isinstance(patch, StepPatch) and self._guard.owns(patch):
                patch.remove()

    def _modules(self) -> list[nn.Module]:
        return list(dict.fromkeys(module for model in self._models for module in model.modules()))

    def _take(self, hooks: dict[int, Any]) -> list[int]:
        owned = [key for key, hook in hooks.items() if isinstance(hook, Hook) and self._guard.owns(hook)]
        for key in owned:
            del hooks[key]
        return owned
