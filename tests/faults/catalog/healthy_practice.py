"""Healthy runs with habits that look odd: scaled losses, frozen layers, skipped steps, clipping at each step."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Cases
from tests.faults.catalog.precision import scaled
from tests.faults.data import Batch
from tests.faults.families import (
    adam,
    autoencoder,
    cross_entropy,
    deep,
    diabetes,
    gpt,
    image_model,
    language,
    mlp,
    sgd,
    squared_error,
)  # fmt: skip
from tests.faults.training import Training

CASES = Cases()


@CASES.healthy_run("mlp/loss-x1e-4")
def loss_small() -> Training:
    """A loss that is multiplied by 1e-4, which Adam does not notice."""
    return mlp(loss=lambda model, batch: cross_entropy(model, batch) * 1e-4)


@CASES.healthy_run("cnn/loss-sum")
def loss_sum() -> Training:
    """A loss that is summed over the batch, under Adam."""

    def total(model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1], reduction="sum")

    return image_model(optimizer=adam(2e-3), loss=total, validation=None)


@CASES.healthy_run("diabetes/tiny-loss")
def tiny_loss() -> Training:
    """A regression in units that make the loss about 1e-6."""

    class Thousandth(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 1e-3

    training = diabetes(optimizer=adam(2e-3), change=lambda model: model.add_module("unit", Thousandth()))
    training.change_data(lambda batch: (batch[0], batch[1] * 1e-3))
    return training


@CASES.healthy_run("diabetes/negative-loss")
def negative_loss() -> Training:
    """The likelihood of a density, whose loss becomes negative."""

    def likelihood(model: nn.Module, batch: Batch) -> Tensor:
        mean, log_variance = model(batch[0]).chunk(2, -1)
        log_variance = log_variance.clamp(-5, 5)
        return (log_variance + (batch[1] * 0.1 - mean).square() / log_variance.exp()).mean() / 2

    return diabetes((10, 32, 32, 2), optimizer=adam(1e-3), loss=likelihood, validation=None)


@CASES.healthy_run("cnn/fine-tuning")
def fine_tuning() -> Training:
    """A pretrained network whose first half is frozen, at a small rate for the rest."""
    training = image_model()
    for step in range(60):
        training.optimizer.zero_grad()
        cross_entropy(training.model, training.batch(step)).backward()
        training.optimizer.step()
    for name in ("conv1", "bn1"):
        getattr(training.model, name).requires_grad_(False)
    nn.init.normal_(training.model.head.weight, std=0.05)
    rest = [parameter for parameter in training.model.parameters() if parameter.requires_grad]
    training.optimizer = torch.optim.AdamW(rest, lr=1e-3)
    return training


@CASES.healthy_run("gpt/frozen-embedding")
def frozen_embedding() -> Training:
    """A transformer whose embeddings are frozen."""

    def freeze(model: nn.Module) -> None:
        model.wte.requires_grad_(False)
        model.wpe.requires_grad_(False)

    return gpt(change=freeze, optimizer=lambda p: torch.optim.AdamW([one for one in p if one.requires_grad], lr=3e-3))


@CASES.healthy_run("recurrent/clipping-quarter")
def clipping_quarter() -> Training:
    """Clipping that acts on each step at a factor of about a quarter, under Adam."""
    return language(clip=0.15, seed=2)


@CASES.healthy_run("mlp/skips-first-steps")
def skips_first_steps() -> Training:
    """A GradScaler that begins far too high and skips its first steps."""
    return scaled(scale=2.0**30)


@CASES.healthy_run("mlp/float16-grows")
def scale_grows() -> Training:
    """A GradScaler that doubles its scale every 30 steps and now and then skips one."""
    return scaled(scale=2.0**16, interval=30, seed=4)


@CASES.healthy_run("mlp/validation-above")
def validation_above() -> Training:
    """Dropout and noisy labels: validation differs from training throughout without getting worse."""
    training = mlp(activation=lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.2)), optimizer=adam(1e-3))
    x, y = training.validation  # type: ignore[misc]
    training.validation = (x + 0.7 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)), y)
    return training


@CASES.healthy_run("resnet/micro-batches")
def micro_batches() -> Training:
    """Gradients that are accumulated over four micro-batches."""
    return deep(micro_batches=4, size=64, steps=120)


@CASES.healthy_run("cnn/small-batch")
def small_batch() -> Training:
    """Batches of eight images, whose loss is noisy."""
    return image_model(size=8, optimizer=sgd(0.01, 0.9), seed=9)


@CASES.healthy_run("gpt/unused-rows")
def unused_rows() -> Training:
    """A vocabulary of which the text uses a part only: most rows of the embedding never get a gradient."""

    def enlarge(model: nn.Module) -> None:
        model.wte = nn.Embedding(2000, 32)
        nn.init.normal_(model.wte.weight, std=0.1)

    return gpt(change=enlarge, seed=3)


@CASES.healthy_run("autoencoder/mostly-black")
def mostly_black() -> Training:
    """Images of which half the pixels are 0, and a sum of squares as loss."""
    return autoencoder(loss=lambda model, batch: 64 * squared_error(model, batch), seed=1)


@CASES.healthy_run("mlp/label-smoothing")
def label_smoothing() -> Training:
    """Smoothed labels, whose loss ends far above zero."""

    def smooth(model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1], label_smoothing=0.2)

    return mlp(loss=smooth, optimizer=sgd(0.1, 0.9), schedule=lambda step: (1 + math.cos(math.pi * step / 200)) / 2)


@CASES.healthy_run("cnn/bfloat16-autocast")
def bfloat16_autocast() -> Training:
    """Mixed precision with bfloat16 activations and float32 weights."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(batch[0])
        return F.cross_entropy(logits.float(), batch[1])

    return image_model(optimizer=adam(2e-3), loss=loss, seed=6)
