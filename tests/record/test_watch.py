"""What ``watch`` accepts, refuses and does in the ways that people use it."""

import logging
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import tb_nnviz
from tb_nnviz import schema
from tests.support.event_reader import Run


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def train(model, optimizer, steps, monitor=None, log=True):
    for step in range(steps):
        optimizer.zero_grad()
        loss = model(torch.ones(3, 4)).square().mean()
        loss.backward()
        optimizer.step()
        if monitor is not None and log:
            monitor.log(loss=loss, count=step)


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr)


INVALID = {
    "every=0": ({"every": 0}, ValueError, r"invalid every: 0 \(an integer of at least 1\)"),
    "every=None": ({"every": None}, ValueError, "invalid every: None"),
    "every=2.5": ({"every": 2.5}, ValueError, "invalid every: 2.5"),
    "histograms_every=-1": ({"histograms_every": -1}, ValueError, "invalid histograms_every: -1"),
    "weights_every=0": ({"weights_every": 0}, ValueError, "invalid weights_every: 0"),
    "weight_bytes=-1": ({"weight_bytes": -1}, ValueError, r"invalid weight_bytes: -1 \(an integer of at least 0\)"),
    "weight_bytes='2MB'": ({"weight_bytes": "2MB"}, ValueError, "invalid weight_bytes: '2MB'"),
    "tracked_weights=-1": ({"tracked_weights": -1}, ValueError, "invalid tracked_weights: -1"),
    "tracked_weights=True": ({"tracked_weights": True}, ValueError, "invalid tracked_weights: True"),
    "an unknown tracked weight": (
        {"tracked_weights": {"fc.weight": [(0, 0)]}},
        ValueError,
        r"unknown parameter in tracked_weights: 'fc.weight' \(one of 0.weight, 0.bias, 2.weight, 2.bias\)",
    ),
    "a tracked weight out of range": (
        {"tracked_weights": {"0.weight": [(0, 4)]}},
        ValueError,
        r"invalid index in tracked_weights: \(0, 4\) of '0.weight' \(its shape is \(8, 4\)\)",
    ),
    "a tracked weight of another rank": ({"tracked_weights": {"0.weight": [3]}}, ValueError, "invalid index .*: 3 of"),
    "an excluded tracked weight": (
        {"tracked_weights": {"0.weight": [(0, 0)]}, "exclude": "0"},
        ValueError,
        "unknown parameter in tracked_weights: '0.weight'",
    ),
    "start_step=-1": ({"start_step": -1}, ValueError, "invalid start_step: -1"),
    "neither logdir nor writer": ({"logdir": None}, ValueError, "invalid logdir and writer: neither given"),
    "both logdir and writer": ({"writer": object()}, ValueError, "invalid logdir and writer: both given"),
    "no writer": ({"logdir": None, "writer": object()}, TypeError, "invalid writer: <object"),
    "unknown kind": ({"kinds": ["gradient", "grad"]}, ValueError, r"unknown kind: 'grad' \(one of parameter"),
    "bad expression": ({"include": "("}, ValueError, r"invalid include: '\(' is not a regular expression"),
    "bad filter": ({"exclude": 3}, TypeError, "'int' object is not iterable|invalid exclude"),
    "bad filter item": ({"exclude": [3]}, TypeError, "invalid exclude: 3"),
    "bad optimizer": ({"optimizer": 3}, TypeError, "invalid optimizer: 3"),
    "bad model": ({"model": 3}, TypeError, "invalid model: 3"),
    "no model": ({"model": {}}, ValueError, "missing model"),
    "no parameters": ({"model": nn.ReLU(), "optimizer": None}, ValueError, "invalid model: ReLU has no parameters"),
    "another's parameters": ({"model": net()}, ValueError, "none of the 4 parameters of SGD is the model's"),
    "an address": ({"logdir": "s3://bucket/run"}, ValueError, "s3://bucket/run"),
    "update without an optimizer": (
        {"kinds": ["update"], "optimizer": None},
        ValueError,
        "invalid kinds: update needs an optimizer",
    ),
    "bad limits": ({"gradient_norm_limits": (1, 0)}, ValueError, r"invalid gradient_norm_limits: \(1, 0\)"),
    "bad scaler": ({"scaler": 3}, TypeError, r"invalid scaler: 3 \(a torch.amp.GradScaler\)"),
    "bad snapshot_bytes": ({"snapshot_bytes": 1.5}, ValueError, r"invalid snapshot_bytes: 1.5 \(an integer"),
    "maps without a probe": ({"maps_every": 5}, ValueError, "invalid maps_every: 5 without a probe"),
    "maps_every=0": ({"probe": torch.ones(1, 4), "maps_every": 0}, ValueError, "invalid maps_every: 0"),
    "a list for a probe": ({"probe": [1]}, TypeError, r"invalid probe: list \[1\] \(a tensor, a tuple"),
    "a probe without tensors": ({"probe": (1,)}, ValueError, "invalid probe: there is no tensor in"),
    "a probe by numbers": ({"probe": {1: torch.ones(1)}}, TypeError, "invalid probe: .'1'. .names of arguments"),
    "a probe of several": (
        {"model": {"a": nn.Linear(4, 1)}, "optimizer": None, "probe": torch.ones(1, 4)},
        TypeError,
        "invalid probe: Tensor .a dict of probes by the models' names: a",
    ),
    "a probe of another": (
        {"model": {"a": nn.Linear(4, 1)}, "optimizer": None, "probe": {"b": torch.ones(1, 4)}},
        ValueError,
        "unknown model of probe: 'b' .one of a",
    ),
    "labels without inputs": (
        {"probe": torch.ones(1, 4), "probe_labels": ["x"]},
        ValueError,
        "invalid probe_labels: they are logged with the inputs",
    ),
    "labels that are numbers": (
        {"probe": torch.ones(1, 4), "probe_inputs": True, "probe_labels": [7]},
        TypeError,
        "invalid probe_labels: 7 .one string a sample",
    ),
    "too few labels": (
        {"probe": torch.ones(3, 4), "probe_inputs": True, "probe_labels": ["a", "b"]},
        ValueError,
        r"invalid probe_labels: 2 of them for a probe of \[3, 4\]",
    ),
    "map_bytes=-1": ({"probe": torch.ones(1, 4), "map_bytes": -1}, ValueError, "invalid map_bytes: -1"),
    "limits of one": ({"gradient_norm_limits": 3}, ValueError, "invalid gradient_norm_limits: 3"),
    "process_group": ({"process_group": None}, TypeError, "unexpected keyword argument 'process_group'"),
    "on_finding=1": ({"on_finding": 1}, ValueError, r'invalid on_finding: 1 \("log" or None\)'),
    "on_finding=raise": ({"on_finding": "raise"}, ValueError, "invalid on_finding: 'raise'"),
}


