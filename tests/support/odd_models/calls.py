"""Models whose modules are called several times, in varying order, or in a pass that does not end."""

import contextlib

import torch
from torch import nn

from tests.support.odd_models.base import OddModel


class SharedModules(OddModel):
    """Modules that are called several times per pass."""

    rows = ("fc", "fc#1", "act", "act#1", "act#2")

    def __init__(self):
        super().__init__()
        self.fc, self.act = nn.Linear(4, 4), nn.Tanh()

    def forward(self, x):
        return self.act(self.fc(self.act(self.fc(self.act(x.requires_grad_())))))


class Unrolled(OddModel):
    """A recurrent cell that is called 100 times, more often than calls have rows."""

    rows = ("cell", *(f"cell#{i}" for i in range(1, 8)), "head")

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRUCell(4, 3), nn.Linear(3, 1)

    def forward(self, x):
        h = torch.zeros(5, 3)
        for _ in range(100):
            h = self.cell(x, h)
        return self.head(h)


class Dynamic(OddModel):
    """A model with different layers per step and different shapes per batch."""

    rows = ("stem", "head")

    def __init__(self):
        super().__init__()
        self.stem, self.head = nn.Linear(4, 4), nn.Linear(4, 1)
        self.branches = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def batches(self, step):
        return [torch.randn(2 + step, 3 + part, 4) + step for part in range(2)]

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.branches[int(x.shape[0]) % 3](x))


class Recursive(OddModel):
    """A model that calls itself."""

    rows = ("leaf", "leaf#1", "leaf#2", "leaf#3", "join", "join#1", "join#2")

    def __init__(self):
        super().__init__()
        self.leaf, self.join = nn.Linear(4, 4), nn.Linear(8, 4)

    def forward(self, x, depth=2):
        if depth == 0:
            return self.leaf(x)
        return self.join(torch.cat([self(x, depth - 1), self(x + 1, depth - 1)], -1))


class ReplacedLayers(OddModel):
    """A model with layers that are replaced and added between steps."""

    rows = ("body.0", "body.1")

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        return self.body(x)

    def change(self, step):
        if step == 0:
            self.body[1] = nn.Sigmoid()
        if step == 1:
            self.body.append(nn.Linear(4, 2))
            self.rows = (*self.rows, "body.2")
            return self.body[2].parameters()
        return None


class InterruptedPass(OddModel):
    """A pass that raises in the middle, then one that the user interrupts, then a complete one."""

    rows = ("a", "b")

    def __init__(self):
        super().__init__()
        self.a, self.b, self.error = nn.Linear(4, 4), nn.Linear(4, 1), None

    def forward(self, x):
        x = self.a(x)
        if self.error is not None:
            raise self.error
        return self.b(x)

    def train_step(self, recorder, step):
        for self.error in (RuntimeError("out of memory"), KeyboardInterrupt()):
            recorder.new_pass()
            with contextlib.suppress(RuntimeError, KeyboardInterrupt):
                self(torch.randn(5, 4))
        self.error = None
        return super().train_step(recorder, step)
