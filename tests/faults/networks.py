"""Networks of the families that the suite trains."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.data import LETTERS

VOCABULARY = len(LETTERS)


def mlp(sizes: Sequence[int], activation: Callable[[], nn.Module] = nn.ReLU, norm: bool = False) -> nn.Sequential:
    """Return fc1, act1, fc2 ... head, with norm1 ... between linear layer and activation if ``norm``.

    >>> [name for name, _ in mlp([4, 3, 2]).named_children()]
    ['flat', 'fc1', 'act1', 'head']
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict(flat=nn.Flatten())
    for i, (wide, narrow) in enumerate(itertools.pairwise(sizes[:-1]), start=1):
        parts[f"fc{i}"] = nn.Linear(wide, narrow)
        if norm:
            parts[f"norm{i}"] = nn.LayerNorm(narrow)
        parts[f"act{i}"] = activation()
    parts["head"] = nn.Linear(sizes[-2], sizes[-1])
    return nn.Sequential(parts)


def kaiming(model: nn.Module) -> nn.Module:
    """Initialize all weights of linear layers and convolutions for ReLU (He et al. 2015), and return the model."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def cnn(bias: bool = True, classes: int = 10) -> nn.Sequential:
    """Return two convolutions with batch norm and a linear layer."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 12, 3, padding=1, bias=bias), bn1=nn.BatchNorm2d(12), act1=nn.ReLU(),
            conv2=nn.Conv2d(12, 24, 3, stride=2, padding=1, bias=bias), bn2=nn.BatchNorm2d(24), act2=nn.ReLU(),
            flat=nn.Flatten(), head=nn.Linear(384, classes),
        )
    )  # fmt: skip


class Residual(nn.Module):
    """A residual block without normalization."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.act1 = nn.Conv2d(width, width, 3, padding=1), nn.ReLU()
        self.conv2, self.act2 = nn.Conv2d(width, width, 3, padding=1), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act2(x + self.conv2(self.act1(self.conv1(x))))


def resnet(blocks: int = 4, width: int = 8) -> nn.Sequential:
    """Return a residual network without normalization, initialized so that branches begin small (Fixup)."""
    model = nn.Sequential(
        OrderedDict(
            stem=nn.Conv2d(1, width, 3, padding=1), act=nn.ReLU(),
            **{f"block{i}": Residual(width) for i in range(1, blocks + 1)},
            pool=nn.AvgPool2d(4), flat=nn.Flatten(), head=nn.Linear(4 * width, 10),
        )
    )  # fmt: skip
    kaiming(model)
    with torch.no_grad():
        for block in model.modules():
            if isinstance(block, Residual):
                block.conv2.weight.mul_(blocks**-0.5 / 2)
    nn.init.xavier_normal_(model.head.weight)
    return model


def plain_cnn(depth: int = 12, width: int = 8) -> nn.Sequential:
    """Return a deep stack of convolutions without normalization and without shortcuts, with PyTorch's defaults."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for i in range(1, depth + 1):
        parts[f"conv{i}"] = nn.Conv2d(1 if i == 1 else width, width, 3, padding=1)
        parts[f"act{i}"] = nn.ReLU()
    return nn.Sequential(OrderedDict(**parts, pool=nn.AvgPool2d(4), flat=nn.Flatten(), head=nn.Linear(4 * width, 10)))


class Recurrent(nn.Module):
    """Characters to the next character by a recurrent layer: RNN, LSTM or GRU."""

    def __init__(self, kind: Callable[..., nn.Module] = nn.LSTM, width: int = 48, layers: int = 1) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 24)
        self.rnn = kind(24, width, layers, batch_first=True)
        self.head = nn.Linear(width, VOCABULARY)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(ids))[0])


class Attention(nn.Module):
    """Causal self-attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A transformer's block with normalization first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1, self.attention, self.ln2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.fc, self.act, self.out = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.ln1(x))
        return x + self.out(self.act(self.fc(self.ln2(x))))


class GPT(nn.Module):
    """A small causal transformer over characters. The head shares the embedding's weight if ``tied``."""

    def __init__(self, width: int = 32, layers: int = 3, heads: int = 2, length: int = 32, tied: bool = False) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)
        nn.init.normal_(self.wte.weight, std=0.1)
        nn.init.normal_(self.wpe.weight, std=0.1)
        if tied:
            self.head.weight = self.wte.weight

    def forward(self, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1])
        return self.head(self.ln(self.blocks(self.wte(ids) + self.wpe(places))))


class RowEncoder(nn.Module):
    """An encoder with PyTorch's own attention, which reads the rows of a digit as tokens."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed, self.place = nn.Linear(8, width), nn.Parameter(0.1 * torch.randn(8, width))
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x.flatten(0, 1)) + self.place
        return self.head(self.norm(x + self.attention(x, x, x, need_weights=False)[0]).mean(1))


def autoencoder() -> nn.Sequential:
    """Return an autoencoder of 64 pixels between 0 and 1, with a bottleneck of eight."""
    return nn.Sequential(
        OrderedDict(
            enc1=nn.Linear(64, 32), act1=nn.ReLU(), enc2=nn.Linear(32, 8), act2=nn.ELU(),
            dec1=nn.Linear(8, 32), act3=nn.ReLU(), dec2=nn.Linear(32, 64), out=nn.Sigmoid(),
        )
    )  # fmt: skip


def gan() -> dict[str, nn.Module]:
    """Return a generator G of digits from noise [n, 16], and a discriminator D of pixels."""
    leaky = lambda: nn.LeakyReLU(0.2)
    return {
        "G": nn.Sequential(
            OrderedDict(
                fc1=nn.Linear(16, 64), act1=nn.ReLU(), fc2=nn.Linear(64, 64), act2=nn.ReLU(),
                fc3=nn.Linear(64, 64), out=nn.Sigmoid(),
            )
        ),
        "D": nn.Sequential(
            OrderedDict(
                fc1=nn.Linear(64, 64), act1=leaky(), fc2=nn.Linear(64, 32), act2=leaky(), head=nn.Linear(32, 1)
            )
        ),
    }  # fmt: skip
