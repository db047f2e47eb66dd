"""Signs that a step has ended, although nothing that nnviz watches has closed it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

#: Passes since the last optimizer step at which parameters are looked at, and those at which they are compared.
LOOK, COMPARE = 8, (16, 32, 48, 64, 128, 256)
#: Passes since the last optimizer step that are unusual for one step.
MOST_PASSES = 256
#: Parameters that are looked at, and elements of each.
_PARAMETERS, _ELEMENTS = 8, 64


class Sign(enum.Enum):
    """The reason to believe that a step has ended."""

    #: The parameters change, and no watched optimizer changes them.
    CHANGED = enum.auto()
    #: There were very many passes.
    PASSES = enum.auto()


class OpenStep:
    """The training passes since the last step of a watched optimizer.

    Gradient accumulation leaves the parameters as they are. If most of some parameters have changed between two
    passes, an optimizer that is not watched has stepped.

    >>> layer = nn.Linear(2, 1)
    >>> open_step, found = OpenStep({"": layer}), []
    >>> for _ in range(16):
    ...     found.append(open_step.passes())
    ...     _ = nn.init.uniform_(layer.weight), nn.init.uniform_(layer.bias)  # any change
    >>> found[-2:] == [None, Sign.CHANGED]
    True
    """

    def __init__(self, models: Mapping[str, nn.Module]) -> None:
        self._models = models
        self.reset()

    def reset(self) -> None:
        """Begin to count again, after a step."""
        self.count = 0
        self._seen: list[_State] = []

    def passes(self) -> Sign | None:
        """Count a training pass that begins, and return a sign that it belongs to another step, if there is one."""
        self.count += 1
        if self.count == LOOK:
            self._seen = [_state(parameter) for parameter in _sample(self._models.values())]
        elif self.count in COMPARE and self._have_changed():
            return Sign.CHANGED
        return Sign.PASSES if self.count == MOST_PASSES + 1 else None

    def _have_changed(self) -> bool:
        found = [_state(parameter) for parameter in _sample(self._models.values())]
        if len(found) != len(self._seen):
            return True
        return 2 * sum(not a.equals(b) for a, b in zip(self._seen, found, strict=True)) > len(found)


class _State(NamedTuple):
    """The state of a parameter by which a change shows."""

    identity: tuple[int, ...]
    elements: Tensor | None

    def equals(self, other: _State) -> bool:
        if self.identity != other.identity:
            return False
        return self.elements is None or other.elements is None or torch.equal(self.elements, other.elements)


def _sample(models: Iterable[nn.Module]) -> list[nn.Parameter]:
    trained = [p for p in dict.fromkeys(p for model in models for p in model.parameters()) if p.requires_grad]
    return trained[:: max(1, len(trained) // _PARAMETERS)][:_PARAMETERS]


def _state(parameter: nn.Parameter) -> _State:
    identity = (id(parameter), 0 if parameter.is_inference() else parameter._version)
    plain = type(parameter) in (nn.Parameter, Tensor) and parameter.layout == torch.strided
    if not plain or parameter.device.type != "cpu" or not parameter.is_contiguous():
        return _State(identity, None)  # reading it could wait for a device, or run operators of a subclass
    # a change of ``parameter.data`` changes no version; bytes, because NaN differs from itself
    elements = parameter.detach().reshape(-1)[:_ELEMENTS].clone().view(torch.uint8)
    return _State((*identity, parameter.data_ptr()), elements)