@pytest.mark.parametrize("case", INVALID)
def test_invalid_arguments_are_named_and_leave_nothing_behind(case, tmp_path):
    arguments, error, message = INVALID[case]
    model = net()
    complete = {"model": model, "optimizer": sgd(model), "logdir": tmp_path / "run", **arguments}
    with pytest.raises(error, match=message):
        tb_nnviz.watch(**complete)
    assert not list(tmp_path.iterdir())
    assert not model[0]._forward_hooks and not model._forward_pre_hooks
    model = net()
    tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "run").close()  # the directory is not taken


def test_a_second_monitor_on_a_directory_is_refused_until_the_first_is_closed(tmp_path):
    model = net()
    first = tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "a")
    with pytest.raises(ValueError, match="already written by another monitor"):
        tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "b" / ".." / "a")
    first.close()
    tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "a").close()


def test_an_unwritable_directory_is_one_warning_and_training_goes_on(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "file" / "run", every=1) as monitor:
        train(model, sgd(model), 3, monitor)
        train(model, monitor._optimizers[0], 3, monitor)
        monitor.writer.flush()
        about = [record.message for record in caplog.records if "file/run" in record.message]
        assert len(about) == 1 and "Not a directory" in about[0]


def test_no_hook_is_left_after_close(tmp_path):
    model = net()
    optimizer = sgd(model)

    def hooks():
        return [
            *(hook for m in model.modules() for hook in (*m._forward_hooks, *m._forward_pre_hooks, *m._backward_hooks)),
            *optimizer._optimizer_step_pre_hooks,
            *optimizer._optimizer_step_post_hooks,
        ]

    before = {key: set(vars(module)) for key, module in model.named_modules()}
    state = list(model.state_dict())
    monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1)
    train(model, optimizer, 2, monitor)
    assert hooks()
    assert before == {key: set(vars(module)) for key, module in model.named_modules()}
    assert list(model.state_dict()) == state
    monitor.close()
    monitor.close()
    assert not hooks()
    train(model, optimizer, 2)


