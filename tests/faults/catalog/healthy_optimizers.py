"""Healthy runs of different optimizers and schedules."""

from __future__ import annotations

import math

import torch

from tests.faults.case import Cases
from tests.faults.families import adam, autoencoder, cancer, deep, diabetes, gpt, image_model, mlp, sgd
from tests.faults.training import Training, with_closure

CASES = Cases()


@CASES.healthy_run("mlp/sgd")
def plain() -> Training:
    """SGD without momentum."""
    return mlp(optimizer=sgd(0.1), steps=300, every=10)


@CASES.healthy_run("mlp/momentum")
def momentum() -> Training:
    """SGD with Nesterov's momentum."""
    return mlp(optimizer=sgd(0.03, 0.9, nesterov=True), seed=1)


@CASES.healthy_run("cnn/adamw")
def adamw() -> Training:
    """AdamW with a decay of 0.1."""
    return image_model(optimizer=adam(2e-3, torch.optim.AdamW, weight_decay=0.1))


@CASES.healthy_run("autoencoder/rmsprop")
def rmsprop() -> Training:
    """RMSprop."""
    return autoencoder(optimizer=adam(1e-3, torch.optim.RMSprop))


@CASES.healthy_run("mlp/adagrad")
def adagrad() -> Training:
    """Adagrad, whose steps become smaller."""
    return mlp(optimizer=adam(2e-2, torch.optim.Adagrad), seed=2)


@CASES.healthy_run("diabetes/lbfgs")
def lbfgs() -> Training:
    """LBFGS on the whole data set, which evaluates the loss several times per step."""
    training = diabetes(
        (10, 8, 1), optimizer=lambda p: torch.optim.LBFGS(p, lr=0.5, max_iter=4), step=with_closure, steps=40, every=2
    )
    x, y = training.batch.tensors  # type: ignore[attr-defined]
    training.batch = lambda step: (x, y)
    return training


@CASES.healthy_run("cnn/warm-restarts")
def warm_restarts() -> Training:
    """A cosine schedule that restarts every 60 steps, after which the loss rises for a while."""
    return image_model(schedule=lambda step: 0.01 + 0.99 * (1 + math.cos(math.pi * (step % 60) / 60)) / 2)


@CASES.healthy_run("gpt/warmup-cosine")
def warmup() -> Training:
    """Linear warmup from zero over 30 steps, then a cosine to a tenth."""

    def factor(step: int) -> float:
        return (step + 1) / 30 if step < 30 else 0.55 + 0.45 * math.cos(math.pi * (step - 30) / 210)

    return gpt(schedule=factor, clip=1.0, seed=2)


@CASES.healthy_run("resnet/one-cycle")
def one_cycle() -> Training:
    """A rate that rises to its maximum in the first third and falls to zero at the end."""
    return deep(schedule=lambda step: max(1e-3, min(step / 60, (180 - step) / 120)), optimizer=adam(2e-3))


@CASES.healthy_run("cnn/step-decay")
def step_decay() -> Training:
    """A rate that is divided by ten twice."""
    return image_model(schedule=lambda step: 0.1 ** (step // 70), seed=3)


@CASES.healthy_run("cancer/long")
def long() -> Training:
    """A run that goes on for long after it has converged."""
    return cancer(optimizer=sgd(0.02, 0.9, weight_decay=1e-2), steps=600, every=10, validation=None)


@CASES.healthy_run("gpt/adam-beta2")
def beta2() -> Training:
    """Adam with beta2 of 0.95 and small batches, as language models have."""
    return gpt(optimizer=adam(2e-3, torch.optim.AdamW, betas=(0.9, 0.95), weight_decay=0.1), size=6, seed=5, clip=1.0)
