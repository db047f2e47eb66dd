"""The deep convolutional network of all runs on digits. They share its parameters, so that their rows match."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn

BLOCKS = 8
CHANNELS = 16

Activation = Callable[[], nn.Module]


def block(activation: Activation, norm: bool) -> nn.Sequential:
    """Make two 3x3 convolutions that keep the shape. Without a residual path, depth has its full effect."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i in (1, 2):
        # a batch norm cancels a bias that precedes it
        layers[f"conv{i}"] = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=not norm)
        if norm:
            layers[f"norm{i}"] = nn.BatchNorm2d(CHANNELS)
        layers[f"act{i}"] = activation()
    return nn.Sequential(layers)


class DeepCNN(nn.Module):
    """A network of 19 layers with weights: a stem, eight blocks of two convolutions, two linear layers.

    >>> model = DeepCNN(nn.ReLU, norm=True)
    >>> sum(name.endswith("weight") and parameter.ndim > 1 for name, parameter in model.named_parameters())
    19
    """

    def __init__(self, activation: Activation, norm: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, CHANNELS, 3, padding=1)
        self.act = activation()
        self.blocks = nn.Sequential(*(block(activation, norm) for _ in range(BLOCKS)))
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(CHANNELS * 4 * 4, 64)
        self.act1 = activation()
        self.head = nn.Linear(64, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Map images [n, 1, 8, 8] to logits [n, 10]."""
        features = self.pool(self.blocks(self.act(self.stem(images))))
        logits: Tensor = self.head(self.act1(self.fc1(features.flatten(1))))
        return logits


class DeepCNNWithSoftmax(DeepCNN):
    """The same network with a softmax behind its logits.

    >>> import torch
    >>> probabilities = DeepCNNWithSoftmax(nn.ReLU, norm=True)(torch.zeros(2, 1, 8, 8))
    >>> probabilities.sum(1).allclose(torch.ones(2))
    True
    """

    def __init__(self, activation: Activation, norm: bool) -> None:
        super().__init__(activation, norm)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Map images [n, 1, 8, 8] to probabilities [n, 10]."""
        probabilities: Tensor = self.softmax(super().forward(images))
        return probabilities
