"""Tests of odd models: calls and gradients are logged as a recorder has them, and watching changes nothing."""

import copy
import gc
import io
import pickle
import random
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

import tb_nnviz
from tests.support import oracle
from tests.support.event_reader import Run
from tests.support.odd_models import ODD_MODELS
from tests.support.odd_models.recorder import CallRecorder, NullRecorder
from tests.support.tensors import same_bits

STEPS = 3
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
#: Models that cannot be copied or pickled, with or without ``watch``.
NOT_COPIED = {"parametrized"}
#: Models whose hooks or modules change in training. They are compared with the same model unwatched.
CHANGE = {"lazy", "replaced", "interrupted", "threads and replicas"}
#: Warnings about a model.
WARNINGS = {"scripted": "no activations of body.0, body.1: RecursiveScriptModule takes no hooks"}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Use one thread: on small tensors and a busy machine, threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make(name):
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(0)
    model = ODD_MODELS[name]()
    return model, torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)


def hooks(model):
    """Return all hooks and attributes of a model's modules, and the hooks of its parameters."""
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue
        kept = {key: id(value) for key, value in module.__dict__.items()}
        found[name] = kept, [list(module.__dict__[key]) for key in HOOKS]
    return found, [list(tensor._backward_hooks or ()) for tensor in model.parameters()]


def number_of_hooks(model):
    modules, tensors = hooks(model)
    return {name: (list(kept), [len(found) for found in lists]) for name, (kept, lists) in modules.items()}, tensors


def train(name, logdir=None, record=False, before_close=None):
    """Return state and random state after each step, what was recorded per step, and the model."""
    model, optimizer = make(name)
    known = hooks(model)
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, histograms_every=1, on_finding=None)
    recorder = CallRecorder(model) if record else NullRecorder()
    states, recorded = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = model.train_step(recorder, step)
        gradients = [parameter.grad for parameter in optimizer.param_groups[0]["params"] if not lazy(parameter)]
        gradients = [gradient if gradient is None else gradient.clone() for gradient in gradients]
        optimizer.step()
        tensors = [*model.parameters(), *model.buffers()]
        state = [tensor.detach().clone() for tensor in tensors if not lazy(tensor)]
        randoms = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
        states.append((loss, gradients, state, randoms))
        if recorder.records:
            recorded.append(recorder.take())
        added = model.change(step)
        if added is not None:
            optimizer.add_param_group({"params": list(added)})
        if recorder.records:
            recorder.attach()
    if monitor:
        if before_close is not None:
            before_close(model)
        monitor.close()
        if name not in CHANGE:
            assert hooks(model) == known, "something of nnviz was left behind"
    return states, recorded, model


def lazy(tensor):
    return nn.parameter.is_lazy(tensor)


