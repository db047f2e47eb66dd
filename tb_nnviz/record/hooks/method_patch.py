"""Replacement of a method of one of the user's objects, of which copies and saved files know nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from types import MemberDescriptorType
from typing import Any

from tb_nnviz.record.hooks.uncompiled import uncompiled


class MethodPatch:
    """A callable in place of a method of one object. Subclasses define ``call``.

    torch has no hook in some methods. A copied or saved object does not carry the replacement, so it loads without
    this package. The replacement itself becomes the plain method when it is copied or pickled.

    Args:
        owner: the object.
        name: the name of the method.
    """

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name
        self._plain = getattr(owner, name)
        self._had_own = False
        self._earlier: Any = None
        self._installed = False

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run in place of the method. ``_plain`` is the method."""
        raise NotImplementedError

    @uncompiled(breaks=True, callees=False)
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs) if self._installed else self._plain(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        # learning-rate schedulers look for marks on the method that they have replaced
        if name.startswith("__") or "_plain" not in vars(self):
            raise AttributeError(name)
        return getattr(self._plain, name)

    @property
    def __func__(self) -> Any:
        """The method as a function of the object, as that of a bound method."""

        def function(this: Any, *args: Any, **kwargs: Any) -> Any:
            return self(*args, **kwargs) if this is self._owner else _bound(self._plain, this)(*args, **kwargs)

        plain = getattr(self._plain, "__func__", self._plain)
        for name in ("__name__", "__qualname__", "__doc__", "__module__"):
            setattr(function, name, getattr(plain, name, None) or getattr(function, name))
        return function

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = memo.get(id(self._owner))
        return self._plain if copied is None else _bound(self._plain, copied)

    def __reduce__(self) -> tuple[Any, ...]:
        return (copy.copy, (self._plain,)) if self._had_own else (getattr, (self._owner, self._name))

    def install(self) -> None:
        """Replace the method, on this object only.

        Raises:
            AttributeError, TypeError: the object does not take attributes.
        """
        own = _attributes(self._owner)
        slot = isinstance(getattr(type(self._owner), self._name, None), MemberDescriptorType)
        self._had_own, self._earlier = slot or self._name in own, own.get(self._name, self._plain)
        setattr(self._owner, self._name, self)
        self._installed = True
        if "__getstate__" not in own and own:
            # copy.copy shares the values of the state, so without this a copy would call this object
            self._owner.__getstate__ = partial(_state, self._owner)

    @property
    def is_installed(self) -> bool:
        """True if the object's method is the replacement."""
        return self._installed and getattr(self._owner, self._name, None) is self

    def remove(self) -> None:
        """Restore the method unless it has been replaced since. The replacement only forwards calls from now on."""
        self._installed = False
        if getattr(self._owner, self._name, None) is self:
            had_own, earlier = self._below(lambda patch: not patch._installed)
            if had_own:  # a wrapper that was there before
                setattr(self._owner, self._name, earlier)
            else:
                delattr(self._owner, self._name)
        own = _attributes(self._owner)
        still = any(isinstance(value, MethodPatch) for value in own.values())  # another monitor's
        state = own.get("__getstate__")
        if not still and isinstance(state, partial) and state.func is _state:
            del self._owner.__getstate__

    def _below(self, skip: Callable[[MethodPatch], bool]) -> tuple[bool, Any]:
        """Return whether the object had such an attribute, and which, below this and further replacements."""
        had_own, earlier = self._had_own, self._earlier
        while isinstance(earlier, MethodPatch) and skip(earlier):
            had_own, earlier = earlier._had_own, earlier._earlier
        return had_own, earlier


def _attributes(owner: Any) -> dict[str, Any]:
    found = getattr(owner, "__dict__", None)
    return found if isinstance(found, dict) else {}


def _bound(method: Any, this: Any) -> Any:
    """Return a method of one object as that of another, as a copy has it."""
    function = getattr(method, "__func__", None)
    return method if function is None else function.__get__(this, type(this))


def _state(owner: Any) -> Any:
    """Return the state from which an object is copied, without the replacements of monitors."""
    get = getattr(type(owner), "__getstate__", None)  # before Python 3.11 not every object has one
    state = vars(owner) if get is None else get(owner)
    if not isinstance(state, dict):
        return state
    state = {name: value for name, value in state.items() if name != "__getstate__"}
    for name, value in list(state.items()):
        if isinstance(value, MethodPatch):
            had_own, state[name] = value._below(lambda patch: True)
            if not had_own:
                del state[name]
    return state
