"""Repeated passes see what the passes saw, and leave no trace: random states, buffers, attributes, gradients."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.origins import FAULT, Function, findings
from tests.support.tensors import same_bits


class Draws(nn.Module):
    """A layer that is nonfinite if its generator draws a large number."""

    def __init__(self, draw):
        super().__init__()
        self.draw = draw

    def forward(self, x):
        return x / (1.0 if self.draw(self) < 0.9 else 0.0)


def of_generator(module):
    if not hasattr(module, "generator"):
        module.generator = torch.Generator().manual_seed(5)
    return torch.rand((), generator=module.generator).item()


DRAWS = {
    "torch": lambda module: torch.rand(()).item(),
    "python": lambda module: random.random(),
    "numpy": lambda module: np.random.rand(),
    "generator": of_generator,
}


class Model(nn.Module):
    def __init__(self, odd):
        super().__init__()
        self.fc, self.norm, self.drop = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3)
        self.odd = odd
        self.head = nn.utils.parametrizations.spectral_norm(nn.Linear(8, 2))

    def forward(self, x):
        return self.head(self.odd(self.drop(self.norm(self.fc(x)))))


def state(model, optimizer, losses):
    generators = [getattr(module, "generator", None) for module in model.modules()]
    return [
        *losses,
        *(p.detach() for p in model.parameters()),
        *(p.grad for p in model.parameters() if p.grad is not None),
        *model.buffers(),
        torch.get_rng_state(),
        torch.tensor(np.random.get_state()[1].astype(np.int64)),
        torch.tensor(np.random.get_state()[2]),
        torch.tensor(random.getstate()[1]),
        *(one.get_state() for one in generators if one is not None),
        *(value for one in optimizer.state.values() for value in one.values() if isinstance(value, torch.Tensor)),
    ]


def train(model, logdir, steps=FAULT + 3, inputs=None, micro_batches=1):
    torch.manual_seed(1), random.seed(1), np.random.seed(1)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=5)
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        for _ in range(micro_batches):
            x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step)) if inputs is None else inputs(step)
            loss = model(x).square().mean()
            loss.backward()
            losses.append(loss.detach())
        optimizer.step()
    if monitor:
        monitor.close()
    return state(model, optimizer, losses)


@pytest.mark.parametrize("micro_batches", [1, 3])
@pytest.mark.parametrize("name", DRAWS)
def test_replay_random_states_are_put_back(name, micro_batches, tmp_path):
    results = []
    for logdir in (None, tmp_path):
        torch.manual_seed(0)
        results.append(train(Model(Draws(DRAWS[name])), logdir, 40, micro_batches=micro_batches))
    assert same_bits(*results)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"]) == ("nonfinite/forward", "odd")
    losses = results[0][: 40 * micro_batches]
    first = next(place for place, loss in enumerate(losses) if not torch.isfinite(loss))
    assert (one["step"], one["details"]["micro_batch"]) == divmod(first, micro_batches)


class Counts(nn.Module):
    """A layer that depends on what it did in earlier passes."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.count, self.seen = kind, 0, []
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x):
        if self.kind == "attribute":
            self.count += 1
            passes = self.count
        elif self.kind == "list":
            self.seen.append(1)
            passes = len(self.seen)
        elif self.kind == "replaced buffer":
            self.passes = self.passes + 1
            passes = self.passes
        else:
            self.passes += 1
            passes = self.passes
        return x / torch.as_tensor(float(passes != FAULT + 1))


@pytest.mark.parametrize("kind", ["attribute", "list", "buffer", "replaced buffer"])
def test_replay_state_of_modules_is_put_back(kind, tmp_path):
    results = []
    for logdir in (None, tmp_path):
        torch.manual_seed(0)
        model = Model(Counts(kind))
        results.append([*train(model, logdir), torch.tensor([model.odd.count, len(model.odd.seen)])])
    assert same_bits(*results)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/forward", "odd", FAULT)
    assert "not_repeated" not in one["details"]


