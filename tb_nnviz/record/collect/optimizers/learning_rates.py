"""The learning rate of each parameter group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.measure.host_copy import HostArrays, Slot
from tb_nnviz.record.model.optimizers import Group, WatchedOptimizer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan

#: Most learning rates that are written in a step. Beyond, the last three summarize the remaining groups.
MOST_RATES = 20
SUMMARY = ("minimum", "median", "maximum")


class LearningRates(Collector):
    """The collector of learning rates. It does not wait for rates that are tensors.

    Args:
        optimizers: all that are watched, read again at every step.
    """

    part = "learning rates"

    def __init__(self, optimizers: Sequence[WatchedOptimizer]) -> None:
        self._optimizers = optimizers
        self._names = GroupNames()
        self._names.update([optimizer.param_groups for optimizer in optimizers])

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.logged
        self._rates: dict[str, float | Tensor] = {}

    begin_late = begin

    def before(self, optimizer: WatchedOptimizer, closure: bool) -> None:
        names = self.names()
        for name, group in zip(names[self._optimizers.index(optimizer)], optimizer.param_groups, strict=True):
            rate = group.get("lr")
            if isinstance(rate, Tensor):
                if rate.numel() == 1:
                    self._rates[name] = rate.detach().reshape(1).double().clone()  # an optimizer may change it in place
            elif isinstance(rate, Real):
                self._rates[name] = float(rate)

    def close(self, pending: PendingStep) -> None:
        order = {name: place for place, name in enumerate(self._names.known)}
        rates = {
            name: rate if isinstance(rate, float) else pending.copy.add(rate)
            for name, rate in sorted(self._rates.items(), key=lambda item: order[item[0]])
        }
        pending.learning_rates = lambda arrays: summarize(rates, arrays)

    def names(self) -> list[list[str]]:
        """Return the names of the groups of each optimizer."""
        return self._names.update([optimizer.param_groups for optimizer in self._optimizers])

    def restore(self, names: object) -> None:
        """Continue with the names of an earlier monitor, as far as the groups are the same in number."""
        self._names.restore(names, [optimizer.param_groups for optimizer in self._optimizers])


def summarize(rates: dict[str, float | Slot], arrays: HostArrays) -> dict[str, float]:
    """Return the learning rates that are written, by name.

    Args:
        rates: the rate of each group, the group that was known first at the beginning.
        arrays: the values that had to be copied to the host.

    >>> found = summarize({str(i): i / 8 for i in range(25)}, None)
    >>> len(found), found["16"], found["minimum"], found["median"], found["maximum"]
    (20, 2.0, 2.125, 2.5625, 3.0)
    """
    found = {name: rate if isinstance(rate, float) else float(arrays(rate)[0]) for name, rate in rates.items()}
    if len(found) <= MOST_RATES:
        return found
    names = list(found)
    single, others = names[: MOST_RATES - len(SUMMARY)], names[MOST_RATES - len(SUMMARY) :]
    values = np.array([found[name] for name in others])
    summary = (values.min(), np.median(values), values.max())
    return {name: found[name] for name in single} | dict(zip(SUMMARY, map(float, summary), strict=True))


class GroupNames:
    """The names of parameter groups. A name stays with its group when others come or go, and no other group gets it.

    A group is recognized by its dict, or by its parameters if its dict was replaced, as ``load_state_dict`` does.
    Its name is the ``name`` or ``group_name`` that the user gave it, else a number. Numbers count the groups of all
    optimizers in the order in which they are first seen. If a name is taken, ``#<number>`` follows it.

    >>> a, b, c = ({"params": [Tensor(1)]} for _ in range(3))
    >>> names = GroupNames()
    >>> names.update([[a], [b]]), names.update([[a, c], [b]])
    ([['0'], ['1']], [['0', '2'], ['1']])
    """

    def __init__(self) -> None:
        #: All names so far, in the order in which they were made, and whether the user gave them.
        self.known: dict[str, bool] = {}
        self._groups: list[list[tuple[str, Group]]] = []
        # by parameter, the names of its groups that are gone
        self._gone = WeakIdKeyDictionary()

    def update(self, groups: Sequence[Sequence[Group]]) -> list[list[str]]:
        """Return the names of the groups of each optimizer."""
        if len(self._groups) == len(groups) and all(map(_same, self._groups, groups)):
            return [[name for name, _ in own] for own in self._groups]
        current = {id(group): group for own in groups for group in own}
        held = {id(group): name for own in self._groups for name, group in own}
        for name, group in [item for own in self._groups for item in own if id(item[1]) not in current]:
            self._forget(name, group)
        names = {key: held.get(key) or self._find(group) for key, group in current.items()}
        taken = {name for name in names.values() if name}
        wanted = Counter(map(_given, current.values()))
        for key, group in current.items():
            if names[key] is None:
                names[key] = self._make(group, wanted, taken)
                taken.add(str(names[key]))
        self._groups = [[(str(names[id(group)]), group) for group in own] for own in groups]
        return [[name for name, _ in own] for own in self._groups]

    def restore(self, names: object, groups: Sequence[Sequence[Group]]) -> None:
        """Take the names of an earlier process, if there is one for each group."""
        if not isinstance(names, list) or [len(own) for own in groups] != [
            len(own) if isinstance(own, list) else -1 for own in names
        ]:
            return
        self._groups = [list(zip(map(str, own), found, strict=True)) for own, found in zip(names, groups, strict=True)]
        self.known = {name: name == _given(group) for own in self._groups for name, group in own}

    def _make(self, group: Group, wanted: Counter[str | None], taken: set[str]) -> str:
        number, given = len(self.known), _given(group)
        # A group of this name may be gone. The user then calls this one the same.
        if given and wanted[given] == 1 and given not in (*taken, *SUMMARY) and self.known.get(given, True):
            self.known[given] = True
            return given
        prefix = f"{given}#" if given else ""
        while f"{prefix}{number}" in self.known:
            number += 1
        self.known[f"{prefix}{number}"] = False
        return f"{prefix}{number}"

    def _find(self, group: Group) -> str | None:
        """Return the name of a group that is gone and had the same parameters, and forget it."""
        parameters = list(group["params"])
        if not parameters:
            return None
        for name, count in self._names_gone(parameters[0]).items():
            gone = [p for p in parameters if name in self._names_gone(p)]
            if len(gone) == len(parameters) == count and _given(group) in (None, *_bare(name)):
                for parameter in parameters:
                    del self._gone[parameter][name]
                return str(name)
        return None

    def _forget(self, name: str, group: Group) -> None:
        for parameter in group["params"]:
            self._gone[parameter] = {**self._names_gone(parameter), name: len(group["params"])}

    def _names_gone(self, parameter: Tensor) -> dict[str, int]:
        found: dict[str, int] = self._gone.get(parameter, {})  # type: ignore[no-untyped-call]
        return found


def _same(known: list[tuple[str, Group]], groups: Sequence[Group]) -> bool:
    return len(known) == len(groups) and all(a is b for (_, a), b in zip(known, groups, strict=True))


def _given(group: Group) -> str | None:
    """Return the name that the user gave a group, or None."""
    found: Any = group.get("name", group.get("group_name"))
    return None if found is None else str(found)


def _bare(name: str) -> tuple[str, str]:
    return name, name.rpartition("#")[0]
