"""The learning rate of each parameter group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan

Optimizer = torch.optim.Optimizer


class LearningRates(Collector):
    """The collector of learning rates. It does not wait for rates that are tensors.

    Args:
        optimizers: all that are watched. Groups are numbered across them.
    """

    part = "learning rates"

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self._optimizers = tuple(optimizers)

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged
        self._rates: dict[int, tuple[str, float | Tensor]] = {}

    begin_late = begin

    def before(self, optimizer: Optimizer, closure: bool) -> None:
        first = sum(len(other.param_groups) for other in self._optimizers[: self._optimizers.index(optimizer)])
        for number, group in enumerate(optimizer.param_groups, first):
            name, rate = str(group.get("name", number)), group.get("lr")
            if isinstance(rate, Tensor):
                if rate.numel() == 1:
                    self._rates[number] = name, rate.detach().reshape(1).double()
            elif isinstance(rate, int | float):
                self._rates[number] = name, float(rate)

    def close(self, pending: PendingStep) -> None:
        names = Counter(name for name, _ in self._rates.values())
        for number, (name, rate) in self._rates.items():
            unique = name if names[name] == 1 else f"{name}#{number}"
            value = rate if isinstance(rate, float) else pending.copy.add(rate)
            pending.scalars["learning_rate/" + unique] = value
