"""The origin of the first nonfinite value is named: module, direction, step, micro-batch and samples."""

import pytest
import torch

from tests.support.origins import BACKWARD, FAULT, FORWARD, Function, Net, findings, train
from tests.support.tensors import same_bits

FUNCTIONS = {**FORWARD, **BACKWARD}
CHECKPOINTS = {"plain": None, "reentrant": True, "not reentrant": False}


def made(name, checkpointed=None, dropout=0.0):
    torch.manual_seed(0)
    return Net(Function(FUNCTIONS[name]), checkpointed, dropout)


def assert_named(found, rule, module, samples=(5,), micro_batch=0):
    assert [one["rule"] for one in found] == [rule]
    (one,) = found
    assert (one["step"], one["since"], one["layer"], one["severity"]) == (FAULT, FAULT, module, "severe")
    details = one["details"]
    assert (details["module"], details["samples"], details["micro_batch"]) == (module, list(samples), micro_batch)
    return one


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("accumulated", [(1, 0), (3, 1)])
@pytest.mark.parametrize("checkpointed", CHECKPOINTS)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_origin_of_module_is_named_and_harmless(name, checkpointed, accumulated, dropout, tmp_path):
    micro_batches, faulty = accumulated
    results = []
    for logdir in (None, tmp_path):
        model = made(name, CHECKPOINTS[checkpointed], dropout)
        results.append(train(model, logdir, micro_batches=micro_batches, faulty=faulty))
    assert same_bits(*results)
    rule = "nonfinite/forward" if name in FORWARD else "nonfinite/backward"
    one = assert_named(findings(tmp_path), rule, "odd", micro_batch=faulty)
    assert one["details"]["direction"] == rule.rpartition("/")[2]
    assert one["details"]["inputs"][0]["nonfinite"] == 0
    for module in model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
