"""Training modes with several optimizers, a closure, sparse or complex gradients, or no optimizer."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.support.training_modes.models import STEPS, ComplexNet, ConvNet, batches


def gan(loop):
    g = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6))
    d = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    opt_g, opt_d = torch.optim.Adam(g.parameters(), 1e-3), torch.optim.Adam(d.parameters(), 1e-2)
    loop.start({"G": g, "D": d}, [opt_g, opt_d])
    losses = []
    for _ in range(STEPS):
        real, noise = torch.randn(8, 6), torch.randn(8, 4)
        for _ in range(2):  # the critic steps more often
            opt_d.zero_grad()
            loss = F.softplus(d(g(noise).detach())).mean() + F.softplus(-d(real)).mean()
            loop.backward(loss)
            loop.step(opt_d)
        opt_g.zero_grad()
        loss = F.softplus(-d(g(noise))).mean()
        loop.backward(loss)
        loop.step(opt_g)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def lbfgs(loop):
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), 0.5, max_iter=3, line_search_fn="strong_wolfe")
    loop.start(model, [optimizer])
    x, losses = torch.randn(16, 5), []

    def closure():
        optimizer.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        loop.backward(loss)
        return loss

    for _ in range(STEPS):
        loop.step(optimizer, closure)
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def in_backward(loop):
    model = ConvNet()
    optimizers = {p: torch.optim.Adam([p], 1e-2, foreach=False) for p in model.parameters()}
    loop.start(model, list(optimizers.values()))

    def apply(parameter):
        loop.step(optimizers[parameter])
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(apply)
    losses = []
    for x, y in batches():
        loss = F.cross_entropy(model(x), y)
        loop.backward(loss)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def sparse(loop):
    embedding, head = nn.Embedding(20, 4, sparse=True), nn.Linear(4, 2)
    model = nn.Sequential(embedding, head)
    optimizers = [torch.optim.SparseAdam(embedding.parameters(), 1e-2), torch.optim.SGD(head.parameters(), 0.1)]
    loop.start(model, optimizers)
    losses = []
    for _ in range(STEPS):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = model(torch.randint(0, 20, (6, 3))).square().mean()
        loop.backward(loss)
        for optimizer in optimizers:
            loop.step(optimizer)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def complex_numbers(loop):
    model = ComplexNet()
    optimizer = torch.optim.SGD([model.fc.weight, model.fc.bias, model.scale], 0.1)
    loop.start(model, [optimizer])
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4, dtype=torch.complex64))
        loop.backward(loss)
        loop.step(optimizer)
        loop.end(loss)
        losses.append(loss.detach())
    return losses


def by_hand(loop):
    model = ConvNet()
    loop.start(model, [])
    losses = []
    for x, y in batches():
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loop.backward(loss)
        loop.end(loss)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        losses.append(loss.detach())
    return losses
