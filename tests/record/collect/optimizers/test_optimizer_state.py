"""The moments of Adam's family and its effective step size, against the formulas in float64."""

import warnings

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.measure.moments import moments
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


def second_moment(optimizer, parameter):
    """Return the running mean of a parameter's squared gradients without its bias, and the epsilon, by hand."""
    group, state = optimizer.param_groups[0], optimizer.state[parameter]
    if "square_avg" in state:
        decay, v = group["alpha"] if "alpha" in group else group["rho"], state["square_avg"]
    else:
        decay, v = group["betas"][1], state["exp_avg_sq"]
    return v.detach().double() / (1 - decay ** float(state["step"])), group["eps"]


SECOND_MOMENTS = {
    **ADAMS,
    "Adam, not foreach": lambda p: torch.optim.Adam(p, 0.1, foreach=False, weight_decay=0.1, maximize=True),
    "Adam, capturable rate": lambda p: torch.optim.Adam(p, torch.tensor(0.1), foreach=False),
    "Adam, large epsilon": lambda p: torch.optim.Adam(p, 0.1, eps=3.0),
    "NAdam": lambda p: torch.optim.NAdam(p, 0.01),
    "RAdam": lambda p: torch.optim.RAdam(p, 0.01),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.9),
    "RMSprop, centered": lambda p: torch.optim.RMSprop(p, 0.01, centered=True, momentum=0.9),
    "Adadelta": lambda p: torch.optim.Adadelta(p, 0.5),
}


@pytest.mark.parametrize("accumulated", [1, 2])
@pytest.mark.parametrize("name", SECOND_MOMENTS)
def test_gradient_ratio_equals_float64_of_state_before(name, accumulated, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer, expected = SECOND_MOMENTS[name](model.parameters()), []
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(4):
            optimizer.zero_grad()
            for _ in range(accumulated):
                (model(torch.randn(5, 3)).square().sum() * (1000.0 if step == 3 else 1.0)).backward()
            now = {}
            for key, parameter in model.named_parameters():
                now[key] = float("nan")
                if step:
                    v, eps = second_moment(optimizer, parameter)
                    root = v.sqrt().clamp_min(eps)
                    ratio = torch.where(parameter.grad == 0, 0.0, parameter.grad.double() / root)
                    now[key] = ratio.square().mean().sqrt().item()
            expected.append(now)
            optimizer.step()
    run = Run(tmp_path)
    for step, now in enumerate(expected):
        found = run.statistics("optimizer", step)
        if step == 0:  # there is no second moment yet
            assert all("gradient_ratio" not in row for row in found.values())
            continue
        assert {key: found[key]["gradient_ratio"] for key in now} == pytest.approx(now, rel=1e-5)
    if "large" not in name:
        assert max(now.values()) > 100  # the gradient that is a thousand times larger


@pytest.mark.parametrize("name", ["RMSprop", "Adadelta"])
def test_optimizer_state_of_one_moment_is_its_norm(name, tmp_path):
    model, optimizer, run = logged(SECOND_MOMENTS[name], tmp_path)
    for key, parameter in model.named_parameters():
        row = run.statistics("optimizer", 3)[key]
        norm = optimizer.state[parameter]["square_avg"].double().norm().item()
        assert (row["count"], row["second_moment_norm"]) == (parameter.numel(), pytest.approx(norm, rel=1e-6))
        assert row["first_moment_norm"] != row["first_moment_norm"]
        assert row["effective_step_size"] != row["effective_step_size"]


def test_gradient_ratio_of_other_states_is_absent(tmp_path):
    for name, make in {
        "Adamax": lambda p: torch.optim.Adamax(p, 0.1),
        "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    }.items():
        _, _, run = logged(make, tmp_path / name)
        assert "nnviz/update/norm" in run.tensors
        assert "nnviz/optimizer/gradient_ratio" not in run.tensors


def test_gradient_ratio_of_closure_is_of_its_gradient(tmp_path):
    model = nn.Linear(2, 1, bias=False)
    optimizer = torch.optim.Adam(model.parameters(), 0.1, betas=(0.9, 0.75))
    with torch.no_grad():
        model.weight.fill_(1.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(2):

            def closure(factor=10.0**step):
                optimizer.zero_grad()
                loss = model(torch.ones(1, 2)).sum() * factor
                loss.backward()
                return loss

            optimizer.step(closure)
    # gradients of 1, then of 10: v' is 1
    assert Run(tmp_path).statistics("optimizer", 1)["weight"]["gradient_ratio"] == pytest.approx(10.0)


def test_gradient_ratio_of_sparse_gradient_counts_all_rows(tmp_path):
    embedding = nn.Embedding(10, 2, sparse=True)
    optimizer = torch.optim.SparseAdam(embedding.parameters(), 0.1, betas=(0.9, 0.75))
    with tb_nnviz.watch(embedding, optimizer, logdir=tmp_path, every=1):
        for factor in (1.0, 4.0):
            optimizer.zero_grad()
            (embedding(torch.tensor([1, 3])).sum() * factor).backward()
            optimizer.step()
    found = Run(tmp_path).statistics("optimizer", 1)["weight"]["gradient_ratio"]
    assert found == pytest.approx((4 * 16 / 20) ** 0.5)  # 4 of 20 elements, v' is 1


def test_gradient_ratio_of_complex_counts_imaginary_parts(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([1.0 + 1.0j]))

        def forward(self, x):
            return (self.w * x).abs().square()

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), 0.0, betas=(0.9, 0.75))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for factor in (1.0, 3.0):
            optimizer.zero_grad()
            (model(torch.ones(1)).sum() * factor).backward()
            optimizer.step()
    assert Run(tmp_path).statistics("optimizer", 1)["w"]["gradient_ratio"] == pytest.approx(3.0)


def test_gradient_ratio_of_wrapper_reads_the_state_within(tmp_path):
    class Wrapper:
        def __init__(self, optimizer):
            self.optimizer = optimizer

        def step(self):
            self.optimizer.step()

        def zero_grad(self):
            self.optimizer.zero_grad()

    _, _, run = logged(lambda p: Wrapper(torch.optim.Adam(p, 0.1)), tmp_path / "wrapped")
    _, _, plain = logged(lambda p: torch.optim.Adam(p, 0.1), tmp_path / "plain")
    found, expected = (one.statistics("optimizer", 3) for one in (run, plain))
    assert found == expected and found["0.weight"]["gradient_ratio"] > 0


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
