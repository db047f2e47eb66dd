"""Training with ``watch``, which is bit-identical to training without it."""

import copy
import gc
import io
import pickle
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz
from demo.models import DeepCNN
from tests.support.event_reader import Run

STEPS = 50


def train(model, logdir=None):
    """Return losses, parameters, buffers and random state after training the demo's network with dropout."""
    torch.manual_seed(1)
    model.act1 = nn.Sequential(model.act1, nn.Dropout(0.2))
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    losses = []
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, histograms_every=1, weights_every=1)
    for _ in range(STEPS):
        loss = F.cross_entropy(model(torch.randn(8, 1, 8, 8)), torch.randint(0, 10, (8,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if monitor:
            monitor.log(loss=loss)
    if monitor:
        monitor.close()
    return losses, copy.deepcopy(model.state_dict()), torch.get_rng_state()


def demo_net():
    torch.manual_seed(0)
    return DeepCNN(nn.ReLU, norm=True)


def test_watch_leaves_training_bit_identical(tmp_path):
    losses, state, random = train(demo_net())
    model = demo_net()
    watched_losses, watched_state, watched_random = train(model, tmp_path)
    assert losses == watched_losses
    assert list(state) == list(watched_state)
    assert all(torch.equal(state[name], watched_state[name]) for name in state)
    assert torch.equal(random, watched_random)

    run = Run(tmp_path)
    parameters = {name for name, _ in model.named_parameters()}
    leaves = {name for name, module in model.named_modules() if not list(module.children())}
    for kind in ("parameter", "gradient", "update", "activation", "activation_gradient"):
        norms = run.tensors[f"nnviz/{kind}/norm"]
        assert list(norms) == list(range(STEPS))
        assert all(np.isfinite(norm).all() for norm in norms.values()), kind
        rows = {row["name"] for row in run.rows(kind, 0)}
        assert rows == (leaves if kind.startswith("activation") else parameters)
    assert list(run.tensors["nnviz/gradient/histogram"]) == list(range(STEPS))
    assert list(run.tensors["nnviz/weight/fc1.weight"]) == list(range(STEPS))
    assert list(run.tensors["nnviz/tracked/value"]) == list(range(STEPS))


@pytest.fixture
def watched(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        model(torch.randn(5, 3)).sum().backward()
        optimizer.step()
        monitor.writer.flush()
        yield model, optimizer, monitor, tmp_path


def test_copy_of_watched_model_logs_nothing(watched):
    model, optimizer, monitor, logdir = watched
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), torch.optim.swa_utils.AveragedModel(model)):
        twin(torch.randn(7, 3)).sum().backward()
    optimizer.zero_grad()
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    monitor.close()
    assert Run(logdir).statistics("activation", 1)["0"]["count"] == 20, "five samples of four units, the model's own"


def test_saved_watched_model_loads_without_this_package(watched, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.pt"
    torch.save(watched[0], path)
    program = (
        "import sys; sys.modules['tb_nnviz'] = None\n"
        f"import torch; model = torch.load({str(path)!r}, weights_only=False)\n"
        "print(tuple(model(torch.ones(2, 3)).shape))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "(2, 2)"


def test_saved_watched_optimizer_equals_unwatched(watched):
    _, optimizer, _, _ = watched
    buffer = io.BytesIO()
    torch.save(optimizer.state_dict(), buffer)
    assert set(optimizer.state_dict()) == {"state", "param_groups"}


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointing_counts_once_and_is_harmless(reentrant, tmp_path):
    from torch.utils.checkpoint import checkpoint

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.body = nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.Tanh())

        def forward(self, x):
            return checkpoint(self.body, self.stem(x), use_reentrant=reentrant).sum()

    def run(logdir):
        torch.manual_seed(0)
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(5, 3)).backward()
            optimizer.step()
        if monitor:
            monitor.close()
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    assert torch.equal(run(None), run(tmp_path))
    for kind in ("activation", "activation_gradient"):
        found = Run(tmp_path).statistics(kind, 2)
        assert {name: row["count"] for name, row in found.items()} == {"stem": 20, "body.0": 20, "body.1": 20}


def test_compiled_model_trains_identically(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(compiled, optimizer, logdir=tmp_path, every=1):
        for _ in range(2):
            optimizer.zero_grad()
            compiled(torch.ones(5, 3)).sum().backward()
            optimizer.step()
    found = Run(tmp_path).statistics("gradient", 1)
    assert list(found) == ["0.weight", "0.bias", "2.weight", "2.bias"] and all(row["count"] for row in found.values())


def test_compiled_model_logged_step_is_not_recompiled(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.TransformerEncoderLayer(4, 1, 4, 0.0), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch._dynamo.reset()
    with (
        torch._dynamo.config.patch(error_on_recompile=True),
        tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=2, burst=0),
    ):
        for _ in range(4):
            optimizer.zero_grad()
            compiled(torch.ones(5, 3)).sum().backward()
            optimizer.step()
    assert list(Run(tmp_path).tensors["nnviz/gradient/norm"]) == [0, 2]


def test_kept_loss_keeps_neither_model_nor_monitor(tmp_path):
    model = nn.Linear(3, 1)
    monitor = tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), logdir=tmp_path, every=1)
    loss = model(torch.ones(2, 3)).sum()
    monitor.close()
    held = [weakref.ref(model), weakref.ref(monitor)]
    del model, monitor
    gc.collect()
    assert [ref() for ref in held] == [None, None]
    loss.backward()


@torch.no_grad()
def test_evaluation_before_first_step_takes_fast_path(tmp_path, monkeypatch):
    taken, fast = [], torch._transformer_encoder_layer_fwd
    monkeypatch.setattr(torch, "_transformer_encoder_layer_fwd", lambda *args: [taken.append(args), fast(*args)][1])
    model = nn.Sequential(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), nn.Linear(4, 1)).eval()
    with tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), logdir=tmp_path, every=1):
        model(torch.randn(5, 7, 4))
    assert taken
