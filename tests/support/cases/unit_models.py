"""Models whose axes of units are known, by name: a function that makes the model, the input, and the axis per row.

Half of the first layer's units are dead behind a ReLU, so that a wrong axis gives another dead fraction.
"""

import torch
import torch.nn.functional as F
from torch import nn


def killed(layer):
    """Return a layer whose first half of units is far below 0."""
    with torch.no_grad():
        layer.bias[: len(layer.bias) // 2] = -100.0
    return layer


class Chain(nn.Module):
    """Modules one after the other, with functions between them."""

    def __init__(self, **parts):
        super().__init__()
        self.functions = {name: part for name, part in parts.items() if not isinstance(part, nn.Module)}
        for name, part in parts.items():
            if isinstance(part, nn.Module):
                self.add_module(name, part)
        self.order = list(parts)

    def forward(self, x):
        for name in self.order:
            x = self.functions[name](x) if name in self.functions else getattr(self, name)(x)
        return x


class Scaled(nn.Module):
    """A container with a row of its own, because it has a parameter. It returns a sum with a convolution."""

    def __init__(self, size):
        super().__init__()
        self.scale, self.conv = nn.Parameter(torch.ones(())), nn.Conv2d(size, size, 3, padding=1)

    def forward(self, x):
        return F.relu(x) + self.scale * F.relu(self.conv(x)) * 0


class LastConv2d(nn.Conv2d):
    """A convolution that returns its channels last."""

    def forward(self, x):
        return super().forward(x).permute(0, 2, 3, 1)


class OwnConv(nn.Module):
    """A convolution written as a function."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 3, 3, 3) * 0.1)
        self.bias = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias, padding=1)


class Block(nn.Module):
    """A block as in ConvNeXt: a depthwise convolution, then channels last, then channels first."""

    def __init__(self, size=8):
        super().__init__()
        self.depthwise = killed(nn.Conv2d(size, size, 3, padding=1, groups=size))
        self.norm, self.up, self.act = nn.LayerNorm(size), nn.Linear(size, 4 * size), nn.GELU()
        self.drop, self.down, self.last = nn.Dropout(0.1), nn.Linear(4 * size, size), nn.Identity()

    def forward(self, x):
        y = self.norm(F.relu(self.depthwise(x)).permute(0, 2, 3, 1))
        return x + self.last(self.down(self.drop(self.act(self.up(y)))).permute(0, 3, 1, 2))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(5, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.rnn = nn.GRU(8, 6, batch_first=True, bidirectional=True)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.rnn(self.layer(self.embed(x)))[0])


def image(*size):
    return lambda: torch.randn(*size)


def after(first, x, axis, **parts):
    """Return a case: a layer with dead units, a ReLU and further modules, all with units on one axis."""
    names = [name for name, part in parts.items() if isinstance(part, nn.Module)]
    return (
        lambda: Chain(conv=killed(first()), relu=nn.ReLU(), **parts),
        x,
        dict.fromkeys(["conv", "relu", *names], axis),
    )


def conv1d():
    return nn.Conv1d(3, 8, 3, padding=1)


def conv2d():
    return nn.Conv2d(3, 8, 3, padding=1)


def conv3d():
    return nn.Conv3d(3, 8, 3, padding=1)


def frozen(make):
    """Return a function that makes the same model, of which nothing but a head is trained."""

    def made():
        model = make().requires_grad_(False)
        model.head = nn.Linear(1, 1)
        forward = model.forward
        model.forward = lambda x: model.head(forward(x).mean().reshape(1, 1))
        return model

    return made


UNIT_MODELS = {
    "1d": after(
        conv1d,
        image(4, 3, 12),
        1,
        norm=nn.BatchNorm1d(8),
        group=nn.GroupNorm(2, 8),
        instance=nn.InstanceNorm1d(8),
        pool=nn.MaxPool1d(2),
        drop=nn.Dropout(0.2),
        drop1=nn.Dropout1d(0.2),
        pad=nn.ConstantPad1d(1, 0.0),
        average=nn.AdaptiveAvgPool1d(5),
    ),
    "2d": after(
        conv2d,
        image(4, 3, 12, 10),
        1,
        norm=nn.BatchNorm2d(8),
        group=nn.GroupNorm(2, 8),
        layer=nn.LayerNorm([8, 12, 10]),
        instance=nn.InstanceNorm2d(8, affine=True),
        pool=nn.AvgPool2d(2),
        drop=nn.Dropout(0.2),
        drop2=nn.Dropout2d(0.2),
        silu=nn.SiLU(),
        prelu=nn.PReLU(8),
        up=nn.Upsample(scale_factor=2),
        adaptive=nn.AdaptiveMaxPool2d(3),
        identity=nn.Identity(),
        softmax=nn.Softmax2d(),
        one=nn.AdaptiveAvgPool2d(1),
    ),
    "3d": after(
        conv3d,
        image(2, 3, 6, 5, 4),
        1,
        norm=nn.BatchNorm3d(8),
        pool=nn.MaxPool3d(2),
        drop3=nn.Dropout3d(0.2),
        average=nn.AdaptiveAvgPool3d(2),
        tanh=nn.Tanh(),
    ),
    "transposed 1d": after(lambda: nn.ConvTranspose1d(3, 8, 3), image(4, 3, 12), 1, act=nn.ELU()),
    "transposed 2d": after(lambda: nn.ConvTranspose2d(3, 8, 2, 2), image(4, 3, 6, 5), 1, act=nn.LeakyReLU()),
    "transposed 3d": after(lambda: nn.ConvTranspose3d(3, 8, 2), image(2, 3, 4, 5, 3), 1, act=nn.Mish()),
    "unbatched 1d": after(conv1d, image(3, 12), 0, pool=nn.MaxPool1d(2), instance=nn.InstanceNorm1d(8)),
    "unbatched 2d": after(conv2d, image(3, 12, 10), 0, drop=nn.Dropout(0.2), pool=nn.AdaptiveAvgPool2d(3)),
    "unbatched 3d": after(conv3d, image(3, 4, 6, 5), 0, pool=nn.AvgPool3d(2)),
    "equal sizes": after(conv2d, image(8, 3, 8, 8), 1, act=nn.Hardtanh(), norm=nn.BatchNorm2d(8)),
    "one channel per sample": after(conv2d, image(1, 3, 8, 8), 1, act=nn.ReLU6()),
    "channels_last": (
        lambda: Chain(conv=killed(conv2d()), relu=nn.ReLU(), pool=nn.MaxPool2d(2)).to(
            memory_format=torch.channels_last
        ),
        lambda: torch.randn(4, 3, 8, 6).to(memory_format=torch.channels_last),
        {"conv": 1, "relu": 1, "pool": 1},
    ),
    "flattened": (
        lambda: Chain(conv=killed(conv2d()), relu=nn.ReLU(), flat=nn.Flatten(), fc=nn.Linear(8 * 30, 4), act=nn.ReLU()),
        image(4, 3, 6, 5),
        {"conv": 1, "relu": 1, "flat": 1, "fc": 1, "act": 1},
    ),
    "functions": (
        lambda: Chain(
            conv=killed(conv2d()),
            relu=F.relu,
            same=nn.Identity(),
            pool=lambda x: F.max_pool2d(x, 2),
            drop=nn.Dropout(0.1),
            turn=lambda x: x.permute(0, 2, 3, 1).contiguous().relu(),
            ident=nn.Identity(),
        ),
        image(8, 3, 8, 8),
        {"conv": 1, "same": 1, "drop": 1, "ident": 3},
    ),
    "tokens": (
        lambda: Chain(
            conv=killed(conv2d()),
            relu=nn.ReLU(),
            rows=lambda x: x.flatten(2).transpose(1, 2),
            norm=nn.LayerNorm(8),
            fc=nn.Linear(8, 6),
            act=nn.ReLU(),
            drop=nn.Dropout(0.1),
        ),
        image(4, 3, 6, 5),
        {"conv": 1, "relu": 1, "norm": 2, "fc": 2, "act": 2, "drop": 2},
    ),
    "convnext": (
        Block,
        image(8, 8, 8, 8),
        {"depthwise": 1, "norm": 3, "up": 3, "act": 3, "drop": 3, "down": 3, "last": 1},
    ),
    "generator": (
        lambda: Chain(fc=nn.Linear(5, 48), image=nn.Unflatten(1, (4, 4, 3)), relu=nn.ReLU(), conv=nn.Conv2d(4, 3, 3)),
        image(6, 5),
        {"fc": 1, "image": 1, "conv": 1},
    ),
    "reshaped": (
        lambda: Chain(fc=nn.Linear(5, 48), image=lambda x: x.view(-1, 4, 4, 3).relu(), same=nn.Identity()),
        image(6, 5),
        {"fc": 1, "same": 1},
    ),
    "heads": (
        lambda: Chain(fc=nn.Linear(5, 48), heads=lambda x: x.view(3, 2, 4, 12), norm=nn.LayerNorm(12), act=nn.GELU()),
        image(6, 5),
        {"fc": 1, "norm": 3, "act": 3},
    ),
    "container": (
        lambda: Chain(conv=killed(conv2d()), scaled=Scaled(8), act=nn.ReLU()),
        image(4, 3, 6, 5),
        {"conv": 1, "scaled": 1, "scaled.conv": 1, "act": 1},
    ),
    "subclass": (
        lambda: Chain(conv=killed(LastConv2d(3, 8, 3, padding=1)), relu=nn.ReLU()),
        image(8, 3, 8, 8),
        {"conv": 3, "relu": 3},
    ),
    "own convolution": (
        lambda: Chain(conv=killed(OwnConv()), relu=nn.ReLU()),
        image(4, 3, 6, 5),
        {"conv": 1, "relu": 1},
    ),
    "parametrized": (
        lambda: Chain(conv=nn.utils.parametrizations.weight_norm(killed(conv2d())), relu=nn.ReLU()),
        image(4, 3, 6, 5),
        {"conv": 1, "relu": 1},
    ),
    "attention": (
        Attention,
        image(4, 7, 5),
        {"embed": 2, "layer.linear1": 2, "layer.norm1": 2, "layer.dropout1": 2, "layer.linear2": 2, "rnn": 2, "act": 2},
    ),
    "frozen": (
        frozen(
            lambda: Chain(
                conv=killed(conv2d()),
                relu=nn.ReLU(inplace=True),
                norm=nn.BatchNorm2d(8),
                turn=nn.Identity(),
                rows=lambda x: x.permute(0, 2, 3, 1),
                last=nn.LayerNorm(8),
                fc=nn.Linear(8, 6),
                act=nn.GELU(),
            )
        ),
        image(4, 3, 6, 5),
        {"conv": 1, "relu": 1, "norm": 1, "turn": 1, "last": 3, "fc": 3, "act": 3},
    ),
}
