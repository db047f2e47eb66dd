"""``tb_nnviz.summary`` against sums by hand and shapes from plain hooks."""

import copy

import pytest
import torch
from torch import nn

import tb_nnviz


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(11, 4)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(5), nn.Dropout()) for _ in range(2)])
        self.act = nn.ReLU()
        self.unused = nn.Linear(2, 2)
        self.head = nn.Linear(4, 11, bias=False)
        self.head.weight = self.wte.weight
        self.blocks[0][0].weight.requires_grad_(False)

    def forward(self, ids):
        x = self.wte(ids)
        for block in self.blocks:
            x = self.act(block(x))
        return {"logits": self.head(x)}


def test_summary_has_rows_and_sums(capsys):
    model = Tied()
    inputs = torch.randint(0, 11, (3, 5))
    shapes, calls = {}, {}
    for name, module in model.named_modules():

        def seen(module, args, output, name=name):
            shapes.setdefault(name, tuple((output["logits"] if isinstance(output, dict) else output).shape))
            calls[name] = calls.get(name, 0) + 1

        module.register_forward_hook(seen)
    with torch.no_grad():
        copy.deepcopy(model).eval()(inputs)
    plain_shapes, plain_calls = dict(shapes), dict(calls)

    table = tb_nnviz.summary(model, inputs)
    rows = {row["name"]: row for row in table.rows}
    assert {name: row["shape"] for name, row in rows.items() if row["shape"]} == plain_shapes
    assert {name: row["calls"] for name, row in rows.items() if row["calls"]} == plain_calls
    assert set(rows) == {name for name, _ in model.named_modules()}
    assert rows["act"]["calls"] == 2 and rows["unused"]["shape"] is None

    parameters = list(model.parameters())  # torch gives shared ones once
    assert table.parameters == sum(p.numel() for p in parameters)
    assert table.trainable == sum(p.numel() for p in parameters if p.requires_grad) == table.parameters - 16
    assert table.buffers == sum(b.numel() for b in model.buffers()) == 2 * 11
    assert table.parameter_bytes == 4 * table.parameters
    assert (rows["wte"]["parameters"], rows["head"]["parameters"], rows["head"]["shared"]) == (44, 0, 44)
    floats = 4 * 15 * (1 + 2 * 3 + 2) + 11 * 15  # embedding, two blocks of three, two calls of act; head
    assert table.forward_bytes == 4 * floats

    # in order of execution, each below the module that contains it
    names = [row["name"] for row in table.rows]
    assert names[:3] == ["", "wte", "blocks"] and names[3:7] == ["blocks.0", "blocks.0.0", "blocks.0.1", "blocks.0.2"]
    assert names.index("act") < names.index("head") < names.index("unused")
    printed = capsys.readouterr().out
    assert printed == f"{table}\n"
    assert "(44 shared ones are counted once)" in printed and "(shared)" in printed


def test_summary_restores_the_model():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model[1].eval()
    state, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    tb_nnviz.summary(model, torch.randn(6, 3, generator=torch.Generator().manual_seed(0)))
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert torch.equal(torch.get_rng_state(), random)
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_summary_model_that_raises_keeps_no_hook():
    model = nn.Sequential(nn.Linear(3, 4))
    with pytest.raises(RuntimeError):
        tb_nnviz.summary(model, torch.randn(6, 5))
    assert model.training and not model[0]._forward_hooks and not model._forward_pre_hooks
    with pytest.raises(TypeError, match="invalid inputs: int 3"):
        tb_nnviz.summary(model, 3)
