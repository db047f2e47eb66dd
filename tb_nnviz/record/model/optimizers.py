"""The optimizers of a run: each as the user gave it, with the optimizers within it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MemberDescriptorType
from typing import Any

import torch
from torch import Tensor, nn

Group = dict[str, Any]

#: Attributes by which a wrapper without ``__dict__`` gives the optimizer within.
_NAMES = ("optimizer", "optim", "base_optimizer", "_optimizer", "__wrapped__")
#: Attributes of an optimizer that hold no optimizer and may be large.
_DATA = ("state", "param_groups", "defaults")
#: Most objects that are searched for optimizers, and most elements of one list that are.
_MOST = 64


class WatchedOptimizer:
    """An optimizer as the user gave it. It may be a wrapper whose groups and state are in an optimizer within it.

    Attributes:
        given: what the user gave.
        stepped: the object whose ``step`` runs when the user calls that of ``given``. It is another one if ``given``
            is a proxy that forwards every attribute.
        within: the optimizers with parameter groups that ``stepped`` holds, ``stepped`` included, the outermost first.

    >>> class Wrapper:
    ...     def __init__(self, optimizer):
    ...         self.optimizer = optimizer
    ...     def step(self):
    ...         self.optimizer.step()
    >>> inner = torch.optim.SGD([nn.Parameter(torch.ones(2))], lr=0.5)
    >>> watched = WatchedOptimizer(Wrapper(inner))
    >>> watched.name, watched.param_groups[0]["lr"], watched.within == [inner]
    ('Wrapper', 0.5, True)
    """

    def __init__(self, given: Any) -> None:
        self.given = given
        self.stepped = _stepped(given)
        self.within: list[Any] = []
        self.search()

    def search(self) -> None:
        """Search the optimizers within again, since a wrapper may have replaced one."""
        self.within = [one for one in _reachable(self.stepped) if own_groups(one) is not None]

    @property
    def name(self) -> str:
        """The name of the class, for messages."""
        return type(self.given).__name__

    @property
    def wraps(self) -> bool:
        """True if there is an optimizer within this one."""
        return any(one is not self.stepped for one in self.within)

    @property
    def param_groups(self) -> Sequence[Group]:
        """The parameter groups: its own, or those of the optimizers within it."""
        own = own_groups(self.stepped)
        if own is not None:
            return own
        found = {id(group): group for one in self.within for group in own_groups(one) or ()}
        return list(found.values())

    @property
    def parameters(self) -> list[Any]:
        """The parameters of all groups."""
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def attribute(self, name: str) -> Any:
        """Return an attribute of it or of the first optimizer within that has it, else None.

        A GradScaler sets some for the step of an optimizer that unscales the gradients itself.
        """
        return next((found for one in self.within if (found := _attributes(one).get(name)) is not None), None)


def is_hooked(optimizer: Any) -> bool:
    """Return True if torch calls the hooks that this object holds when its ``step`` runs.

    A subclass that never called ``super().__init__`` holds none. A wrapper that imitates the class of the optimizer
    within holds none of its own.
    """
    return (
        isinstance(optimizer, torch.optim.Optimizer)
        and "_optimizer_step_pre_hooks" in _attributes(optimizer)
        and bool(getattr(type(optimizer).step, "hooked", False))
    )


def takes_attribute(one: Any, name: str) -> bool:
    """Return True if an attribute of an object can be replaced."""
    own = _attributes(one)
    slot = isinstance(getattr(type(one), name, None), MemberDescriptorType)
    had, earlier = slot or name in own, getattr(one, name)
    marked = _Forwarding(earlier)
    try:
        setattr(one, name, marked)
        took = getattr(one, name) is marked
        setattr(one, name, earlier) if had else delattr(one, name)
    except (AttributeError, TypeError):
        return False
    return took


class _Forwarding:
    """A method for the moment in which another thread might call it."""

    def __init__(self, method: Any) -> None:
        self._method = method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._method(*args, **kwargs)


def own_groups(optimizer: Any) -> Sequence[Group] | None:
    """Return the parameter groups of an object, or None if it has none."""
    groups = getattr(optimizer, "param_groups", None)
    if isinstance(groups, list | tuple) and all(isinstance(group, dict) and "params" in group for group in groups):
        return groups
    return None


def _stepped(given: Any) -> Any:
    """Return the object whose ``step`` is called. A proxy holds it."""
    for _ in range(_MOST):
        owner = getattr(getattr(given, "step", None), "__self__", given)
        if owner is given or "step" in _attributes(given) or hasattr(type(given), "step"):
            break
        given = owner
    return given


def _reachable(optimizer: Any) -> list[Any]:
    """Return the object, and those with a ``step`` that it holds, directly or not, the nearest first."""
    found, seen = [optimizer], {id(optimizer)}
    for one in found:  # grows meanwhile
        for value in _held(one):
            if len(found) < _MOST and id(value) not in seen and _has_step(value):
                seen.add(id(value))
                found.append(value)
    return found


def _held(one: Any) -> Iterator[Any]:
    attributes = _attributes(one)
    names = {name for kind in type(one).__mro__ for name in _slots(kind)} | (set() if attributes else set(_NAMES))
    values = [value for name, value in attributes.items() if name not in _DATA]
    for value in [*values, *(getattr(one, name, None) for name in sorted(names))]:
        if isinstance(value, Mapping):
            yield from islice(value.values(), _MOST)
        elif isinstance(value, list | tuple):
            yield from islice(value, _MOST)
        else:
            yield value


def _attributes(one: Any) -> Mapping[str, Any]:
    found = getattr(one, "__dict__", None)
    return found if isinstance(found, dict) else {}


def _slots(kind: type) -> Sequence[str]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _has_step(value: Any) -> bool:
    # of the class, so that no __getattr__ of an unrelated object runs
    if isinstance(value, type | nn.Module | Tensor):
        return False
    return callable(getattr(type(value), "step", None)) or isinstance(value, torch.optim.Optimizer)
