"""The two runs: what each one does, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.gpt.model import GPT


@dataclass(frozen=True)
class Run:
    """One training of a model."""

    name: str
    story: str
    model: Callable[[], GPT]


RUNS = (
    Run(
        name="gpt/healthy",
        story="a small GPT reads source code: its first heads come to look at the letters just before",
        model=GPT,
    ),
    Run(
        name="gpt/no-mask",
        story="the causal mask is missing: heads look at the next letter, the loss is too good, writing fails",
        model=lambda: GPT(causal=False),
    ),
)
