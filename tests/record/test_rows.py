"""Tests of the rows of layouts: order, shapes, shared modules and parameters."""

import random

import numpy as np
import pytest
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
            monitor._session.optimizers[0].given.step()
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
        monitor._session.optimizers[0].given.step()
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
        monitor._session.optimizers[0].given.step()
    rows = Run(tmp_path).rows("gradient", 0)
    assert [(row["name"], row["tied_to"], row["role"]) for row in rows] == [
        ("embed.weight", ["head.weight"], "embedding")
    ]


def frozen_in_turn(logdir, toggle):
    torch.manual_seed(0)
    choose = random.Random(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)) for _ in range(12)])
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    options = {
        "kinds": ["gradient"],
        "histograms_every": None,
        "weights_every": None,
        "tracked_weights": None,
    }
    states = []
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, **options):
        for step in range(60):
            for layer in model[:-1]:
                layer.requires_grad_(toggle(choose, step))
            model(torch.ones(4, 4)).square().mean().backward()
            states.append({name: p.grad is not None for name, p in model.named_parameters()})
            optimizer.step()
            optimizer.zero_grad()
    return states, sum(path.stat().st_size for path in logdir.iterdir())


TOGGLES = {
    "at random": lambda choose, step: choose.random() < 0.3,
    "all, every second step": lambda choose, step: step % 2 == 0,
    "one of five": lambda choose, step: choose.randrange(5) == 0,
}


@pytest.mark.parametrize("name", TOGGLES)
def test_layers_frozen_in_turn_do_not_write_tables_anew(name, tmp_path):
    _, still = frozen_in_turn(tmp_path / "still", lambda choose, step: True)
    states, size = frozen_in_turn(tmp_path / "toggled", TOGGLES[name])
    assert size < 1.6 * still
    assert len(Run(tmp_path / "toggled").layouts("gradient")) < 8
    run = Run(tmp_path / "toggled")
    for step in (0, 1, 37, 59):
        found = run.statistics("gradient", step)
        assert {row: found[row]["count"] > 0 for row in states[step]} == states[step], step
    names = [row["name"] for row in run.rows("gradient", 0)]
    assert all([row["name"] for row in run.rows("gradient", step)] == names for step in range(60)), "no new order"


def test_layer_unfrozen_later_becomes_trainable_in_its_row(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = sgd(model)
    model[:2].requires_grad_(False)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(20):
            model[1].requires_grad_(step >= 5)
            model[0].requires_grad_(step >= 12)
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
    run = Run(tmp_path)
    for kind in ("parameter", "activation"):
        found = [[row["trainable"] for row in run.rows(kind, step)] for step in (4, 6, 14)]
        assert [sum(rows) / len(rows) for rows in found] == pytest.approx([1 / 3, 2 / 3, 1]), kind
    assert len(run.layouts("parameter")) == 3


NAMES = ["layer \ud800", "nul \0", "line\nbreak", "a/b", "ünïcödé 🤖", "\udfff\ud800", "__proto__", "=1+1"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_row_of_a_hostile_name_keeps_all_statistics(name, tmp_path, caplog):
    model = nn.Sequential()
    model.add_module(name, nn.Linear(2, 2))
    model.add_module("last", nn.Linear(2, 1))
    model.register_parameter(f"p {name}", nn.Parameter(torch.ones(1)))
    groups = [{"params": list(model.parameters()), "name": name}]
    optimizer = torch.optim.Adam(groups, 0.1)
    everything = {"histograms_every": 1, "weights_every": 1, "probe": {name: torch.ones(2, 2)}, "maps_every": 1}
    labels = {"probe_inputs": True, "probe_labels": {name: [name, "b"]}}
    with tb_nnviz.watch({name: model}, optimizer, tmp_path, every=1, **everything, **labels) as monitor:
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        monitor.log({name: 1.0, "loss": 2.0})
    shown = name.encode("utf-8", "backslashreplace").decode()
    run = Run(tmp_path)
    prefix = shown if shown else ""
    assert run.statistics("gradient", 0)[f"{prefix}.last.weight"]["count"] == 2
    assert run.statistics("gradient", 0)[f"{prefix}.{shown}.weight"]["count"] == 4
    assert run.statistics("activation", 0)[f"{prefix}.{shown}"]["count"] == 2
    assert run.statistics("optimizer", 0)[f"{prefix}.{shown}.bias"]["first_moment_norm"] > 0
    assert run.scalars[f"nnviz/log/{shown}"] == {0: 1.0} and run.scalars["nnviz/log/loss"] == {0: 2.0}
    assert run.scalars[f"nnviz/global/learning_rate/{shown}"][0] == np.float32(0.1)
    assert f"nnviz/map/{prefix}.{shown}" in run.tensors and f"nnviz/weight/{prefix}.{shown}.weight" in run.tensors
    assert f"parameters/{prefix}.last.weight" in run.tensors
    assert not [record for record in caplog.records if record.exc_info]
