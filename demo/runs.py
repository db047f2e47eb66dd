"""The four runs on digits and their faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from demo.models import DeepCNN


def constant(step: int) -> float:
    """Return the factor that keeps the learning rate constant."""
    return 1.0


def unconstrained(model: DeepCNN, steps: int) -> None:
    """Leave the parameters unchanged."""


@torch.no_grad()
def clip_above(model: DeepCNN, steps: int) -> None:
    """Clip the convolutions of the blocks from the 80th step on, with ``max=`` where ``min=`` was meant.

    Their inputs come from ReLUs and are not negative. With weights and biases below zero every
    output before a ReLU is negative for every input, so the gradient is exactly zero from there to the input.
    """
    if steps >= 80:
        for parameter in model.blocks.parameters():
            parameter.clamp_(max=-0.01)


@dataclass(frozen=True)
class Run:
    """One training run.

    ``schedule`` returns the factor on the learning rate. ``constrain`` changes the parameters after
    an optimizer step, given the number of steps taken.
    """

    name: str
    story: str
    model: Callable[[], DeepCNN]
    optimizer: Callable[[nn.Module], Optimizer]
    schedule: Callable[[int], float] = constant
    constrain: Callable[[DeepCNN, int], None] = unconstrained


def he(model: DeepCNN) -> DeepCNN:
    """Apply He initialization, without which a deep network without norms does not start to learn."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def sgd(model: nn.Module) -> Optimizer:
    """Make an SGD optimizer with momentum."""
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


RUNS = (
    Run(
        name="healthy",
        story="batch norm and ReLU: learns",
        model=lambda: DeepCNN(nn.ReLU, norm=True),
        optimizer=sgd,
    ),
    Run(
        name="deep-sigmoid",
        story="sigmoids, no norm: the gradient shrinks about tenfold per layer towards the input",
        model=lambda: DeepCNN(nn.Sigmoid, norm=False),
        optimizer=sgd,
    ),
    Run(
        name="lr-too-high",
        story="a warm-up without end, 5 % per step: learns, then explodes to NaN",
        # Leaky ReLUs cannot die, and Adamax does not square gradients: the explosion reaches NaN.
        model=lambda: he(DeepCNN(lambda: nn.LeakyReLU(0.1), norm=False)),
        optimizer=lambda model: torch.optim.Adamax(model.parameters(), lr=0.001),
        schedule=lambda step: 1.05**step,
    ),
    Run(
        name="dying-relu",
        story="weights clipped from step 80 on, with max= where min= was meant: the ReLUs die",
        model=lambda: he(DeepCNN(nn.ReLU, norm=False)),
        optimizer=lambda model: torch.optim.Adam(model.parameters(), lr=0.002),
        constrain=clip_above,
    ),
)
