"""Hooks in the user's code, and handles that remove them without a trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

#: Called with the error of a hook's function, which must not reach the training loop.
Failed = Callable[[Exception], None]
#: A hook that does nothing, and whose pickle loads without this package.
_inert = nullcontext().__exit__


class Hook:
    """A function of nnviz inside the user's code. It returns None and never raises.

    A copy of the user's model carries copies of its hooks, so a copied or pickled hook does nothing.
    """

    def __init__(self, function: Callable[..., None], failed: Failed) -> None:
        self._function = function
        self._failed = failed

    def __call__(self, *args: Any) -> None:
        try:
            self._function(*args)
        except Exception as error:  # an error of nnviz must not end training
            self._failed(error)

    def __deepcopy__(self, memo: dict[int, Any]) -> Callable[..., None]:
        return _inert

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")


class Removable(Protocol):
    """The handle that torch returns for a registered hook."""

    def remove(self) -> None:
        """Remove the hook."""


class Handles:
    """Handles of installed hooks. ``remove`` removes all of them, once."""

    def __init__(self) -> None:
        self._handles: list[Removable] = []

    def __len__(self) -> int:
        return len(self._handles)

    def add(self, handle: Removable) -> None:
        self._handles.append(handle)

    def remove(self) -> None:
        while self._handles:
            self._handles.pop().remove()
