"""The options of the watched optimizers, and the parameters of each of their groups, whenever they change."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn.parameter import is_lazy

from tb_nnviz import schema
from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.optimizers.learning_rates import LearningRates
from tb_nnviz.record.collect.optimizers.values import MOST_TEXT, plain
from tb_nnviz.record.collect.watched_parameters import WatchedParameters
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.torch_ops import wide
from tb_nnviz.record.model.metadata import version_of
from tb_nnviz.record.model.optimizers import Group, WatchedOptimizer
from tb_nnviz.record.pending_step import MakeDocument, PendingStep
from tb_nnviz.record.step_plan import StepPlan

#: Most options of a group that are written.
MOST_OPTIONS = 64
#: Keys of a group that are no options. torch keeps the names of a group's parameters as ``param_names``.
_NOT_OPTIONS = frozenset({"params", "param_names"})
#: Options that change from step to step. They are written, but do not count as a change.
_RATES = frozenset({"lr"})


class _Structure(NamedTuple):
    """The names in a document, which are compared from step to step.

    Args:
        optimizers: class name of each optimizer, and of those within it if it wraps any.
        groups: per optimizer and group, its name and the name of each parameter, None if it has none.
        foreign: per optimizer, the number of its parameters that belong to no model.
    """

    optimizers: list[tuple[str, list[str]]]
    groups: list[list[tuple[str, list[str | None]]]]
    foreign: list[int]


class OptimizerOptions(Collector):
    """The collector of optimizers' options. It writes them with the first logged step, and again when they change.

    A document holds all optimizers. If only options change, it is written after 1, 2, 4 ... further logged steps, since
    a schedule may change momentum at every step. Learning rates are series of their own, so they are not compared.

    Args:
        optimizers: all that are watched, read again at every step.
        parameters: knows the name of each parameter.
        rates: knows the name of each group.
    """

    part = "optimizer options"

    def __init__(
        self, optimizers: Sequence[WatchedOptimizer], parameters: WatchedParameters, rates: LearningRates
    ) -> None:
        self._optimizers, self._parameters, self._rates = optimizers, parameters, rates
        self.restart()

    def restart(self) -> None:
        """Write the options at the next logged step, since the last document may be of an abandoned step."""
        self._structure: _Structure | None = None
        self._options: list[Any] = []
        self._events, self._delay = 0, 1  # since a document was written, and until the next may be

    def begin(self, plan: StepPlan) -> None:
        self.active = plan.complete

    def close(self, pending: PendingStep) -> None:
        if not self._optimizers and self._structure is None:
            return
        self._events += 1
        structure, options = self._read_structure(), self._read_options()
        if structure == self._structure:
            if options == self._options or self._events < self._delay:
                return
            self._delay *= 2
        self._structure, self._options, self._events = structure, options, 0
        pending.optimizers = _make(structure, self._optimizers, pending.copy)

    def _read_structure(self) -> _Structure:
        names = self._parameters.names_by_id()
        optimizers, groups, foreign = [], [], []
        for optimizer, group_names in zip(self._optimizers, self._rates.names(), strict=True):
            within = [type(one).__name__ for one in optimizer.within] if optimizer.wraps else []
            strangers: set[int] = set()
            own: list[tuple[str, list[str | None]]] = []
            for name, group in zip(group_names, optimizer.param_groups, strict=True):
                held = [names.get(each) for each in map(id, group["params"])]
                own.append((name, held))
                if None in held:
                    # a lazy parameter has its name as soon as it has a shape
                    strangers.update(
                        id(each) for each in group["params"] if id(each) not in names and not is_lazy(each)
                    )
            optimizers.append((optimizer.name, within))
            groups.append(own)
            foreign.append(len(strangers))
        return _Structure(optimizers, groups, foreign)

    def _read_options(self) -> list[Any]:
        return [
            [_token(value) for name, value in group.items() if name not in _NOT_OPTIONS and name not in _RATES]
            for optimizer in self._optimizers
            for group in optimizer.param_groups
        ]


class _Token:
    """A tensor of one element as it was when it was read, equal to a later reading if nothing has changed it."""

    def __init__(self, tensor: Tensor) -> None:
        # The tensor itself, since the address of one that is gone can be that of the next.
        self._tensor = tensor
        self._version = version_of(tensor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Token) and self._tensor is other._tensor and self._version == other._version

    __hash__ = None  # type: ignore[assignment]


class _OnDevice(NamedTuple):
    """The place of a number that is being copied to the host."""

    slot: Slot


def _token(value: Any) -> Any:
    """Return an object that is equal to that of an earlier step if an option has not changed."""
    simple = value is None or isinstance(value, bool | int | float | str)
    return value if simple else plain(value, _Token)


def _make(structure: _Structure, optimizers: Sequence[WatchedOptimizer], copy: HostCopy) -> MakeDocument:
    """Return a function that makes the document once the tensors among the options are on the host."""

    def send(tensor: Tensor) -> _OnDevice:
        return _OnDevice(copy.add(tensor.detach().reshape(1).to(wide(tensor))))

    found = []
    for (name, within), groups, foreign, optimizer in zip(*structure, optimizers, strict=True):
        own = [
            {
                "name": group_name,
                "options": _options(group, send),
                "parameters": [each for each in held if each is not None],
            }
            for (group_name, held), group in zip(groups, optimizer.param_groups, strict=True)
        ]
        found.append({"name": name, "groups": own, "foreign": foreign} | ({"within": within} if within else {}))
    return lambda arrays: schema.optimizers_document([_on_host(one, arrays) for one in found])


def _options(group: Group, send: Callable[[Tensor], Any]) -> dict[str, Any]:
    options = [(str(name)[:MOST_TEXT], value) for name, value in group.items() if name not in _NOT_OPTIONS]
    return {name: plain(value, send) for name, value in options[:MOST_OPTIONS]}


def _on_host(optimizer: dict[str, Any], arrays: HostArrays) -> dict[str, Any]:
    def read(value: Any) -> Any:
        if isinstance(value, _OnDevice):
            number = float(arrays(value.slot)[0])
            return number if math.isfinite(number) else str(number)
        return [read(one) for one in value] if isinstance(value, list) else value

    groups = [
        {**group, "options": {name: read(value) for name, value in group["options"].items()}}
        for group in optimizer["groups"]
    ]
    return {**optimizer, "groups": groups}
