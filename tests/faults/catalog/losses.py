"""Faults that the loss shows: spikes, divergence, overfitting, no progress."""

from __future__ import annotations

import torch

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.data import Batch, Batches, digits
from tests.faults.families import adam, autoencoder, deep, diabetes, gpt, image_model, language, mlp, sgd
from tests.faults.training import Training

CASES = Cases()


@CASES.fault("mlp/corrupted-batch", "loss/spike gradient/spike", twins.MLP, begins=153)
def corrupted_batch() -> Training:
    """One batch at step 153 has pixels 30 times too large and labels of other images."""
    training = mlp()
    training.corrupt(153, lambda batch: (batch[0] * 30, batch[1].roll(1)))
    return training


@CASES.fault("gpt/corrupted-batch", "loss/spike gradient/spike", twins.GPT, begins=170)
def corrupted_text() -> Training:
    """One batch at step 170 is binary data instead of text."""
    training = gpt()
    training.corrupt(170, lambda batch: tuple((one * 37 + 11) % 96 for one in batch))
    return training


@CASES.fault("autoencoder/weighted-sample", "loss/spike gradient/spike", Case(
    "autoencoder/sgd", lambda: autoencoder(optimizer=sgd(0.2, 0.9))
), begins=130)  # fmt: skip
def weighted_sample() -> Training:
    """At step 130 a wrong sample weight multiplies the loss by 100 for one step, under plain SGD."""
    training = autoencoder(optimizer=sgd(0.2, 0.9))
    loss, now = training.loss, [0]
    training.before.append(lambda step: now.__setitem__(0, step))
    training.loss = lambda model, batch: loss(model, batch) * (100.0 if now[0] == 130 and model.training else 1.0)
    return training


@CASES.fault("diabetes/overfit", "loss/overfit", Case("diabetes/short", lambda: overfit(440, 60)),
             begins=(20, 160), window=20)  # fmt: skip
def overfit_diabetes() -> Training:
    """A wide network is trained on 40 patients until it knows them by heart."""
    return overfit(40, 300)


def overfit(samples: int, steps: int) -> Training:
    """Return a wide regression on the first patients only."""
    training = diabetes((10, 128, 128, 1), optimizer=adam(2e-3), steps=steps)
    x, y = (tensor[: min(samples, 340)] for tensor in training.batch.tensors)  # type: ignore[attr-defined]
    training.batch = Batches((x, y), min(40, samples))
    return training


WIDE = Case("recurrent/wide", lambda: language(width=96, optimizer=adam(5e-3), steps=240, every=10))


@CASES.fault("recurrent/overfit", "loss/overfit", WIDE, begins=(20, 160), window=40)
def overfit_recurrent() -> Training:
    """An LSTM is trained on 500 characters over and over."""
    training = language(width=96, optimizer=adam(5e-3), steps=240, every=10)
    training.batch.span = (0, 500)  # type: ignore[attr-defined]
    return training


@CASES.fault("mlp/labels-random", "loss/stuck loss/plateau", twins.MLP, begins=(0, 60))
def labels_random() -> Training:
    """Labels and images are shuffled apart, so there is nothing to learn."""
    training = mlp()
    batch = training.batch

    def shuffled(step: int) -> Batch:
        x, y = batch(step)
        return x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(step))]

    training.batch = shuffled
    training.validation = (training.validation[0], shuffled(0)[1].repeat(7)[:397])  # type: ignore[index]
    return training


@CASES.fault("cnn/zero-weights", "loss/stuck activation/collapse activation/dead", twins.CNN,
             layers="conv* act* bn* head <model>")  # fmt: skip
def zero_weights() -> Training:
    """All weights begin as zero, so all units stay equal and only the last bias learns."""

    def zero(model: torch.nn.Module) -> None:
        for parameter in model.parameters():
            torch.nn.init.zeros_(parameter)

    return image_model(change=zero)


@CASES.fault("resnet/rate-grows", "loss/diverges learning_rate/too_high update/too_large", twins.DEEP,
             begins=(40, 160))  # fmt: skip
def rate_grows() -> Training:
    """The schedule multiplies the learning rate by 1.06 per step instead of dividing it, until training breaks."""
    return deep(schedule=lambda step: 1.06**step)


STILL = Case("cnn/digits-small", lambda: image_model(size=32))


@CASES.fault("cnn/label-offset", "loss/spike gradient/spike loss/diverges", STILL, begins=100)
def label_offset() -> Training:
    """From step 100 on a new part of the data has labels that are off by one."""
    training = image_model(size=32)
    batch = training.batch
    training.batch = lambda step: batch(step) if step < 100 else (batch(step)[0], (batch(step)[1] + 1) % 10)
    x, y = digits()
    training.validation = (x[1400:], y[1400:])
    return training
