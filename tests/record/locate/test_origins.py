"""The origin of the first nonfinite value is named: module, direction, step, micro-batch and samples."""

import pytest
import torch
from torch import nn

import tb_nnviz
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


class Regressor(nn.Module):
    """A model whose layers are given."""

    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.names = tuple(layers)

    def forward(self, x):
        for name in self.names:
            x = getattr(self, name)(x)
        return x


def run(model, logdir, inputs, loss=None, optimizer=None, steps=FAULT + 2, **options):
    """Train on ``inputs(step)``, and return the findings."""
    optimizer = torch.optim.SGD(model.parameters(), 0.01) if optimizer is None else optimizer
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=5, **options):
        for step in range(steps):
            optimizer.zero_grad()
            output = model(inputs(step))
            (output.float().square().mean() if loss is None else loss(output, step)).backward()
            optimizer.step()
    return findings(logdir)


def noise(step, *shape):
    return torch.randn(*(shape or (16, 4)), generator=torch.Generator().manual_seed(step))


def with_value(step, value, sample=3):
    x = noise(step)
    if step == FAULT:
        x[sample, 2] = value
    return x


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("squash", [nn.Tanh, nn.ReLU, nn.Sigmoid])
def test_origin_nonfinite_input_is_the_input(squash, value, tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), act=squash(), head=nn.Linear(8, 1))
    one = assert_named(run(model, tmp_path, lambda step: with_value(step, value)), "nonfinite/forward", "", (3,))
    assert one["title"] == "The model is called with NaN or Inf"
    assert one["details"]["inputs"][0]["nonfinite"] == 1


@pytest.mark.parametrize("sparse", [False, True])
def test_origin_nan_row_of_embedding_is_the_parameter(sparse, tmp_path):
    torch.manual_seed(0)
    model = Regressor(table=nn.Embedding(50, 8, sparse=sparse), head=nn.Linear(8, 1))
    with torch.no_grad():
        model.table.weight[49] = float("nan")
    words = lambda step: torch.tensor([1, 2, 49 if step == FAULT else 3, 4])
    one = assert_named(run(model, tmp_path, words), "nonfinite/forward", "table", (2,))
    assert one["details"]["parameter"] == "table.weight" and "row 49" in one["evidence"]
    assert one["title"] == "A parameter is NaN or Inf"


def test_origin_row_that_adam_made_is_the_optimizer(tmp_path):
    torch.manual_seed(0)
    model = Regressor(table=nn.Embedding(50, 8), head=nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), 0.01, eps=0.0)  # 0 / 0 in rows without gradient
    words = lambda step: torch.tensor([1, 2, 49 if step == FAULT else 3, 4])
    (one,) = run(model, tmp_path, words, optimizer=optimizer)
    assert (one["rule"], one["layer"], one["step"]) == ("nonfinite/optimizer", "table", FAULT)
    assert one["details"]["parameter"] == "table.weight" and "eps 0" in one["evidence"]
    assert "its state is finite" in one["evidence"]


class Divides(torch.optim.SGD):
    """An optimizer that divides by 0 at one step."""

    count = 0

    @torch.no_grad()
    def step(self, closure=None):
        super().step(closure)
        if self.count == FAULT:
            for parameter in self.param_groups[0]["params"]:
                parameter.div_(0.0)
        self.count += 1


@pytest.mark.parametrize("make", [
    lambda p: Divides(p, 0.01),
    lambda p: torch.optim.SGD(p, 0.01),
])  # fmt: skip
def test_origin_optimizer_is_named_with_its_step(make, tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), act=nn.Tanh(), head=nn.Linear(8, 1))
    optimizer = make(model.parameters())

    def inputs(step):
        if not isinstance(optimizer, Divides):
            optimizer.param_groups[0]["lr"] = float("inf") if step == FAULT else 0.01
        return noise(step)

    (one,) = run(model, tmp_path, inputs, optimizer=optimizer)
    assert (one["rule"], one["since"], one["step"]) == ("nonfinite/optimizer", FAULT, FAULT + 1)
    assert one["layer"] == "fc" and one["details"]["parameter"].startswith("fc.")


@pytest.mark.parametrize("loss", [
    lambda output, step: (output / (step != FAULT)).mean(),
    lambda output, step: output.sub(output if step == FAULT else 1).square().sum(1).sqrt().mean(),
    lambda output, step: -(output.sigmoid() * (step != FAULT)).log().mean(),
])  # fmt: skip
def test_origin_loss_is_named(loss, tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), act=nn.Tanh(), head=nn.Linear(8, 3))
    (one,) = run(model, tmp_path, noise, loss)
    assert (one["rule"], one["step"], one["layer"]) == ("nonfinite/loss", FAULT, "")


def test_origin_loss_of_one_sample_is_named(tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), head=nn.Linear(8, 3))

    def loss(output, step):
        target = output.detach().softmax(1) * 0.5
        scale = torch.ones(16)
        scale[9] = step != FAULT
        return (output.softmax(1).sub(target) / scale[:, None]).square().mean()

    assert_named(run(model, tmp_path, noise, loss), "nonfinite/loss", "", (9,))


def test_origin_penalty_on_parameters_is_the_loss(tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), head=nn.Linear(8, 3))

    def loss(output, step):
        penalty = (model.fc.bias * (0 if step == FAULT else 1)).square().sum().sqrt()
        return output.square().mean() + penalty

    (one,) = run(model, tmp_path, noise, loss)
    assert (one["rule"], one["details"]["parameter"]) == ("nonfinite/loss", "fc.bias")


def test_origin_float16_overflow_is_the_layer(tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), scale=Function(lambda x: x * 300), square=Function(torch.square),
                      head=nn.Linear(8, 1)).half()  # fmt: skip
    inputs = lambda step: (noise(step) * (40 if step == FAULT else 0.1)).half()
    (one,) = run(model, tmp_path, inputs, loss=lambda output, step: output.float().mean() * 1e-4)
    assert (one["rule"], one["step"], one["layer"]) == ("nonfinite/forward", FAULT, "square")
    assert one["details"]["outputs"][0]["dtype"] == "float16" and one["details"]["outputs"][0]["inf"] > 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_origin_under_autocast_is_the_layer(dtype, tmp_path):
    torch.manual_seed(0)
    model = Regressor(fc=nn.Linear(4, 8), wide=nn.Linear(8, 8), head=nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with torch.no_grad():
        model.wide.weight.fill_(1.0)
    large = 1e38 if dtype is torch.bfloat16 else 6e4
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=5):
        for step in range(FAULT + 1):
            optimizer.zero_grad()
            with torch.no_grad():
                model.fc.bias.fill_(large if step == FAULT else 0.0)
            with torch.autocast("cpu", dtype):
                loss = model(noise(step)).float().mean()
            loss.backward()
            optimizer.step()
    (one,) = findings(tmp_path)
    assert (one["rule"], one["step"], one["layer"]) == ("nonfinite/forward", FAULT, "wide")
    assert one["details"]["outputs"][0]["dtype"] == str(dtype).removeprefix("torch.")


def test_origin_function_of_the_model_is_the_model(tmp_path):
    class Model(Regressor):
        def forward(self, x):
            x = self.fc(x)
            return self.head(torch.log(x.abs() * (self.step != FAULT)))

    torch.manual_seed(0)
    model = Model(fc=nn.Linear(4, 8), head=nn.Linear(8, 1))

    def inputs(step):
        model.step = step
        return noise(step)

    assert_named(run(model, tmp_path, inputs), "nonfinite/forward", "", range(16))
