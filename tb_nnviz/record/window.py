"""A summary of the steps between two logged ones, kept on the host by the writer's thread."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tb_nnviz import schema


@dataclass
class _Highest:
    value: float
    step: int


class Window:
    """The highest gradient norm and loss of the steps since the last event, and their counts.

    The norm is that of finite elements, and nonfinite elements are counted. A loss comes from ``monitor.log`` after its
    step has closed, so an event covers the losses up to the step before it.

    >>> window = Window()
    >>> window.add(4, 1.5, 0), window.add(5, 9.0, 2), window.add(6, 1.25, 0)
    (None, None, None)
    >>> {entry.tag.rpartition("/")[2]: entry.value for entry in window.take()}["gradient_norm_max_step"]
    5.0
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._steps = self._nonfinite_steps = self._skipped = 0
        self._nonfinite = 0.0
        self._norm: _Highest | None = None
        self._loss: _Highest | None = None

    def add(self, step: int, norm: float, nonfinite: float, skipped: bool = False) -> None:
        """Add the gradients of a step.

        Args:
            step: the step.
            norm: norm of the finite elements.
            nonfinite: number of nonfinite elements.
            skipped: whether a GradScaler skipped the step.
        """
        self._steps += 1
        self._nonfinite += nonfinite
        self._nonfinite_steps += nonfinite > 0
        self._skipped += skipped
        if self._norm is None or norm > self._norm.value:
            self._norm = _Highest(norm, step)

    def loss(self, step: int, value: float) -> None:
        """Add the loss of a step. NaN counts as the highest."""
        if self._loss is None or (not math.isnan(self._loss.value) and not value <= self._loss.value):
            self._loss = _Highest(value, step)

    def take(self) -> list[schema.Entry]:
        """Return the entries of the window, and begin a new one."""
        found: dict[str, float] = {
            "steps": self._steps,
            "nonfinite": self._nonfinite,
            "nonfinite_steps": self._nonfinite_steps,
            "skipped_steps": self._skipped,
        }
        for name, highest in (("gradient_norm", self._norm), ("loss", self._loss)):
            if highest is not None:
                found |= {f"{name}_max": highest.value, f"{name}_max_step": highest.step}
        self._reset()
        return [schema.scalar(schema.TAG_WINDOW + name, value) for name, value in found.items()]
