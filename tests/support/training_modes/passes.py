"""Training modes with several, frozen, recomputed or evaluation passes per step."""

import torch
from torch.nn import functional as F

from tests.support.training_modes.models import STEPS, CheckpointedNet, ConvNet, batches


def accumulation(loop):
    model = ConvNet()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    loop.start(model, [optimizer])
    losses = []
    for step, (x, y) in enumerate(batches(3 * STEPS)):
        loss = F.cross_entropy(model(x), y) / 3
        loop.backward(loss)
        if step % 3 == 2:
            loop.clip(0.5)
            loop.step(optimizer)
            optimizer.zero_grad()
            loop.end(loss)
        losses.append(loss.detach())
    return losses


def frozen(loop):
    model = ConvNet()
    model.fc.requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    loop.start(model, [optimizer])
    losses = []
    for step, (x, y) in enumerate(batches()):
        model.fc.requires_grad_(step >= 2)
        model.conv.requires_grad_(step < 4)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loop.backward(loss)
        loop.step(optimizer)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def evaluation(loop):
    model = ConvNet()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    loop.start(model, [optimizer])
    losses = []
    for x, y in batches():
        model.eval()
        model(x)
        model.train()
        with torch.no_grad():
            model(x)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loop.backward(loss)
        with torch.inference_mode():
            model(x + 1)
        loop.step(optimizer)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def checkpointing(reentrant):
    def mode(loop):
        loop.checkpointed = True
        model = CheckpointedNet(reentrant)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        loop.start(model, [optimizer])
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = model(torch.randn(8, 6)).square().mean()
            loop.backward(loss)
            loop.step(optimizer)
            loop.end(loss)
            losses.append(loss.detach())
        return losses

    return mode
