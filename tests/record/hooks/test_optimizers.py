"""Tests of unusual optimizers: each step counts once, with the gradients that were applied."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def backward(model, scale=1.0):
    model.zero_grad()
    (model(torch.ones(1, 2)) * scale).sum().backward()


def tags_once(run):
    for event in run.events:
        tags = [value.tag for value in event.summary.value]
        assert len(tags) == len(set(tags)), event.step
    return run


def test_step_that_calls_its_base_class_counts_once(tmp_path):
    class Nested(torch.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    torch.optim.SGD([nn.Parameter(torch.ones(1))], 0.1)  # torch now hooks SGD.step as well as Nested.step
    model = nn.Linear(2, 1)
    optimizer = Nested(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, histograms_every=1):
        for _ in range(3):
            backward(model)
            optimizer.step()
    run = tags_once(Run(tmp_path))
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    assert run.statistics("gradient", 1)["weight"]["count"] == 2
    assert run.statistics("update", 1)["bias"]["norm"] == pytest.approx(0.1)


def test_step_that_raised_and_is_repeated_counts_once(tmp_path):
    class Failing(torch.optim.SGD):
        fail = True

        @torch.no_grad()
        def step(self, closure=None):
            if self.fail:
                raise MemoryError
            return super().step(closure)

    model = nn.Linear(2, 1)
    optimizer = Failing(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, histograms_every=1):
        backward(model)
        with pytest.raises(MemoryError):
            optimizer.step()
        with torch.no_grad():
            model.bias.fill_(5.0)
        optimizer.fail = False
        optimizer.step()
    run = tags_once(Run(tmp_path))
    assert list(run.tensors["nnviz/gradient/norm"]) == [0]
    assert run.statistics("gradient", 0)["bias"]["count"] == 1
    assert run.statistics("parameter", 0)["bias"]["norm"] == 5.0


def test_critic_that_steps_more_often_counts_its_last_step(tmp_path):
    g, d = nn.Linear(2, 2), nn.Linear(2, 1)
    optimizers = opt_g, opt_d = torch.optim.SGD(g.parameters(), 0.1), torch.optim.SGD(d.parameters(), 0.2)
    with tb_nnviz.watch(
        {"G": g, "D": d}, optimizers, logdir=tmp_path, every=1, histograms_every=1, kinds=["gradient", "update"]
    ):
        for _ in range(2):
            for scale in (1.0, 2.0, 3.0):
                backward(d, scale)
                opt_d.step()
            backward(g)
            opt_g.step()
    run = tags_once(Run(tmp_path))
    assert list(run.tensors["nnviz/gradient/norm"]) == list(run.tensors["nnviz/gradient/histogram"]) == [0, 1]
    found = run.statistics("gradient", 1)
    assert found["D.bias"]["norm"] == 3.0 and found["D.bias"]["count"] == 1 and found["G.bias"]["count"] == 2
    assert run.statistics("update", 1)["D.bias"]["norm"] == pytest.approx(0.6)
    assert run.scalars["nnviz/global/learning_rate/1"][1] == np.float32(0.2)


def test_parameter_of_two_optimizers_has_one_row(tmp_path):
    model = nn.Linear(2, 1)
    optimizers = [torch.optim.SGD(model.parameters(), 0.1), torch.optim.SGD([model.bias], 0.5)]
    with tb_nnviz.watch(model, optimizers, logdir=tmp_path, every=1, histograms_every=1):
        backward(model)
        for optimizer in optimizers:
            optimizer.step()
    run = tags_once(Run(tmp_path))
    assert run.statistics("gradient", 0)["bias"]["count"] == 1
    assert run.statistics("update", 0)["bias"]["norm"] == pytest.approx(0.5), "the last one's"


def test_learning_rate_none_tensor_or_shared_name_is_logged(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizers = [
        torch.optim.Adam([{"params": model[0].parameters(), "name": "body", "lr": torch.tensor(0.25)}]),
        torch.optim.SGD(
            [{"params": [model[1].weight], "name": "head"}, {"params": [model[1].bias], "name": "head"}], 0.1
        ),
    ]
    optimizers[1].param_groups[1]["lr"] = 0.5
    optimizers[1].register_step_pre_hook(lambda *_: optimizers[1].param_groups[0].update(lr=0.1))
    with tb_nnviz.watch(model, optimizers, logdir=tmp_path, every=1):
        backward(model)
        optimizers[0].step()
        optimizers[1].param_groups[0]["lr"] = 0.125
        optimizers[1].step()
    run = tags_once(Run(tmp_path))
    rates = {tag.rpartition("/")[2]: value[0] for tag, value in run.scalars.items() if "learning_rate" in tag}
    assert rates == {"body": 0.25, "head#1": np.float32(0.1), "head#2": 0.5}


def test_optimizer_without_rate_that_clears_gradients_is_logged(tmp_path):
    class Odd(torch.optim.Optimizer):
        def __init__(self, parameters):
            super().__init__(parameters, {"lr": None})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.sub_(parameter.grad)
                    parameter.grad = None

    model = nn.Linear(2, 1)
    optimizer = Odd(model.parameters())
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        backward(model)
        optimizer.step()
    run = Run(tmp_path)
    assert run.statistics("gradient", 0)["bias"]["norm"] == 1.0
    assert run.statistics("update", 0)["bias"]["norm"] == pytest.approx(1.0)  # less than 1 by rounding
    assert not [tag for tag in run.scalars if "learning_rate" in tag]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_update_of_half_precision_is_exact_difference(dtype, tmp_path):
    model = nn.Linear(2, 1, bias=False).to(dtype)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 256.0]]))
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model.weight.grad = torch.tensor([[0.2998, 0.01]], dtype=dtype)
        before = model.weight.detach().double()
        optimizer.step()
        exact = model.weight.detach().double() - before
    found = Run(tmp_path).statistics("update", 0)["weight"]
    assert found["min"] == exact.min() and found["zero_fraction"] == 0.5, "the other update has rounded away"


def test_parameters_replaced_during_training_are_followed(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        backward(model)
        optimizer.step()
        model.weight = nn.Parameter(torch.ones(3, 2))
        model.bias = nn.Parameter(torch.ones(3))
        optimizer.param_groups[0]["params"] = list(model.parameters())
        backward(model)
        optimizer.step()
    run = Run(tmp_path)
    assert [run.rows("gradient", step)[0]["shape"] for step in (0, 1)] == [[1, 2], [3, 2]]
    assert [run.rows("gradient", step)[0]["numel"] for step in (0, 1)] == [2, 6]


def test_step_with_another_argument_than_closure_works(tmp_path):
    class Scaled(torch.optim.SGD):
        @torch.no_grad()
        def step(self, scale):
            for parameter in self.param_groups[0]["params"]:
                parameter.sub_(parameter.grad * scale)

    model = nn.Linear(2, 1)
    optimizer = Scaled(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        backward(model)
        optimizer.step(0.5)
    assert Run(tmp_path).statistics("update", 0)["bias"]["norm"] == pytest.approx(0.5)


def test_monitor_step_ends_step_without_rarer_optimizer(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizers = [torch.optim.SGD(layer.parameters(), 0.1) for layer in model]
    with tb_nnviz.watch(model, optimizers, logdir=tmp_path, every=1) as monitor:
        for step in range(6):
            backward(model)
            optimizers[0].step()
            if step % 3 == 0:
                optimizers[1].step()
            monitor.step()
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == list(range(6))
    assert [run.statistics("update", step)["1.bias"]["count"] for step in range(6)] == [1, 0, 0, 1, 0, 0]
