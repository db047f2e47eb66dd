"""Oracle of attention's statistics in float64 numpy, written from docs/schema.md without code of the package."""

import numpy as np
import torch


def expected(logits, visible=None):
    """Return the entropy, that of the lowest head, and the largest logit.

    Args:
        logits: [samples, heads, queries, keys].
        visible: bool, broadcasts to the logits. None if all keys are visible.
    """
    x = np.asarray(logits, np.float64)
    seen = np.broadcast_to(True if visible is None else np.asarray(visible), x.shape)
    by_head = [[] for _ in range(x.shape[1])]
    for sample, head, query in np.ndindex(*x.shape[:3]):
        row = x[sample, head, query][seen[sample, head, query]]
        if row.size > 1:
            weights = np.exp(row - row.max())
            weights /= weights.sum()
            inner = weights[weights > 0]
            by_head[head].append(-(inner * np.log(inner)).sum() / np.log(row.size))
    means = [np.mean(one) for one in by_head]
    return {
        "attention_entropy": np.mean(means),
        "attention_entropy_min": np.min(means),
        "attention_logit": np.abs(x[seen]).max(),
    }


def projected(module, query, key):
    """Return the logits of an ``nn.MultiheadAttention`` without masks, [samples, heads, queries, keys].

    Args:
        module: with packed projections.
        query: [samples, queries, size].
        key: [samples, keys, size].
    """
    size, heads = module.embed_dim, module.num_heads
    weight, bias = module.in_proj_weight.detach().double(), module.in_proj_bias.detach().double()
    q = query.double() @ weight[:size].T + bias[:size]
    k = key.double() @ weight[size : 2 * size].T + bias[size : 2 * size]
    q, k = (x.unflatten(2, (heads, size // heads)).transpose(1, 2) for x in (q, k))
    return (q @ k.transpose(2, 3) / np.sqrt(size // heads)).numpy()


def assert_attention(found, logits, visible=None, tolerance=1e-5):
    """Compare a row's statistics with those of logits."""
    for name, truth in expected(logits, visible).items():
        assert abs(found[name] - truth) <= tolerance * max(1, abs(truth)), (name, found[name], truth)


def causal(queries, keys):
    """Return the keys that each query sees."""
    return torch.ones(queries, keys).tril().bool().numpy()
