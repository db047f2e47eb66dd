"""Tests of the arguments of ``watch``."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import tb_nnviz
from tb_nnviz.rules.settings import make_rules
from tests.support.event_reader import Run
from tests.support.small_net import net, sgd, train

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
    "a tracked weight of another number of axes": (
        {"tracked_weights": {"0.weight": [3]}},
        ValueError,
        "invalid index .*: 3 of",
    ),
    "an excluded tracked weight": (
        {"tracked_weights": {"0.weight": [(0, 0)]}, "exclude": "0"},
        ValueError,
        "unknown parameter in tracked_weights: '0.weight'",
    ),
    "start_step=-1": ({"start_step": -1}, ValueError, "invalid start_step: -1"),
    "neither logdir nor writer": ({"logdir": None}, ValueError, "invalid logdir and writer: neither given"),
    "both logdir and writer": ({"writer": object()}, ValueError, "invalid logdir and writer: both given"),
    "a writer without its methods": ({"logdir": None, "writer": object()}, TypeError, "invalid writer: <object"),
    "unknown kind": ({"kinds": ["gradient", "grad"]}, ValueError, r"unknown kind: 'grad' \(one of parameter"),
    "bad expression": ({"include": "("}, ValueError, r"invalid include: '\(' is not a regular expression"),
    "bad filter": ({"exclude": 3}, TypeError, "'int' object is not iterable|invalid exclude"),
    "bad filter item": ({"exclude": [3]}, TypeError, "invalid exclude: 3"),
    "bad optimizer": ({"optimizer": 3}, TypeError, "invalid optimizer: 3"),
    "bad model": ({"model": 3}, TypeError, "invalid model: 3"),
    "no model": ({"model": {}}, ValueError, "missing model"),
    "no parameters": ({"model": nn.ReLU(), "optimizer": None}, ValueError, "invalid model: ReLU has no parameters"),
    "an optimizer of another model": ({"model": net()}, ValueError, "none of the 4 parameters of SGD is the model's"),
    "a logdir that is a URL": ({"logdir": "s3://bucket/run"}, ValueError, "s3://bucket/run"),
    "update without an optimizer": (
        {"kinds": ["update"], "optimizer": None},
        ValueError,
        "invalid kinds: update needs an optimizer",
    ),
    "bad limits": (
        {"rules": {"gradient/zero": {"patience": "3"}}},
        ValueError,
        r"invalid limit of gradient/zero: patience='3' \(a finite number\)",
    ),
    "unknown rule": (
        {"rules": {"gradient/vanish": None}},
        ValueError,
        r"unknown rule: 'gradient/vanish' \(near: gradient/vanishing",
    ),
    "bad scaler": ({"scaler": 3}, TypeError, r"invalid scaler: 3 \(a torch.amp.GradScaler\)"),
    "bad snapshot_bytes": ({"snapshot_bytes": 1.5}, ValueError, r"invalid snapshot_bytes: 1.5 \(an integer"),
    "maps without a probe": ({"maps_every": 5}, ValueError, "invalid maps_every: 5 without a probe"),
    "maps_every=0": ({"probe": torch.ones(1, 4), "maps_every": 0}, ValueError, "invalid maps_every: 0"),
    "a probe that is a list": ({"probe": [1]}, TypeError, r"invalid probe: list \[1\] \(a tensor, a tuple"),
    "a probe without tensors": ({"probe": (1,)}, ValueError, "invalid probe: there is no tensor in"),
    "a probe with numbers for keys": (
        {"probe": {1: torch.ones(1)}},
        TypeError,
        "invalid probe: .'1'. .names of arguments",
    ),
    "one probe for a dict of models": (
        {"model": {"a": nn.Linear(4, 1)}, "optimizer": None, "probe": torch.ones(1, 4)},
        TypeError,
        "invalid probe: Tensor .a dict of probes by the models' names: a",
    ),
    "a probe of an unknown model": (
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
        "invalid probe_labels: 7 .one string per sample",
    ),
    "too few labels": (
        {"probe": torch.ones(3, 4), "probe_inputs": True, "probe_labels": ["a", "b"]},
        ValueError,
        r"invalid probe_labels: 2 labels for a probe of \[3, 4\]",
    ),
    "map_bytes=-1": ({"probe": torch.ones(1, 4), "map_bytes": -1}, ValueError, "invalid map_bytes: -1"),
    "limits that are one number": (
        {"rules": {"gradient/zero": 3}},
        TypeError,
        r"invalid limits of gradient/zero: 3 \(a dict of limits by name, or None\)",
    ),
    "former limits of one number": (
        {"gradient_norm_limits": 3},
        ValueError,
        r"invalid gradient_norm_limits: 3 \(two limits, 0 <= vanishing < exploding, or None\)",
    ),
    "former limits that descend": (
        {"gradient_norm_limits": (1, 0.5)},
        ValueError,
        r"invalid gradient_norm_limits: \(1, 0.5\) \(two limits",
    ),
    "process_group": ({"process_group": None}, TypeError, "unexpected keyword argument 'process_group'"),
    "on_finding=1": ({"on_finding": 1}, ValueError, r'invalid on_finding: 1 \("log", "warn", "raise"'),
    "on_finding=stop": ({"on_finding": "stop"}, ValueError, "invalid on_finding: 'stop'"),
}


@pytest.mark.parametrize("case", INVALID)
def test_watch_invalid_argument_raises_and_leaves_nothing(case, tmp_path):
    arguments, error, message = INVALID[case]
    model = net()
    complete = {"model": model, "optimizer": sgd(model), "logdir": tmp_path / "run", **arguments}
    with pytest.raises(error, match=message):
        tb_nnviz.watch(**complete)
    assert not list(tmp_path.iterdir())
    assert not model[0]._forward_hooks and not model._forward_pre_hooks
    model = net()
    tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "run").close()  # the logdir is free again


@pytest.mark.parametrize(
    ("former", "more", "settings"),
    [
        (None, None, {"*": None}),
        ((1e3, 1e9), None, {"gradient/vanishing": {"norm": 1e3}, "gradient/exploding": {"norm": 1e9}}),
        (
            (0, 7),
            {"gradient/exploding": None},
            {"gradient/vanishing": {"norm": 0.0}, "gradient/exploding": None},
        ),
    ],
)
def test_watch_former_limits_set_rules_and_warn(former, more, settings, tmp_path):
    model = net()
    with pytest.warns(DeprecationWarning, match=r"gradient_norm_limits is deprecated: pass rules=\{") as warned:
        monitor = tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "run", gradient_norm_limits=former, rules=more)
    assert warned[0].filename == __file__
    limits = {rule.name: rule.limit for rule in monitor._session._options.rules}
    monitor.close()
    assert limits == {rule.name: rule.limit for rule in make_rules(settings)}


def test_watch_logdir_in_use_raises_until_closed(tmp_path):
    model = net()
    first = tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "a")
    with pytest.raises(ValueError, match="already written by another monitor"):
        tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "b" / ".." / "a")
    first.close()
    tb_nnviz.watch(model, sgd(model), logdir=tmp_path / "a").close()


def test_watch_unwritable_logdir_warns_once_and_trains_on(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    model = net()
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path / "file" / "run", every=1) as monitor:
        train(model, sgd(model), 3, monitor)
        train(model, optimizer, 3, monitor)
        monitor.writer.flush()
        about = [record.message for record in caplog.records if "file/run" in record.message]
        assert len(about) == 1 and "Not a directory" in about[0]


FILTERS = {
    "expression": ({"include": r"^0\."}, ["0.weight", "0.bias"], []),
    "type": ({"include": nn.Linear}, ["0.weight", "0.bias", "2.weight", "2.bias"], ["0", "2"]),
    "several": ({"include": ["bias", nn.ReLU]}, ["0.bias", "2.bias"], ["1"]),
    "container": ({"include": nn.Sequential}, [], [""]),
    "exclude": ({"exclude": [nn.ReLU, r"2\.bias"]}, ["0.weight", "0.bias", "2.weight"], ["0", "2"]),
    "both": ({"include": "weight", "exclude": "^2"}, ["0.weight"], []),
}


@pytest.mark.parametrize("case", FILTERS)
def test_watch_filters_select_rows(case, tmp_path):
    filters, parameters, calls = FILTERS[case]
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, **filters) as monitor:
        train(model, monitor._session.optimizers[0].given, 1, monitor)
    run = Run(tmp_path)
    for kind, names in (("gradient", parameters), ("update", parameters), ("activation", calls)):
        assert [row["name"] for row in run.rows(kind, 0)] == names if names else f"nnviz/{kind}/norm" not in run.tensors
    gradients = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
    assert run.scalars["nnviz/global/gradient_norm"][0] == pytest.approx(float(gradients.norm()), rel=1e-5)


def test_watch_update_alone_logs_ratio(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, kinds="update", tracked_weights=None) as monitor:
        train(model, monitor._session.optimizers[0].given, 1, monitor)
    run = Run(tmp_path)
    assert 0 < run.statistics("update", 0)["0.weight"]["ratio"] < 1
    assert {tag.split("/")[-1] for tag in run.tensors if "layout/" in tag} == {"update"}


def test_watch_kinds_logs_only_these(tmp_path):
    model = net()
    with tb_nnviz.watch(model, sgd(model), logdir=tmp_path, every=1, kinds=["gradient", "activation"]) as monitor:
        train(model, monitor._session.optimizers[0].given, 1, monitor)
    kinds = {tag.split("/")[1] for tag in Run(tmp_path).tensors if tag.endswith("/norm")}
    assert kinds == {"gradient", "activation"}


@pytest.mark.parametrize("make", ["torch", "tensorboardX"])
def test_watch_user_writer_gets_all_events(make, tmp_path):
    if make == "torch":
        writer = SummaryWriter(tmp_path)
    else:
        import tensorboardX

        writer = tensorboardX.SummaryWriter(str(tmp_path))
    model = net()
    with tb_nnviz.watch(model, sgd(model), writer=writer, every=1, histograms_every=1) as monitor:
        writer.add_scalar("mine", 1.0, 0)
        train(model, monitor._session.optimizers[0].given, 3, monitor)
    writer.add_scalar("mine", 2.0, 1)
    writer.close()
    run = Run(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1 and list(run.scalars["mine"]) == [0, 1]
    assert list(run.tensors["nnviz/gradient/norm"]) == [0, 1, 2] and run.statistics("gradient", 2)["0.weight"]["count"]


def test_watch_without_torch_names_what_to_install():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest)\n"
        "import tb_nnviz\n"
        "tb_nnviz.watch"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "tb_nnviz.watch needs PyTorch" in result.stderr and "pip install torch" in result.stderr
