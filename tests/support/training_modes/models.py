"""Models and data of the training modes."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

STEPS = 6


class ConvNet(nn.Module):
    """A network with convolution, norm, dropout, and modules that are shared or work in place."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.relu = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.drop, self.fc, self.head = nn.Dropout(0.2), nn.Linear(16, 16), nn.Linear(16, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        x = self.drop(F.adaptive_avg_pool2d(x, 2).flatten(1))
        return self.head(self.relu(self.fc(self.fc(x))))


def batches(count=STEPS):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        yield torch.randn(8, 1, 6, 6, generator=generator), torch.randint(0, 3, (8,), generator=generator)


class CheckpointedNet(nn.Module):
    def __init__(self, reentrant):
        super().__init__()
        self.reentrant = reentrant
        self.stem, self.head = nn.Linear(6, 8), nn.Linear(8, 3)
        self.body = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 8))

    def forward(self, x):
        return self.head(checkpoint(self.body, self.stem(x), use_reentrant=self.reentrant))


class ComplexNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4, dtype=torch.complex64)
        self.scale = nn.Parameter(torch.ones((), dtype=torch.complex64))
        self.empty = nn.Parameter(torch.empty(0))

    def forward(self, x):
        return (self.fc(x) * self.scale).abs().square().mean()
