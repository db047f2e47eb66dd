"""The parameters' values before the optimizer's step, as far as a budget of memory reaches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: Bytes that may be held, and share of the parameters: the larger of the two.
LEAST_BYTES, SHARE = 64 * 10**6, 0.02


class Snapshot:
    """Copies of parameters, to tell their updates from.

    Parameters that do not fit into the budget all at once take turns: each step holds the next ones of
    the ring that fit, whole, so that every update that is measured is exact.

    >>> snapshot = Snapshot(budget=40)
    >>> a, b = nn.Parameter(torch.zeros(8)), nn.Parameter(torch.ones(8))
    >>> snapshot.choose([a, b])
    >>> (snapshot.buffer(a) is None, snapshot.buffer(b) is None)
    (False, True)
    >>> snapshot.choose([a, b])
    >>> (snapshot.buffer(a) is None, snapshot.buffer(b) is None)
    (True, False)
    """

    def __init__(self, budget: int | None = None) -> None:
        self._budget = budget
        self._chosen: set[nn.Parameter] = set()
        self._next = 0
        self._held: dict[nn.Parameter, Tensor] = {}
        self._spare: dict[nn.Parameter, Tensor] = {}

    def budget(self, parameters: Sequence[nn.Parameter]) -> int:
        """Bytes that may be held."""
        if self._budget is not None:
            return self._budget
        return max(LEAST_BYTES, int(SHARE * sum(parameter.nbytes for parameter in parameters)))

    def too_large(self, parameters: Sequence[nn.Parameter]) -> list[nn.Parameter]:
        """Those that exceed the budget by themselves: their updates are never measured."""
        budget = self.budget(parameters)
        return [parameter for parameter in parameters if parameter.nbytes > budget]

    def choose(self, parameters: Sequence[nn.Parameter], turn: bool = True) -> None:
        """Say whose turn it is in the step that begins, out of all parameters that may be updated.

        Without ``turn`` it stays theirs in the next step, too.
        """
        self.release()
        budget = self.budget(parameters)
        fitting = [parameter for parameter in parameters if parameter.nbytes <= budget]
        if sum(parameter.nbytes for parameter in fitting) <= budget:
            self._chosen = set(fitting)
            self._spare = {parameter: spare for parameter, spare in self._spare.items() if parameter in self._chosen}
            return
        self._chosen.clear()
        self._spare.clear()
        first = self._next % len(fitting)
        for parameter in fitting[first:] + fitting[:first]:
            budget -= parameter.nbytes
            if budget < 0:
                break
            self._chosen.add(parameter)
            self._next += turn

    def buffer(self, parameter: nn.Parameter) -> Tensor | None:
        """Where the parameter's present value is to be copied; None if it is not its turn."""
        if parameter not in self._chosen:
            return None
        # Fresh memory would cost the CPU more than the copy; other devices keep what they free.
        spare = self._spare.get(parameter)
        tensor = parameter.detach()
        if spare is None or (spare.shape, spare.dtype, spare.stride()) != (tensor.shape, tensor.dtype, tensor.stride()):
            spare = torch.empty_like(tensor)
            if tensor.device.type == "cpu":
                self._spare[parameter] = spare
        self._held[parameter] = spare
        return spare

    def take(self, parameter: nn.Parameter) -> Tensor | None:
        """The value before the step, if it is held; then no more."""
        return self._held.pop(parameter, None)

    def release(self) -> None:
        """Hold nothing."""
        self._held.clear()
