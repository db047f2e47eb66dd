"""Faults that make NaN or Inf, each at a step that is not logged."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.data import Batch
from tests.faults.families import adam, autoencoder, cancer, deep, gan, gpt, image_model, language, mlp
from tests.faults.training import Training

CASES = Cases()
#: A fault whose rule only training can apply, because the log has a later step only.
FORWARD, BACKWARD = "nonfinite/forward", "nonfinite/backward"


def log_of_softmax(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross entropy as a beginner writes it: the log of a probability that may be 0."""
    chosen = F.softmax(model(batch[0]), -1).gather(1, batch[1][:, None])
    return -chosen.log().mean()


@CASES.fault("mlp/log-of-zero", "nonfinite/loss", Case(
    "mlp/log-of-softmax", lambda: mlp(loss=log_of_softmax, validation=None)
), begins=113)  # fmt: skip
def log_of_zero() -> Training:
    """The loss takes the log of a softmax, and at step 113 one sample far from the others has probability 0."""
    training = mlp(loss=log_of_softmax, validation=None)

    def far(batch: Batch) -> Batch:
        x = batch[0].clone()
        x[5] *= 500
        return x, torch.cat([batch[1][:5], (batch[1][5:6] + 1) % 10, batch[1][6:]])

    training.corrupt(113, far)
    return training


@CASES.fault("mlp/bad-sample", FORWARD, twins.MLP, layers="fc1 flat input <model>", begins=87)
def bad_sample() -> Training:
    """One image of 64 at step 87 has a NaN."""
    training = mlp()

    def spoil(batch: Batch) -> Batch:
        x = batch[0].clone()
        x[17, 0, 3, 3] = float("nan")
        return x, batch[1]

    training.corrupt(87, spoil)
    return training


class Standardize(nn.Module):
    """Pixels minus their mean, divided by their standard deviation, without an epsilon."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True)


def with_standardize() -> Training:
    """Return an autoencoder that standardizes each image."""

    def add(model: nn.Sequential) -> None:
        parts = dict(model.named_children())
        for name in parts:
            delattr(model, name)
        model.add_module("standardize", Standardize())
        for name, part in parts.items():
            model.add_module(name, part)

    return autoencoder(change=add)


@CASES.fault("autoencoder/zero-by-zero", FORWARD, Case("autoencoder/standardized", with_standardize),
             layers="standardize", begins=66)  # fmt: skip
def zero_by_zero() -> Training:
    """A blank image at step 66 has no deviation, and a layer divides 0 by 0."""
    training = with_standardize()
    training.corrupt(66, lambda batch: (batch[0].index_fill(0, torch.tensor([9]), 0.25),))
    return training


class Length(nn.Module):
    """Features and their length, which has no derivative at 0."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, x.square().sum(-1, keepdim=True).sqrt()], -1)


def with_length() -> Training:
    """Return an MLP whose head sees the length of the features too."""

    def add(model: nn.Sequential) -> None:
        del model.head
        model.add_module("length", Length())
        model.add_module("head", nn.Linear(33, 10))

    return mlp(activation=nn.Tanh, change=add)


@CASES.fault("mlp/root-at-zero", BACKWARD, Case("mlp/length", with_length), layers="length", begins=92)
def root_at_zero() -> Training:
    """At step 92 the features of one sample are all 0, where the derivative of the root is infinite."""
    training = with_length()

    def silence(batch: Batch) -> Batch:
        x = batch[0].clone()
        x[3] = 0.0
        return x, batch[1]

    def without_bias() -> None:
        for name, parameter in training.model.named_parameters():
            if name.startswith("fc") and name.endswith("bias"):
                parameter.data.zero_()

    training.corrupt(92, silence)
    training.at(92, without_bias)
    return training


class Exponential(nn.Module):
    """Variance from its logarithm, which overflows above 88."""

    def forward(self, x: Tensor) -> Tensor:
        return x.exp()


class Scaled(nn.Module):
    """Features times a scale that a layer predicts as a logarithm."""

    def __init__(self) -> None:
        super().__init__()
        self.log, self.exp = nn.Linear(24, 24), Exponential()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.exp(self.log(x))


