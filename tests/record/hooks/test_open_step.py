"""Tests of steps that no watched optimizer closes, and of optimizers that are handed over."""

import gc
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


class Sam(torch.optim.Optimizer):
    """Sharpness-aware minimization with two methods in place of ``step``, as its README uses it."""

    def __init__(self, parameters, base, **options):
        super().__init__(parameters, options)
        self.base = base(self.param_groups, **options)
        self.param_groups = self.base.param_groups

    @torch.no_grad()
    def first_step(self):
        for p in self.param_groups[0]["params"]:
            self.state[p]["old"] = p.clone()
            p.add_(p.grad, alpha=0.05)
        self.zero_grad()

    @torch.no_grad()
    def second_step(self):
        for p in self.param_groups[0]["params"]:
            p.copy_(self.state[p]["old"])
        self.base.step()
        self.zero_grad()


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def sam(model, steps, monitor=None, close=False):
    optimizer = monitor.sam if monitor else Sam(model.parameters(), torch.optim.SGD, lr=0.1)
    for step in range(steps):
        model(torch.ones(2, 3)).square().mean().backward()
        optimizer.first_step()
        loss = model(torch.ones(2, 3)).square().mean()
        loss.backward()
        optimizer.second_step()
        if monitor and close:
            monitor.step()
        if monitor:
            monitor.log(loss=float(step))


def by_data(model, steps, monitor=None):
    for step in range(steps):
        model.zero_grad()
        model(torch.ones(2, 3)).square().mean().backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        if monitor:
            monitor.log(loss=float(step))


def by_replacing(model, steps, monitor=None):
    for step in range(steps):
        model.zero_grad()
        model(torch.ones(2, 3)).square().mean().backward()
        for p in model.parameters():
            p.data = p.data - 0.1 * p.grad
        if monitor:
            monitor.log(loss=float(step))


def new_optimizer(model, steps, monitor=None):
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    for step in range(steps):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).square().mean().backward()
        optimizer.step()
        if monitor:
            monitor.log({"loss": float(step)})


def functional(model, steps, monitor=None):
    values = {name: p.detach().clone() for name, p in model.named_parameters()}
    for step in range(steps):
        values = {name: value.detach().requires_grad_() for name, value in values.items()}
        loss = torch.func.functional_call(model, values, torch.ones(2, 3)).square().mean()
        gradients = torch.autograd.grad(loss, list(values.values()))
        values = {name: v - 0.1 * g for (name, v), g in zip(values.items(), gradients, strict=True)}
        if monitor:
            monitor.log(loss=float(step))


LOOPS = {
    "first and second step": (sam, True),
    "parameter.data": (by_data, True),
    "parameter.data replaced": (by_replacing, True),
    "another optimizer": (new_optimizer, True),
    "functional": (functional, False),
}


def watching(model, logdir, optimizer=None, **options):
    optimizer = optimizer or Sam(model.parameters(), torch.optim.SGD, lr=0.1)
    monitor = tb_nnviz.watch(model, optimizer, logdir=logdir, rules={"*": None}, **options)
    monitor.sam = optimizer
    return monitor


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("name", LOOPS)
def test_open_step_is_reported_once_and_values_are_spread(name, every, tmp_path, caplog):
    loop, is_seen = LOOPS[name]
    plain = net()
    loop(plain, 100)
    model = net()
    with watching(model, tmp_path, every=every) as monitor:
        loop(model, 100, monitor)
    assert all(map(torch.equal, plain.parameters(), model.parameters())), "bit-identical"
    (said,) = [record.getMessage() for record in caplog.records]
    assert "Sam.step()" in said and "monitor.step()" in said and "monitor.watch_optimizer(optimizer)" in said
    events = [event for event in Run(tmp_path).events for value in event.summary.value if value.tag == "nnviz/log/loss"]
    steps = [event.step for event in events]
    assert max(np.bincount(steps)) <= 66
    if is_seen:
        assert len(set(steps)) > 80, "the values go on"
        assert len(events) == 100
        assert len(Run(tmp_path).tensors["nnviz/activation/norm"]) > 80 / every, "and so do activations"
    assert float(events[-1].summary.value[0].tensor.float_val[0]) == 99.0, "the newest is in the log"
    notices = Run(tmp_path).tensors["nnviz/notices"]
    assert b"monitor.step()" in list(notices.values())[-1].tobytes()


