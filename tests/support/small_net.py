"""A network of two layers and a plain training loop for it."""

import torch
from torch import nn


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def train(model, optimizer, steps, monitor=None, log=True):
    for step in range(steps):
        optimizer.zero_grad()
        loss = model(torch.ones(3, 4)).square().mean()
        loss.backward()
        optimizer.step()
        if monitor is not None and log:
            monitor.log(loss=loss, count=step)


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr)
