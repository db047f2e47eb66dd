"""Cases of the suite: faults, each with its healthy twin, and healthy runs."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.faults.training import Training

#: Function that returns a training. It seeds the random numbers first.
Build = Callable[[], Training]


@dataclass(frozen=True)
class Case:
    """A training with a name: family and what is special."""

    name: str
    build: Build

    @property
    def family(self) -> str:
        """The model family, the first part of the name."""
        return self.name.partition("/")[0]

    @property
    def mechanism(self) -> str:
        """One sentence about what is special."""
        return " ".join((self.build.__doc__ or "").split())

    @property
    def is_held_out(self) -> bool:
        """True for the third of all cases that nobody may tune to. Only the name decides.

        >>> Case("gpt/untied", lambda: None).is_held_out, Case("mlp/maximize", lambda: None).is_held_out
        (True, False)
        """
        return int(hashlib.sha256(self.name.encode()).hexdigest(), 16) % 3 == 0

    @property
    def source(self) -> Path:
        """The file that defines it."""
        return Path(sys.modules[self.build.__module__].__file__ or "")


@dataclass(frozen=True)
class Fault(Case):
    """A training with a fault.

    Args:
        rules: the rules that name the fault, as names or ``family/*``.
        layers: the layers that are right, as names or patterns. None: the fault has no layer, and none is judged.
        begins: the first and the last step at which the fault can be said to begin.
        twin: the same training without the fault.
        window: the number of steps within which it must be found to begin. None: that between two logged steps.
    """

    rules: tuple[str, ...]
    layers: tuple[str, ...] | None
    begins: tuple[int, int]
    twin: Case
    window: int | None = None

    def is_right_rule(self, rule: str) -> bool:
        """Return True if a rule names the fault."""
        return any(fnmatchcase(rule, pattern) for pattern in self.rules)

    def is_right_layer(self, layer: str) -> bool:
        """Return True if a layer has the fault, or if the fault has none."""
        return self.layers is None or any(fnmatchcase(layer, pattern) for pattern in self.layers)

    def is_right_step(self, since: int, every: int) -> bool:
        """Return True if a step is where the fault begins, to one logged window."""
        window = every if self.window is None else self.window
        return self.begins[0] - window <= since <= self.begins[1] + window


class Cases:
    """The cases of a catalogue's file, filled by decorators."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.healthy: list[Case] = []

    def healthy_run(self, name: str) -> Callable[[Build], Case]:
        """Return a decorator that adds a healthy run, whose docstring says what is special, and returns its case."""

        def add(build: Build) -> Case:
            self.healthy.append(Case(name, build))
            return self.healthy[-1]

        return add

    def fault(
        self,
        name: str,
        rules: str,
        twin: Case,
        *,
        layers: str | None = None,
        begins: int | tuple[int, int] = 0,
        window: int | None = None,
    ) -> Callable[[Build], Build]:
        """Return a decorator that adds a fault, whose docstring is the mechanism.

        Args:
            name: family and fault.
            rules, layers: as for ``Fault``, separated by spaces. "<model>" stands for the model itself.
            twin: the same training without the fault.
            begins: the step at which it begins, or the first and the last such step.
            window: as for ``Fault``.
        """
        names = None if layers is None else tuple("" if one == "<model>" else one for one in layers.split())
        span = (begins, begins) if isinstance(begins, int) else begins

        def add(build: Build) -> Build:
            self.faults.append(Fault(name, build, tuple(rules.split()), names, span, twin, window))
            return build

        return add
