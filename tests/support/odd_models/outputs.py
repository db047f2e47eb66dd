"""Models with modules that return something other than one new tensor."""

import dataclasses
from collections import OrderedDict, namedtuple

import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from tests.support.odd_models.base import OddModel


@dataclasses.dataclass
class PlainOutput:
    ids: torch.Tensor
    hidden: list


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenOutput:
    hidden: torch.Tensor


NamedOutput = namedtuple("NamedOutput", "mask hidden")


class ModelOutput(OrderedDict):
    """A dict whose items are attributes, as in transformers."""

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)


def self_containing(x):
    items = []
    items += [items, x]
    return items


INTEGERS = torch.ones(2, dtype=torch.int64)
#: Per type of output, a function that makes it, and one that returns the tensor in it that the loss uses.
OUTPUTS = {
    "tuple": (lambda x: (3, INTEGERS, x, x * 2), lambda o: o[2] + o[3]),
    "nested": (lambda x: [[None, "x"], [{"a": (INTEGERS, [x])}]], lambda o: o[1][0]["a"][1][0]),
    "dict": (lambda x: {"ids": INTEGERS, "h": x}, lambda o: o["h"]),
    "dataclass": (lambda x: PlainOutput(INTEGERS, [x]), lambda o: o.hidden[0]),
    "frozen": (FrozenOutput, lambda o: o.hidden),
    "namedtuple": (lambda x: NamedOutput(x > 0, x), lambda o: o.hidden),
    "modeloutput": (lambda x: ModelOutput(hidden=x), lambda o: o.hidden),
    "packed": (lambda x: pack_sequence(list(x)), lambda o: o.data.reshape(-1, 4)),
    "self_containing": (self_containing, lambda o: o[1]),
    "none": (lambda x: None, None),
    "integers": (lambda x: (x > 0).long(), None),
    "bools": (lambda x: x > 0, None),
    "object": (lambda x: object(), None),
}


class OutputModule(nn.Module):
    """A module that returns one of `OUTPUTS`."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.weight = kind, nn.Parameter(torch.randn(4))

    def forward(self, x):
        return OUTPUTS[self.kind][0](x * self.weight)


class OutputTypes(OddModel):
    """One module per type of output."""

    rows = tuple(f"giving.{kind}" for kind in OUTPUTS if OUTPUTS[kind][1])

    def __init__(self):
        super().__init__()
        self.giving = nn.ModuleDict({kind: OutputModule(kind) for kind in OUTPUTS})

    def forward(self, x):
        total = 0
        for kind, module in self.giving.items():
            output, read = module(x), OUTPUTS[kind][1]
            total = total + read(output) if read else total
        return total


class ParameterOutput(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, 4))

    def forward(self):
        return self.table


class Reshape(nn.Module):
    def forward(self, *, x):
        return x.view(-1, 2)


class PassThrough(OddModel):
    """Modules that return their input, a view of it, a parameter or a leaf, or take keyword arguments only."""

    rows = ("same", "view", "table", "head", "leaf")

    def __init__(self):
        super().__init__()
        self.same, self.view, self.table, self.leaf = nn.Identity(), Reshape(), ParameterOutput(), nn.Identity()
        self.head = nn.Linear(2, 1)

    def batches(self, step):
        return [torch.randn(3, 4), torch.randn(5, 4)]

    def forward(self, x):
        return self.head(self.view(x=self.same(self.leaf(x.requires_grad_()) + self.table())))


class InPlace(OddModel):
    """Modules and operations that overwrite outputs."""

    rows = ("conv", "relu", "conv2", "norm", "chunk")

    def __init__(self):
        super().__init__()
        self.conv, self.conv2, self.norm = nn.Conv1d(1, 4, 3), nn.Conv1d(4, 4, 1), nn.BatchNorm1d(4)
        self.relu, self.chunk = nn.ReLU(inplace=True), OutputModule("tuple")

    def forward(self, x):
        x = self.conv(x[:, None])
        x = self.conv2(self.relu(x)).view(5, 4, 2)
        x[:, 0].relu_()
        x = self.norm(x).mul_(2).relu_()
        return self.chunk(x.transpose(1, 2))[2].add_(1)


class UnusedOutputs(OddModel):
    """Modules whose outputs are used in part or not at all, so that no gradient reaches the rest."""

    rows = ("embed", "attend")
    rows_without_gradient = ("lstm", "split", "beside")

    def __init__(self):
        super().__init__()
        self.embed, self.lstm, self.attend = nn.Embedding(7, 4), nn.LSTM(4, 4), nn.MultiheadAttention(4, 2)
        self.split, self.beside = Chunks(), nn.Linear(4, 4)

    def batches(self, step):
        return [torch.randint(0, 7, (6, 5))]

    def forward(self, ids):
        _, (h, _) = self.lstm(self.embed(ids))
        h, _ = self.attend(h, h, h)
        self.beside(h.detach())
        return self.split(h)[1]


class Chunks(nn.Module):
    def forward(self, x):
        return x.chunk(2, -1)
