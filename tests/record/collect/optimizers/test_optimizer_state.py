"""The moments of Adam's family and its effective step size, against the formulas in float64."""

import warnings

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.measure.stats import moments
from tests.support.event_reader import Run


def logged(make, logdir, steps=4, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = make(model.parameters())
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, **options):
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.randn(5, 3)).square().sum().backward()
            optimizer.step()
    return model, optimizer, Run(logdir)


ADAMS = {
    "Adam": lambda p: torch.optim.Adam(p, 0.1),
    "Adam, amsgrad": lambda p: torch.optim.Adam(p, 0.1, amsgrad=True, eps=1e-3),
    "AdamW, tensor rate": lambda p: torch.optim.AdamW(p, torch.tensor(0.01), betas=(0.7, 0.9)),
    "AdamW, fused": lambda p: torch.optim.AdamW(p, 0.01, fused=True),
}


@pytest.mark.parametrize("name", ADAMS)
def test_optimizer_state_of_adams_equals_float64(name, tmp_path):
    model, optimizer, run = logged(ADAMS[name], tmp_path)
    group = optimizer.param_groups[0]
    found = run.statistics("optimizer", 3)
    assert set(found) == {key for key, _ in model.named_parameters()}
    for key, parameter in model.named_parameters():
        state = optimizer.state[parameter]
        m, v = state["exp_avg"].double(), state["exp_avg_sq"].double()
        assert found[key]["count"] == parameter.numel()
        assert found[key]["first_moment_norm"] == pytest.approx(m.norm().item(), rel=1e-6)
        assert found[key]["second_moment_norm"] == pytest.approx(v.norm().item(), rel=1e-6)
        beta1, beta2 = group["betas"]
        v = state.get("max_exp_avg_sq", v).double()
        step = float(group["lr"]) * (m / (1 - beta1**4)) / ((v / (1 - beta2**4)).sqrt() + group["eps"])
        assert found[key]["effective_step_size"] == pytest.approx(step.square().mean().sqrt().item(), rel=1e-5)


def test_effective_step_without_decay_equals_update(tmp_path):
    _, _, run = logged(lambda p: torch.optim.Adam(p, 1e-3), tmp_path)
    update = run.statistics("update", 2)
    for key, row in run.statistics("optimizer", 2).items():
        assert row["effective_step_size"] == pytest.approx(update[key]["rms"], rel=1e-3)


def test_optimizer_state_of_other_adams_is_moments_only(tmp_path):
    _, optimizer, run = logged(lambda p: torch.optim.RAdam(p, 1e-3), tmp_path)
    row = run.statistics("optimizer", 3)["0.weight"]
    state = optimizer.state[optimizer.param_groups[0]["params"][0]]
    assert row["first_moment_norm"] == pytest.approx(state["exp_avg"].norm().item(), rel=1e-6)
    assert row["effective_step_size"] != row["effective_step_size"]


def test_optimizer_state_of_sgd_is_absent(tmp_path):
    _, _, run = logged(lambda p: torch.optim.SGD(p, 0.1, momentum=0.9), tmp_path)
    assert "nnviz/update/norm" in run.tensors and not [tag for tag in run.tensors if "/optimizer/" in tag]


def test_optimizer_state_follows_kinds(tmp_path):
    _, _, run = logged(ADAMS["Adam"], tmp_path / "only", kinds=["optimizer"])
    assert set(run.statistics("optimizer", 0)) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert "nnviz/gradient/norm" not in run.tensors
    _, _, run = logged(ADAMS["Adam"], tmp_path / "without", kinds=["gradient"])
    assert not [tag for tag in run.tensors if "/optimizer/" in tag]


def test_optimizer_state_unknown_form_keeps_other_kinds(tmp_path):
    class Odd(torch.optim.Adam):
        pass

    def make(parameters):
        optimizer = Odd(list(parameters), 0.1)
        optimizer.param_groups[0]["eps"] = (1e-30, 1e-3)
        optimizer.step = lambda: None
        for parameter in optimizer.param_groups[0]["params"]:
            optimizer.state[parameter] = {
                "exp_avg": torch.ones_like(parameter),
                "exp_avg_sq": torch.ones_like(parameter),
            }
        return optimizer

    class Stepping(Odd):
        def step(self):
            """An optimizer that changes no parameter."""

    def stepping(parameters):
        optimizer = make(parameters)
        optimizer.__class__ = Stepping
        del optimizer.step
        Stepping.step = torch.optim.Optimizer.profile_hook_step(lambda self: None)
        return optimizer

    _, _, run = logged(stepping, tmp_path)
    row = run.statistics("optimizer", 3)["0.weight"]
    assert (
        row["first_moment_norm"] == pytest.approx(12**0.5) and row["effective_step_size"] != row["effective_step_size"]
    )
    assert run.statistics("gradient", 3)["0.weight"]["count"] == 12


def test_optimizer_state_of_frozen_layer_is_absent(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(3):
            model[0].requires_grad_(step == 0)
            optimizer.zero_grad()
            model(torch.ones(5, 3)).square().sum().backward()
            optimizer.step()
    run = Run(tmp_path)
    assert [run.statistics("optimizer", step)["0.weight"]["count"] for step in range(3)] == [12, 0, 0]


def test_moments_of_complex_count_imaginary_parts():
    first, second = torch.tensor([3.0 + 4.0j, 0.0 + 2.0j]), torch.tensor([1.0 + 4.0j, 1.0 + 1.0j])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = moments(first, second, 0.5, 1.0, 0.0)
    # steps: 3 / 1, 4 / 2, 0 / 1, 2 / 1, each halved
    assert found.tolist() == pytest.approx([9 + 16 + 4, 1 + 16 + 1 + 1, (9 + 4 + 4) / 4])
