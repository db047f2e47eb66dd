"""The notice that attention is not measured once torch.compile has compiled anything."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.hooks import unseen
from tb_nnviz.record.model.attention_code import computes_attention
from tests.support.event_reader import Run

pytestmark = pytest.mark.filterwarnings("ignore")


def attend(q, k, v):
    return torch.matmul(torch.nn.functional.softmax(torch.matmul(q, k.mT) * 0.5, dim=-1), v)


class Attention(nn.Module):
    """A layer with parameters, whose subclasses attend in different ways."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(4, 12)

    def forward(self, x):
        return self.attend(*self.qkv(x).chunk(3, -1))


class DotProduct(Attention):
    def attend(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v)


class ByHand(Attention):
    def attend(self, q, k, v):
        return F.softmax(q @ k.transpose(-2, -1), -1) @ v


class ByHelper(Attention):
    def attend(self, q, k, v):
        return (lambda: attend(q, k, v))()


class BySoftmaxLayer(Attention):
    def __init__(self):
        super().__init__()
        self.weigh = nn.Softmax(-1)

    def attend(self, q, k, v):
        return torch.einsum("nqk,nkd->nqd", self.weigh(torch.einsum("nqd,nkd->nqk", q, k)), v)


class Decorated(Attention):
    @torch.no_grad()
    def attend(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v)

    def forward(self, x):
        return super().forward(x) + self.qkv(x)[..., :4]


class Multihead(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]


class SoftmaxOnly(nn.Module):
    """A classifier whose output is a softmax, with a product of matrices before."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4))

    def forward(self, x):
        return F.softmax(x @ self.weight, -1)


WITH = (DotProduct, ByHand, ByHelper, BySoftmaxLayer, Decorated, Multihead)
WITHOUT = (
    SoftmaxOnly,
    lambda: nn.Linear(4, 4),
    lambda: nn.GRU(4, 4),
    lambda: nn.Sequential(nn.Softmax(-1), nn.Linear(4, 4)),
)


@pytest.fixture
def fresh(monkeypatch):
    """Let this process be one in which nothing was compiled."""
    torch._dynamo.reset()
    monkeypatch.setattr(unseen, "_has_compiled", lambda: False)


def train(logdir, layer, steps=6, at=None, **options):
    """Train, and compile an unrelated function before a step."""
    model = nn.Sequential(nn.Linear(4, 4), layer())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir, **{"every": 2, "rules": {"*": None}, **options}):
        for step in range(steps):
            if step == at:
                torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2))
            optimizer.zero_grad()
            output = model(torch.randn(2, 3, 4))
            (output[0] if isinstance(output, tuple) else output).sum().backward()
            optimizer.step()


def notices(logdir):
    events = Run(logdir).tensors.get(schema.TAG_NOTICES, {})
    found = schema.decode_notices(list(events.values())[-1]) if events else []
    return [one for one in found if "attention" in one.reason]


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("layer", WITH)
def test_attention_that_is_no_longer_measured_is_one_notice(layer, tmp_path, caplog):
    train(tmp_path, layer, at=3)
    (found,) = notices(tmp_path)
    name = "1.inner" if layer is Multihead else "1"
    assert found.kinds == ("activation",) and found.step == 4
    assert found.reason.startswith(f"no attention of 1 layer ({name}), apart from")
    assert [one.getMessage() for one in caplog.records if one.name == "tb_nnviz"] == [found.reason]


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("layer", WITHOUT)
def test_model_without_attention_has_no_notice_of_it(layer, tmp_path):
    train(tmp_path, layer, at=3)
    assert notices(tmp_path) == []


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    "options", [{"at": None}, {"at": 3, "kinds": ["gradient"]}, {"at": 3, "exclude": "^1"}, {"at": 5}], ids=str
)
def test_attention_that_is_measured_or_not_wanted_is_no_notice(options, tmp_path):
    train(tmp_path, Multihead, **options)
    assert notices(tmp_path) == []


def test_attention_in_a_process_that_has_compiled_is_a_notice(tmp_path):
    torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2))
    train(tmp_path, Multihead)
    (found,) = notices(tmp_path)
    assert found.step == 0
    assert "nnviz/activation/attention_entropy" not in Run(tmp_path).tensors


@pytest.mark.usefixtures("fresh")
def test_attention_of_many_layers_names_the_first(tmp_path):
    train(tmp_path, lambda: nn.Sequential(*(ByHand() for _ in range(5))), at=1)
    (found,) = notices(tmp_path)
    assert found.reason.startswith("no attention of 5 layers (1.0, 1.1, 1.2 ...), apart")


@pytest.mark.parametrize("layer", [*WITH, *WITHOUT])
def test_computes_attention_by_the_code_of_a_module(layer):
    assert any(map(computes_attention, layer().modules())) == (layer in WITH)


def test_computes_attention_survives_odd_forwards():
    class Odd(nn.Module):
        forward = len

    model = nn.Linear(2, 2)
    model.forward = type("Callable", (), {"__call__": lambda self, x: x})()
    assert not computes_attention(Odd()) and not computes_attention(model)
