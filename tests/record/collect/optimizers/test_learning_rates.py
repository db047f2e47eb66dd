"""Tests of learning rates: a name stays with its group, many groups are summarized, and nothing waits."""

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


class Net(nn.Module):
    def __init__(self, layers=4):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(layers))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def group(layer, lr, **more):
    return {"params": list(layer.parameters()), "lr": lr, **more}


def rates(logdir):
    """Return {name: {step: rate}}."""
    found = Run(logdir).scalars
    prefix = "nnviz/global/learning_rate/"
    return {
        tag.removeprefix(prefix): {step: round(float(value), 4) for step, value in steps.items()}
        for tag, steps in found.items()
        if tag.startswith(prefix)
    }


def train(model, optimizers, logdir, change, steps=4, **options):
    with tb_nnviz.watch(model, optimizers, logdir=logdir, every=1, **options) as monitor:
        for step in range(steps):
            if step == steps // 2:
                change()
            model(torch.ones(1, 2)).sum().backward()
            for optimizer in optimizers:
                optimizer.step()
        return monitor.state_dict()


def sgd(*groups):
    return torch.optim.SGD(list(groups), 0.5)


def added(model):
    a, b, c, _ = model.layers
    first, second = sgd(group(a, 0.1)), sgd(group(b, 0.2))
    return [first, second], lambda: first.add_param_group(group(c, 0.3)), {"0": 0.1, "1": 0.2}, {"2": 0.3}


def removed(model):
    one = sgd(*(group(layer, 0.1 * i) for i, layer in enumerate(model.layers, 1)))
    return [one], lambda: one.param_groups.pop(1), {"0": 0.1, "1": 0.2, "2": 0.3, "3": 0.4}, {}


def replaced(model):
    a, b, c, _ = model.layers
    one = sgd(group(a, 0.1), group(b, 0.2))

    def change():
        one.param_groups.pop(0)
        one.add_param_group(group(c, 0.3))

    return [one], change, {"0": 0.1, "1": 0.2}, {"2": 0.3}


def reordered(model):
    one = sgd(*(group(layer, 0.1 * i) for i, layer in enumerate(model.layers, 1)))
    return [one], lambda: one.param_groups.reverse(), {"0": 0.1, "1": 0.2, "2": 0.3, "3": 0.4}, {}


def loaded(model):
    one = sgd(group(model.layers[0], 0.1), group(model.layers[1], 0.2, name="b"))
    return [one], lambda: one.load_state_dict(one.state_dict()), {"0": 0.1, "b": 0.2}, {}


def names_that_become_equal(model):
    a, b, c, _ = model.layers
    one = sgd(group(a, 0.1, name="head"), group(b, 0.2, group_name="body"))
    return [one], lambda: one.add_param_group(group(c, 0.3, name="head")), {"head": 0.1, "body": 0.2}, {"head#2": 0.3}


def equal_names(model):
    a, b, *_ = model.layers
    one = sgd(group(a, 0.1, name="head"), group(b, 0.2, name="head"))

    def change():
        one.param_groups.pop(0)

    return [one], change, {"head#0": 0.1, "head#1": 0.2}, {}


def number_as_name(model):
    a, b, c, _ = model.layers
    one = sgd(group(a, 0.1), group(b, 0.2, name="0"), group(c, 0.3, name="minimum"))
    return [one], lambda: None, {"0": 0.1, "0#1": 0.2, "minimum#2": 0.3}, {}


def named_group_made_again(model):
    a, b, c, _ = model.layers
    one = sgd(group(a, 0.1, name="head"), group(b, 0.2, name="body"))

    def change():
        one.param_groups.pop(0)
        one.add_param_group(group(c, 0.1, name="head"))

    return [one], change, {"head": 0.1, "body": 0.2}, {}


CHANGES = [
    added, removed, replaced, reordered, loaded, names_that_become_equal, equal_names, number_as_name,
    named_group_made_again,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_rate_keeps_its_name_when_groups_change(change, tmp_path):
    model = Net()
    optimizers, apply, before, new = change(model)
    train(model, optimizers, tmp_path, apply)
    found = rates(tmp_path)
    assert found.keys() == before.keys() | new.keys()
    for name, rate in (before | new).items():
        assert set(found[name].values()) == {rate}, name
    assert all(set(found[name]) == {2, 3} for name in new)
    assert all({0, 1} <= set(found[name]) for name in before)


def test_rate_names_continue_in_a_resumed_run(tmp_path):
    model = Net()
    optimizers, apply, *_ = added(model)
    state = train(model, optimizers, tmp_path / "a", apply)
    again = [sgd(*optimizers[0].param_groups), sgd(*optimizers[1].param_groups)]
    with tb_nnviz.watch(model, again, logdir=tmp_path / "b", every=1) as monitor:
        monitor.load_state_dict(state)
        model(torch.ones(1, 2)).sum().backward()
        for optimizer in again:
            optimizer.step()
    assert rates(tmp_path / "b") == {"0": {4: 0.1}, "2": {4: 0.3}, "1": {4: 0.2}}


@pytest.mark.parametrize("kept", [None, [], "abc", [["0"]], [["0", "1"], None]])
def test_state_with_other_rate_names_is_loaded(kept, tmp_path):
    model = Net()
    with tb_nnviz.watch(model, sgd(*(group(layer, 0.1) for layer in model.layers)), logdir=tmp_path) as monitor:
        monitor.load_state_dict({"version": 1, "step": 3, "learning_rates": kept})
        assert monitor.state_dict()["step"] == 3
        assert monitor.state_dict()["learning_rates"] == [["0", "1", "2", "3"]]


def test_rates_of_200_groups_are_20_curves(tmp_path):
    model = Net(200)
    optimizer = sgd(*(group(layer, 0.001 * i) for i, layer in enumerate(model.layers)))
    optimizer.param_groups[50]["lr"] = torch.tensor(1.5)
    train(model, [optimizer], tmp_path, lambda: None, steps=2)
    found = rates(tmp_path)
    assert len(found) == 20
    assert [found[str(i)][1] for i in range(17)] == [round(0.001 * i, 4) for i in range(17)]
    assert (found["minimum"][1], found["maximum"][1]) == (0.017, 1.5)
    assert found["median"][1] == pytest.approx(0.109, abs=1e-3)


def test_rates_of_groups_beyond_the_limit_join_the_summary(tmp_path):
    model = Net(22)
    optimizer = sgd(*(group(layer, 0.1) for layer in model.layers[:20]))

    def change():
        for layer in model.layers[20:]:
            optimizer.add_param_group(group(layer, 0.3))

    train(model, [optimizer], tmp_path, change)
    found = rates(tmp_path)
    assert [len([name for name in found if step in found[name]]) for step in range(4)] == [20] * 4
    assert found["minimum"] == {2: 0.1, 3: 0.1} and found["maximum"] == {2: 0.3, 3: 0.3}


def test_rate_that_is_a_tensor_is_copied_and_not_read(tmp_path, monkeypatch):
    model = nn.Linear(2, 1)
    rate = torch.tensor(0.5, dtype=torch.float64)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    optimizer.register_step_post_hook(lambda *_: rate.mul_(0.5))
    waits = []
    monkeypatch.setattr(torch.Tensor, "__float__", lambda self: waits.append(self) or 0.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for _ in range(3):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
    assert rates(tmp_path) == {"0": {0: 0.5, 1: 0.25, 2: 0.125}}
    assert not waits
