"""Training while the model is in evaluation mode."""

import json

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import tb_nnviz
from tests.support.event_reader import Run

REASON = (
    "no activations: the model trains in evaluation mode (model.eval()), in which its passes do not count as training. "
    "Call model.train() before them"
)
KINDS = ["activation", "activation_gradient", "input", "output"]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU())
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.body(x))


def whole(model, x):
    model(x).square().mean().backward()


def parts(model, x):
    model.head(model.body(x)).square().mean().backward()


def checkpointed(model, x):
    """Train with a checkpoint of the whole, in which gradients are disabled at first."""
    forward = model.forward
    model.forward = lambda x: checkpoint(forward, x, use_reentrant=True)
    model(x.requires_grad_()).square().mean().backward()
    del model.forward


def train_after_forward(model, x):
    loss = model.eval()(x).square().mean()
    model.train()
    loss.backward()
    model.eval()


def evaluated_too(model, x):
    with torch.no_grad():
        model(x)
    with torch.inference_mode():
        model(x)
    whole(model, x)


def sloppy(model, x):
    """Evaluate with gradients enabled, then train."""
    model.eval()
    model(x)
    model.train()
    whole(model, x)


def attacked(model, x):
    """Look for a hostile input in evaluation mode, then train."""
    model.eval()
    hostile = x.clone().requires_grad_()
    model(hostile).sum().backward()
    model.zero_grad()
    model.train()
    whole(model, x)


def frozen_norm(model, x):
    model.train()
    model.body[1].eval()
    whole(model, x)


def frozen_body(model, x):
    model.train()
    with torch.no_grad():
        features = model.body.eval()(x)
    model.head(features).square().mean().backward()


def only_evaluated(model, x):
    model.eval()
    model(x)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)


IN_EVALUATION = {
    "whole": whole,
    "parts": parts,
    "train after": train_after_forward,
    "evaluated too": evaluated_too,
    "checkpoint": checkpointed,
}
#: Passes that count, or that are no training, by the rows that they give.
NOT = {
    "sloppy evaluation": (sloppy, {"body.0", "body.1", "body.2", "head"}),
    "hostile input": (attacked, {"body.0", "body.1", "body.2", "head"}),
    "frozen norm": (frozen_norm, {"body.0", "body.1", "body.2", "head"}),
    "frozen body": (frozen_body, {"head"}),
    "no backward pass": (only_evaluated, set()),
}


def train(run_pass, logdir=None, mode="eval", steps=3, **options):
    torch.manual_seed(0)
    model = getattr(Net(), mode)()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, on_finding=None, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        run_pass(model, torch.randn(6, 3))
        optimizer.step()
    if monitor:
        monitor.close()
    return [t.detach().clone() for t in (*model.parameters(), *model.buffers())]


def notices(logdir):
    found = Run(logdir).tensors.get("nnviz/notices", {})
    return [notice for value in found.values() for notice in json.loads(bytes(value))["notices"]]


@pytest.mark.parametrize("name", IN_EVALUATION)
def test_training_in_evaluation_mode_gives_one_notice(name, tmp_path, caplog):
    plain = train(IN_EVALUATION[name])
    assert all(map(torch.equal, train(IN_EVALUATION[name], tmp_path), plain))
    assert [message for message in caplog.messages if "evaluation mode" in message] == caplog.messages
    assert len(caplog.messages) == 1 and REASON in caplog.messages[0]
    (notice,) = notices(tmp_path)
    assert notice["reason"] == REASON and notice["kinds"] == KINDS and notice["step"] == 0
    run = Run(tmp_path)
    assert "nnviz/activation/norm" not in run.tensors
    graph = json.loads(bytes(run.tensors["nnviz/graph"][0]))
    assert not graph["observed"] and "evaluation mode" in graph["reason"]


@pytest.mark.parametrize("name", NOT)
def test_other_passes_in_evaluation_mode_give_no_notice(name, tmp_path, caplog):
    run_pass, rows = NOT[name]
    plain = train(run_pass)
    assert all(map(torch.equal, train(run_pass, tmp_path), plain))
    assert caplog.messages == [] and notices(tmp_path) == []
    run = Run(tmp_path)
    assert {row["name"] for row in run.rows("activation", 2)} == rows if rows else not run.layouts("activation")


def test_training_mode_after_the_notice_gives_activations(tmp_path):
    calls = []

    def run_pass(model, x):
        calls.append(x)
        model.train(len(calls) > 1)
        whole(model, x)

    train(run_pass, tmp_path)
    assert list(Run(tmp_path).tensors["nnviz/activation/norm"]) == [1, 2]


def test_evaluation_mode_without_activations_asked_for_gives_no_notice(tmp_path, caplog):
    train(whole, tmp_path, kinds=["gradient"])
    assert caplog.messages == []
