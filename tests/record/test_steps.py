"""Tests of steps: their end, values that cannot be measured, and internal errors."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.small_net import net, sgd, train


def test_session_several_models_and_optimizers_share_steps(tmp_path):
    g, d = net(), nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    optimizers = [sgd(g), sgd(d, 0.01)]
    with tb_nnviz.watch({"G": g, "D": d}, optimizers, logdir=tmp_path, every=1):
        for _ in range(3):
            for optimizer in optimizers:
                optimizer.zero_grad()
                d(g(torch.ones(3, 4))).mean().backward()
                optimizer.step()
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    found = run.statistics("update", 1)
    assert list(found)[::2] == ["G.0.weight", "G.2.weight", "D.0.weight", "D.2.weight"]
    assert all(row["count"] > 0 for row in found.values())
    assert run.scalars["nnviz/global/learning_rate/1"][0] == np.float32(0.01)


def test_session_repeated_optimizer_step_logs_the_last(tmp_path):
    g, d = nn.Linear(2, 2), nn.Linear(2, 1)
    opt_g, opt_d = sgd(g), sgd(d)
    with tb_nnviz.watch({"G": g, "D": d}, [opt_g, opt_d], logdir=tmp_path, every=1):
        for _ in range(2):
            for scale in (1.0, 2.0, 3.0):
                opt_d.zero_grad()
                (d(torch.ones(1, 2)) * scale).sum().backward()
                opt_d.step()
            opt_g.zero_grad()
            g(torch.ones(1, 2)).sum().backward()
            opt_g.step()
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1]
    found = run.statistics("gradient", 1)
    assert found["D.bias"]["norm"] == 3.0 and found["D.bias"]["count"] == 1 and found["G.bias"]["count"] == 2


def test_session_without_optimizer_closes_on_monitor_step(tmp_path):
    model = net()
    with tb_nnviz.watch(model, logdir=tmp_path, every=2) as monitor:
        for _ in range(4):
            model.zero_grad()
            loss = model(torch.ones(3, 4)).sum()
            loss.backward()
            monitor.step()
            monitor.log(loss=loss)
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 2]
    norm = run.statistics("gradient", 2)["2.bias"]["norm"]
    assert norm == pytest.approx(float(model[2].bias.grad.norm()), rel=1e-6)
    assert "nnviz/update/norm" not in run.tensors and list(run.scalars["nnviz/log/loss"]) == [0, 1, 2, 3]


def test_session_closure_logs_gradient_of_last_call(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))

    def closure():
        optimizer.zero_grad()
        loss = (model(x) - 1).square().mean()
        loss.backward()
        return loss

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        before = model.weight.detach().clone()
        optimizer.step(closure)
        gradient, after = model.weight.grad.clone(), model.weight.detach().clone()
    run = Run(tmp_path)
    assert run.statistics("gradient", 0)["weight"]["norm"] == pytest.approx(float(gradient.norm()), rel=1e-6)
    assert run.statistics("parameter", 0)["weight"]["norm"] == pytest.approx(float(before.norm()), rel=1e-6)
    assert run.statistics("update", 0)["weight"]["norm"] == pytest.approx(float((after - before).norm()), rel=1e-5)


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
def test_session_meta_device_logs_zero_counts(make, tmp_path, caplog):
    model = nn.Sequential(nn.Linear(4, 2, device="meta"), nn.Linear(2, 1, device="meta"))
    optimizer = make(model.parameters(), lr=0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=2, histograms_every=2, window=True) as monitor:
        for step in range(3):
            optimizer.zero_grad()
            model(torch.ones(3, 4, device="meta")).sum().backward()
            monitor.clip_grad_norm_(1.0)
            optimizer.step()
            monitor.log(step=step)
    assert not caplog.records
    run = Run(tmp_path)
    assert list(run.scalars["nnviz/log/step"]) == [0, 1, 2]
    for kind in ("parameter", "gradient", "update", "activation", "activation_gradient"):
        found = run.statistics(kind, 2)
        assert found and all(row["count"] == 0 for row in found.values()), kind


def test_session_partly_on_meta_device_logs_the_rest(tmp_path, caplog):
    model = nn.ModuleDict({"here": nn.Linear(4, 2), "nowhere": nn.Linear(4, 2, device="meta")})
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, on_finding=None) as monitor:
        model["here"](torch.ones(3, 4)).sum().backward()
        optimizer.step()
        monitor.log(loss=torch.ones((), device="meta"))
    assert [record.message.split(":")[0] for record in caplog.records] == ["invalid scalar loss"]
    counts = {name: row["count"] for name, row in Run(tmp_path).statistics("parameter", 0).items()}
    assert counts == {"here.weight": 8, "here.bias": 2, "nowhere.weight": 0, "nowhere.bias": 0}


def test_session_internal_error_turns_collector_off(tmp_path, caplog, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("ours")

    for module in ("activations", "parameters"):
        monkeypatch.setattr(f"tb_nnviz.record.collect.{module}.measure_any", broken)
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, histograms_every=None) as monitor:
        train(model, monitor._session.optimizers[0].given, 3, monitor)
    parts = [record.message.split(" of ")[0] for record in caplog.records]
    assert sorted(parts) == ["activations", "gradients"]
    assert all(record.exc_info and "ours" in str(record.exc_info[1]) for record in caplog.records)
    run = Run(tmp_path)
    assert list(run.scalars["nnviz/log/loss"]) == [0, 1, 2]
    assert not [tag for tag in run.tensors if tag.endswith("/count")], "what was not measured must not look absent"


def test_session_internal_error_keeps_other_collectors(tmp_path, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("ours")

    monkeypatch.setattr("tb_nnviz.record.collect.activations.ActivationCollector.activation", broken)
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        train(model, monitor._session.optimizers[0].given, 3, monitor)
    tensors = Run(tmp_path).tensors
    assert list(tensors["nnviz/gradient/norm"]) == list(tensors["nnviz/update/ratio"]) == [0, 1, 2]
    assert not [tag for tag in tensors if "activation" in tag]


def test_session_norm_beyond_float32_is_infinite(tmp_path):
    model = nn.Linear(4, 1)
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, every=1, on_finding=None) as monitor:
        model(torch.full((1, 4), 3e38)).sum().backward()
        monitor._session.optimizers[0].given.step()
    found = Run(tmp_path).statistics("gradient", 0)["weight"]
    assert found["norm"] == np.inf and found["nonfinite"] == 0 and found["absmax"] == np.float32(3e38)
