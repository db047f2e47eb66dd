"""The share of batch normalizations that are in evaluation mode while a model trains."""

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def share(tmp_path, model, mode):
    """Train a step in a mode, and return the logged share, None if there is none."""
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, on_finding=None):
        mode(model)
        model(torch.randn(4, 3)).sum().backward()
        optimizer.step()
    return Run(tmp_path).scalars.get("nnviz/global/batch_norm_evaluation", {}).get(0)


def net(**options):
    return nn.Sequential(
        nn.Linear(3, 3), nn.BatchNorm1d(3, **options), nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout()
    )


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(lambda m: m.train(), 0), (lambda m: m.eval(), 1), (lambda m: m[1].eval(), 0.5), (lambda m: m[4].eval(), 0)],
    ids=["training", "evaluation", "one of two", "dropout"],
)
def test_share_is_that_of_modules_in_evaluation(tmp_path, mode, expected):
    assert share(tmp_path, net(), mode) == expected


def test_share_leaves_out_frozen_and_without_statistics(tmp_path):
    model = net(track_running_stats=False)
    model[3].requires_grad_(False)
    assert share(tmp_path, model, lambda m: m.eval()) is None


def test_share_without_batch_norm_is_absent(tmp_path):
    assert share(tmp_path, nn.Linear(3, 3), lambda m: m.train()) is None
