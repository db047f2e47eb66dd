"""Faults of initialization and of depth, and their consequences for the scale of activations and gradients."""

from __future__ import annotations

import torch
from torch import nn

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.families import adam, deep, image_model, language, mlp, sgd
from tests.faults.networks import kaiming, plain_cnn
from tests.faults.training import Training

CASES = Cases()
DEEP_SIZES = (64, *[32] * 10, 10)
SCALED = {"he": True, "optimizer": adam(1e-3)}
RELU_STACK = Case("mlp/deep-he", lambda: mlp(DEEP_SIZES, **SCALED))


def weights(scale: float) -> object:
    """Return a function that draws all matrices again, with a fixed standard deviation, and sets biases to zero."""

    def draw(model: nn.Module) -> None:
        for parameter in model.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=scale)
            else:
                nn.init.zeros_(parameter)

    return draw


SGD_STACK = Case("mlp/deep-he-sgd", lambda: mlp(DEEP_SIZES, he=True, optimizer=sgd(0.02, 0.9)))


@CASES.fault("mlp/sigmoid-stack", "gradient/vanishing", SGD_STACK, layers="fc1 fc2 fc3 fc4 fc5")
def sigmoid_stack() -> Training:
    """Ten sigmoid layers let a thousandth of the gradient through to the first."""
    return mlp(DEEP_SIZES, nn.Sigmoid, optimizer=sgd(0.02, 0.9))


@CASES.fault("cnn/default-init-deep", "gradient/vanishing activation/scale activation/collapse", Case(
    "cnn/deep-he", lambda: image_model(lambda: kaiming(plain_cnn()), optimizer=adam(1e-3))
), layers="conv* act*")  # fmt: skip
def default_init_deep() -> Training:
    """Twelve plain convolutions with PyTorch's default initialization lose the signal with depth, both ways."""
    return image_model(lambda: plain_cnn(), optimizer=adam(1e-3))


@CASES.fault("mlp/init-large", "activation/scale gradient/exploding", RELU_STACK)
def init_large() -> Training:
    """All weights are drawn with standard deviation 1, so activations grow fourfold per layer."""
    return mlp(DEEP_SIZES, change=weights(1.0), optimizer=adam(1e-3))


@CASES.fault("mlp/init-small", "activation/scale gradient/vanishing", RELU_STACK)
def init_small() -> Training:
    """All weights are drawn with standard deviation 0.01, so activations fade with depth."""
    return mlp(DEEP_SIZES, change=weights(0.01), optimizer=adam(1e-3))


@CASES.fault("resnet/branches-large", "activation/scale gradient/exploding", Case("resnet/ten", lambda: deep(10)))
def branches_large() -> Training:
    """The branches of a residual network without normalization begin at five times their right scale."""

    def enlarge(model: nn.Module) -> None:
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.startswith("block") and parameter.ndim == 4:
                    parameter.mul_(3)

    return deep(10, change=enlarge)


RNN = Case("recurrent/rnn", lambda: language(nn.RNN, optimizer=adam(2e-3)))


@CASES.fault("recurrent/recurrence-grows", "gradient/exploding", RNN, layers="rnn embedding <model>")
def recurrence_grows() -> Training:
    """The recurrent matrix of a ReLU network begins as 1.6 times the identity and is not clipped."""

    def enlarge(model: nn.Module) -> None:
        with torch.no_grad():
            model.rnn.weight_hh_l0.copy_(1.6 * torch.eye(48))

    training = language(lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k), change=enlarge, optimizer=adam(2e-3))
    training.clip = None
    return training


@CASES.fault("recurrent/gates-saturated", "activation/saturated", twins.LSTM, layers="rnn")
def gates_saturated() -> Training:
    """The weights of the LSTM are 30 times too large, so its gates are all open or shut."""

    def enlarge(model: nn.Module) -> None:
        with torch.no_grad():
            for parameter in model.rnn.parameters():
                parameter.mul_(30)

    return language(change=enlarge)


TANH = Case("mlp/tanh", lambda: mlp(activation=nn.Tanh))


@CASES.fault("mlp/saturated-tanh", "activation/saturated", TANH, layers="act1 act2 act3 fc1 fc2 fc3")
def saturated_tanh() -> Training:
    """All weights of a tanh network are ten times too large, so nearly all units are at -1 or 1."""

    def enlarge(model: nn.Module) -> None:
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.startswith("fc"):
                    parameter.mul_(15)

    return mlp(activation=nn.Tanh, change=enlarge)


@CASES.fault("resnet/outlier-channel", "activation/outlier", twins.DEEP, layers="block2 block2.* block3.* block3")
def outlier_channel() -> Training:
    """One filter of a converted checkpoint is 500 times too large."""

    def enlarge(model: nn.Module) -> None:
        with torch.no_grad():
            model.block2.conv2.weight[3].mul_(500)

    return deep(change=enlarge)
