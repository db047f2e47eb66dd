"""The parameters that have rows, and those of each optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from tb_nnviz.record.hooks.notices import NotRecorded
from tb_nnviz.record.hooks.order import ExecutionOrder
from tb_nnviz.record.model.metadata import gradient_of, shape_of
from tb_nnviz.record.model.modules import NamedParameter, named_parameters
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.model.sharding import is_sharded, whole_shapes


class WatchedParameters:
    """The parameters of the models, found once per step, because a model may replace, add or freeze some.

    Args:
        models: by their prefix.
        keep: returns True if the parameter of this name and owner has a row.
        order: the order of execution.
    """

    def __init__(
        self, models: Mapping[str, nn.Module], keep: Callable[[str, nn.Module], bool], order: ExecutionOrder
    ) -> None:
        self._models, self._keep, self._order = models, keep, order
        self._found: list[NamedParameter] | None = None
        self._every: list[NamedParameter] = []
        self._names: dict[nn.Parameter, str] = {}
        self._sharded: list[NamedParameter] = []
        self._known: set[nn.Parameter] = set()  # those whose names were looked up, also in vain

    def next_step(self) -> None:
        """Forget the parameters found, because the next step may have others."""
        self._found = None

    def _find(self) -> None:
        """Find the current parameters, if the step has not yet."""
        if self._found is None:
            self._every = named_parameters(self._models)
            found = [p for p in self._every if self._keep(p.name, p.owner)]
            self._found = [parameter for parameter in found if not is_sharded(parameter.tensor)]
            self._sharded = [parameter for parameter in found if is_sharded(parameter.tensor)]
            self._names = {parameter.tensor: parameter.name for parameter in self._found}

    def present(self) -> list[nn.Parameter]:
        """Return the parameters that the models have now.

        Within a forward pass, a sharded model may hold other parameters than after it. So these are not kept.
        """
        return [parameter for model in self._models.values() for parameter in model.parameters()]

    def all(self) -> list[NamedParameter]:
        """Return the parameters that have rows and that this process holds whole, as registered."""
        self._find()
        return self._found or []

    def sharded(self) -> list[NamedParameter]:
        """Return the parameters that have rows, but of which this process holds a part only. They are not measured."""
        self._find()
        return self._sharded

    def ordered(self) -> list[NamedParameter]:
        """Return ``all()`` in order of execution as far as it is known."""
        return self._order.sort(self.all())

    def rows(self) -> list[tuple[NamedParameter, tuple[int, ...]]]:
        """Return all parameters that have rows, in order of execution, with their whole shapes."""
        sharded = self.sharded()
        whole = whole_shapes(self._models.values()) if sharded else {}
        found = self._order.sort([*self.all(), *sharded])
        return [(parameter, whole.get(parameter.tensor, shape_of(parameter.tensor))) for parameter in found]

    def name_of(self, tensor: nn.Parameter) -> str | None:
        """Return the name of a parameter, or None if it has no row."""
        self.all()
        return self._names.get(tensor)

    def names_by_id(self) -> dict[int, str]:
        """Return the names of all parameters of the models by their ``id``, also of those without a row."""
        self._find()
        return {id(parameter.tensor): parameter.name for parameter in self._every}

    def stepped_by(self, optimizer: WatchedOptimizer) -> list[NamedParameter]:
        """Return the parameters with rows that an optimizer steps."""
        own = set(optimizer.parameters)
        return [parameter for parameter in self.all() if parameter.tensor in own]

    def names_of(self, optimizer: WatchedOptimizer) -> list[tuple[str | int, nn.Parameter]]:
        """Return an optimizer's whole parameters with their names, or with a number if they have no row."""
        self.all()
        tensors = [tensor for tensor in optimizer.parameters if not is_sharded(tensor)]
        return [(self._names.get(tensor, id(tensor)), tensor) for tensor in tensors]

    def gradients(self, optimizer: WatchedOptimizer | None) -> tuple[list[nn.Parameter], list[Tensor]]:
        """Return the gradients that an optimizer is about to apply, or all gradients if it is None.

        Returns:
            The parameters that have a gradient, and their gradients.

        Raises:
            NotRecorded: this process holds a part only of some.
        """
        if optimizer is None:
            tensors = list(dict.fromkeys(p for model in self._models.values() for p in model.parameters()))
        else:
            tensors = optimizer.parameters
        if any(map(is_sharded, tensors)):
            raise NotRecorded("not recorded: this rank holds only a part of some gradients")
        found = [(tensor, gradient) for tensor in tensors if (gradient := gradient_of(tensor)) is not None]
        return [tensor for tensor, _ in found], [gradient for _, gradient in found]

    def last_names(self, tensors: Sequence[nn.Parameter]) -> list[str | None]:
        """Return the names of parameters as they were when the parameters were found last, None without a row.

        They are found again only if one of the parameters is new. So this is cheap in steps that are not logged.
        """
        if not self._known.issuperset(tensors):
            self._find()
            self._known = {*(parameter.tensor for parameter in self._every), *tensors}
        return [self._names.get(tensor) for tensor in tensors]
