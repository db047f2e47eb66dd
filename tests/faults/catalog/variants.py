"""Faults and healthy runs of other optimizers, cadences and loops than the other files have."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from tb_nnviz import Monitor
from tests.faults import networks
from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.catalog.precision import in_float16
from tests.faults.data import Batch
from tests.faults.families import adam, gpt, image_model, language, mlp, sgd
from tests.faults.training import Training

CASES = Cases()


@CASES.fault("gpt/batch-of-one-letter", "loss/spike gradient/spike", twins.GPT, begins=133)
def one_letter() -> Training:
    """The batch at step 133 is padding only: one letter again and again."""
    training = gpt()
    training.corrupt(133, lambda batch: tuple(torch.full_like(one, 57) for one in batch))
    return training


@CASES.fault("cnn/one-wrong-batch", "loss/spike gradient/spike", twins.CNN, begins=101)
def wrong_labels() -> Training:
    """The labels of one batch, at step 101, are those of another batch."""
    training = image_model()
    training.corrupt(101, lambda batch: (batch[0], (batch[1] + 3) % 10))
    return training


@CASES.fault("recurrent/decay-x1000", "parameter/shrinking", twins.LSTM)
def decay_recurrent() -> Training:
    """AdamW's weight decay is 15, which its updates balance, so that the weights stay as large as they began."""
    return language(optimizer=adam(5e-3, torch.optim.AdamW, weight_decay=15.0))


@CASES.fault("mlp/decay-in-gradient", "parameter/shrinking", twins.MLP, begins=(0, 20))
def decay_in_gradient() -> Training:
    """Adam's weight decay is 3, which is part of the gradient, and far larger than the rest of it."""
    return mlp(optimizer=adam(2e-3, weight_decay=3.0))


RARE = Case("mlp/sgd-rare", lambda: mlp(optimizer=sgd(0.05, 0.9), every=10))


@CASES.fault("mlp/rate-jump", "learning_rate/too_high update/too_large", RARE, begins=83)
def rate_jump() -> Training:
    """At step 83 the learning rate is multiplied by 500, and all is NaN before the next logged step."""
    return mlp(optimizer=sgd(0.05, 0.9), every=10, schedule=lambda step: 500.0 if step >= 83 else 1.0)


SHORT = Case("encoder/adam-slow", lambda: image_model(networks.RowEncoder, optimizer=adam(1e-3), every=10, steps=240))


@CASES.fault("encoder/schedule-ends", "loss/plateau learning_rate/too_low update/too_small", SHORT, begins=40)
def schedule_ends() -> Training:
    """The learning rate is divided by 1000 at step 40, because the schedule counts steps as epochs."""
    return image_model(
        networks.RowEncoder, optimizer=adam(1e-3), every=10, steps=240, schedule=lambda step: 1e-3**(step >= 40)
    )  # fmt: skip


@CASES.fault("gpt/same-passage", "input/constant", twins.GPT, layers="wte <model> input")
def same_passage() -> Training:
    """Every sample of a batch is the same passage, because the sampler has one worker's seed."""
    training = gpt()
    training.change_data(lambda batch: tuple(one[:1].expand_as(one).contiguous() for one in batch))
    return training


HALF = Case("mlp/half-precision", lambda: mlp(change=nn.Module.half, loss=in_float16, optimizer=sgd(0.02), seed=3))


@CASES.fault("mlp/half-empty", "precision/underflow", HALF)
def half_empty() -> Training:
    """The loss of a float16 model is divided by 10 million, and its gradient is rounded to 0 at once."""
    return mlp(
        change=nn.Module.half, optimizer=sgd(0.02), seed=3,
        loss=lambda model, batch: in_float16(model, batch) * 1e-7,
    )  # fmt: skip


RMSPROP = Case("recurrent/rmsprop-lstm", lambda: language(optimizer=adam(2e-3, torch.optim.RMSprop), seed=3))


@CASES.fault("recurrent/rmsprop-eps", "update/epsilon", RMSPROP)
def rmsprop_epsilon() -> Training:
    """RMSprop's epsilon is 1, a hundred times the gradients."""
    return language(optimizer=adam(2e-3, torch.optim.RMSprop, eps=1.0), seed=3)


@CASES.healthy_run("mlp/late-zero-grad")
def late_zero_grad() -> Training:
    """Gradients that are set to zero behind the forward pass, and clipped by PyTorch's function."""
    return mlp(step=zero_late, seed=5)


@CASES.healthy_run("recurrent/late-zero-grad")
def late_zero_grad_recurrent() -> Training:
    """The same for a GRU, whose embedding gets the gradients of the batch's letters only."""
    return language(nn.GRU, step=zero_late, seed=6)


@CASES.healthy_run("mlp/rare-class")
def rare_class() -> Training:
    """Two classes, one of which has a tenth of the samples, so that the first answer is the other one."""
    training = mlp((64, 32, 2), optimizer=sgd(0.02), seed=7)
    training.change_data(lambda batch: (batch[0], (batch[1] == 8).long()))
    return training


def zero_late(training: Training, step: int, monitor: Monitor) -> None:
    """Train one step, and set the gradients to zero between the passes."""
    batch: Batch = training.batch(step)
    loss: Tensor = training.loss(training.model, batch)
    training.optimizer.zero_grad()
    loss.backward()
    clip_grad_norm_(training.model.parameters(), 0.2)
    training.optimizer.step()
    monitor.log(loss=loss.item())