def with_scale() -> Training:
    """Return a CNN whose channels are multiplied by a predicted scale."""

    def model() -> nn.Module:
        parts = [("conv1", nn.Conv2d(1, 24, 3, padding=1)), ("act1", nn.ReLU()), ("pool", nn.AdaptiveAvgPool2d(2)),
                 ("flat", nn.Flatten()), ("fc1", nn.Linear(96, 24)), ("act2", nn.Tanh()), ("scaled", Scaled()),
                 ("head", nn.Linear(24, 10))]  # fmt: skip
        made = nn.Sequential()
        for name, part in parts:
            made.add_module(name, part)
        return made

    return image_model(model, optimizer=adam(3e-3))


@CASES.fault("cnn/exp-overflow", FORWARD, Case("cnn/predicted-scale", with_scale), layers="scaled scaled.*", begins=104)
def exp_overflow() -> Training:
    """At step 104 a log-variance exceeds 88 after a wrong load, and its exponential is infinite."""
    training = with_scale()
    training.at(104, lambda: training.model.scaled.log.bias.data[5].fill_(95.0))
    return training


@CASES.fault("gpt/embedding-row", f"{FORWARD} nonfinite/optimizer", twins.GPT, layers="wte", begins=71)
def embedding_row() -> Training:
    """At step 71 the row of the letter e in the embedding becomes NaN."""
    training = gpt()
    training.at(71, lambda: training.model.wte.weight.data[ord("e") - 32].fill_(float("nan")))
    return training


@CASES.fault("recurrent/inf-input-weight", f"{BACKWARD} nonfinite/optimizer", twins.LSTM, layers="rnn", begins=53)
def inf_weight() -> Training:
    """At step 53 a bit flip makes one weight of the LSTM infinite, which its gates bound in the forward pass."""
    training = language()
    training.at(53, lambda: training.model.rnn.weight_ih_l0.data[7, 3].fill_(float("inf")))
    return training


@CASES.fault("gpt/adam-without-epsilon", "nonfinite/optimizer", twins.GPT, layers="wte <model>")
def adam_without_epsilon() -> Training:
    """Adam's epsilon is 0, and rows of the embedding without gradient become 0 / 0."""
    return gpt(optimizer=adam(3e-3, eps=0.0))


class Halving(torch.autograd.Function):
    """The identity whose hand-written gradient divides by its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        distance = x.max() - x
        return gradient * (distance / distance) if Halving.divides else gradient

    divides = False


class Custom(nn.Module):
    """A layer with a custom gradient."""

    def forward(self, x: Tensor) -> Tensor:
        return Halving.apply(x)


def with_custom() -> Training:
    """Return a residual network whose head reads a layer with a custom gradient."""
    training = deep(change=lambda model: setattr(model, "pool", nn.Sequential(model.pool, Custom())))
    training.before.append(lambda step: setattr(Halving, "divides", False))
    return training


@CASES.fault("resnet/custom-gradient", BACKWARD, Case("resnet/custom", with_custom), layers="pool.1", begins=48)
def custom_gradient() -> Training:
    """From step 48 on the backward pass of a custom function divides the distance from the maximum by itself."""
    training = with_custom()
    training.since(48, lambda: setattr(Halving, "divides", True))
    return training


@CASES.fault("cancer/division-in-loss", "nonfinite/loss", twins.CANCER, begins=64)
def division_in_loss() -> Training:
    """The loss is weighted by the number of positive samples, and the batch at step 64 has none."""
    training = cancer()

    def weighted(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        each = F.binary_cross_entropy_with_logits(model(x), y, reduction="none")
        return (each * y).sum() / y.sum() + (each * (1 - y)).sum() / (1 - y).sum()

    training.loss = weighted
    training.corrupt(64, lambda batch: (batch[0], torch.zeros_like(batch[1])))
    return training


@CASES.fault("gan/log-of-zero", "nonfinite/loss", twins.GAN, begins=97)
def gan_log_of_zero() -> Training:
    """The generator's loss is log(1 - sigmoid), and at step 97 the discriminator is certain."""
    training = gan()
    soft, now = training.loss, [0]
    training.before.append(lambda step: now.__setitem__(0, step))

    def loss(discriminator: nn.Module, batch: Batch) -> Tensor:
        if now[0] < 97:
            return soft(discriminator, batch)
        return (1 - torch.sigmoid(discriminator(batch[0]) + 200.0)).log().mean()

    training.loss = loss
    return training
