"""The check of every step, and the search for the origin when it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from tb_nnviz.record.hooks.modes import outside_modes
from tb_nnviz.record.locate.findings import finding_of
from tb_nnviz.record.locate.flags import DeviceFlag
from tb_nnviz.record.locate.gradients import SmallGradients, nonfinite_parameters
from tb_nnviz.record.locate.optimizers import optimizer_origin
from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.record.locate.passes import Pass, Passes
from tb_nnviz.record.locate.search import Pausable, Search, output_is_bad
from tb_nnviz.record.locate.unlocated import unlocated_origin
from tb_nnviz.record.model.modules import named_modules, named_parameters
from tb_nnviz.record.model.optimizers import WatchedOptimizer
from tb_nnviz.record.model.sharding import any_sharded, rank
from tb_nnviz.rules.finding import Finding

#: Name of the part in warnings.
PART = "nonfinite values"
#: Loss scale at or below which an overflow is not one of the scale.
LOWEST_SCALE = 1.0


class Locator:
    """The check of small gradients at every step, before an optimizer applies them.

    Args:
        models: by their prefix.
        optimizers: all that are watched. The list may change between steps.
        passes: the passes of the open step.
        paused: hooks that must not see a repeated pass.
        waits: whether a device is waited for at each step, so that a finding may stop the program before the update.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[WatchedOptimizer],
        passes: Passes,
        paused: Sequence[Pausable],
        waits: bool = False,
    ) -> None:
        self._waits = waits
        self._models, self._optimizers = models, optimizers
        self._passes, self._paused = passes, (*paused, passes)
        self._small = SmallGradients(models.values())
        self._stepped: set[WatchedOptimizer] = set()
        self._broken: set[int] | None = None  # parameters that were nonfinite before the first step, by id
        self._is_over = self._has_warned = False
        self._late: list[tuple[int, DeviceFlag, list[Pass]]] = []
        self._found: Finding | None = None

    def next_step(self) -> None:
        """Open a step."""
        self._stepped.clear()
        self._passes.next_step()

    def stepped(self, optimizer: WatchedOptimizer) -> None:
        """Record that an optimizer has changed its parameters."""
        if self._is_over:
            return
        self._stepped.add(optimizer)
        if len(self._stepped) < len(self._optimizers):
            self._passes.updated({id(parameter) for parameter in optimizer.parameters})

    def take(self) -> Finding | None:
        """Return the finding of the last check, None if there is none."""
        found, self._found = self._found, None
        return found

    def check_closure(self, step: int, optimizer: WatchedOptimizer) -> None:
        """Check the gradients that an optimizer's closure has computed. It may run several times per step."""
        self.check(step, optimizer)
        self._passes.next_step()

    def check(self, step: int, optimizer: WatchedOptimizer | None) -> None:
        """Check the gradients that an optimizer is about to apply, and those of the others that have not stepped.

        Args:
            step: the open step.
            optimizer: the optimizer, None if none is watched.
        """
        if not self._is_over:
            self._found = self._check(step, optimizer)

    def _check(self, step: int, optimizer: WatchedOptimizer | None) -> Finding | None:
        if self._broken is None:
            self._broken = {id(one) for one in nonfinite_parameters(self._parameters())}
        if optimizer is not None and optimizer.attribute("found_inf") is not None:  # a GradScaler has looked at them
            return None
        parameters = self._pending(optimizer)
        finite, sums = self._small.check(parameters)
        if finite and self._late and (found := self._arrived()) is not None:
            return found
        if sums and finite:
            flag = DeviceFlag(sums)
            if self._waits or flag.ready():
                finite = flag.finite()
            else:
                self._late.append((step, flag, self._passes.all()))
        if finite:
            return None
        origin = self._search(step, parameters)
        if origin is None:
            return None
        self._end()
        return finding_of(origin, step)

    def skipped(self, step: int, scale: Tensor | None) -> None:
        """Look into a step that a GradScaler has skipped, if its scale is not the cause.

        Args:
            step: the open step.
            scale: the scale of the loss, None if it is unknown.
        """
        if not self._is_over:
            self._found = self._skipped(step, scale)

    def _skipped(self, step: int, scale: Tensor | None) -> Finding | None:
        lowest = scale is not None and scale.item() <= LOWEST_SCALE
        if not lowest and (self._has_warned or not any(map(output_is_bad, self._passes.all()))):
            return None
        origin = self._search(step, self._parameters())
        if origin is None:
            return None
        self._has_warned = True
        if lowest:
            self._end()
        return finding_of(origin, step, skipped=not lowest)

    def remove(self) -> None:
        """Remove all hooks."""
        self._end()

    def _end(self) -> None:
        self._is_over = True
        self._late.clear()
        self._passes.remove()

    def _pending(self, optimizer: WatchedOptimizer | None) -> list[Tensor]:
        """Return the parameters of the optimizers that have not stepped, that of this one first."""
        if optimizer is None:
            return self._parameters()
        own: list[Tensor] = optimizer.parameters
        others = [one for one in self._optimizers if one is not optimizer and one not in self._stepped]
        if not others or self._stepped:
            return own
        return list(dict.fromkeys([*own, *(parameter for one in others for parameter in one.parameters)]))

    def _parameters(self) -> list[Tensor]:
        found = [parameter for one in self._optimizers for parameter in one.parameters]
        return found or [parameter for model in self._models.values() for parameter in model.parameters()]

    def _arrived(self) -> Finding | None:
        """Return the finding of an earlier step whose result has come from its device only now."""
        while self._late and self._late[0][1].ready():
            step, flag, passes = self._late.pop(0)
            if not flag.finite():
                reason = "the device's result was read after the update, because nnviz does not wait for a device"
                self._end()
                names, reasons = self._names(), list[str]()
                with outside_modes():
                    origin = self._searched(passes, names, reasons, reason)
                    origin = origin or unlocated_origin(passes, [], names, reasons or [reason])
                return finding_of(origin, step)
        return None

    def _searched(
        self, passes: Sequence[Pass], names: Mapping[Tensor, str], reasons: list[str], refusal: str
    ) -> Origin | None:
        """Return the origin that the passes show, and add why some were not repeated to ``reasons``."""
        modules = {module: name for name, module in named_modules(self._models)}
        search = Search(passes, modules, names, self._paused, refusal)
        origin = search.run()
        reasons += search.reasons
        if refusal and refusal not in reasons:
            reasons.append(refusal)
        return origin

    def _search(self, step: int, parameters: Sequence[Tensor]) -> Origin | None:
        """Return the origin, None if the gradients are finite after all."""
        with outside_modes():
            broken = nonfinite_parameters(parameters)
            gradients = nonfinite_parameters(parameters, gradients=True)
            if not gradients:
                return None
            names = self._names()
            reasons = [f"{reason} ({count} passes)" for reason, count in self._passes.dropped.items()]
            passes = self._passes.all()
            if not (passes or reasons):
                reasons.append("no watched model was called as a whole, or it is compiled as a whole")
            refusal = ""
            if any_sharded(self._models.values()):
                refusal = "this rank holds only a part of some parameters"
            elif rank().size > 1:
                refusal = "a repeated pass could wait for other ranks, of which another may be the origin"
            origin = self._searched(passes, names, reasons, refusal)
            if origin is None and broken:
                origin = Origin("forward", None, "", tensor=broken[0])
            if origin is None:
                return unlocated_origin(passes, gradients, names, reasons, parameters, not self._passes.dropped)
            return self._from_optimizer(step, origin, names)

    def _from_optimizer(self, step: int, origin: Origin, names: Mapping[Tensor, str]) -> Origin:
        tensor = origin.tensor
        if tensor is None or id(tensor) in (self._broken or ()):
            return origin
        owner = next((one for one in self._optimizers if any(p is tensor for p in one.parameters)), None)
        if owner is None:
            return origin
        return optimizer_origin(
            origin, tensor, owner, step if owner in self._stepped else step - 1, self._models, names
        )

    def _names(self) -> dict[Tensor, str]:
        return {parameter.tensor: parameter.name for parameter in named_parameters(self._models)}
