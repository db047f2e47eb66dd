"""Models with unusual parameters and number types."""

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from tests.support.odd_models.base import OddModel


class Parametrized(OddModel):
    """Modules with PyTorch's parametrizations, and one with a parametrization of the user."""

    # A parametrization is a module whose calls return a weight.
    rows = tuple(
        f"{name}{part}"
        for name in ("norm", "spectral", "own")
        for part in ("", ".parametrizations.weight", ".parametrizations.weight.0")
    )

    def __init__(self):
        super().__init__()
        self.norm = parametrizations.weight_norm(nn.Linear(4, 4, bias=False))
        self.spectral = parametrizations.spectral_norm(nn.Linear(4, 4))
        self.own = nn.Linear(4, 4, bias=False)
        parametrize.register_parametrization(self.own, "weight", Symmetric())

    def forward(self, x):
        return self.own(self.spectral(self.norm(x)))


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT


class Lazy(OddModel):
    """Lazy modules, one of which is never called."""

    rows = ("conv", "norm", "head")

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.head = nn.LazyConv1d(3, 2), nn.LazyBatchNorm1d(), nn.LazyLinear(2)
        self.never = nn.LazyLinear(3)

    def forward(self, x):
        return self.head(self.norm(self.conv(x[:, None])))


class NumberTypes(OddModel):
    """Modules of float64, bfloat16, float16 and complex numbers, and one with a sparse output."""

    rows = ("f64", "bf16", "f16", "c64", "sparse")

    def __init__(self):
        super().__init__()
        self.f64, self.bf16 = nn.Linear(4, 4).double(), nn.Linear(4, 4).bfloat16()
        self.f16, self.c64 = nn.Linear(4, 4).half(), nn.Linear(4, 4, dtype=torch.complex64)
        self.sparse = SparseOutput()

    def forward(self, x):
        x = self.bf16(self.f64(x.double()).bfloat16())
        x = self.c64(self.f16(x.half()).to(torch.complex64))
        return self.sparse(x.abs()).to_dense()


class SparseOutput(nn.Module):
    def forward(self, x):
        return (x * (x > 0.5)).to_sparse()


class FrozenPart(OddModel):
    """A model in training with a frozen part in evaluation mode."""

    rows = ("head",)
    rows_without_gradient = ("body.0", "body.1")

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), nn.Linear(4, 1)
        self.body.requires_grad_(False).eval()

    def forward(self, x):
        return self.head(self.body(x))
