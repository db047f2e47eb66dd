"""Trainings in which a nonfinite value arises at a known step, in a known module."""

import json

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import tb_nnviz
from tests.support.event_reader import Run

#: The step at which the value arises. It is not logged.
FAULT = 7
BATCH = 64


def findings(logdir, of_rules=False):
    """Return the findings of a run about nonfinite values, without those that rules made at logged steps by default."""
    found = []
    for payload in Run(logdir).tensors.get("nnviz/findings", {}).values():
        found += json.loads(payload.tobytes())["findings"]
    found = [one for one in found if one["rule"].startswith("nonfinite/")]
    return found if of_rules else [one for one in found if "direction" in one["details"]]


class Function(nn.Module):
    """A layer without parameters."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Net(nn.Module):
    """An encoder, the layer ``odd`` in which the value arises, and a head.

    Args:
        odd: the layer.
        checkpointed: None, or whether the checkpoints around the layer are reentrant.
        dropout: the rate of the dropout in front of it.
    """

    def __init__(self, odd, checkpointed=None, dropout=0.0):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8))
        self.dropout, self.odd, self.head = nn.Dropout(dropout), odd, nn.Linear(8, 3)
        self.checkpointed = checkpointed

    def middle(self, x, fault):
        return self.odd(torch.where(fault, self.dropout(x) * 0, x))

    def forward(self, x, fault):
        x = self.encoder(x)
        if self.checkpointed is None:
            x = self.middle(x, fault)
        else:
            x = checkpoint(self.middle, x, fault, use_reentrant=self.checkpointed)
        return self.head(x)


class Quotient(torch.autograd.Function):
    """The identity, whose backward pass divides by the input."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x / x


#: Functions that are finite unless a sample is 0, by the direction in which they are not.
FORWARD = {
    "log": lambda x: torch.log(x.abs()),
    "division": lambda x: x / x.abs().sum(1, keepdim=True),
    "exponential": lambda x: torch.exp(torch.where(x == 0, 1000.0, x)),
}
BACKWARD = {
    "root": lambda x: x.abs().sqrt(),
    "norm": lambda x: x * x.square().sum(1, keepdim=True).sqrt(),
    "custom": Quotient.apply,
}


def batch(faulty, generator, sample=5):
    """Return inputs and the mask of faulty samples."""
    x = torch.randn(BATCH, 6, generator=generator)
    fault = torch.zeros(BATCH, 1, dtype=torch.bool)
    fault[sample] = faulty
    return x, fault


def train(model, logdir=None, steps=FAULT + 2, micro_batches=1, faulty=0, loss=None, optimizer=None, **options):
    """Train, and return what training has computed. A sample of one micro-batch of one step is faulty."""
    generator = torch.Generator().manual_seed(3)
    optimizer = torch.optim.SGD(model.parameters(), 0.01) if optimizer is None else optimizer
    monitor = None if logdir is None else tb_nnviz.watch(model, optimizer, logdir=logdir, every=5, **options)
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        for micro_batch in range(micro_batches):
            x, fault = batch(step == FAULT and micro_batch == faulty, generator)
            output = model(x, fault)
            value = output.square().mean() if loss is None else loss(output, fault)
            value.backward()
            losses.append(value.detach())
        optimizer.step()
    if monitor is not None:
        monitor.close()
    return [*losses, *(p.detach() for p in model.parameters()), *model.buffers(), torch.get_rng_state()]