def test_sam_with_monitor_step_is_logged_without_a_notice(tmp_path, caplog):
    model = net()
    with watching(model, tmp_path, every=1) as monitor:
        sam(model, 40, monitor, close=True)
    run = Run(tmp_path)
    assert sorted(run.scalars["nnviz/log/loss"]) == list(range(40))
    assert run.statistics("activation", 5)["0"]["count"] == 16, "both passes"
    assert not caplog.records


@pytest.mark.parametrize("passes", [2, 16, 64])
def test_accumulation_is_not_reported(passes, tmp_path, caplog):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, rules={"*": None}) as monitor:
        for _ in range(3):
            for _ in range(passes):
                model(torch.ones(2, 3)).mean().backward()
                monitor.log(micro=1.0)
            optimizer.step()
            optimizer.zero_grad()
            monitor.log(loss=1.0)
    run = Run(tmp_path)
    assert sorted(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    assert run.statistics("activation", 1)["0"]["count"] == passes * 8
    assert not caplog.records


def test_embedding_that_renormalizes_while_accumulating_is_not_reported(tmp_path, caplog):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(5, 3, max_norm=0.5)  # forward changes its parameter in place
            self.body = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))

        def forward(self, x):
            return self.body(self.table(x))

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, rules={"*": None}):
        for _ in range(2):
            for _ in range(40):
                model(torch.randint(5, (4,))).mean().backward()
            optimizer.step()
    assert sorted(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0, 1] and not caplog.records


@pytest.mark.parametrize("optimizer", [True, False])
def test_many_passes_of_one_step_are_merged_exactly(optimizer, tmp_path):
    torch.manual_seed(0)
    model = net()
    one = torch.optim.SGD(model.parameters(), 0.1) if optimizer else None
    inputs = torch.randn(300, 2, 3) * 3 + 5
    seen = []
    model[0].register_forward_hook(lambda module, args, output: seen.append(output.detach().double()))
    with tb_nnviz.watch(model, one, logdir=tmp_path, every=1, rules={"*": None}, histograms_every=1) as monitor:
        for x in inputs:
            model(x).mean().backward()
        parts = [len(found) for found in monitor._session._collectors.activations._buffers["activation"].parts.values()]
        assert max(parts) < 150, "the parts of passes are merged"
        one.step() if one else monitor.step()
    found = Run(tmp_path).statistics("activation", 0)["0"]
    x = torch.stack(seen)
    expected = {"count": x.numel(), "mean": x.mean(), "std": x.std(correction=0), "min": x.min(), "max": x.max()}
    expected |= {"norm": x.norm(), "absmax": x.abs().max(), "rms": x.square().mean().sqrt()}
    for name, value in expected.items():
        assert found[name] == pytest.approx(float(value), rel=1e-5), name


def test_open_step_takes_bounded_memory(tmp_path):
    model = nn.Sequential(*[nn.Linear(4, 4) for _ in range(4)])
    optimizer = torch.optim.SGD(model[-1].parameters(), 0.1)
    sizes = []
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, rules={"*": None}) as monitor:
        tracemalloc.start()
        for _ in range(4):
            for _ in range(100):  # passes of one step, without a sign that it has ended
                model(torch.ones(2, 4)).mean().backward()
                monitor.log(loss=0.5)
            monitor.writer.flush()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert sizes[3] - sizes[1] < 100_000


# handing over


