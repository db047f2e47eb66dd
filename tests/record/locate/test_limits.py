"""Limits of repeated passes: memory, ranks, compiled models, and passes that are not kept for longer than a step."""

import gc
import weakref

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.locate import locator
from tb_nnviz.record.locate.passes import MOST_PASSES
from tb_nnviz.record.model.sharding import Rank
from tests.support.origins import FAULT, Function, findings
from tests.support.tensors import same_bits


def made(function):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), Function(lambda x: function(x, model)), nn.Linear(8, 1))
    model.fault = False
    return model


def log(x, model):
    return (x * (not model.fault)).abs().log()


def root(x, model):
    return (x * (not model.fault)).abs().sqrt()


def train(model, logdir=None, steps=FAULT + 1, micro_batches=1, faulty=0, called=None, **options):
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=5, **options)
    for step in range(steps):
        optimizer.zero_grad()
        for micro_batch in range(micro_batches):
            model.fault = step == FAULT and micro_batch == faulty
            (called or model)(torch.randn(8, 4)).square().mean().backward()
        optimizer.step()
    if monitor:
        monitor.close()
    return [*(p.detach() for p in model.parameters()), torch.get_rng_state()]


@pytest.mark.parametrize(("function", "rule"), [(log, "nonfinite/forward"), (root, "nonfinite/backward")])
def test_snapshot_bytes_keep_the_newest_pass(function, rule, tmp_path):
    assert same_bits(train(made(function), micro_batches=4, faulty=3),
                     train(made(function), tmp_path, micro_batches=4, faulty=3, snapshot_bytes=100))  # fmt: skip
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"], one["layer"]) == (rule, FAULT, "2")
    assert one["details"]["micro_batch"] == 3


def test_snapshot_bytes_that_dropped_the_pass_are_named(tmp_path):
    train(made(log), tmp_path, micro_batches=4, faulty=0, snapshot_bytes=100)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"]) == ("nonfinite/forward", FAULT)
    assert "snapshot_bytes" in one["details"]["not_repeated"]


def test_many_passes_keep_the_newest(tmp_path):
    train(made(log), tmp_path, micro_batches=MOST_PASSES + 5, faulty=MOST_PASSES + 1)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["details"]["micro_batch"]) == ("nonfinite/forward", "2", MOST_PASSES + 1)


@pytest.mark.parametrize(
    ("function", "rule", "module"), [(log, "nonfinite/forward", ""), (root, "nonfinite/backward", "0")]
)
def test_ranks_are_not_waited_for(function, rule, module, tmp_path, monkeypatch):
    monkeypatch.setattr(locator, "rank", lambda: Rank(0, 2))
    train(made(function), tmp_path)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"], one["step"]) == (rule, module, FAULT)
    assert "other ranks" in one["details"]["not_repeated"]


def test_ranks_loss_is_told_from_the_gradient_of_the_output(tmp_path, monkeypatch):
    monkeypatch.setattr(locator, "rank", lambda: Rank(0, 2))
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            optimizer.zero_grad()
            (model(torch.randn(8, 4)) / (step != FAULT)).mean().backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"]) == ("nonfinite/loss", FAULT)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("function", "rule"), [(log, "nonfinite/forward"), (root, "nonfinite/backward")])
def test_compiled_model_is_repeated_eagerly_or_reported(function, rule, whole, tmp_path):
    results = []
    for logdir in (None, tmp_path):
        torch._dynamo.reset()
        model = made(function)
        if whole:
            called = torch.compile(model, backend="eager")
        else:
            model[2].compile(backend="eager")
            called = model
        results.append(train(model, logdir, called=called))
    assert same_bits(*results)
    (one,) = findings(tmp_path)
    assert one["step"] == FAULT
    if "not_repeated" not in one["details"]:
        assert (one["rule"], one["layer"]) == (rule, "2")


def test_batches_are_released_with_the_step(tmp_path):
    model = made(root)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    losses, batches = [], []
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for _ in range(3):
            x = torch.randn(8, 4)
            batches.append(weakref.ref(x))
            optimizer.zero_grad()
            output = model(x)
            losses.append(output.square().mean())  # with its graph, as some loops do
            losses[-1].backward()
            optimizer.step()
            del x, output
            assert all(reference() is None for reference in batches)
        model(torch.randn(8, 4)).sum().backward()
    model = weakref.ref(model)
    del optimizer, losses
    gc.collect()


def test_unused_passes_in_evaluation_are_not_kept(tmp_path):
    model = made(root)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path) as monitor:
        model.eval()
        with torch.no_grad():
            model(torch.randn(8, 4))
        assert monitor._session._locator._passes.all() == []


def test_training_in_evaluation_mode_origin_is_named(tmp_path):
    model = made(root).eval()
    train(model, tmp_path)
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"]) == ("nonfinite/backward", "2")


def test_clipped_gradients_do_not_hide_the_origin(tmp_path):
    model = made(root)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5) as monitor:
        for step in range(FAULT + 1):
            model.fault = step == FAULT
            optimizer.zero_grad()
            model(torch.randn(8, 4)).square().mean().backward()
            monitor.clip_grad_norm_(1.0)  # all gradients are NaN then
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["layer"]) == ("nonfinite/backward", "2")


def test_large_finite_gradients_are_no_finding(tmp_path):
    torch.manual_seed(0)
    model = nn.Linear(4, 8)
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=100, start_step=1):
        for _ in range(3):
            optimizer.zero_grad()
            (model(torch.ones(2, 4)) * 1e38).sum().backward()
            optimizer.step()
    assert findings(tmp_path) == []
