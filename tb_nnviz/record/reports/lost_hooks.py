"""Hooks that other code has removed, and that are put back with a notice."""

from __future__ import annotations

from collections.abc import Sequence

from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.hooks.modules import ModuleHooks
from tb_nnviz.record.hooks.optimizers import OptimizerHooks
from tb_nnviz.record.locate.passes import Passes
from tb_nnviz.record.reports.step_notices import lost_module_hooks_notice, lost_optimizer_hooks_notice


class LostHooks:
    """The hooks of a run in the user's objects, which other code may remove.

    Args:
        modules: the hooks on modules.
        passes: the hooks on whole models.
        optimizers: the hooks on optimizers.
        guard: reports what was lost.
        kinds: the kinds that are written.
    """

    def __init__(
        self,
        modules: ModuleHooks,
        passes: Passes,
        optimizers: OptimizerHooks,
        guard: Guard,
        kinds: Sequence[str],
    ) -> None:
        self._modules, self._passes, self._optimizers = modules, passes, optimizers
        self._guard, self._kinds = guard, kinds

    def restore_modules(self) -> None:
        """Put back hooks on modules."""
        self._passes.restore()
        if self._modules.restore():
            lost_module_hooks_notice(self._guard, self._kinds)

    def restore_optimizers(self) -> bool:
        """Put back hooks on optimizers. Returns True if there were any."""
        lost = self._optimizers.restore()
        if lost:
            lost_optimizer_hooks_notice(self._guard, [optimizer.name for optimizer in lost], self._kinds)
        return bool(lost)