def phases(logdir=None, **options):
    torch.manual_seed(0)
    model = net()
    head = torch.optim.SGD(model[2].parameters(), 0.1)
    monitor = tb_nnviz.watch(model, head, logdir=logdir, every=1, rules={"*": None}, **options) if logdir else None
    whole = torch.optim.Adam(model.parameters(), 0.01)
    for optimizer in (head, whole):
        if monitor and optimizer is whole:
            monitor.watch_optimizer(whole)
        for _ in range(3):
            model(torch.randn(2, 3)).square().mean().backward()
            optimizer.step()
            model.zero_grad()
    if monitor:
        monitor.close()
    return model, head, whole


def test_optimizer_of_a_later_phase_goes_on_in_the_same_run(tmp_path, caplog):
    plain, *_ = phases()
    model, *optimizers = phases(tmp_path)
    assert all(map(torch.equal, plain.parameters(), model.parameters()))
    run = Run(tmp_path)
    assert sorted(run.tensors["nnviz/update/norm"]) == list(range(6))
    counts = [run.statistics("update", step)["0.weight"]["count"] for step in range(6)]
    assert counts == [0, 0, 0, 12, 12, 12]
    assert sorted(run.tensors["nnviz/optimizer/first_moment_norm"]) == [3, 4, 5]
    rates = {tag.rpartition("/")[2]: sorted(values) for tag, values in run.scalars.items() if "learning_rate" in tag}
    assert rates == {"0": [0, 1, 2], "1": [3, 4, 5]}
    for optimizer in optimizers:
        assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks
    assert not caplog.records


def test_optimizer_handed_over_after_the_notice_ends_the_waiting(tmp_path, caplog):
    model = net()
    first = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, first, logdir=tmp_path, every=1, rules={"*": None}) as monitor:
        second = torch.optim.SGD(model.parameters(), 0.1)
        for step in range(60):
            if step == 30:
                begun = monitor.state_dict()["step"]
                monitor.watch_optimizer(second)
            model(torch.ones(2, 3)).square().mean().backward()
            second.step()
            model.zero_grad()
            monitor.log(loss=float(step))
        assert monitor.state_dict()["step"] == begun + 30
    assert len(caplog.records) == 1
    assert len(Run(tmp_path).tensors["nnviz/update/norm"]) == 30
    assert len(Run(tmp_path).scalars["nnviz/log/loss"]) >= 45


def test_replaced_head_is_followed_with_its_optimizer(tmp_path):
    model = net()
    first = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, first, logdir=tmp_path, every=1, rules={"*": None}) as monitor:
        for optimizer in (first, None):
            if optimizer is None:
                model[2] = nn.Linear(4, 7)
                model.append(nn.Linear(7, 2))
                optimizer = torch.optim.SGD(model.parameters(), 0.2)
                monitor.watch_optimizer(optimizer)
            for _ in range(2):
                model(torch.ones(2, 3)).square().mean().backward()
                optimizer.step()
    run = Run(tmp_path)
    shapes = [{row["name"]: row["shape"] for row in run.rows("update", step)} for step in (1, 2)]
    assert shapes[0]["2.weight"] == [1, 4] and shapes[1]["2.weight"] == [7, 4] and shapes[1]["3.bias"] == [2]
    assert [row["name"] for row in run.rows("update", 3)][:4] == [row["name"] for row in run.rows("update", 0)]
    assert run.statistics("activation", 3)["3"]["count"] == 4


