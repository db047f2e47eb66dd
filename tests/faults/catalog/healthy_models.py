"""Healthy runs of different depth, width, normalization and activation."""

from __future__ import annotations

from torch import nn

from tests.faults import networks
from tests.faults.case import Cases
from tests.faults.families import adam, cancer, deep, gan, gpt, image_model, language, mlp, sgd
from tests.faults.training import Training

CASES = Cases()


@CASES.healthy_run("mlp/shallow")
def shallow() -> Training:
    """One hidden layer."""
    return mlp((64, 32, 10))


@CASES.healthy_run("mlp/deep-norm")
def deep_norm() -> Training:
    """Twelve layers with layer norm."""
    return mlp((64, *[48] * 12, 10), norm=True, optimizer=adam(1e-3))


@CASES.healthy_run("mlp/wide")
def wide() -> Training:
    """Layers of 512 units, and 45 % zeros behind ReLU."""
    return mlp((64, 512, 512, 10), he=True, optimizer=adam(5e-4), steps=120)


@CASES.healthy_run("mlp/selu-deep")
def selu() -> Training:
    """Eight self-normalizing layers."""

    def lecun(model: nn.Module) -> None:
        for module in model.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5)

    return mlp((64, *[48] * 8, 10), nn.SELU, change=lecun, optimizer=sgd(0.03, 0.9))


@CASES.healthy_run("mlp/leaky")
def leaky() -> Training:
    """Leaky ReLU, GELU-like sparsity without zeros."""
    return mlp(activation=lambda: nn.LeakyReLU(0.1), seed=3)


@CASES.healthy_run("cnn/bias-before-norm")
def bias_before_norm() -> Training:
    """Biases before batch norm, whose gradient is zero by construction."""
    return image_model(lambda: networks.cnn(bias=True), seed=5)


@CASES.healthy_run("cnn/no-bias-adam")
def no_bias() -> Training:
    """Convolutions without bias under Adam, another seed."""
    return image_model(lambda: networks.cnn(bias=False), optimizer=adam(3e-3), seed=2)


@CASES.healthy_run("resnet/eight")
def eight() -> Training:
    """Sixteen convolutions in eight residual blocks without normalization."""
    return deep(8, optimizer=sgd(0.02, 0.9), clip=5.0)


@CASES.healthy_run("recurrent/gru")
def gru() -> Training:
    """A GRU without clipping."""
    return language(nn.GRU, clip=None, seed=4)


@CASES.healthy_run("recurrent/two-layers")
def two_layers() -> Training:
    """Two layers of LSTM, clipped at almost every step."""
    return language(layers=2, clip=0.5, optimizer=adam(2e-3))


@CASES.healthy_run("gpt/six-layers")
def six_layers() -> Training:
    """Six blocks and four heads."""
    return gpt(net={"layers": 6, "heads": 4}, steps=160, optimizer=adam(2e-3))


@CASES.healthy_run("encoder/multihead")
def multihead() -> Training:
    """PyTorch's MultiheadAttention, whose out_proj is never called by name."""
    return image_model(networks.RowEncoder, optimizer=adam(3e-3), seed=1)


@CASES.healthy_run("gan/other-seed")
def other_gan() -> Training:
    """A GAN with a slower discriminator."""
    return gan(lr=2e-3, lr_d=5e-4, seed=8)


@CASES.healthy_run("cancer/sigmoid-hidden")
def sigmoid_hidden() -> Training:
    """A binary classifier with three layers and tanh, every step logged."""
    return cancer((30, 16, 16, 8, 1), every=1, seed=6, steps=120)
