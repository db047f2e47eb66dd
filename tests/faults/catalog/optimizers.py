"""Faults of optimizers: options, clipping, decay, sign."""

from __future__ import annotations

import torch

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.families import adam, autoencoder, cancer, deep, image_model, language, mlp, sgd
from tests.faults.training import Training

CASES = Cases()


@CASES.fault("mlp/epsilon", "update/epsilon", twins.MLP)
def epsilon() -> Training:
    """Adam's epsilon is 0.1, so that it exceeds the root of the second moment and Adam becomes slow SGD."""
    return mlp(optimizer=adam(2e-3, eps=0.1))


@CASES.fault("resnet/epsilon", "update/epsilon", twins.DEEP)
def epsilon_deep() -> Training:
    """The loss is divided by 100,000, which Adam's epsilon of 1e-4 does not follow."""
    training = deep(optimizer=adam(1e-3, eps=1e-4))
    loss = training.loss
    training.loss = lambda model, batch: loss(model, batch) * 1e-5
    return training


CLIPPED = Case("cnn/clipped", lambda: image_model(clip=1.0))


@CASES.fault("cnn/clip-1e-6", "clipping/always", CLIPPED)
def clip_tiny() -> Training:
    """The largest gradient norm is 1e-6 instead of 1, so clipping takes all of every gradient."""
    return image_model(clip=1e-6)


@CASES.fault("recurrent/clip-1e-3", "clipping/always", Case("recurrent/sgd", lambda: language(optimizer=sgd(1.0, 0.9))))
def clip_small() -> Training:
    """The largest gradient norm of an LSTM under SGD is 0.001, a thousandth of what is usual."""
    return language(optimizer=sgd(1.0, 0.9), clip=1e-3)


DECAY = Case("cnn/decay", lambda: image_model(optimizer=sgd(0.01, 0.9, weight_decay=5e-4)))


@CASES.fault("cnn/decay-x10000", "parameter/shrinking", DECAY, begins=(0, 40))
def decay() -> Training:
    """The weight decay of SGD is 5 in place of 5e-4, so all weights go to zero."""
    return image_model(optimizer=sgd(0.01, 0.9, weight_decay=5.0))


ADAMW = Case("mlp/adamw", lambda: mlp(optimizer=adam(2e-3, torch.optim.AdamW, weight_decay=0.01)))


@CASES.fault("mlp/adamw-decay", "parameter/shrinking", ADAMW, begins=(0, 40))
def decay_adamw() -> Training:
    """AdamW's weight decay is 50, so each step removes a tenth of every weight."""
    return mlp(optimizer=adam(2e-3, torch.optim.AdamW, weight_decay=50.0))


@CASES.fault("cnn/decay-sign", "parameter/growing", twins.CNN, layers="conv* <model> head bn*",
             begins=(0, 80))  # fmt: skip
def decay_sign() -> Training:
    """A hand-written weight decay has the wrong sign, and batch norm hides that the weights grow by 3 % per step."""
    training = image_model()

    class Growing(torch.optim.SGD):
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            super().step()
            with torch.no_grad():
                training.model.conv1.weight.mul_(1.03)
                training.model.conv2.weight.mul_(1.03)

    training.optimizer = Growing(training.model.parameters(), lr=0.05, momentum=0.9)
    return training


@CASES.fault("mlp/maximize", "loss/diverges", twins.MLP, begins=(0, 15))
def maximize() -> Training:
    """The optimizer maximizes the loss."""
    return mlp(optimizer=adam(2e-3, maximize=True))


@CASES.fault("cancer/flipped-sign", "loss/diverges", twins.CANCER, begins=(0, 15))
def flipped_sign() -> Training:
    """A hand-written optimizer adds the gradient instead of subtracting it."""
    training = cancer()

    class Ascending(torch.optim.SGD):
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            with torch.no_grad():
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.add_(parameter.grad, alpha=group["lr"])

    training.optimizer = Ascending(training.model.parameters(), lr=0.02)
    return training


@CASES.fault("autoencoder/masked-loss", "gradient/zero", twins.AUTOENCODER, begins=100)
def masked_loss() -> Training:
    """From step 100 on the mask that weights the loss is zero everywhere."""
    training = autoencoder()
    loss, now = training.loss, [0]
    training.before.append(lambda step: now.__setitem__(0, step))
    training.loss = lambda model, batch: loss(model, batch) * (0.0 if now[0] >= 100 and model.training else 1.0)
    return training
