"""The window between logged steps: highest norm and loss, nonfinite and skipped steps."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def loop(logdir, scales, watch_options=None, fused=None, scaler=None):
    """Run one step per scale of the loss, and return the norms of the gradients and the logged windows."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), 1e-6, fused=fused)
    norms = []
    options = {"every": 4, "window": True, "rules": {"*": None}, **(watch_options or {})}
    with tb_nnviz.watch(model, optimizer, logdir=logdir, scaler=scaler, **options) as monitor:
        for scale in scales:
            optimizer.zero_grad()
            loss = (model(torch.ones(2, 3)) * scale).sum()
            (loss if scaler is None else scaler.scale(loss)).backward()
            norms.append(torch.cat([p.grad.flatten() for p in model.parameters()]).double().norm().item())
            if scaler is None:
                optimizer.step()
            else:
                norms[-1] /= scaler.get_scale()
                scaler.step(optimizer)
                scaler.update()
            monitor.log(loss=torch.tensor(float(scale)))
    return norms, {tag.rpartition("/")[2]: found for tag, found in Run(logdir).scalars.items() if "/window/" in tag}


@pytest.mark.parametrize("kinds", [None, ["activation"]])
def test_window_has_highest_since_last_event(kinds, tmp_path):
    norms, found = loop(tmp_path, [1, 2, 9, 3, 1, 5, 4, 2, 3], {"kinds": kinds})
    assert {tag: list(steps) for tag, steps in found.items()} == {
        **{tag: [0, 4, 8] for tag in ("steps", "nonfinite", "nonfinite_steps", "skipped_steps")},
        **{tag: [0, 4, 8] for tag in ("gradient_norm_max", "gradient_norm_max_step")},
        **{tag: [4, 8] for tag in ("loss_max", "loss_max_step")},
    }
    assert list(found["gradient_norm_max_step"].values()) == [0, 2, 5]
    for at, step in ((0, 0), (4, 2), (8, 5)):
        assert found["gradient_norm_max"][at] == pytest.approx(norms[step], rel=1e-6)
    assert list(found["steps"].values()) == [1, 4, 4]
    assert list(found["loss_max"].values()) == [9, 5] and list(found["loss_max_step"].values()) == [2, 5]


def test_window_nonfinite_elements_are_counted(tmp_path):
    _, found = loop(tmp_path, [1, torch.inf, torch.nan, 2, 1, 1, 1, 1, 1])
    assert list(found["nonfinite"].values()) == [0, 8, 0] and list(found["nonfinite_steps"].values()) == [0, 2, 0]
    assert found["gradient_norm_max_step"][4] == 3 and np.isnan(found["loss_max"][4])


@pytest.mark.parametrize("fused", [False, True])
def test_window_under_scaler_is_unscaled(fused, tmp_path):
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    norms, found = loop(tmp_path, [1, 3, torch.inf, 2, 1], {"histograms_every": None}, fused, scaler)
    assert found["skipped_steps"][4] == 1
    assert found["gradient_norm_max"][4] == pytest.approx(norms[1], rel=1e-6)
    assert found["gradient_norm_max_step"][4] == 1


def test_window_false_writes_nothing(tmp_path):
    assert loop(tmp_path, [1, 2, 3], {"window": False})[1] == {}


def test_window_without_optimizer_reads_at_close(tmp_path):
    model = nn.Linear(3, 1, bias=False)
    with tb_nnviz.watch(model, logdir=tmp_path, every=3, window=True) as monitor:
        for scale in (1, 5, 2, 1):
            model.zero_grad()
            (model(torch.ones(1, 3)) * scale).sum().backward()
            monitor.step()
    scalars = Run(tmp_path).scalars
    assert scalars["nnviz/window/gradient_norm_max"][3] == pytest.approx(5 * 3**0.5)
    assert scalars["nnviz/window/gradient_norm_max_step"][3] == 1


@pytest.mark.parametrize("kinds", [["activation"], ["gradient"]])
def test_gradient_norm_nonfinite_equals_torch(kinds, tmp_path):
    """Both ways of reading the norm: from rows, and by one read of all gradients."""
    scales = [1, torch.inf, torch.nan, -torch.inf, 2]
    options = {"kinds": kinds, "every": 1, "window": False}
    norms, _ = loop(tmp_path, scales, options)
    found = list(Run(tmp_path).scalars["nnviz/global/gradient_norm"].values())
    np.testing.assert_allclose(found, norms, rtol=1e-6)
