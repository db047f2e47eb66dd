"""Faults of learning rates."""

from __future__ import annotations

import torch

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.families import adam, cancer, deep, diabetes, gan, gpt, image_model, language, mlp, sgd
from tests.faults.training import Training

CASES = Cases()
#: A rate far too high ends in several ways, all of which name the fault.
TOO_HIGH = "learning_rate/too_high update/too_large"
TOO_LOW = "learning_rate/too_low update/too_small"


@CASES.fault("mlp/rate-x100", TOO_HIGH, twins.MLP)
def rate_x100() -> Training:
    """Adam's learning rate is 100 times too high."""
    return mlp(optimizer=adam(0.2))


@CASES.fault("cnn/rate-x100", TOO_HIGH, twins.CNN)
def rate_x100_cnn() -> Training:
    """The learning rate of SGD with momentum is 100 times too high for a CNN with batch norm."""
    return image_model(optimizer=sgd(5.0, 0.9))


@CASES.fault("gpt/rate-x30", TOO_HIGH, twins.GPT)
def rate_x30() -> Training:
    """AdamW's learning rate is 30 times too high for a transformer."""
    return gpt(optimizer=adam(0.1, torch.optim.AdamW))


DIABETES_SGD = Case("diabetes/sgd", lambda: diabetes(optimizer=sgd(0.02)))


@CASES.fault("diabetes/rate-x100", f"{TOO_HIGH} loss/diverges", DIABETES_SGD)
def rate_x100_regression() -> Training:
    """The learning rate of plain SGD is 100 times too high, and the loss grows beyond all bounds."""
    return diabetes(optimizer=sgd(2.0))


@CASES.fault("recurrent/rate-jump", TOO_HIGH, twins.LSTM, begins=100)
def rate_jump() -> Training:
    """A schedule with a wrong unit multiplies the learning rate by 100 at step 100."""
    return language(schedule=lambda step: 100.0 if step >= 100 else 1.0)


@CASES.fault("gan/discriminator-x200", f"{TOO_HIGH} output/saturated", twins.GAN, layers="D D.* <model>")
def discriminator_x200() -> Training:
    """The discriminator's learning rate is 200 times the generator's."""
    return gan(lr_d=0.2)


@CASES.fault("mlp/rate-x0.001", TOO_LOW, twins.MLP)
def rate_low() -> Training:
    """Adam's learning rate is 1000 times too low."""
    return mlp(optimizer=adam(2e-6))


@CASES.fault("cancer/rate-x0.001", TOO_LOW, twins.CANCER)
def rate_low_cancer() -> Training:
    """The learning rate of SGD is 1000 times too low."""
    return cancer(optimizer=sgd(2e-5, 0.9))


@CASES.fault("resnet/rate-drops", f"{TOO_LOW} loss/plateau", twins.DEEP, begins=60)
def rate_drops() -> Training:
    """A schedule that counts steps as epochs has divided the learning rate by 10,000 at step 60."""
    return deep(schedule=lambda step: 1e-4 if step >= 60 else 1.0)


@CASES.fault("gpt/plateau", f"{TOO_LOW} loss/plateau", twins.GPT, begins=100)
def plateau() -> Training:
    """The cosine schedule was made for 100 steps of 240, so training stands still for the rest."""
    return gpt(schedule=lambda step: 1e-9 + (1 + torch.cos(torch.tensor(3.14159 * min(step / 100, 1))).item()) / 2)
