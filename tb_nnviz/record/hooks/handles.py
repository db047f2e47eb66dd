"""Hooks of ours in the user's code, as handles: installed once, removed without a trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

#: Called when one of our functions raised: the training loop must not notice.
Failed = Callable[[Exception], None]
#: A hook that does nothing, and that can be pickled and loaded without this package.
_inert = nullcontext().__exit__


class Hook:
    """Runs a function of ours inside the user's code: returns nothing, raises nothing.

    Copies of the user's model carry copies of its hooks, so copied or pickled it becomes inert.
    """

    def __init__(self, function: Callable[..., None], failed: Failed) -> None:
        self._function = function
        self._failed = failed

    def __call__(self, *args: Any) -> None:
        try:
            self._function(*args)
        except Exception as error:  # training goes on, whatever went wrong here
            self._failed(error)

    def __deepcopy__(self, memo: dict[int, Any]) -> Callable[..., None]:
        return _inert

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")


class Removable(Protocol):
    """What torch gives for a hook that was registered."""

    def remove(self) -> None:
        """Take the hook off."""


class Handles:
    """Handles of installed hooks; ``remove`` takes all of them off, once."""

    def __init__(self) -> None:
        self._handles: list[Removable] = []

    def __len__(self) -> int:
        return len(self._handles)

    def add(self, handle: Removable) -> None:
        self._handles.append(handle)

    def remove(self) -> None:
        while self._handles:
            self._handles.pop().remove()