@pytest.mark.parametrize("name", ODD_MODELS)
@pytest.mark.filterwarnings(
    "ignore:.*TorchScript|.*torch.jit:DeprecationWarning", "ignore:Lazy modules", "ignore:None of the inputs"
)
def test_watch_odd_model_logs_every_call_and_changes_nothing(name, tmp_path, caplog):
    plain, _, unwatched = train(name)
    watched, _, model = train(name, logdir=tmp_path)
    assert number_of_hooks(model) == number_of_hooks(unwatched)
    assert caplog.messages == ([WARNINGS[name]] if name in WARNINGS else []), caplog.text
    for (loss, gradients, state, randoms), other in zip(plain, watched, strict=True):
        assert loss == other[0]
        assert same_bits(gradients, other[1])
        assert same_bits(state, other[2])
        assert torch.equal(randoms[0], other[3][0])
        assert randoms[1:] == other[3][1:]

    run = Run(tmp_path)
    _, recorded, _ = train(name, record=True)
    for step, expected in enumerate(recorded):
        for kind, rows in expected.items():
            found = run.statistics(kind, step)
            assert {row for row in found if found[row]["count"]} == set(rows), (kind, step)
            for row, parts in rows.items():
                x = torch.cat(parts)
                names = set(oracle.statistics(x)) & set(found[row])
                oracle.assert_statistics(found[row], x, names, f"{kind} {row} at step {step}")
    assert set(model.rows) <= set(recorded[-1]["activation_gradient"])
    assert {*model.rows, *model.rows_without_gradient} <= set(recorded[-1]["activation"])
    assert not set(model.rows_without_gradient) & set(recorded[-1]["activation_gradient"])


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the folder of the files of the watched models."""
    return tmp_path_factory.mktemp("saved")


@pytest.mark.parametrize("name", [name for name in ODD_MODELS if name not in NOT_COPIED])
@pytest.mark.filterwarnings(
    "ignore:.*TorchScript|.*torch.jit:DeprecationWarning", "ignore:Lazy modules", "ignore:None of the inputs"
)
def test_copies_of_watched_model_log_nothing(name, tmp_path, saved):
    def copies(model):
        keys = list(model.state_dict())
        twins = [copy.deepcopy(model), AveragedModel(model).module]
        if name != "scripted":  # pickle does not support it, with or without watch
            torch.save(model, saved / f"{name}.pt")
            twins += [pickle.loads(pickle.dumps(model)), torch.load(saved / f"{name}.pt", weights_only=False)]
        for twin in twins:
            assert list(twin.state_dict()) == keys
            twin.train_step(NullRecorder(), 0)
        buffer = io.BytesIO()
        torch.save(model.state_dict(), buffer)
        assert b"tb_nnviz" not in buffer.getvalue()

    train(name, logdir=tmp_path / "copied", before_close=copies)
    train(name, logdir=tmp_path / "plain")
    counts = [Run(tmp_path / run).tensors["nnviz/activation/count"] for run in ("copied", "plain")]
    assert [list(map(float, counts[0][step])) for step in range(STEPS)] == [
        list(map(float, counts[1][step])) for step in range(STEPS)
    ]


@pytest.mark.filterwarnings(
    "ignore:.*TorchScript|.*torch.jit:DeprecationWarning", "ignore:Lazy modules", "ignore:None of the inputs"
)
def test_saved_watched_model_loads_without_the_package(saved, tmp_path):
    if not list(saved.iterdir()):  # the test runs alone
        for name in ("shared", "user hooks", "encoder"):
            train(name, logdir=tmp_path / name, before_close=lambda m, name=name: torch.save(m, saved / f"{name}.pt"))
    program = (
        "import sys, pathlib, torch\n"
        "sys.modules['tb_nnviz'] = None\n"
        "from tests.support.odd_models.recorder import NullRecorder\n"
        f"for path in pathlib.Path({str(saved)!r}).iterdir():\n"
        "    torch.load(path, weights_only=False).train_step(NullRecorder(), 0)\n"
        "    print(path.stem)"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.split("\n")) - 1 == len(list(saved.iterdir())) >= 3


@pytest.mark.parametrize("name", ODD_MODELS)
@pytest.mark.filterwarnings(
    "ignore:.*TorchScript|.*torch.jit:DeprecationWarning", "ignore:Lazy modules", "ignore:None of the inputs"
)
def test_close_releases_the_model(name, tmp_path):
    held = weakref.ref(train(name, logdir=tmp_path)[2])
    gc.collect()
    assert held() is None


def test_rows_of_dynamic_model_have_null_for_varying_axis(tmp_path):
    train("dynamic", logdir=tmp_path)
    rows = {row["name"]: row for row in Run(tmp_path).rows("activation", STEPS - 1)}
    assert rows["stem"]["shape"] == [None, 4]


class Quantized(nn.Module):
    def forward(self, x):
        return torch.quantize_per_tensor(x.detach(), 0.1, 0, torch.quint8)


class Nested(nn.Module):
    def forward(self, x):
        return torch.nested.nested_tensor([x[0], x[:2].flatten()])


class Meta(nn.Module):
    def forward(self, x):
        return x.to("meta")


@pytest.mark.parametrize(
    ("module", "dtype"), [(Quantized, "quint8"), (Nested, "nested float32"), (Meta, "meta float32")]
)
@pytest.mark.filterwarnings("ignore")
def test_unmeasurable_output_has_row_with_its_dtype(module, dtype, tmp_path, caplog):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.odd, self.head = module(), nn.Linear(4, 1)

        def forward(self, x):
            x = self.head(x)
            self.odd(x)
            return x

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model(torch.randn(5, 4)).sum().backward()
        optimizer.step()
    assert not caplog.records
    run = Run(tmp_path)
    assert [(row["name"], row["dtype"]) for row in run.rows("activation", 0)] == [("head", "float32"), ("odd", dtype)]
    found = run.statistics("activation", 0)
    assert found["head"]["count"] == 5
    assert found["odd"].pop("count") == 0
    assert all(np.isnan(value) for value in found["odd"].values())
