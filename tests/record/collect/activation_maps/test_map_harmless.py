"""Activation maps change no bit of training, and the statistics do not include the probe."""

import copy
import logging
import random
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.map_oracle import UNITS, assert_map, read
from tests.support.same_runs import assert_same


class Touchy(nn.Module):
    """A model with every kind of state that a forward pass in evaluation mode could change."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3))
        self.frozen = nn.BatchNorm1d(6)
        self.head = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 2))
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))
        self.register_buffer("replaced", torch.zeros(2))
        self.count, self.kept = 0, None

    def train(self, mode=True):
        super().train(mode)
        self.frozen.eval()  # as in fine-tuning
        return self

    def forward(self, x):
        self.calls += 1
        self.calls.data.add_(1)
        self.replaced = self.replaced + x.detach().mean()
        self.count += 1
        x = x + 0.01 * self.count
        self.cache = x
        x.add_(random.random() + np.random.rand())
        x = F.dropout(self.frozen(self.body(x)), 0.2, training=True)
        return self.head(x) + self.replaced.mean() + self.calls


def whole_state(model, optimizer):
    return {
        "state": copy.deepcopy(model.state_dict()),
        "gradients": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "modes": [module.training for module in model.modules()],
        "random": (torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()),
        "python": (model.count, model.calls.item()),
        "moments": [state["exp_avg"] for state in optimizer.state.values()],
    }


def same(a, b):
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def train_touchy(logdir):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model = Touchy()
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    x = torch.randn(5, 4)
    monitor = logdir and tb_nnviz.watch(
        model, optimizer, logdir=logdir, every=2, probe=x, maps_every=3, probe_inputs=True
    )
    losses, held = [], []
    for _ in range(8):
        optimizer.zero_grad()
        loss = model(torch.randn(5, 4)).square().mean()
        loss.backward(retain_graph=True)
        held.append(loss)
        optimizer.step()
        losses.append(loss.item())
    if monitor:
        monitor.close()
    return losses, whole_state(model, optimizer), model


def test_maps_training_stays_bit_identical(tmp_path):
    losses, state, _ = train_touchy(None)
    with_maps, state_with, model = train_touchy(tmp_path)
    assert losses == with_maps
    assert same(state, state_with)
    assert len(read(tmp_path)["map/head"]) == 3, "maps at steps 0, 3 and 6"
    assert not any(
        module._forward_hooks or module._forward_pre_hooks
        for module in model.modules()
        if "Param" not in type(module).__name__
    )


def test_maps_graph_kept_over_a_step_stays_valid(tmp_path):
    """The buffers that the graph saved keep their versions. Otherwise torch would refuse the backward pass."""
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).eval()
    model[0].train()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    optimizer.param_groups[0]["lr"] = 0.0
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=torch.ones(2, 3), maps_every=1):
        loss = model(torch.randn(4, 3)).sum()
        versions = [buffer._version for buffer in model.buffers()]
        optimizer.step()
        assert [buffer._version for buffer in model.buffers()] == versions
        loss.backward()


def test_maps_statistics_ignore_the_probe(tmp_path):
    def run(logdir, **more):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, histograms_every=2, **more):
            for _ in range(4):
                optimizer.zero_grad()
                model[3](model[2](model[1](model[0](torch.randn(5, 4))))).sum().backward()  # its parts, not the model
                model(torch.randn(3, 4)).sum().backward()
                optimizer.step()

    run(tmp_path / "without")
    run(tmp_path / "with", probe=torch.randn(7, 4), maps_every=1)
    assert_same(tmp_path / "with", tmp_path / "without")
    assert len(read(tmp_path / "with")["map/3"]) == 4


def test_maps_model_raises_on_probe_warns_once(tmp_path, caplog):
    model = nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.5)).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with (
        caplog.at_level(logging.WARNING, "tb_nnviz"),
        tb_nnviz.watch(
            model, optimizer, logdir=tmp_path, every=1, probe=torch.ones(2, 5), maps_every=1, rules={"*": None}
        ),
    ):
        for _ in range(3):
            model(torch.ones(2, 4)).sum().backward()
            optimizer.step()
    (record,) = caplog.records
    assert record.message.startswith("maps of ") and "turned off" in record.message
    assert "the model raised RuntimeError(" in str(record.exc_info[1])
    assert model.training and model[1].training and not model[0]._forward_hooks
    assert len(Run(tmp_path).tensors["nnviz/gradient/norm"]) == 3 and not read(tmp_path)


def test_maps_lists_dicts_and_sets_of_model_are_restored(tmp_path):
    class Collector(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.seen, self.by_mode, self.modes = nn.Linear(3, 2), [], {"passes": 0}, set()

        def forward(self, x):
            self.seen.append(len(x))
            self.by_mode["passes"] += 1
            self.by_mode[self.training] = True
            self.modes.add(self.training)
            return self.fc(x)

    model = Collector()
    seen, by_mode = model.seen, model.by_mode
    with tb_nnviz.watch(model, logdir=tmp_path, every=1, probe=torch.ones(5, 3), maps_every=1) as monitor:
        for _ in range(2):
            model(torch.ones(2, 3)).sum().backward()
            monitor.step()
    assert model.seen is seen and seen == [2, 2]
    assert model.by_mode is by_mode and by_mode == {"passes": 2, True: True}
    assert model.modes == {True}
    assert list(Run(tmp_path).tensors["nnviz/map/fc"]) == [0, 1]


def drawing(holder):
    """Return a model that draws from its own generators on each pass. They are attributes of ``holder(model)``."""

    class Drawing(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)
            self.inner = nn.Identity()
            own = holder(self)
            own.torch, own.numpy = torch.Generator().manual_seed(1), np.random.default_rng(2)
            own.legacy, own.python = np.random.RandomState(3), random.Random(4)

        def forward(self, x):
            own = holder(self)
            drawn = own.python.random() + own.numpy.random() + own.legacy.random_sample()
            return self.fc(x) * drawn + torch.rand(3, generator=own.torch)

    return Drawing


def test_maps_generators_of_modules_are_restored(tmp_path):
    def losses(**watching):
        torch.manual_seed(0)
        model = drawing(lambda module: module.inner)()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        found = []
        with tb_nnviz.watch(model, optimizer, logdir=tmp_path, **watching) if watching else nullcontext():
            for _ in range(4):
                optimizer.zero_grad()
                found.append(model(torch.ones(2, 3)).square().sum())
                found[-1].backward()
                optimizer.step()
        return torch.stack(found).tolist()

    assert losses(every=1, probe=torch.ones(5, 3), maps_every=1) == losses()
    assert len(read(tmp_path)["map/fc"]) == 4


def test_maps_users_hooks_run_on_the_probe(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    prune.l1_unstructured(model[0], "weight", 0.5)  # a hook puts the pruned weight in place
    modes, seen = [], []
    model[1].register_forward_hook(lambda module, args, output: modes.append(module.training) or output * 2)
    model[0].register_forward_pre_hook(lambda module, args: seen.append(len(args[0])))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.randn(5, 3)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=x, maps_every=1):
        weight, bias = model[0].weight.detach().clone(), model[0].bias.detach().clone()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
    assert (weight == 0).sum() == 6
    assert_map(*read(tmp_path)["map/1"][0], 2 * torch.tanh(x @ weight.T + bias).numpy(), UNITS)
    assert modes == [True, False, False] and seen == [2, 5, 5], "the first time to plan, then for the maps"
