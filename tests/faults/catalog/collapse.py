"""Faults that leave units without a signal: dead, saturated or the same for all samples."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.families import adam, autoencoder, cancer, cross_entropy, diabetes, image_model, mlp, sgd
from tests.faults.training import Training

CASES = Cases()


@CASES.fault("mlp/dead-relu", "activation/dead", twins.MLP, layers="act2 fc2", begins=50)
def dead_relu() -> Training:
    """At step 50 a broken resume shifts the second layer's biases to -30, and its units never fire again."""
    training = mlp()
    training.at(50, lambda: training.model.fc2.bias.data.fill_(-30.0))
    return training


@CASES.fault("diabetes/last-relu", "activation/dead output/constant gradient/zero", twins.DIABETES,
             layers="act head out <model>")  # fmt: skip
def last_relu() -> Training:
    """A ReLU follows the last layer, whose bias is so low that the output is always 0."""

    def add(model: nn.Sequential) -> None:
        model.add_module("out", nn.ReLU())
        model.head.bias.data.fill_(-5.0)

    return diabetes(change=add)


@CASES.fault("autoencoder/dead-bottleneck", "activation/dead activation/collapse output/constant", twins.AUTOENCODER,
             layers="enc2 act2 <model>")  # fmt: skip
def dead_bottleneck() -> Training:
    """The bottleneck is a ReLU with biases of -4: nothing passes, and the output is the same for all inputs."""

    def kill(model: nn.Sequential) -> None:
        model.act2 = nn.ReLU()
        model.enc2.bias.data.fill_(-4.0)

    return autoencoder(change=kill)


@CASES.fault("mlp/double-softmax", "output/saturated", twins.MLP, layers="softmax head <model>")
def double_softmax() -> Training:
    """The model ends with a softmax, and the loss applies another one."""
    return mlp(change=lambda model: model.add_module("softmax", nn.Softmax(-1)))


@CASES.fault("cancer/double-sigmoid", "output/saturated", twins.CANCER, layers="sigmoid head <model>")
def double_sigmoid() -> Training:
    """The model ends with a sigmoid, and binary_cross_entropy_with_logits applies another one."""
    return cancer(change=lambda model: model.add_module("sigmoid", nn.Sigmoid()))


@CASES.fault("autoencoder/targets-unscaled",
             "output/saturated activation/saturated activation/collapse output/constant",
             twins.AUTOENCODER, layers="out dec2 <model>", begins=(0, 90))  # fmt: skip
def targets_unscaled() -> Training:
    """The targets are between 0 and 255 while the output is a sigmoid, which ends at 1 everywhere."""
    training = autoencoder()
    training.change_data(lambda batch: (batch[0], batch[0] * 255))
    return training


@CASES.fault("cnn/zeroed-layer", "activation/collapse activation/dead", Case(
    "cnn/frozen-stem", lambda: frozen_stem()
), layers="conv2 act1 act2 bn2")  # fmt: skip
def zeroed_layer() -> Training:
    """The frozen second convolution was never loaded and is zero, so its output is the same for all images."""
    training = frozen_stem()
    nn.init.zeros_(training.model.conv2.weight)
    return training


def frozen_stem() -> Training:
    """Return a CNN without normalization whose two convolutions are frozen."""

    def model() -> nn.Module:
        made = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(1, 12, 3, padding=1), act1=nn.ReLU(), conv2=nn.Conv2d(12, 24, 3, 2, 1), act2=nn.ReLU(),
                flat=nn.Flatten(), fc=nn.Linear(384, 32), act3=nn.ReLU(), head=nn.Linear(32, 10),
            )
        )  # fmt: skip
        for convolution in (made.conv1, made.conv2):
            nn.init.kaiming_normal_(convolution.weight)
            convolution.requires_grad_(False)
        return made

    return image_model(model, optimizer=adam(2e-3))


@CASES.fault("mlp/labels-equal", "output/constant", twins.MLP, layers="head <model>", begins=(0, 60))
def labels_equal() -> Training:
    """A bug of the data loader gives all samples the class 3."""
    training = mlp()
    training.change_data(lambda batch: (batch[0], torch.full_like(batch[1], 3)))
    return training


@CASES.fault("mlp/input-x255", "input/scale", twins.MLP, layers="input <model> fc1 flat")
def input_x255() -> Training:
    """The images are between 0 and 255 instead of standardized."""
    training = mlp()
    training.change_data(lambda batch: ((batch[0] - batch[0].min()) * 60, batch[1]))
    return training


DIABETES_ADAM = Case("diabetes/adam", lambda: diabetes(optimizer=adam(1e-3)))


@CASES.fault("diabetes/input-unscaled", "input/scale", DIABETES_ADAM, layers="input <model> fc1 flat")
def input_unscaled() -> Training:
    """One column of the table is in units that make it 5000 times larger than the others."""
    training = diabetes(optimizer=adam(1e-3))
    factor = torch.ones(10)
    factor[2] = 5000.0
    training.change_data(lambda batch: (batch[0] * factor, batch[1]))
    return training


@CASES.fault("cnn/input-constant", "input/constant", twins.CNN, layers="input <model> conv1")
def input_constant() -> Training:
    """A reused buffer gives every sample of a batch the same image."""
    training = image_model()
    training.change_data(lambda batch: (batch[0][:1].expand_as(batch[0]).contiguous(), batch[1]))
    return training


@CASES.fault("cancer/input-zero", "input/constant", twins.CANCER, layers="input <model> fc1 flat", begins=70)
def input_zero() -> Training:
    """From step 70 on the loader returns zeros, because its cache was evicted."""
    training = cancer()
    batch = training.batch
    training.batch = lambda step: batch(step) if step < 70 else (torch.zeros(32, 30), batch(step)[1])
    return training


class Gate(nn.Module):
    """A gate that multiplies features by the sigmoid of a few logits."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.logits, self.sigmoid = nn.Linear(width, width), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.sigmoid(self.logits(x))


def gated() -> nn.Module:
    """Return a network with a gate in the middle."""
    return nn.Sequential(
        OrderedDict(
            flat=nn.Flatten(), fc1=nn.Linear(64, 48), act1=nn.ReLU(), gate=Gate(48), fc2=nn.Linear(48, 32),
            act2=nn.ReLU(), head=nn.Linear(32, 10),
        )
    )  # fmt: skip


@CASES.fault("mlp/gate-shut", "activation/saturated", Case(
    "mlp/gated", lambda: image_model(gated, optimizer=sgd(0.05, 0.9))
), layers="gate gate.* fc2", begins=80)  # fmt: skip
def gate_shut() -> Training:
    """At step 80 a wrong unit conversion sets the gate's biases to -20, which shuts it for good."""
    training = image_model(gated, optimizer=sgd(0.05, 0.9), loss=cross_entropy)
    training.at(80, lambda: training.model.gate.logits.bias.data.fill_(-20.0))
    return training