def test_one_of_several_optimizers_is_replaced_or_added(tmp_path):
    models = {"a": nn.Linear(2, 1), "b": nn.Linear(2, 1)}
    a, b = (torch.optim.SGD(model.parameters(), 0.1) for model in models.values())
    new = torch.optim.SGD(models["a"].parameters(), 0.5)
    third = torch.optim.SGD([models["a"].bias], 0.25)
    with tb_nnviz.watch(models, [a, b], logdir=tmp_path, every=1, rules={"*": None}) as monitor:

        def step(*optimizers):
            for model in models.values():
                model(torch.ones(1, 2)).sum().backward()
            for optimizer in optimizers:
                optimizer.step()

        step(a, b)
        monitor.watch_optimizer(new, replaces=a)
        step(b, new)
        assert monitor.state_dict()["step"] == 2
        monitor.watch_optimizer([third], replaces=[])
        step(b, new)
        assert monitor.state_dict()["step"] == 2, "the third has not stepped"
        third.step()
        assert monitor.state_dict()["step"] == 3
        with pytest.raises(ValueError, match=r"invalid replaces: this SGD is not watched \(one of SGD, SGD, SGD\)"):
            monitor.watch_optimizer(a, replaces=a)
        with pytest.raises(ValueError, match="SGD is watched already"):
            monitor.watch_optimizer(b, replaces=[])
        with pytest.raises(ValueError, match="none of the 2 parameters of SGD is the model's"):
            monitor.watch_optimizer(torch.optim.SGD(nn.Linear(2, 1).parameters(), 0.1))
        with pytest.raises(TypeError, match="invalid optimizer: None"):
            monitor.watch_optimizer(None)
        step(b, new, third)
        assert monitor.state_dict()["step"] == 4, "an error changes nothing"
    assert not a._optimizer_step_pre_hooks and not new._optimizer_step_pre_hooks


def test_optimizer_is_handed_to_a_monitor_without_one(tmp_path):
    model = net()
    with tb_nnviz.watch(model, logdir=tmp_path, every=1, rules={"*": None}) as monitor:
        model(torch.ones(2, 3)).sum().backward()
        monitor.step()
        optimizer = torch.optim.Adam(model.parameters(), 0.1)
        monitor.watch_optimizer(optimizer)
        for _ in range(2):
            model(torch.ones(2, 3)).sum().backward()
            optimizer.step()
    run = Run(tmp_path)
    assert sorted(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    assert sorted(run.tensors["nnviz/update/norm"]) == sorted(run.tensors["nnviz/optimizer/count"]) == [1, 2]


def test_scaler_is_handed_over_with_the_optimizer(tmp_path):
    model = nn.Linear(2, 1)
    scalers = [torch.amp.GradScaler("cpu", init_scale=scale) for scale in (8.0, 32.0)]
    optimizers = [torch.optim.SGD(model.parameters(), 0.1) for _ in range(2)]
    with tb_nnviz.watch(
        model, optimizers[0], logdir=tmp_path, every=1, rules={"*": None}, scaler=scalers[0]
    ) as monitor:
        for phase in (0, 1):
            if phase:
                monitor.watch_optimizer(optimizers[1], scaler=scalers[1])
                assert "step" not in vars(scalers[0])
            for factor in (1.0, torch.inf):
                model.zero_grad()
                scalers[phase].scale(model(torch.ones(1, 2)).sum() * factor).backward()
                scalers[phase].step(optimizers[phase])
                scalers[phase].update()
    run = Run(tmp_path)
    assert run.scalars["nnviz/global/loss_scale"] == {0: 8.0, 1: 8.0, 2: 32.0, 3: 32.0}
    assert run.scalars["nnviz/global/skipped"] == {0: 0.0, 1: 1.0, 2: 0.0, 3: 1.0}
    assert all("step" not in vars(scaler) for scaler in scalers)


def test_hooks_removed_from_an_optimizer_are_put_back(tmp_path, caplog):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, rules={"*": None}):
        for step in range(6):
            if step == 2:
                optimizer._optimizer_step_pre_hooks.clear()
                optimizer._optimizer_step_post_hooks.clear()
            model(torch.ones(2, 3)).sum().backward()
            optimizer.step()
            model.zero_grad()
    assert sorted(Run(tmp_path).tensors["nnviz/update/norm"]) == list(range(6))
    assert ["SGD" in record.getMessage() for record in caplog.records] == [True]
    assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks
