"""Activation gradients under a loss scale, against the recorded gradients divided by the scale in float64."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.measure.histogram import count_codes, to_bins, unscale_codes
from tests.support import oracle
from tests.support.event_reader import Run
from tests.support.same_runs import histograms

STEPS = 5


def train(logdir=None, given=True, fused=False, scale=2.0**10, growth=2.0, micro=1, dtype=None, change=None, bad=()):
    """Train under a GradScaler. Return losses, parameters, and the true gradients per optimizer step and layer.

    Args:
        change: called with the scaler between two micro-batches.
        bad: steps whose loss overflows, so that the scaler skips them.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.05, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_factor=growth, growth_interval=2)
    seen, true = {}, []

    def record(name, output):
        if output.requires_grad:
            output.register_hook(
                lambda g: seen.setdefault(name, []).append(g.detach().double().numpy().ravel() / scaler.get_scale())
            )

    for name, module in model.named_children():
        module.register_forward_hook(lambda module, args, output, name=name: record(name, output))
    monitor = logdir and tb_nnviz.watch(
        model, optimizer, logdir=logdir, every=1, histograms_every=1, scaler=scaler if given else None, on_finding=None
    )
    losses, stepped = [], []
    optimizer.register_step_post_hook(lambda *args: stepped.append(1))
    for step in range(STEPS):
        optimizer.zero_grad()
        for number in range(micro):
            if number and change and (given or step):  # an unknown scaler is found when it first steps
                change(scaler)
            with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
                loss = model(torch.randn(4, 6)).float().square().mean()
            factor = float("inf") if step in bad else 1.0
            scaler.scale(loss * factor).backward()
            losses.append(loss.item())
        before = len(stepped)
        scaler.step(optimizer)
        scaler.update()
        if given or len(stepped) > before:  # a skipped step of an unknown scaler stays open
            true.append({name: np.concatenate(found) for name, found in seen.items()})
            seen.clear()
    if monitor:
        monitor.close()
    return losses, [p.detach().clone() for p in model.parameters()], true


def third(scaler):
    scaler.update(scaler.get_scale() / 4)


SETTINGS = {
    "constant": {"growth": 1.0 + 2**-20, "scale": 2.0**16},
    "growing": {},
    "no power of two": {"scale": 1000.0, "growth": 1.5},
    "micro-batches": {"micro": 3},
    "changed between micro-batches": {"micro": 2, "change": third},
    "float16": {"dtype": torch.float16},
    "skipped": {"bad": (1, 3)},
    "tiny": {"scale": 2.0**100, "growth": 1.25},
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("setting", SETTINGS)
def test_activation_gradients_are_unscaled(setting, given, fused, tmp_path):
    options = {"fused": fused, "given": given, **SETTINGS[setting]}
    if fused and setting == "changed between micro-batches":
        options["change"] = lambda scaler: scaler.update(scaler.get_scale())
    plain = train(**options)
    losses, parameters, true = train(tmp_path, **options)
    np.testing.assert_array_equal(losses, plain[0])
    assert all(torch.equal(*pair) for pair in zip(parameters, plain[1], strict=True))
    run = Run(tmp_path)
    assert len(true) == (STEPS if given or fused else STEPS - len(options.get("bad", ())))
    for step, expected in enumerate(true):
        found = run.statistics("activation_gradient", step)
        known = given or step > 0 or np.log2(options.get("scale", 2.0)) % 1 == 0
        counts = histograms(run, "activation_gradient", step) if known else {}
        for name, gradient in expected.items():
            oracle.assert_statistics(found[name], gradient, set(found[name]) & set(oracle.statistics(gradient)))
            if known:
                assert np.array_equal(counts[name], oracle.histogram(gradient)), (name, step)


def test_activation_gradients_that_underflow_count_as_zero(tmp_path):
    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            return self.fc(x).half() * 1.0

    torch.manual_seed(0)
    model = Tiny()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    zeros = []

    def record(module, args, output):
        output.register_hook(lambda g: zeros.append((g == 0).numpy()))

    model.fc.register_forward_hook(record)
    weight = torch.tensor([1e-9, 1.0, 2e-9, 2.0])  # float16 has nothing between 0 and 6e-8
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, scaler=scaler):
        scaler.scale((model(torch.randn(3, 4)).float() * weight).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    run = Run(tmp_path)
    assert zeros[0].mean() == 0.5
    assert run.statistics("activation_gradient", 0)["fc"]["zero_fraction"] == 0.5
    assert histograms(run, "activation_gradient", 0)["fc"][260] == 6


def test_disabled_scaler_changes_nothing(tmp_path):
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, enabled=False)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, scaler=scaler):
        scaler.scale(model(torch.ones(1, 3)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    assert Run(tmp_path).statistics("activation_gradient", 0)[""]["max"] == 1.0


@pytest.mark.parametrize("exponent", [-3, 0, 1, 16, 100])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unscale_codes_equals_counts_of_the_quotient(exponent, dtype):
    x = torch.randn(3, 500, dtype=torch.float64) * 10.0 ** torch.randint(-12, 12, (3, 500))
    x[:, :4] = torch.tensor([0.0, float("nan"), float("inf"), -float("inf")])
    scaled = (x.to(dtype) * 2.0**exponent).to(dtype)
    counts = np.stack([count_codes(row).numpy() for row in scaled])
    truth = [oracle.histogram(row.double().numpy() / 2.0**exponent) for row in scaled]
    assert np.array_equal(to_bins(unscale_codes(counts, 2.0**exponent)), truth)


def test_unscale_codes_of_other_scales_are_unknown():
    assert unscale_codes(np.zeros((1, 2049), np.int32), 1000.0) is None