def test_a_step_after_close_is_not_written(tmp_path):
    model = net()
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        train(model, optimizer, 2, monitor)
    train(model, optimizer, 2)
    monitor.step()
    assert list(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0, 1]


def test_an_exception_in_the_loop_keeps_what_was_logged(tmp_path):
    model = net()

    def interrupted():
        with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
            train(model, monitor._optimizers[0], 2, monitor)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0, 1]


def test_several_models_and_optimizers(tmp_path):
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


def test_an_optimizer_that_steps_more_often_counts_with_its_last(tmp_path):
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


def test_without_an_optimizer_step_closes_the_step(tmp_path):
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


def test_a_closure_gives_the_gradient_of_its_last_call(tmp_path):
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


def test_resuming_goes_on_at_the_right_step(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=2) as monitor:
        train(model, monitor._optimizers[0], 5, monitor)
        state = monitor.state_dict()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=2) as monitor:
        monitor.load_state_dict(state)
        train(model, monitor._optimizers[0], 3, monitor)
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=2, start_step=8) as monitor:
        train(model, monitor._optimizers[0], 1, monitor)
        with pytest.raises(ValueError, match="invalid state"):
            monitor.load_state_dict({})
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 2, 4, 6, 8]
    assert list(run.scalars["nnviz/log/loss"]) == list(range(9))
    layouts = [v for e in run.events for v in e.summary.value if v.tag == "nnviz/layout/gradient"]
    assert len(layouts) == 3, "every writer that continues the run writes the layout again"


FILTERS = {
    "expression": ({"include": r"^0\."}, ["0.weight", "0.bias"], []),
    "type": ({"include": nn.Linear}, ["0.weight", "0.bias", "2.weight", "2.bias"], ["0", "2"]),
    "several": ({"include": ["bias", nn.ReLU]}, ["0.bias", "2.bias"], ["1"]),
    "container": ({"include": nn.Sequential}, [], [""]),
    "exclude": ({"exclude": [nn.ReLU, r"2\.bias"]}, ["0.weight", "0.bias", "2.weight"], ["0", "2"]),
    "both": ({"include": "weight", "exclude": "^2"}, ["0.weight"], []),
}


@pytest.mark.parametrize("case", FILTERS)
def test_filters(case, tmp_path):
    filters, parameters, calls = FILTERS[case]
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, **filters) as monitor:
        train(model, monitor._optimizers[0], 1, monitor)
    run = Run(tmp_path)
    for kind, names in (("gradient", parameters), ("update", parameters), ("activation", calls)):
        assert [row["name"] for row in run.rows(kind, 0)] == names if names else f"nnviz/{kind}/norm" not in run.tensors
    gradients = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
    assert run.scalars["nnviz/global/gradient_norm"][0] == pytest.approx(float(gradients.norm()), rel=1e-5)


def test_the_ratio_needs_no_other_kind(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, kinds="update", tracked_weights=None) as monitor:
        train(model, monitor._optimizers[0], 1, monitor)
    run = Run(tmp_path)
    assert 0 < run.statistics("update", 0)["0.weight"]["ratio"] < 1
    assert {tag.split("/")[-1] for tag in run.tensors if "layout/" in tag} == {"update"}


def test_kinds(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, kinds=["gradient", "activation"]) as monitor:
        train(model, monitor._optimizers[0], 1, monitor)
    kinds = {tag.split("/")[1] for tag in Run(tmp_path).tensors if tag.endswith("/norm")}
    assert kinds == {"gradient", "activation"}


@pytest.mark.parametrize("make", ["torch", "tensorboardX"])
def test_a_writer_of_the_users_own(make, tmp_path):
    if make == "torch":
        writer = SummaryWriter(tmp_path)
    else:
        import tensorboardX

        writer = tensorboardX.SummaryWriter(str(tmp_path))
    model = net()
    with tb_nnviz.watch(model, sgd(model), writer=writer, every=1, histograms_every=1) as monitor:
        writer.add_scalar("mine", 1.0, 0)
        train(model, monitor._optimizers[0], 3, monitor)
    writer.add_scalar("mine", 2.0, 1)
    writer.close()
    run = Run(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1 and list(run.scalars["mine"]) == [0, 1]
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2] and run.statistics("gradient", 2)["0.weight"]["count"]


