"""Tests of the messages in the terminal about findings."""

import logging

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tests.support.event_reader import Run
from tests.support.small_net import sgd, train

#: Leaves out the rules that read another kind: at a learning rate of 0 they may have findings too.
GRADIENTS = {"every": 1, "kinds": ["gradient"]}


def vanishing_net():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    with torch.no_grad():
        model[1].weight.mul_(1e-9)
    return model


@pytest.mark.parametrize("quiet", [None, {"on_finding": None}, {"gradient_norm_limits": None}])
def test_findings_vanishing_gradient_is_one_warning(quiet, tmp_path, caplog):
    model = vanishing_net()
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, **GRADIENTS, **(quiet or {})) as monitor:
        train(model, monitor._session.optimizers[0].given, 10, log=False)
    messages = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    if quiet:
        assert not messages
    else:
        assert len(messages) == 1 and messages[0].startswith("vanishing gradient in 0 since step 0: norm ")
        assert messages[0].endswith("at step 2")
    logged = Run(tmp_path).tensors.get("nnviz/findings", {})
    if quiet == {"gradient_norm_limits": None}:
        assert not logged
    else:  # on_finding silences the terminal, not the log
        assert list(logged) == [2]
        (finding,) = schema.decode_findings(logged[2])
        assert (finding["rule"], finding["row"], finding["since"]) == ("gradient_norm/vanishing", "0.weight", 0)


def test_findings_in_many_layers_are_shortened(tmp_path, caplog):
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(10)))
    with torch.no_grad():
        model[9].weight.mul_(1e-12)
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, **GRADIENTS) as monitor:
        train(model, monitor._session.optimizers[0].given, 5, log=False)
        monitor.writer.flush()
        vanishing = [record.message for record in caplog.records]
        model[9].bias.data.fill_(float("nan"))
        train(model, monitor._session.optimizers[0].given, 2, log=False)
    nonfinite = [record.message for record in caplog.records][len(vanishing) :]
    assert [message.split(" since")[0] for message in vanishing] == [
        *(f"vanishing gradient in {layer}" for layer in range(3)),
        "and 6 more layers: vanishing gradient",
    ]
    assert [message.split(": norm")[0] for message in nonfinite] == [
        *(f"nonfinite gradient in {layer}" for layer in range(3)),
        "and 7 more layers: nonfinite gradient",
    ]
