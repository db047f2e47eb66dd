"""Kinds of training: several models, loss scaling, closures, loops without an optimizer, masks, late results."""

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.locate import flags
from tb_nnviz.record.locate.gradients import SmallGradients
from tests.support.origins import FAULT, Function, findings
from tests.support.tensors import same_bits


class Zeroed(nn.Module):
    """A layer whose input becomes 0 at a step."""

    def __init__(self, function, step=FAULT):
        super().__init__()
        self.function, self.fault, self.now = function, step, 0

    def forward(self, x):
        return self.function(x * (self.now != self.fault))


LOG, ROOT = (lambda x: x.abs().log()), (lambda x: x.abs().sqrt())


def gan(generator_function, discriminator_function, logdir=None, steps=FAULT + 2):
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 8), Zeroed(generator_function), nn.Linear(8, 4))
    discriminator = nn.Sequential(nn.Linear(4, 8), Zeroed(discriminator_function), nn.Linear(8, 1))
    optimizers = [torch.optim.Adam(one.parameters(), 0.01) for one in (discriminator, generator)]
    models = {"G": generator, "D": discriminator}
    monitor = logdir and tb_nnviz.watch(models, optimizers, logdir=logdir, every=5)
    for step in range(steps):
        generator[1].now = step
        noise, real = torch.randn(16, 2), torch.randn(16, 4)
        fake = generator(noise)
        optimizers[0].zero_grad()
        loss = (
            nn.functional.softplus(-discriminator(real)).mean()
            + nn.functional.softplus(discriminator(fake.detach())).mean()
        )
        loss.backward()
        optimizers[0].step()
        discriminator[1].now = step
        optimizers[1].zero_grad()
        nn.functional.softplus(-discriminator(fake)).mean().backward()
        optimizers[1].step()
        discriminator[1].now = -1
    if monitor:
        monitor.close()
    return [*(p.detach() for one in models.values() for p in one.parameters()), torch.get_rng_state()]


@pytest.mark.parametrize(("functions", "rule", "module"), [
    ((LOG, torch.tanh), "nonfinite/forward", "G.1"),
    ((ROOT, torch.tanh), "nonfinite/backward", "G.1"),
    ((torch.tanh, LOG), "nonfinite/forward", "D.1"),
    ((torch.tanh, ROOT), "nonfinite/backward", "D.1"),
])  # fmt: skip
def test_gan_origin_is_the_layer_of_its_model(functions, rule, module, tmp_path):
    assert same_bits(gan(*functions), gan(*functions, tmp_path))
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == (rule, module, FAULT)


def scaled(model, logdir, inputs, steps, scale=2.0**16, given=True, loss=None):
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1000)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    options = {"scaler": scaler} if given else {}
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=100, start_step=1, **options):
        for step in range(steps):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.float16):
                output = model(inputs(step))
            value = output.float().mean() if loss is None else loss(output, step)
            scaler.scale(value).backward()
            scaler.step(optimizer)
            scaler.update()
    return findings(logdir)