def test_log_belongs_to_the_step_just_closed_or_to_the_one_under_way(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, start_step=5) as monitor:
        monitor.log(before=1.0)
        loss = model(torch.ones(1, 4)).sum()
        monitor.log(during=loss)
        loss.backward()
        monitor._optimizers[0].step()
        monitor.log(after=torch.tensor([2.0], dtype=torch.float64))
        loss = model(torch.ones(1, 4)).sum()
        monitor.log(during=loss)
    found = {tag.rpartition("/")[2]: list(steps) for tag, steps in Run(tmp_path).scalars.items() if "/log/" in tag}
    assert found == {"before": [5], "during": [5, 6], "after": [5]}


def test_log_takes_a_tensor_as_it_is_now(tmp_path):
    model, value = net(), torch.tensor(1.0)
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path) as monitor:
        monitor.log(value=value)
        value.fill_(7.0)
    assert Run(tmp_path).scalars["nnviz/log/value"][0] == 1.0


def test_what_is_no_scalar_is_one_warning(tmp_path, caplog):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path) as monitor:
        for _ in range(3):
            monitor.log(loss="high", grid=torch.ones(3), array=np.zeros(2), good=1)
    assert [record.message for record in caplog.records] == [
        "invalid scalar loss: 'high' (a number, or a tensor of one)",
        "invalid scalar grid: tensor([1., 1., 1.]) (a number, or a tensor of one)",
        "invalid scalar array: array([0., 0.]) (a number, or a tensor of one)",
    ]
    assert list(Run(tmp_path).scalars) == ["nnviz/log/good"]


def vanishing_net():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    with torch.no_grad():
        model[1].weight.mul_(1e-9)
    return model


@pytest.mark.parametrize("silent", [None, {"on_finding": None}, {"gradient_norm_limits": None}])
def test_a_word_in_the_terminal(silent, tmp_path, caplog):
    model = vanishing_net()
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, every=1, **(silent or {})) as monitor:
        train(model, monitor._optimizers[0], 10, log=False)
    messages = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    if silent:
        assert not messages
    else:
        assert len(messages) == 1 and messages[0].startswith("vanishing gradient in 0 since step 0: norm ")
        assert messages[0].endswith("at step 2")
    logged = Run(tmp_path).tensors.get("nnviz/findings", {})
    if silent == {"gradient_norm_limits": None}:
        assert not logged
    else:  # the terminal alone is silent
        assert list(logged) == [2]
        (finding,) = schema.decode_findings(logged[2])
        assert (finding["rule"], finding["row"], finding["since"]) == ("gradient_norm/vanishing", "0.weight", 0)


def test_a_dead_network_does_not_flood_the_terminal(tmp_path, caplog):
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(10)))
    with torch.no_grad():
        model[9].weight.mul_(1e-12)
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, every=1) as monitor:
        train(model, monitor._optimizers[0], 5, log=False)
        monitor.writer.flush()
        vanishing = [record.message for record in caplog.records]
        model[9].bias.data.fill_(float("nan"))
        train(model, monitor._optimizers[0], 2, log=False)
    nonfinite = [record.message for record in caplog.records][len(vanishing) :]
    assert [message.split(" since")[0] for message in vanishing] == [
        *(f"vanishing gradient in {layer}" for layer in range(3)),
        "and 6 more layers: vanishing gradient",
    ]
    assert [message.split(": norm")[0] for message in nonfinite] == [
        *(f"nonfinite gradient in {layer}" for layer in range(3)),
        "and 7 more layers: nonfinite gradient",
    ]


@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
def test_on_the_meta_device_there_is_nothing_to_measure(make, tmp_path, caplog):
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


def test_part_of_a_model_on_the_meta_device(tmp_path, caplog):
    model = nn.ModuleDict({"here": nn.Linear(4, 2), "nowhere": nn.Linear(4, 2, device="meta")})
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        model["here"](torch.ones(3, 4)).sum().backward()
        optimizer.step()
        monitor.log(loss=torch.ones((), device="meta"))
    assert [record.message.split(":")[0] for record in caplog.records] == ["invalid scalar loss"]
    counts = {name: row["count"] for name, row in Run(tmp_path).statistics("parameter", 0).items()}
    assert counts == {"here.weight": 8, "here.bias": 2, "nowhere.weight": 0, "nowhere.bias": 0}


