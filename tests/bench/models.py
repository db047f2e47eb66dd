"""Workloads to measure the overhead of instrumentation on, without any import of the project."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.relu2 = nn.ReLU()
        self.down = nn.Identity() if cin == cout and stride == 1 else nn.Conv2d(cin, cout, 1, stride, bias=False)

    def forward(self, x):
        return self.relu2(self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x))))) + self.down(x))


class ResNet(nn.Module):
    """A ResNet of 6n+2 layers for CIFAR."""

    def __init__(self, n=3, width=16):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        layers, c = [], width
        for i, cout in enumerate([width, 2 * width, 4 * width]):
            for j in range(n):
                layers.append(Block(c, cout, 2 if i and not j else 1))
                c = cout
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Linear(c, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class GPTBlock(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h = h
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.fc, self.act, self.out = nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, T, 3, self.h, D // self.h).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, D))
        return x + self.out(self.act(self.fc(self.ln2(x))))


class GPT(nn.Module):
    def __init__(self, vocab=256, d=256, layers=12, heads=4, T=128):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, d), nn.Embedding(T, d)
        self.blocks = nn.Sequential(*[GPTBlock(d, heads) for _ in range(layers)])
        self.ln, self.head = nn.LayerNorm(d), nn.Linear(d, vocab, bias=False)

    def forward(self, idx):
        return self.head(self.ln(self.blocks(self.wte(idx) + self.wpe(torch.arange(idx.shape[1])))))


class MLP(nn.Module):
    def __init__(self, width=1024, depth=8):
        super().__init__()
        dims = [784] + [width] * (depth - 1)
        self.net = nn.Sequential(
            *[m for a, b in itertools.pairwise(dims) for m in (nn.Linear(a, b), nn.ReLU())], nn.Linear(width, 10)
        )

    def forward(self, x):
        return self.net(x)


def workload(name):
    """Return model, optimizer, and a function that runs a forward pass and returns the loss."""
    torch.manual_seed(0)
    if name == "resnet20":
        model, x, y = ResNet(3), torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))

        def loss():
            return F.cross_entropy(model(x), y)
    elif name == "gpt12":
        model, x = GPT(), torch.randint(0, 256, (8, 128))

        def loss():
            return F.cross_entropy(model(x).flatten(0, 1), x.roll(-1, 1).flatten())
    elif name == "mlp8":
        model, x, y = MLP(), torch.randn(128, 784), torch.randint(0, 10, (128,))

        def loss():
            return F.cross_entropy(model(x), y)
    else:
        raise ValueError(name)
    return model, torch.optim.AdamW(model.parameters(), 1e-3), loss
