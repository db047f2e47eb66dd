"""Tests of the messages in the terminal about findings, and of the argument ``rules``."""

import logging

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tests.support.event_reader import Run
from tests.support.small_net import sgd, train


def dead_net(layers):
    """Return a network in which a multiplication by 0 stops all gradients but the last layer's."""
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(layers)))
    with torch.no_grad():
        model[-1].weight.zero_()
    return model


def findings(logdir):
    payloads = Run(logdir).tensors.get("nnviz/findings", {})
    return {step: schema.decode_findings(payload) for step, payload in payloads.items()}


@pytest.mark.parametrize("quiet", [None, {"on_finding": None}, {"rules": {"gradient/zero": None}}])
def test_findings_zero_gradient_is_one_line(quiet, tmp_path, caplog):
    model = dead_net(2)
    options = {"every": 1, "kinds": ["gradient"]}  # leaves out the rules that read another kind
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, **options, **(quiet or {})) as monitor:
        train(model, monitor._session.optimizers[0].given, 10, log=False)
    lines = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == ([] if quiet else [lines[0]])
    if not quiet:
        assert lines[0].startswith("gradient/zero in 0 since step 0: gradient exactly 0 since step 0 in 1 of 2 layers")
    if quiet == {"rules": {"gradient/zero": None}}:
        assert not findings(tmp_path)
    else:  # on_finding silences the terminal, not the log
        ((step, (found,)),) = findings(tmp_path).items()
        assert step == 2
        assert (found["rule"], found["row"], found["since"]) == ("gradient/zero", "0.weight", 0)


def test_findings_in_many_layers_are_one_that_names_them(tmp_path):
    model = dead_net(10)
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, every=1, kinds=["gradient"]) as monitor:
        train(model, monitor._session.optimizers[0].given, 5, log=False)
    ((found,),) = findings(tmp_path).values()
    assert found["layer"] == "8" and "in 9 of 10 layers: 8, 7, 6 and 6 more" in found["evidence"]
    assert found["details"]["layers"] == [str(layer) for layer in range(8, -1, -1)]


def test_findings_limits_of_rules_reach_training(tmp_path):
    model = dead_net(2)
    rules = {"gradient/zero": {"patience": 4}}
    with tb_nnviz.watch(model, sgd(model, 0.0), logdir=tmp_path, every=1, kinds=["gradient"], rules=rules) as monitor:
        train(model, monitor._session.optimizers[0].given, 10, log=False)
    assert list(findings(tmp_path)) == [3]