def test_an_error_of_ours_turns_that_part_off_and_training_goes_on(tmp_path, caplog, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("ours")

    for module in ("activations", "parameters"):
        monkeypatch.setattr(f"tb_nnviz.record.collect.{module}.measure", broken)
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, histograms_every=None) as monitor:
        train(model, monitor._optimizers[0], 3, monitor)
    parts = [record.message.split(" of ")[0] for record in caplog.records]
    assert sorted(parts) == ["activations", "gradients"]
    assert all(record.exc_info and "ours" in str(record.exc_info[1]) for record in caplog.records)
    run = Run(tmp_path)
    assert list(run.scalars["nnviz/log/loss"]) == [0, 1, 2]
    assert not [tag for tag in run.tensors if tag.endswith("/count")], "what was not measured must not look absent"


def test_what_works_goes_on_when_another_part_is_off(tmp_path, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("ours")

    monkeypatch.setattr("tb_nnviz.record.collect.activations.ActivationCollector.activation", broken)
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        train(model, monitor._optimizers[0], 3, monitor)
    tensors = Run(tmp_path).tensors
    assert list(tensors["nnviz/gradient/norm"]) == list(tensors["nnviz/update/ratio"]) == [0, 1, 2]
    assert not [tag for tag in tensors if "activation" in tag]


def test_norms_beyond_float32_are_infinite_without_a_word(tmp_path):
    model = nn.Linear(4, 1)
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, every=1, on_finding=None) as monitor:
        model(torch.full((1, 4), 3e38)).sum().backward()
        monitor._optimizers[0].step()
    found = Run(tmp_path).statistics("gradient", 0)["weight"]
    assert found["norm"] == np.inf and found["nonfinite"] == 0 and found["absmax"] == np.float32(3e38)


def test_overhead_is_time_spent(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        train(model, monitor._optimizers[0], 3, monitor)
        monitor.writer.flush()
        before = time.perf_counter()
        seconds, share = monitor.overhead
        assert seconds > 0 and share == pytest.approx(seconds / (before - monitor._started), rel=0.2)


def test_a_shape_that_varies_is_null_in_the_layout(tmp_path):
    model = nn.Linear(4, 2)
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        for batch, length in ((3, 5), (2, 5), (2, 7), (2, 9)):
            model(torch.ones(batch, length, 4)).sum().backward()
            monitor._optimizers[0].step()
    run = Run(tmp_path)
    assert [run.rows("activation", step)[0]["shape"] for step in range(4)] == [[5, 2], [5, 2], [None, 2], [None, 2]]


def test_calls_beyond_the_eighth_merge_into_the_last(tmp_path):
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Linear(2, 2)

        def forward(self, x):
            for _ in range(11):
                x = self.cell(x)
            return x

    model = Loop()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        model(torch.ones(3, 2)).sum().backward()
        monitor._optimizers[0].step()
    found = Run(tmp_path).statistics("activation", 0)
    assert list(found) == ["cell", *(f"cell#{call}" for call in range(1, 8))]
    assert found["cell#6"]["count"] == 6 and found["cell#7"]["count"] == 4 * 6


def test_rows_that_appear_later_are_appended(tmp_path):
    model = nn.ModuleDict({"late": nn.Linear(2, 2), "early": nn.Linear(2, 2)})
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for names in (["early"], ["late", "early"]):
            x = torch.ones(1, 2)
            for name in names:
                x = model[name](x)
            x.sum().backward()
            optimizer.step()
    run = Run(tmp_path)
    assert [row["name"] for row in run.rows("activation", 0)] == ["early"]
    assert [row["name"] for row in run.rows("activation", 1)] == ["early", "late"]
    assert [row["name"] for row in run.rows("gradient", 0)] == [
        "early.weight",
        "early.bias",
        "late.weight",
        "late.bias",
    ]


def test_shared_parameters_have_one_row(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Embedding(7, 3), nn.Linear(3, 7, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, x):
            return self.head(self.embed(x))

    model = Tied()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1) as monitor:
        model(torch.tensor([1, 2])).sum().backward()
        monitor._optimizers[0].step()
    rows = Run(tmp_path).rows("gradient", 0)
    assert [(row["name"], row["tied_to"], row["role"]) for row in rows] == [
        ("embed.weight", ["head.weight"], "embedding")
    ]


def test_without_torch_it_says_what_to_install():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest)\n"
        "import tb_nnviz\n"
        "tb_nnviz.watch"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "tb_nnviz.watch needs PyTorch" in result.stderr and "pip install torch" in result.stderr
