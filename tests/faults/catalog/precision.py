"""Faults of low precision."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Cases
from tests.faults.data import Batch
from tests.faults.families import adam, gpt, image_model, mlp, sgd
from tests.faults.training import Training

CASES = Cases()


def in_bfloat16(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross entropy of a model whose weights are bfloat16."""
    x, y = batch
    x = x.bfloat16() if x.is_floating_point() else x
    return F.cross_entropy(model(x).float().flatten(0, -2), y.flatten())


BF16 = Case("mlp/bfloat16", lambda: mlp(change=nn.Module.bfloat16, loss=in_bfloat16, optimizer=sgd(0.03, 0.9)))


@CASES.fault("mlp/bfloat16-rounds", "update/lost", BF16)
def bfloat16_rounds() -> Training:
    """The weights are bfloat16 and the learning rate so low that most updates are rounded away."""
    return mlp(change=nn.Module.bfloat16, loss=in_bfloat16, optimizer=sgd(3e-4))


BF16_GPT = Case(
    "gpt/bfloat16", lambda: gpt(change=nn.Module.bfloat16, loss=in_bfloat16, optimizer=adam(1e-2, torch.optim.AdamW))
)


@CASES.fault("gpt/bfloat16-rounds", "update/lost", BF16_GPT)
def bfloat16_rounds_gpt() -> Training:
    """A transformer in pure bfloat16 is fine-tuned by AdamW at 1e-5."""
    return gpt(change=nn.Module.bfloat16, loss=in_bfloat16, optimizer=adam(1e-5, torch.optim.AdamW))


def under_autocast(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross entropy under float16 autocast."""
    x, y = batch
    with torch.autocast("cpu", dtype=torch.float16):
        logits = model(x)
    return F.cross_entropy(logits.float().flatten(0, -2), y.flatten())


def scaled(scale: float = 2.0**12, interval: int = 1000, **options: object) -> Training:
    """Return an MLP under float16 autocast with a GradScaler."""
    training = mlp(loss=under_autocast, validation=None, optimizer=adam(1e-3), **options)  # type: ignore[arg-type]
    training.scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=interval)
    return training


SCALED = Case("mlp/float16", scaled)


@CASES.fault("mlp/loss-scale-falls", "precision/loss_scale", SCALED, begins=(60, 80))
def loss_scale_falls() -> Training:
    """From step 60 on the loss is a sum that overflows float16 at any scale, so the scaler skips all steps."""
    training = scaled(steps=150)
    loss, now = training.loss, [0]
    training.before.append(lambda step: now.__setitem__(0, step))
    training.loss = lambda model, batch: loss(model, batch) * (1e36 if now[0] >= 60 else 1.0)
    return training


def in_float16(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross entropy of a model whose weights are float16."""
    return F.cross_entropy(model(batch[0].half()).float(), batch[1])


@CASES.fault("mlp/float16-underflow", "precision/underflow", Case(
    "mlp/half", lambda: mlp(change=nn.Module.half, loss=in_float16, optimizer=sgd(0.05))
))  # fmt: skip
def float16_underflow() -> Training:
    """The gradients of a float16 model are a millionth of what they should be, and most are rounded to 0."""
    training = mlp(change=nn.Module.half, loss=in_float16, optimizer=sgd(0.05))
    training.loss = lambda model, batch: in_float16(model, batch) * 3e-6
    return training


class Wide(nn.Module):
    """A layer whose float16 output overflows for large inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return (x.half() * self.gain.half()).square().float().sqrt()


def with_wide() -> Training:
    """Return a CNN with a layer that computes in float16."""

    def model() -> nn.Module:
        made = nn.Sequential()
        for name, part in (("conv1", nn.Conv2d(1, 8, 3, 2, 1)), ("act1", nn.ReLU()), ("flat", nn.Flatten()),
                           ("wide", Wide()), ("head", nn.Linear(128, 10))):  # fmt: skip
            made.add_module(name, part)
        return made

    training = image_model(model, optimizer=adam(2e-3))
    training.model.conv1.bias.data.fill_(0.1)
    return training


@CASES.fault("cnn/float16-overflow", "nonfinite/forward", Case("cnn/half-layer", lambda: with_wide_positive()),
             layers="wide", begins=91)  # fmt: skip
def float16_overflow() -> Training:
    """At step 91 an image is bright enough for a square in float16 to exceed 65504."""
    training = with_wide_positive()
    training.corrupt(91, lambda batch: (torch.cat([batch[0][:1] * 2000, batch[0][1:]]), batch[1]))
    return training


def with_wide_positive() -> Training:
    """Return the CNN of ``with_wide`` whose root is never taken of 0."""
    training = with_wide()
    training.model.act1 = nn.Softplus()
    return training
