"""Tests of the rows of layouts: order, shapes, shared modules and parameters."""

import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.small_net import sgd


def test_rows_varying_shape_is_null(tmp_path):
    model = nn.Linear(4, 2)
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        for batch, length in ((3, 5), (2, 5), (2, 7), (2, 9)):
            model(torch.ones(batch, length, 4)).sum().backward()
            monitor._optimizers[0].step()
    run = Run(tmp_path)
    assert [run.rows("activation", step)[0]["shape"] for step in range(4)] == [[5, 2], [5, 2], [None, 2], [None, 2]]


def test_rows_calls_beyond_eighth_merge_into_last(tmp_path):
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Linear(2, 2)

        def forward(self, x):
            for _ in range(11):
                x = self.cell(x)
            return x

    model = Loop()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        model(torch.ones(3, 2)).sum().backward()
        monitor._optimizers[0].step()
    found = Run(tmp_path).statistics("activation", 0)
    assert list(found) == ["cell", *(f"cell#{call}" for call in range(1, 8))]
    assert found["cell#6"]["count"] == 6 and found["cell#7"]["count"] == 4 * 6


def test_rows_appearing_later_are_appended(tmp_path):
    model = nn.ModuleDict({"late": nn.Linear(2, 2), "early": nn.Linear(2, 2)})
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for names in (["early"], ["late", "early"]):
            x = torch.ones(1, 2)
            for name in names:
                x = model[name](x)
            x.sum().backward()
            optimizer.step()
    run = Run(tmp_path)
    assert [row["name"] for row in run.rows("activation", 0)] == ["early"]
    assert [row["name"] for row in run.rows("activation", 1)] == ["early", "late"]
    assert [row["name"] for row in run.rows("gradient", 0)] == [
        "early.weight",
        "early.bias",
        "late.weight",
        "late.bias",
    ]


def test_rows_shared_parameter_has_one_row(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Embedding(7, 3), nn.Linear(3, 7, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, x):
            return self.head(self.embed(x))

    model = Tied()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        model(torch.tensor([1, 2])).sum().backward()
        monitor._optimizers[0].step()
    rows = Run(tmp_path).rows("gradient", 0)
    assert [(row["name"], row["tied_to"], row["role"]) for row in rows] == [
        ("embed.weight", ["head.weight"], "embedding")
    ]
