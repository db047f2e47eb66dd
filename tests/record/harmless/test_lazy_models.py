"""Lazy models: only training initializes them."""

import pytest
import torch
from torch import nn
from torch.nn.parameter import is_lazy

import tb_nnviz
from tests.support.event_reader import Run

pytestmark = pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
X = torch.arange(12.0).reshape(4, 3)


class Nested(nn.Module):
    """Lazy layers below eager ones, one of them shared, with a buffer of its own."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 5)
        self.lazy = nn.Sequential(nn.LazyLinear(6), nn.LazyBatchNorm1d())
        self.again = nn.ModuleDict({"shared": self.lazy[0]})
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        return self.lazy(self.first(x)).sum(1, keepdim=True) + self.again["shared"](self.first(x))


def small():
    return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.Dropout(0.5), nn.LazyLinear(1))


def images():
    return nn.Sequential(nn.Unflatten(1, (1, 3)), nn.LazyConv1d(2, 1), nn.Flatten(), nn.LazyLinear(1))


MODELS = {"small": small, "nested": Nested, "images": images}


def made(name):
    torch.manual_seed(0)
    return MODELS[name]()


def state(model):
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: "lazy" if is_lazy(tensor) else tensor.tolist() for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", MODELS)
def test_summary_of_lazy_model_leaves_it_as_it_was(name):
    plain, model = made(name), made(name)
    before, text = state(model), repr(model)
    table = tb_nnviz.summary(model, X)
    assert (state(model), repr(model)) == (before, text)
    outputs = []
    for one in (model, plain):
        torch.manual_seed(1)
        outputs.append(one(X))
    assert torch.equal(*outputs)
    assert table.parameters == sum(parameter.numel() for parameter in plain.parameters())


def test_summary_of_lazy_model_that_cannot_be_copied_raises():
    model = small()
    model.lock = iter([1])  # a generator would do
    model.__deepcopy__ = lambda memo: 1 / 0
    with pytest.raises(ValueError, match=r"^invalid model: Sequential has lazy parameters and cannot be copied"):
        tb_nnviz.summary(model, X)
    assert state(model)["0.weight"] == "lazy"


def trained(model, logdir=None, **options):
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    monitor = None if logdir is None else tb_nnviz.watch(model, optimizer, logdir, every=1, **options)
    losses = []
    for _ in range(3):
        loss = model(X).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    if monitor is not None:
        monitor.close()
    return losses, state(model)


@pytest.mark.parametrize("name", MODELS)
def test_watched_lazy_model_trains_as_unwatched(name, tmp_path, caplog):
    expected = trained(made(name))
    assert trained(made(name), tmp_path, probe=X, maps_every=1, window=True) == expected
    assert not [message for message in caplog.messages if "turned off" in message]
    run = Run(tmp_path)
    rows = {key for key, _ in made(name).named_parameters()}
    for kind in ("parameter", "gradient", "update"):
        assert run.statistics(kind, 0).keys() == rows
        assert all(values["count"] > 0 for values in run.statistics(kind, 0).values())
    assert any(tag.startswith("nnviz/map/") for tag in run.tensors)


def test_probe_waits_until_all_of_its_model_is_initialized(tmp_path, caplog):
    """The second model is not called in the first steps: the probe must not initialize it."""
    models = {"a": small(), "b": small()}
    models["a"](X)
    with tb_nnviz.watch(models, logdir=tmp_path, every=1, probe={"a": X, "b": X}, maps_every=1) as monitor:
        models["a"](X).sum().backward()
        monitor.step()
        assert state(models["b"]) == state(small())
        assert sum("lazy parameters" in message for message in caplog.messages) == 1
        for model in models.values():
            model(X).sum().backward()
        monitor.step()
    assert list(Run(tmp_path).tensors["nnviz/map/b.0"]) == [1]
