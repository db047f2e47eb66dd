"""Training modes with one optimizer and one forward pass per step."""

import contextlib

import torch
from torch.nn import functional as F

from tests.support.training_modes.models import ConvNet, batches


def train_simply(loop, model, optimizer, clip=None, cast=contextlib.nullcontext, dtype=torch.float32):
    loop.start(model, [optimizer])
    losses = []
    for x, y in batches():
        optimizer.zero_grad()
        with cast():
            loss = F.cross_entropy(model(x.to(dtype)), y)
        loop.backward(loss)
        if clip is not None:
            loop.clip(clip)
        loop.step(optimizer)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def plain_sgd(loop):
    model = ConvNet()
    return train_simply(loop, model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9))


def adamw_groups(loop):
    model = ConvNet()
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    return train_simply(
        loop, model, torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0, "lr": 1e-3}], 1e-2)
    )


def clipping(loop):
    model = ConvNet()
    return train_simply(loop, model, torch.optim.SGD(model.parameters(), 0.1), clip=0.5)


def double(loop):
    model = ConvNet().double()
    return train_simply(loop, model, torch.optim.Adam(model.parameters(), 1e-2), dtype=torch.float64)


def autocast(loop):
    model = ConvNet()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    return train_simply(loop, model, optimizer, cast=lambda: torch.autocast("cpu", torch.bfloat16))


def bfloat16(loop):
    model = ConvNet().bfloat16()
    return train_simply(loop, model, torch.optim.SGD(model.parameters(), 1e-3), dtype=torch.bfloat16)
