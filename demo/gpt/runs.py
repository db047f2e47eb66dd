"""The two runs of the GPT, one with a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.gpt.model import GPT


@dataclass(frozen=True)
class Run:
    """One training run of a model. Gradients are set to zero before each backward pass, unless ``zeroes`` is False."""

    name: str
    story: str
    model: Callable[[], GPT]
    zeroes: bool = True


RUNS = (
    Run(
        name="gpt/healthy",
        story="a small GPT learns source code: its first heads attend to the letters just before",
        model=GPT,
    ),
    Run(
        name="gpt/no-mask",
        story="the causal mask is missing: heads attend to the next letter, the loss is too low, generation fails",
        model=lambda: GPT(causal=False),
    ),
)
