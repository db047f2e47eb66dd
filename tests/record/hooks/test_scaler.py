"""Tests of loss scaling: the logged scale, skipped steps, and the scaler's own state."""

import copy
import pickle
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def loop(logdir, fused, bad_steps, steps=6, every=1, **options):
    """Train steps, some of which overflow, and return the scale of each."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    scales = []
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=every, scaler=scaler, **options) as monitor:
        for step in range(steps):
            optimizer.zero_grad()
            loss = model(torch.ones(2, 3)).sum()
            scaler.scale(loss).backward()
            if step in bad_steps:
                model[0].weight.grad[1, 2] = torch.inf
            scales.append(scaler.get_scale())
            scaler.step(optimizer)
            scaler.update()
            monitor.log(loss=loss)
    return scales


@pytest.mark.parametrize("fused", [False, True])
def test_skipped_steps_are_logged_with_the_scale(fused, tmp_path):
    scales = loop(tmp_path, fused, {1, 4})
    run = Run(tmp_path)
    assert list(run.scalars["nnviz/global/loss_scale"].values()) == scales and len(set(scales)) > 1
    assert list(run.scalars["nnviz/global/skipped"].values()) == [0, 1, 0, 0, 1, 0]
    for step in range(6):
        gradient, update = run.statistics("gradient", step), run.statistics("update", step)
        assert gradient["0.weight"]["nonfinite"] == (step in (1, 4)), "the row that caused it"
        assert gradient["2.weight"]["nonfinite"] == 0
        assert (update["2.bias"]["norm"] == 0) == (step in (1, 4)), "a skipped step updates nothing"
        assert gradient["2.bias"]["norm"] == pytest.approx(2 * 2**0.5, rel=1e-6), "unscaled"
    assert list(run.scalars["nnviz/log/loss"]) == list(range(6))


def test_skipped_step_off_schedule_is_logged(tmp_path):
    scales = loop(tmp_path, False, {2, 3}, every=5, histograms_every=None)
    run = Run(tmp_path)
    assert list(run.scalars["nnviz/global/skipped"]) == [0, 2, 3, 5]
    assert list(run.scalars["nnviz/global/skipped"].values()) == [0, 1, 1, 0]
    assert run.scalars["nnviz/global/loss_scale"][3] == scales[3]
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 2, 3, 5], "with the gradients that caused it"
    assert run.statistics("gradient", 3)["0.weight"]["nonfinite"] == 1
    for kind in ("parameter", "update", "activation", "activation_gradient"):
        assert list(run.tensors[f"nnviz/{kind}/norm"]) == [0, 5]


@pytest.mark.parametrize("fused", [False, True])
def test_histograms_are_of_unscaled_gradients(fused, tmp_path):
    loop(tmp_path, fused, set(), steps=1, histograms_every=1)
    stock = Run(tmp_path).tensors["gradients/2.bias"][0]
    assert stock[0, 0] <= 2.0 < stock[-1, 1] and stock[:, 2].sum() == 2


def test_close_restores_the_scaler(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    state, names = scaler.state_dict(), set(vars(scaler))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, scaler=scaler):
        assert scaler.state_dict() == state
        for copied in (copy.copy(scaler), copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
            assert set(vars(copied)) == names
            assert copied.step.__self__ is copied and copied.step.__func__ is torch.amp.GradScaler.step
        saved = pickle.dumps(scaler)
    assert set(vars(scaler)) == names and scaler.step.__func__ is torch.amp.GradScaler.step
    program = f"import sys; sys.modules['tb_nnviz'] = None; import pickle; print(pickle.loads({saved!r}).get_scale())"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "8.0"


def shallow_copy_steps(logdir):
    """Train with a copy that was made before the first step, and not with the scaler itself."""
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, scaler=scaler) if logdir else nullcontext():
        copied = copy.copy(scaler)
        for step in range(4):
            optimizer.zero_grad()
            copied.scale(model(torch.full((2, 3), torch.inf if step == 1 else 1.0)).sum()).backward()
            copied.step(optimizer)
            copied.update()
    return copied.state_dict(), scaler.state_dict(), [p.tolist() for p in model.parameters()]


def test_shallow_copy_of_scaler_is_independent(tmp_path):
    assert shallow_copy_steps(tmp_path) == shallow_copy_steps(None)


class CustomScaler:
    """A scaler with the methods of GradScaler and without methods for copying."""

    def __init__(self):
        self.scale = 8.0

    def step(self, optimizer):
        return optimizer.step()

    def update(self):
        self.scale = 4.0

    def is_enabled(self):
        return False


def test_scaler_of_another_type_is_copied(tmp_path):
    model, scaler = nn.Linear(2, 1), CustomScaler()
    with tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), logdir=tmp_path, scaler=scaler):
        for copied in (copy.copy(scaler), copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
            assert vars(copied) == {"scale": 8.0}
        assert "step" in vars(scaler)
    assert vars(scaler) == {"scale": 8.0}


def test_copies_of_scaler_keep_wrappers_of_others(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    scaler.step = wrapped = StepWrapper(scaler)
    names = set(vars(scaler))
    monitors = [tb_nnviz.watch(model, optimizer, logdir=tmp_path / name, scaler=scaler) for name in "ab"]
    assert copy.copy(scaler).step is wrapped and set(vars(copy.copy(scaler))) == names
    monitors[1].close()
    assert copy.copy(scaler).step is wrapped and set(vars(copy.copy(scaler))) == names
    monitors[0].close()
    assert scaler.step is wrapped and set(vars(scaler)) == names


def test_disabled_scaler_logs_no_scale(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, scaler=scaler, every=1):
        for _ in range(2):
            model(torch.ones(1, 2)).sum().backward()
            scaler.step(optimizer)
            scaler.update()
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/update/norm"]) == [0, 1] and "nnviz/global/loss_scale" not in run.scalars


def test_one_of_two_optimizers_that_skips_is_logged(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizers = [torch.optim.SGD(layer.parameters(), 0.1) for layer in model]
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    with tb_nnviz.watch(model, optimizers, logdir=tmp_path, scaler=scaler, every=1):
        for step in range(3):
            model.zero_grad()
            scaler.scale(model(torch.ones(1, 2)).sum()).backward()
            if step == 1:
                model[0].bias.grad.fill_(torch.nan)
            for optimizer in optimizers:
                scaler.step(optimizer)
            scaler.update()
    run = Run(tmp_path)
    assert list(run.scalars["nnviz/global/skipped"].values()) == [0, 1, 0]
    update = run.statistics("update", 1)
    assert update["0.weight"]["norm"] == 0 < update["1.weight"]["norm"]
    assert np.isnan(run.scalars["nnviz/global/gradient_norm"][1])


def test_close_keeps_wrappers_installed_after_watch(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu")
    monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, scaler=scaler)
    ours, called = scaler.step, []
    scaler.step = lambda *args: (called.append(1), ours(*args))
    monitor.close()
    scaler.scale(model(torch.full((1, 2), torch.inf)).sum()).backward()
    scaler.step(optimizer)
    assert called == [1]


class StepWrapper:
    """A wrapper of a scaler's step, as of another library."""

    def __init__(self, scaler):
        self.step, self.calls = scaler.step, 0

    def __call__(self, *args):
        self.calls += 1
        return self.step(*args)


