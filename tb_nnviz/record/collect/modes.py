"""The modes of batch normalizations while a model trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.model.metadata import requires_grad
from tb_nnviz.record.model.modules import named_modules
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan


class NormalizationModes(Collector):
    """The collector of the share of batch normalizations that are in evaluation mode at the optimizer's step.

    Frozen ones, and those without running statistics, do not count.

    Args:
        models: by their prefix.
    """

    part = "modes of batch normalizations"

    def __init__(self, models: Mapping[str, nn.Module]) -> None:
        self._models = models

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged and plan.statistics
        self._share: float | None = None

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        modes = [not module.training for module in _normalizations(self._models)]
        self._share = sum(modes) / len(modes) if modes else None

    def close(self, pending: PendingStep) -> None:
        if self._share is not None:
            pending.scalars["batch_norm_evaluation"] = self._share


def _normalizations(models: Mapping[str, nn.Module]) -> Iterator[nn.Module]:
    """Yield the batch normalizations that evaluation mode changes, without those that are frozen by intent."""
    for _, module in named_modules(models):
        if isinstance(module, _BatchNorm) and module.running_mean is not None:
            own = [parameter for parameter in module.parameters(recurse=False) if parameter is not None]
            if not own or any(map(requires_grad, own)):
                yield module
