"""Norms before clipping, factors and rates, against torch's own function."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def loop(model, optimizer, clip, monitor=None, steps=6):
    """Train with growing gradients, and return the norms before and after clipping."""
    before, after = [], []
    for step in range(steps):
        optimizer.zero_grad()
        loss = (model(torch.ones(2, 3)) * (step + 1)).sum()
        loss.backward()
        before.append(clip())
        after.append(torch.cat([p.grad.flatten().double() for p in model.parameters()]).norm())
        optimizer.step()
        if monitor:
            monitor.log(loss=loss)
    return torch.stack(before), torch.stack(after)


def net():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    return model, torch.optim.SGD(model.parameters(), 1e-3)


@pytest.mark.parametrize("every", [1, 2])
def test_clip_grad_norm_clips_like_torch(every, tmp_path):
    model, optimizer = net()
    before, after = loop(model, optimizer, lambda: nn.utils.clip_grad_norm_(model.parameters(), 20.0))
    weights = [p.detach().clone() for p in model.parameters()]
    model, optimizer = net()
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=every) as monitor:
        found, _ = loop(model, optimizer, lambda: monitor.clip_grad_norm_(20.0), monitor)
    assert torch.equal(found, before)
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))
    clipped = before > 20.0
    assert 0 < clipped.sum() < 6, "some are clipped, some are not"
    scalars = {tag.rpartition("/")[2]: steps for tag, steps in Run(tmp_path).scalars.items()}
    for step in range(0, 6, every):
        assert scalars["gradient_norm_before_clipping"][step] == before[step].item()
        assert scalars["gradient_norm"][step] == pytest.approx(after[step].item(), rel=1e-6)
        assert scalars["clip_factor"][step] == pytest.approx(min(1.0, 20.0 / (before[step].item() + 1e-6)), rel=1e-6)
        since = clipped[max(step - every + 1, 0) : step + 1].double()
        assert scalars["clip_rate"][step] == np.float32(since.mean()), "of the steps since the last event"


def test_clip_grad_norm_unused_writes_nothing(tmp_path):
    model, optimizer = net()
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        loop(model, optimizer, lambda: nn.utils.clip_grad_norm_(model.parameters(), 20.0), monitor)
        loop(model, optimizer, lambda: monitor.clip_grad_norm_(20.0, norm_type=1.0), monitor)
    tags = Run(tmp_path).scalars
    assert "nnviz/global/gradient_norm" in tags
    assert not [tag for tag in tags if "clip" in tag]


def test_clip_grad_norm_per_model_combines_norms(tmp_path):
    a, b = nn.Linear(3, 1, bias=False), nn.Linear(3, 1, bias=False)
    optimizers = [torch.optim.SGD(m.parameters(), 0.1) for m in (a, b)]
    with tb_nnviz.watch({"A": a, "B": b}, optimizers, logdir=tmp_path, every=1) as monitor:
        for model, factor in ((a, 3.0), (b, 4.0)):
            (model(torch.ones(1, 3)) * factor).sum().backward()
            monitor.clip_grad_norm_(3.0**0.5 * 2.0, parameters=model.parameters())
        for optimizer in optimizers:
            optimizer.step()
    scalars = Run(tmp_path).scalars
    assert scalars["nnviz/global/gradient_norm_before_clipping"][0] == pytest.approx(3.0**0.5 * 5.0)
    assert scalars["nnviz/global/clip_factor"][0] == pytest.approx(0.5), "the smaller one"


def test_clipped_by_other_code_is_logged(tmp_path):
    model, optimizer = net()
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        model(torch.ones(1, 3)).sum().backward()
        monitor.clipped(8.0, 2.0)
        optimizer.step()
    scalars = Run(tmp_path).scalars
    assert scalars["nnviz/global/gradient_norm_before_clipping"][0] == 8.0
    assert scalars["nnviz/global/clip_factor"][0] == pytest.approx(0.25)


def test_clip_grad_norm_nonfinite_gradients_are_logged(tmp_path):
    model, optimizer = net()
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        model(torch.full((1, 3), torch.inf)).sum().backward()
        with pytest.raises(RuntimeError, match="non-finite"):  # torch's own error, which the user asked for
            monitor.clip_grad_norm_(1.0, error_if_nonfinite=True)
        norm = monitor.clip_grad_norm_(1.0)
        optimizer.step()
    scalars = Run(tmp_path).scalars
    assert np.isnan(norm.item()) and np.isnan(scalars["nnviz/global/clip_factor"][0])
    assert scalars["nnviz/global/clip_rate"][0] == 1


def test_clip_grad_norm_same_gradients_twice_counts_last(tmp_path):
    model, optimizer = net()
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        for scale in (1.0, 5.0, 2.0):  # as in a closure that is called several times
            optimizer.zero_grad()
            (model(torch.ones(2, 3)) * scale).sum().backward()
            norm = monitor.clip_grad_norm_(1e6)
        last = norm.item()
        norm += 100  # the caller's own
        optimizer.step()
    assert Run(tmp_path).scalars["nnviz/global/gradient_norm_before_clipping"][0] == last


def test_clip_grad_norm_of_one_tensor_clips_like_torch(tmp_path):
    model, optimizer = net()
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path) as monitor:
        model(torch.ones(2, 3)).sum().backward()
        norm = model[0].weight.grad.norm()
        assert torch.equal(monitor.clip_grad_norm_(1e-3, parameters=model[0].weight), norm)
        assert model[0].weight.grad.norm().item() == pytest.approx(1e-3, rel=1e-3)
        monitor.clipped(torch.ones(2), 1.0)  # no norm: a warning, and the rest goes on
        optimizer.step()
    assert "nnviz/gradient/norm" in Run(tmp_path).tensors
