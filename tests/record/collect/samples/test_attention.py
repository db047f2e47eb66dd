"""Entropy and logits of attention against float64 numpy."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz
from tests.support.attention_oracle import assert_attention, causal, expected, projected
from tests.support.event_reader import Run

SIZE, HEADS = 12, 3
NAMES = ("attention_entropy", "attention_entropy_min", "attention_logit")


class Around(nn.Module):
    """A model that calls a function with its module, the input and a linear layer of it."""

    def __init__(self, inner, call):
        super().__init__()
        self.first, self.inner, self._call = nn.Linear(SIZE, SIZE), inner, call

    def forward(self, x):
        self.seen = self.first(x)
        return self._call(self.inner, self.seen)


def train(model, tmp_path, *passes, **settings):
    """Train one logged step over some passes and return the statistics of its activations."""
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, on_finding=None, **settings):
        seen = []
        for x in passes:
            out = model(x)
            seen.append(getattr(model, "seen", x).detach())
            (out[0] if isinstance(out, tuple) else out).square().mean().backward()
        optimizer.step()
    return Run(tmp_path).statistics("activation", 0), seen


def heads_of(**settings):
    torch.manual_seed(1)
    module = nn.MultiheadAttention(SIZE, HEADS, batch_first=True, **settings)
    with torch.no_grad():
        module.in_proj_weight.mul_(3)
        module.in_proj_bias.normal_()
    return module


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("masked", ["none", "causal", "additive", "padding", "per head", "both"])
def test_attention_of_multihead_attention_equals_float64(weights, masked, tmp_path):
    module, x = heads_of(), torch.randn(4, 6, SIZE)
    hidden = torch.zeros(4, 6, dtype=torch.bool)
    hidden[1, 4:], hidden[3, 2:] = True, True
    future = ~torch.from_numpy(causal(6, 6))
    bias = torch.randn(6, 6)
    per_head = torch.rand(4 * HEADS, 6, 6) > 0.6
    per_head[..., 0] = False
    arguments = {
        "none": {},
        "causal": {"attn_mask": future},
        "additive": {"attn_mask": bias.masked_fill(future, -torch.inf)},
        "padding": {"key_padding_mask": hidden},
        "per head": {"attn_mask": per_head},
        "both": {"attn_mask": future, "key_padding_mask": hidden},
    }[masked]
    model = Around(module, lambda inner, x: inner(x, x, x, need_weights=weights, **arguments)[0])
    found, (seen,) = train(model, tmp_path, x)
    visible = {
        "causal": ~future,
        "additive": ~future,
        "padding": ~hidden[:, None, None],
        "per head": ~per_head.view(4, HEADS, 6, 6),
        "both": ~(future | hidden[:, None, None]),
    }.get(masked)
    logits = projected(heads_of(), seen, seen) + (bias.numpy() if masked == "additive" else 0)
    assert_attention(found["inner"], logits, visible)
    assert all(np.isnan(found["first"][name]) for name in NAMES)


def test_attention_equals_multihead_attentions_own_weights(tmp_path):
    module = heads_of()
    model = Around(module, lambda inner, x: inner(x, x, x, average_attn_weights=False)[0])
    found, (seen,) = train(model, tmp_path, torch.randn(5, 7, SIZE))
    before = heads_of()
    _, weights = before(seen, seen, seen, average_attn_weights=False)
    entropy = -(weights.double() * weights.double().log()).sum(-1) / np.log(7)
    assert found["inner"]["attention_entropy"] == pytest.approx(entropy.mean().item(), rel=1e-5)
    assert found["inner"]["attention_entropy_min"] == pytest.approx(entropy.mean((0, 2)).min().item(), rel=1e-5)


def test_attention_with_dropout_is_that_before_dropout(tmp_path):
    module = heads_of(dropout=0.5)
    model = Around(module, lambda inner, x: inner(x, x, x)[0])
    found, (seen,) = train(model, tmp_path, torch.randn(4, 6, SIZE))
    assert_attention(found["inner"], projected(heads_of(), seen, seen))


@pytest.mark.parametrize("weights", [True, False])
def test_attention_with_added_keys_counts_them(weights, tmp_path):
    module = heads_of(add_zero_attn=True)
    model = Around(module, lambda inner, x: inner(x, x, x, need_weights=weights)[0])
    found, (seen,) = train(model, tmp_path, torch.randn(2, 5, SIZE))
    logits = projected(heads_of(), seen, seen)
    assert_attention(found["inner"], np.concatenate([logits, np.zeros((*logits.shape[:3], 1))], 3))


@pytest.mark.parametrize("layout", ["sequence first", "unbatched", "cross"])
def test_attention_of_other_layouts_equals_float64(layout, tmp_path):
    module, x = heads_of(), torch.randn(4, 6, SIZE)
    if layout == "sequence first":
        module.batch_first = False
        model = Around(module, lambda inner, x: inner(*[x.transpose(0, 1)] * 3)[0])
    elif layout == "unbatched":
        model, x = Around(module, lambda inner, x: inner(x, x, x)[0]), x[0]
    else:
        model = Around(module, lambda inner, x: inner(x[:, :2], x[:, 2:], x[:, 2:], need_weights=False)[0])
    found, (seen,) = train(model, tmp_path, x)
    seen = seen if seen.dim() == 3 else seen[None]
    cross = layout == "cross"
    assert_attention(found["inner"], projected(heads_of(), *((seen[:, :2], seen[:, 2:]) if cross else (seen, seen))))


class Product(nn.Module):
    """A module without parameters of its own that calls ``scaled_dot_product_attention``."""

    def __init__(self, **settings):
        super().__init__()
        self.proj, self.settings = nn.Linear(SIZE, SIZE), settings

    def forward(self, x):
        q, k, v = (torch.sin(x.unflatten(2, (HEADS, -1)).transpose(1, 2) * (i + 1)) for i in range(3))
        if "groups" in self.settings:
            k, v = k[:, :1], v[:, :1]
        self.q, self.k = q.detach(), k.detach()
        settings = {name: value for name, value in self.settings.items() if name != "groups"}
        out = F.scaled_dot_product_attention(q, k, v, **settings)
        return self.proj(out.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("case", ["plain", "causal", "scale", "additive", "bool", "broadcast", "groups"])
def test_attention_of_dot_product_equals_float64(case, tmp_path):
    mask = torch.rand(5, 5) > 0.4
    mask[:, 0] = True
    bias = torch.randn(4, 1, 5, 5)
    settings = {
        "plain": {},
        "causal": {"is_causal": True},
        "scale": {"scale": 3.0},
        "additive": {"attn_mask": bias.masked_fill(~mask, torch.finfo(torch.float32).min)},
        "bool": {"attn_mask": mask},
        "broadcast": {"attn_mask": bias[:1]},
        "groups": {"groups": 1},
    }[case]
    model = Around(Product(**settings), lambda inner, x: inner(x))
    found, _ = train(model, tmp_path, torch.randn(4, 5, SIZE))
    q, k = model.inner.q.double(), model.inner.k.double()
    logits = (q @ k.transpose(2, 3)).numpy() * (3.0 if case == "scale" else (SIZE // HEADS) ** -0.5)
    logits = logits + {"additive": bias, "broadcast": bias[:1]}.get(case, torch.zeros(1)).numpy()
    visible = causal(5, 5) if case == "causal" else mask.numpy() if case in ("bool", "additive") else None
    assert_attention(found["inner"], logits, visible)
    assert found["inner"]["count"] == 4 * 5 * SIZE


class ByHand(nn.Module):
    """Attention that is written out, which returns its weights if asked."""

    def __init__(self, function, returned):
        super().__init__()
        self.q, self.k, self.function, self.returned = nn.Linear(SIZE, SIZE), nn.Linear(SIZE, SIZE), function, returned

    def forward(self, x):
        q, k = (f(x).unflatten(2, (HEADS, -1)).transpose(1, 2) for f in (self.q, self.k))
        self.logits = (q @ k.transpose(2, 3)).detach()
        weights = self.function(q @ k.transpose(2, 3))
        out = (weights @ x.unflatten(2, (HEADS, -1)).transpose(1, 2)).transpose(1, 2).flatten(2)
        return (out, weights) if self.returned else out


@pytest.mark.parametrize("returned", [True, False])
def test_attention_by_functional_softmax_equals_float64(returned, tmp_path):
    model = Around(ByHand(lambda x: F.softmax(x, dim=-1), returned), lambda inner, x: inner(x))
    found, _ = train(model, tmp_path, torch.randn(4, 5, SIZE))
    assert_attention(found["inner"], model.inner.logits)


def test_attention_of_returned_weights_has_no_logit(tmp_path):
    model = Around(ByHand(lambda x: x.softmax(-1), True), lambda inner, x: inner(x)[0])
    found, _ = train(model, tmp_path, torch.randn(4, 5, SIZE))
    truth = expected(model.inner.logits)
    for name in NAMES[:2]:
        assert found["inner"][name] == pytest.approx(truth[name], rel=1e-5)
    assert "attention_logit" not in found["inner"]


def test_attention_in_a_helper_has_a_row_of_its_module(tmp_path):
    def helper(x):
        return F.scaled_dot_product_attention(x, x, x)

    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.on = nn.Linear(SIZE, SIZE), True

        def forward(self, x):
            return self.linear(helper(x) if self.on else x)

    model = nn.Sequential(Hidden(), Hidden(), nn.Linear(SIZE, 1))
    model[1].on = False
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None, every=1) as monitor:
        for step in range(4):
            model[1].on = step > 1
            model(torch.randn(2, 5, SIZE)).sum().backward()
            monitor.step()
    run = Run(tmp_path)
    attends = [
        {name for name, row in run.statistics("activation", step).items() if row.get("attention_entropy", 0) > 0}
        for step in range(4)
    ]
    assert attends == [{"0"}, {"0"}, {"0"}, {"0", "1"}]


def test_attention_merges_micro_batches(tmp_path):
    model = Around(heads_of(), lambda inner, x: inner(x, x, x)[0])
    found, seen = train(model, tmp_path, torch.randn(3, 6, SIZE), torch.randn(3, 6, SIZE))
    both = torch.cat(seen)
    assert_attention(found["inner"], projected(heads_of(), both, both))


@pytest.mark.parametrize(("factor", "entropy"), [(1e4, 0), (0, 1)])
def test_attention_that_collapses_or_is_uniform_is_exact(factor, entropy, tmp_path):
    module = heads_of()
    with torch.no_grad():
        module.in_proj_weight.mul_(factor)
        module.in_proj_bias.mul_(factor)
    model = Around(module, lambda inner, x: inner(x, x, x)[0])
    found, _ = train(model, tmp_path, torch.randn(4, 6, SIZE))
    assert found["inner"]["attention_entropy"] == pytest.approx(entropy, abs=1e-6)


def test_attention_with_nan_is_nan(tmp_path):
    model = Around(heads_of(), lambda inner, x: inner(x, x, x)[0])
    x = torch.randn(4, 6, SIZE)
    x[2, 3, 1] = torch.nan
    found, _ = train(model, tmp_path, x)
    assert "attention_logit" not in found["inner"] or np.isnan(found["inner"]["attention_logit"])


def test_attention_of_a_long_sequence_is_near_the_whole(tmp_path):
    model = Around(heads_of(), lambda inner, x: inner(x, x, x, need_weights=False)[0])
    found, (seen,) = train(model, tmp_path, torch.randn(8, 200, SIZE))
    truth = expected(projected(heads_of(), seen, seen))
    assert found["inner"]["attention_entropy"] == pytest.approx(truth["attention_entropy"], rel=0.05)
    assert 0.5 * truth["attention_logit"] < found["inner"]["attention_logit"] <= 1.0001 * truth["attention_logit"]


def test_run_without_attention_and_samples_has_no_such_tags(tmp_path):
    model = nn.Sequential(nn.Linear(3, 2), nn.Sigmoid())
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None) as monitor:
        model(torch.randn(1, 3)).sum().backward()
        monitor.step()
    tags = Run(tmp_path).tensors
    assert not [tag for tag in tags if "attention" in tag or "gate" in tag or "batch_std" in tag]


def test_functions_of_torch_are_replaced_during_logged_passes_only(tmp_path):
    names = ("scaled_dot_product_attention", "multi_head_attention_forward", "softmax")
    originals = [getattr(F, name) for name in names]
    during = []

    def call(inner, x):
        during.append([getattr(F, name) is one for name, one in zip(names, originals, strict=True)])
        if len(during) == 5:
            raise RuntimeError("stopped")
        return inner(x, x, x)[0]

    model = Around(heads_of(), call)
    x = torch.randn(2, 3, SIZE)
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None, every=2) as monitor:
        for _ in range(2):
            model(x).sum().backward()
            assert [getattr(F, name) for name in names] == originals
            monitor.step()
        model.eval()
        model(x)
        model.train()
        with torch.no_grad():
            model(x)
        with pytest.raises(RuntimeError, match="stopped"):
            model(x)
        assert [getattr(F, name) for name in names] == originals
    assert during == [[False] * 3, [True] * 3, [True] * 3, [True] * 3, [False] * 3]


def test_functions_of_torch_come_back_after_an_interrupt(tmp_path):
    original = F.softmax

    def call(inner, x):
        raise KeyboardInterrupt

    model = Around(heads_of(), call)
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None), pytest.raises(KeyboardInterrupt):
        model(torch.randn(2, 3, SIZE))
    assert F.softmax is original
