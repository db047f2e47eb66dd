"""A small GPT. Its softmax is a module, so that nnviz can record the attention weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from demo.gpt.data import LENGTH, LETTERS

WIDTH, HEADS, BLOCKS = 64, 4, 4


def waves() -> Tensor:
    """Return initial position embeddings [LENGTH, WIDTH]: sines, so that a shift is the same rotation everywhere."""
    turns = LENGTH ** -(torch.arange(WIDTH // 2) / (WIDTH // 2))
    angles = torch.arange(LENGTH)[:, None] * turns
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Attention(nn.Module):
    """Self-attention with several heads. With ``causal``, no character attends to later ones."""

    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.softmax = nn.Softmax(dim=-1)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.causal = causal

    def forward(self, x: Tensor) -> Tensor:
        """Map [sample, token, WIDTH] to the same shape."""
        samples, tokens, _ = x.shape
        query, key, value = self.qkv(x).view(samples, tokens, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        if self.causal:
            later = torch.ones(tokens, tokens, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, float("-inf"))
        mixed = self.softmax(scores) @ value
        result: Tensor = self.out(mixed.transpose(1, 2).reshape(x.shape))
        return result


class Mlp(nn.Module):
    """A perceptron with one hidden layer, four times as wide."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.act, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Map [sample, token, WIDTH] to the same shape."""
        result: Tensor = self.down(self.act(self.up(x)))
        return result


class Block(nn.Module):
    """Attention and a perceptron, each with a norm before it and a residual path beside it."""

    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(WIDTH), Attention(causal)
        self.norm2, self.mlp = nn.LayerNorm(WIDTH), Mlp()

    def forward(self, x: Tensor) -> Tensor:
        """Map [sample, token, WIDTH] to the same shape."""
        x = x + self.attention(self.norm1(x))
        result: Tensor = x + self.mlp(self.norm2(x))
        return result


class GPT(nn.Module):
    """A language model from characters [sample, token] to logits of the next one [sample, token, LETTERS].

    >>> GPT()(torch.zeros(2, 5, dtype=torch.long)).shape
    torch.Size([2, 5, 128])
    """

    def __init__(self, causal: bool = True) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(LETTERS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block(causal) for _ in range(BLOCKS)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, LETTERS)
        with torch.no_grad():
            self.places.weight.copy_(waves())

    def forward(self, letters: Tensor) -> Tensor:
        """Map characters [sample, token] to logits [sample, token, LETTERS]."""
        places = torch.arange(letters.shape[1], device=letters.device)
        x = self.blocks(self.letters(letters) + self.places(places))
        logits: Tensor = self.head(self.norm(x))
        return logits