def test_scaler_overflow_of_the_scale_is_no_finding(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    found = scaled(model, tmp_path, lambda step: torch.randn(8, 4), 6, loss=lambda output, step: output.sum() * 100)
    assert found == []


def test_scaler_nonfinite_output_is_a_warning(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(lambda x: x / x.detach()), nn.Linear(8, 1))

    def inputs(step):
        model[1].now = step
        return torch.randn(8, 4)

    (one,) = scaled(model, tmp_path, inputs, FAULT + 2)
    assert (one["rule"], one["severity"], one["layer"]) == ("nonfinite/forward", "warning", "1")
    assert one["step"] == FAULT + 1 and "skipped" in one["evidence"]


def test_scaler_that_cannot_fall_is_severe(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Function(lambda x: (x * 0).abs().sqrt()), nn.Linear(8, 1))
    (one,) = scaled(model, tmp_path, lambda step: torch.randn(8, 4), 8, scale=8.0)
    assert (one["rule"], one["severity"], one["layer"]) == ("nonfinite/backward", "severe", "1")
    assert one["step"] == 4  # the scale is 8, 4, 2 before


def test_closure_origin_is_named(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(LOG), nn.Linear(8, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), 0.01, max_iter=3)
    x = torch.randn(8, 4)

    def closure():
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model[1].now = step
            optimizer.step(closure)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/forward", "1", FAULT)


def test_loop_without_optimizer_origin_is_named(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(ROOT), nn.Linear(8, 1))
    with tb_nnviz.watch(model, logdir=tmp_path, every=5) as monitor:
        for step in range(FAULT + 1):
            model[1].now = step
            model.zero_grad()
            model(torch.ones(8, 4)).square().mean().backward()
            monitor.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/backward", "1", FAULT)


class Masked(nn.Module):
    """A transformer whose masks contain -Inf."""

    def __init__(self):
        super().__init__()
        self.embed, self.attend = nn.Linear(4, 8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.scores, self.softmax = nn.Linear(8, 8), nn.Softmax(-1)
        self.odd, self.head = Zeroed(lambda x: x / x.norm(dim=-1, keepdim=True)), nn.Linear(8, 1)

    def forward(self, x, hidden=None):
        length = x.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)
        if hidden is not None:
            mask[:, :hidden] = float("-inf")
        x = self.embed(x)
        x = x + self.attend(x, x, x, attn_mask=mask, need_weights=True)[0]
        weights = self.softmax(self.scores(x)[..., :length] + mask.masked_fill(mask.isinf().all(1)[:, None], 0.0))
        return self.head(self.odd(weights @ x))


@pytest.mark.parametrize(("hidden", "module"), [(None, "odd"), (1, "attend")])
def test_masks_are_no_origin_unless_they_hide_all(hidden, module, tmp_path):
    torch.manual_seed(0)
    model = Masked()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model.odd.now = step if hidden is None else -1
            optimizer.zero_grad()
            model(torch.randn(3, 5, 4), hidden=hidden if step == FAULT else None).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/forward", module, FAULT)


def log_of_one_hot(x):
    hot = nn.functional.one_hot(torch.zeros(len(x), dtype=torch.long), 8)
    return (x if x.any() else x + hot).abs().log()


def test_log_of_one_hot_is_the_origin_not_a_mask(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(log_of_one_hot), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model[1].now = step
            optimizer.zero_grad()
            model(torch.randn(3, 4)).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/forward", "1", FAULT)


class Absorbs(nn.Module):
    """A block in which a finite result is selected, and whose gradient is NaN: 0 times Inf."""

    def __init__(self):
        super().__init__()
        self.log = Function(torch.log)

    def forward(self, x):
        return torch.where(x > 0, self.log(x), x)


def test_where_behind_log_is_the_backward_origin(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), Zeroed(lambda x: x), Absorbs(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model[2].now = step
            optimizer.zero_grad()
            model(torch.randn(3, 4)).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/backward", "3.log", FAULT)


def test_shared_layer_call_is_named(tmp_path):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.odd = nn.Linear(4, 4), Zeroed(ROOT, step=1)

        def forward(self, x):
            for call in range(3):
                self.odd.now = int(self.fault and call == 1)
                x = self.odd(self.fc(x)) + x
            return x

    torch.manual_seed(0)
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model.fault = step == FAULT
            optimizer.zero_grad()
            model(torch.randn(3, 4)).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["details"]["call"]) == ("nonfinite/backward", "odd", 1)


def test_finding_is_the_only_one_and_hooks_end_with_it(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(LOG), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5) as monitor:
        for step in range(FAULT + 20):
            model[1].now = step
            optimizer.zero_grad()
            model(torch.randn(8, 4)).square().mean().backward()
            optimizer.step()
        assert monitor._session._locator._passes.all() == []
    assert len(findings(tmp_path, of_rules=True)) == 1


def test_result_of_a_device_that_is_late_is_reported_late(tmp_path, monkeypatch):
    check = SmallGradients.check

    def on_device(self, parameters):
        return True, [torch.tensor(0.0 if check(self, parameters)[0] else float("nan"))]

    monkeypatch.setattr(SmallGradients, "check", on_device)
    answers = iter([False, True] * 50)
    monkeypatch.setattr(flags.DeviceFlag, "ready", lambda self: next(answers))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(LOG), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 3):
            model[1].now = step
            optimizer.zero_grad()
            model(torch.randn(8, 4)).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert one["since"] == FAULT and one["rule"] == "nonfinite/forward"
    assert "read after the update" in one["evidence"]


@pytest.mark.parametrize(("rules", "count"), [({"nonfinite/forward": None}, 0), ({"nonfinite/loss": None}, 1)])
def test_rule_that_is_switched_off_is_not_reported(rules, count, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(LOG), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5, rules=rules):
        for step in range(FAULT + 1):
            model[1].now = step
            optimizer.zero_grad()
            model(torch.randn(8, 4)).square().mean().backward()
            optimizer.step()
    assert len(findings(tmp_path)) == count


def test_error_is_raised_before_the_update(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Zeroed(LOG), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    steps = []

    def run():
        for step in range(FAULT + 1):
            steps.append(step)
            model[1].now = step
            optimizer.zero_grad()
            model(torch.randn(8, 4)).square().mean().backward()
            optimizer.step()

    options = {"every": 5, "on_finding": {"nonfinite/*": "raise"}}
    with (
        tb_nnviz.watch(model, optimizer, logdir=tmp_path, **options),
        pytest.raises(tb_nnviz.FindingError, match="makes"),
    ):
        run()
    assert steps[-1] == FAULT and all(p.isfinite().all() for p in model.parameters())
    assert len(findings(tmp_path)) == 1


class WithLoss(nn.Module):
    """A model that returns its loss beside the hidden states from which it is computed."""

    def __init__(self, function):
        super().__init__()
        self.fc, self.odd = nn.Linear(4, 8), Zeroed(function)

    def forward(self, x, *, target):
        hidden = self.fc(x)
        return {"hidden": (hidden, [target]), "loss": self.odd(hidden - target).mean()}


@pytest.mark.parametrize(("function", "rule"), [(LOG, "nonfinite/forward"), (ROOT, "nonfinite/backward")])
def test_loss_within_the_model_is_its_module(function, rule, tmp_path):
    torch.manual_seed(0)
    model = WithLoss(function)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model.odd.now = step
            optimizer.zero_grad()
            model(torch.randn(8, 4), target=torch.randn(8, 8))["loss"].backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == (rule, "odd", FAULT)


def test_gradient_penalty_at_zero_is_the_loss(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            optimizer.zero_grad()
            x = torch.randn(8, 4, requires_grad=True)
            output = model(x)
            (slope,) = torch.autograd.grad(output.sum(), x, create_graph=True)
            norm = (slope * (step != FAULT)).square().sum(1).sqrt()
            (output.mean() + (norm - 1).square().mean()).backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"]) == ("nonfinite/loss", FAULT)