def test_wrappers_and_monitors_can_be_nested(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    scaler.step = wrapped = StepWrapper(scaler)
    first = tb_nnviz.watch(model, optimizer, logdir=tmp_path / "a", scaler=scaler, every=1)
    tb_nnviz.watch(model, optimizer, logdir=tmp_path / "b", scaler=scaler, every=1).close()
    scaler.scale(model(torch.full((1, 2), torch.inf)).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    first.close()
    assert scaler.step is wrapped and wrapped.calls == 1
    assert Run(tmp_path / "a").scalars["nnviz/global/skipped"][0] == 1


@pytest.mark.parametrize("fused", [False, True])
def test_first_step_of_adam_skipped_is_logged(fused, tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters(), 0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, scaler=scaler, every=1):
        for step in range(3):
            optimizer.zero_grad()
            scaler.scale(model(torch.full((1, 2), 1.0 if step else torch.inf)).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    assert run.statistics("optimizer", 2)["bias"]["effective_step_size"] > 0


def test_gradients_applied_before_unlogged_skip_count(tmp_path):
    """Check that the gradient norm of a step is of all its gradients, or absent."""
    for window in (False, True):
        model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
        optimizers = [torch.optim.SGD(layer.parameters(), 0.1) for layer in model]
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        logdir = tmp_path / str(window)
        options = {"every": 5, "histograms_every": None, "window": window, "scaler": scaler, "burst": 0}
        with tb_nnviz.watch(model, optimizers, logdir=logdir, **options):
            for step in range(6):
                model.zero_grad()
                scaler.scale(model(torch.ones(1, 2)).sum()).backward()
                if step == 2:
                    model[1].bias.grad.fill_(torch.inf)
                for optimizer in optimizers:
                    scaler.step(optimizer)
                scaler.update()
        scalars = Run(logdir).scalars
        assert list(scalars["nnviz/global/skipped"]) == [0, 2, 5]
        norm = scalars["nnviz/global/gradient_norm"]
        assert norm[2] == np.inf if window else list(norm) == [0, 5]
        if window:
            assert scalars["nnviz/window/nonfinite"][5] == 1 and scalars["nnviz/window/skipped_steps"][5] == 1


def test_half_precision_gradients_are_unscaled_exactly(tmp_path):
    model = nn.Linear(2, 1, bias=False).half()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, histograms_every=2):
        for _ in range(2):
            model.weight.grad = torch.full_like(model.weight, 1e-4)
            optimizer.grad_scale, optimizer.found_inf = torch.tensor(65536.0), torch.tensor(0.0)
            optimizer.step()
    run = Run(tmp_path)
    for step in (0, 1):
        assert run.statistics("gradient", step)["weight"]["rms"] == pytest.approx(1e-4 / 65536, rel=1e-3)