def test_replay_gradients_hooks_and_modes_are_untouched(tmp_path):
    torch.manual_seed(0)
    model = Model(Function(lambda x: (x * 0 if model.fault else x).abs().sqrt()))
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    seen = []
    optimizer.register_step_post_hook(
        lambda *_: seen.append(({p: p.grad for p in model.parameters()}, [p._version for p in model.parameters()]))
    )
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=100, start_step=1):
        for step in range(3):
            model.fault = step == 1
            optimizer.zero_grad()
            model(torch.ones(8, 4) + torch.arange(8)[:, None]).sum().backward()
            before = {p: (p.grad, p.grad._version, p.grad.clone()) for p in model.parameters()}
            modes, attributes = [m.training for m in model.modules()], [dict(vars(m)) for m in model.modules()]
            optimizer.step()
            for parameter, (gradient, version, value) in before.items():
                assert parameter.grad is gradient and gradient._version == version
                assert same_bits([gradient], [value])
            assert [m.training for m in model.modules()] == modes
            for module, old in zip(model.modules(), attributes, strict=True):
                assert vars(module).keys() == old.keys()
                assert all(vars(module)[name] is value for name, value in old.items())
    assert [one["rule"] for one in findings(tmp_path)] == ["nonfinite/backward"]


def test_replay_changed_batch_is_reported(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Function(lambda x: torch.log(x.abs() * (not model.fault))), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    x = torch.randn(8, 4)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            model.fault = step == FAULT
            optimizer.zero_grad()
            model(x).square().mean().backward()
            x.mul_(0.9)  # a buffer that the loader fills again
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"]) == ("nonfinite/forward", FAULT)
    assert one["details"]["not_repeated"].endswith("an input was changed in place since the pass")
    assert "changed in place" in one["evidence"]


def test_replay_of_parts_only_is_reported(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            optimizer.zero_grad()
            hidden = model[1](model[0](torch.ones(3, 4)))
            hidden = (hidden * (step != FAULT)).abs().sqrt()
            model[4](model[3](model[2](hidden))).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"], one["layer"]) == ("nonfinite/backward", FAULT, "0")
    assert "no watched model was called as a whole" in one["details"]["not_repeated"]


def test_replay_model_that_raises_again_is_reported(tmp_path):
    faults = []

    class Once(nn.Module):
        def forward(self, x):
            return x / (1 - faults.pop())

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Once(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            faults.append(step == FAULT)
            optimizer.zero_grad()
            model(torch.ones(3, 4)).square().mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"]) == ("nonfinite/forward", FAULT)
    assert "IndexError" in one["details"]["not_repeated"]
    assert not model[0]._forward_hooks and not model[1]._forward_hooks


class Words(nn.Module):
    """A model that changes parameters in its forward pass.

    Args:
        writes: whether by an assignment, or only by the limit on norms of an embedding.
    """

    def __init__(self, writes):
        super().__init__()
        self.table = nn.Embedding(20, 8, max_norm=1.0)
        self.odd, self.head, self.writes = (
            Function(lambda x: (x * (not self.fault)).abs().log()),
            nn.Linear(8, 1),
            writes,
        )
        self.fault = False

    def forward(self, words):
        if self.writes:
            with torch.no_grad():
                self.head.weight.mul_(0.999)
        return self.head(self.odd(self.table(words)))


@pytest.mark.parametrize("writes", [False, True])
def test_replay_of_parameters_changed_in_forward_is_harmless(writes, tmp_path):
    results = []
    for logdir in (None, tmp_path):
        torch.manual_seed(0)
        model = Words(writes)
        optimizer = torch.optim.SGD(model.parameters(), 3.0)
        monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=5)
        seen = []  # just before each update, and after the search
        optimizer.register_step_pre_hook(
            lambda *_, m=model, s=seen: s.extend(p.detach().clone() for p in m.parameters())
        )
        for step in range(FAULT + 1):
            model.fault = step == FAULT
            optimizer.zero_grad()
            model(torch.arange(12) + step).square().mean().mul(1e-3).backward()
            optimizer.step()
        results.append([*seen, torch.get_rng_state()])
        assert model.table.max_norm == 1.0
        if monitor:
            monitor.close()
    assert same_bits(*results)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"]) == ("nonfinite/forward", FAULT)
    assert (one["layer"] == "odd") is not writes
    assert ("not_repeated" in one["details"]) is writes
