"""Copies of parameters from before the optimizer's step, within a budget of memory."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tb_nnviz.record.model.metadata import metadata

#: The default budget is the larger of a number of bytes and a share of all parameters.
LEAST_BYTES, SHARE = 64 * 10**6, 0.02


class Snapshot:
    """Copies of parameters, from which their updates are measured.

    If not all parameters fit into the budget, they take turns: each step holds whole copies of the next ones that
    fit. Every measured update is exact.

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

    @staticmethod
    def bytes_of(parameter: nn.Parameter) -> int:
        """Return the size of a copy of a parameter."""
        with metadata():
            return parameter.numel() * parameter.element_size()

    def budget(self, parameters: Sequence[nn.Parameter]) -> int:
        """Return the number of bytes that may be held."""
        if self._budget is not None:
            return self._budget
        return max(LEAST_BYTES, int(SHARE * sum(map(self.bytes_of, parameters))))

    def too_large(self, parameters: Sequence[nn.Parameter]) -> list[nn.Parameter]:
        """Return the parameters that exceed the budget by themselves. Their updates are never measured."""
        budget = self.budget(parameters)
        return [parameter for parameter in parameters if self.bytes_of(parameter) > budget]

    def choose(self, parameters: Sequence[nn.Parameter], turn: bool = True) -> None:
        """Choose the parameters whose turn it is in the step that begins.

        Args:
            parameters: all that may be updated.
            turn: whether the next step chooses the next parameters. If False, it chooses the same ones again.
        """
        self.release()
        budget = self.budget(parameters)
        fitting = [parameter for parameter in parameters if self.bytes_of(parameter) <= budget]
        if sum(map(self.bytes_of, fitting)) <= budget:
            self._chosen = set(fitting)
            self._spare = {parameter: spare for parameter, spare in self._spare.items() if parameter in self._chosen}
            return
        self._chosen.clear()
        self._spare.clear()
        first = self._next % len(fitting)
        for parameter in fitting[first:] + fitting[:first]:
            budget -= self.bytes_of(parameter)
            if budget < 0:
                break
            self._chosen.add(parameter)
            self._next += turn

    def buffer(self, parameter: nn.Parameter) -> Tensor | None:
        """Return the tensor that receives the parameter's current value, or None if it is not the parameter's turn."""
        if parameter not in self._chosen:
            return None
        # New memory would cost a CPU more than the copy. The allocators of other devices reuse memory themselves.
        spare = self._spare.get(parameter)
        tensor = parameter.detach()
        if spare is None or (spare.shape, spare.dtype, spare.stride()) != (tensor.shape, tensor.dtype, tensor.stride()):
            spare = torch.empty_like(tensor)
            if tensor.device.type == "cpu":
                self._spare[parameter] = spare
        self._held[parameter] = spare
        return spare

    def take(self, parameter: nn.Parameter) -> Tensor | None:
        """Return the value before the step if it is held, and release it."""
        return self._held.pop(parameter, None)

    def release(self) -> None:
        """Drop all values."""
        self._held.clear()
