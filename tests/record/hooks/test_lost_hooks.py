"""Tests of hooks that other code removes, and of modules that other code replaces."""

from collections import OrderedDict

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

import tb_nnviz
from tests.support.event_reader import Run


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def clear_forward(model, optimizer):
    for module in model.modules():
        module._forward_hooks.clear()


def clear_all(model, optimizer):
    for module in model.modules():
        module._forward_hooks.clear()
        module._forward_pre_hooks.clear()
        module._backward_hooks.clear()


def clear_one_layer(model, optimizer):
    model[2]._forward_hooks.clear()


def replace_dicts(model, optimizer):
    for module in model.modules():
        module._forward_hooks = OrderedDict()
        module._forward_pre_hooks = OrderedDict()


def clear_everything(model, optimizer):
    clear_all(model, optimizer)
    optimizer._optimizer_step_pre_hooks.clear()
    optimizer._optimizer_step_post_hooks.clear()


def train(change=None, logdir=None, steps=40, every=1):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=every, rules={"*": None})
    for step in range(steps):
        if step == 5 and change:
            change(model, optimizer)
        optimizer.zero_grad()
        loss = model(torch.ones(2, 3)).square().mean()
        loss.backward()
        optimizer.step()
        if monitor:
            monitor.log(loss=loss)
    if monitor:
        monitor.close()
    return model, optimizer


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("change", [clear_forward, clear_all, clear_one_layer, replace_dicts, clear_everything])
def test_cleared_hooks_are_put_back_with_one_notice(change, every, compiled, tmp_path, caplog):
    if compiled:  # another model of the process, which says nothing about this one
        torch.compile(net(), backend="eager")(torch.ones(2, 3))
    expected, _ = train()
    model, optimizer = train(change, tmp_path, every=every)
    assert all(map(torch.equal, expected.parameters(), model.parameters())), "bit-identical"
    said = [record.getMessage() for record in caplog.records if record.name == "tb_nnviz"]
    assert len(said) == (2 if change is clear_everything else 1) and all("put back" in one for one in said)
    run = Run(tmp_path)
    last = max(run.tensors["nnviz/activation/norm"])
    for kind in ("activation", "activation_gradient", "gradient"):
        rows = run.statistics(kind, last)
        assert len(rows) >= 3 and all(row["count"] > 0 for row in rows.values()), kind
    assert len(run.tensors["nnviz/gradient/norm"]) >= 20 / every
    for module in model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert not module._forward_hooks_always_called
    assert not optimizer._optimizer_step_pre_hooks


def replace_head(model, optimizer):
    model[2] = nn.Linear(4, 1)
    optimizer.param_groups[0]["params"] = list(model.parameters())


def append_layer(model, optimizer):
    model.append(nn.Linear(1, 1))
    optimizer.add_param_group({"params": model[3].parameters()})


def weight_norm(model, optimizer):
    parametrizations.weight_norm(model[0])
    optimizer.param_groups[0]["params"] = list(model.parameters())


def spectral_norm(model, optimizer):
    parametrizations.spectral_norm(model[2])


def parametrize_and_back(model, optimizer):
    parametrize.register_parametrization(model[0], "weight", nn.Identity())
    parametrize.remove_parametrizations(model[0], "weight")
    optimizer.param_groups[0]["params"] = list(model.parameters())


CHANGES = [replace_head, append_layer, weight_norm, spectral_norm, parametrize_and_back]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_modules_are_followed(change, tmp_path, caplog):
    model, _ = train(change, tmp_path, steps=8)
    run = Run(tmp_path)
    assert sorted(run.tensors["nnviz/gradient/norm"]) == list(range(8))
    names = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert {name for name, row in run.statistics("gradient", 7).items() if row["count"] > 0} == names
    calls = run.statistics("activation", 7)
    assert all(calls[str(place)]["count"] > 0 for place in range(len(model)))
    assert not caplog.records
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())
