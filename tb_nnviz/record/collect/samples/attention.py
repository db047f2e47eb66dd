"""Entropy and logits of attention, from a bounded number of queries."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from tb_nnviz.record.hooks.attention import Attention
from tb_nnviz.record.measure.refusal import real_numbers
from tb_nnviz.record.measure.spread import every

#: Logits that are computed per call of a layer.
MOST_LOGITS = 1 << 16
#: Samples and queries that are kept even if there are more logits.
LEAST_SAMPLES, LEAST_QUERIES = 4, 8
#: A number that a mask adds to a logit, at and below which the key counts as masked.
MASKED = -1e4


def measure_attention(attention: Attention) -> Tensor | None:
    """Return by head the sum of relative entropies, then the number of queries in it, and the largest absolute logit.

    The relative entropy of a query is that of its weights over the log of the number of its visible keys. Queries
    that see fewer than two keys have none. All queries are read if that makes at most ``MOST_LOGITS`` logits, and
    evenly spaced samples, queries and heads otherwise. The result is float32 [heads + 2], or None if the tensors have
    no numbers.
    """
    given = attention.query if attention.logits is None else attention.logits
    if given is None:
        return None
    with torch.autocast(given.device.type, enabled=False):
        found = _logits(attention)
        return None if found is None else _sums(*found)


def measure_weights(weights: Tensor) -> Tensor | None:
    """Return as ``measure_attention`` what is known of attention weights: no logit, which is NaN.

    Every sum is NaN if the tensor has no distributions over its last axis. A key counts as visible if any of the heads
    and samples that are read gives it a weight above 0.

    Args:
        weights: [samples, heads, queries, keys], or without heads.
    """
    x = real_numbers(weights)
    if x is None or x.dim() not in (3, 4) or 0 in x.shape:
        return None
    x = x if x.dim() == 4 else x.unsqueeze(1)
    samples, queries, heads = _sizes(x.shape)
    x = every(every(every(x, 0, samples), 2, queries), 1, heads).float()
    total = x.sum(-1, keepdim=True)
    # dropout of weights keeps the mean of the sums only
    valid = (x >= 0).all() & ((total.mean() - 1).abs() < 0.05)
    weights, visible = x / total, (x > 0).any(1, keepdim=True).any(0, keepdim=True)
    sums = _entropies(weights, visible)
    return torch.where(valid, torch.cat([sums, sums.new_full((1,), math.nan)]), math.nan)


def entropy(parts: list[np.ndarray]) -> tuple[float, float, float]:
    """Return the mean relative entropy, that of the lowest head, and the largest absolute logit of several passes.

    >>> entropy([np.array([1.0, 3.0, 4.0, 7.0]), np.array([3.0, 1.0, 4.0, 9.0])])
    (0.5, 0.5, 9.0)
    """
    parts = [part for part in parts if len(part) == len(parts[0])]
    queries, logit = sum(part[-2] for part in parts), max(part[-1] for part in parts)
    if np.isnan([part[-1] for part in parts]).any():
        logit = np.nan
    if not queries > 0:
        return math.nan, math.nan, float(logit)
    by_head = np.sum([part[:-2] for part in parts], 0) / queries
    return float(by_head.mean()), float(by_head.min()), float(logit)


def _sizes(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return how many samples, queries and heads of [samples, heads, queries, keys] are read."""
    samples, heads, queries, keys = shape
    kept = min(samples, max(MOST_LOGITS // (heads * queries * keys), LEAST_SAMPLES))
    asked = min(queries, max(MOST_LOGITS // (kept * heads * keys), LEAST_QUERIES))
    least = max(MOST_LOGITS // (kept * asked * keys), 1)
    if least < heads and kept > 1:  # very many keys
        kept = max(MOST_LOGITS // (heads * asked * keys), 1)
        least = max(MOST_LOGITS // (kept * asked * keys), 1)
    return kept, asked, min(heads, least)


def _logits(attention: Attention) -> tuple[Tensor, Tensor | None] | None:
    """Return logits [samples, heads, queries, keys], and where keys are visible, or None if all are."""
    if attention.logits is not None:
        x = real_numbers(attention.logits)
        if x is None or x.dim() != 4 or 0 in x.shape:
            return None
        samples, queries, heads = _sizes(x.shape)
        x = every(every(every(x, 0, samples), 2, queries), 1, heads).float()
        return x, ~(x <= MASKED / 2)  # a logit and the mask's number; NaN is visible
    if attention.query is None or attention.key is None:
        return None
    query, key = real_numbers(attention.query), real_numbers(attention.key)
    if query is None or key is None or query.dim() < 2 or 0 in query.shape or 0 in key.shape:
        return None
    return _products(query, key, attention)


def _products(query: Tensor, key: Tensor, attention: Attention) -> tuple[Tensor, Tensor | None]:
    """Return the logits of queries and keys, as ``_logits``."""
    whole = (*query.shape[:-1], key.shape[-2])
    query, key = _four(query), _four(key)
    shape = (*query.shape[:-1], key.shape[-2])
    samples, queries, heads = _sizes(shape)
    asked = torch.arange(shape[2], device=query.device)
    query = every(every(every(query, 0, samples), 2, queries), 1, heads)
    key = every(key.expand(shape[0], *key.shape[1:]), 0, samples)
    # grouped queries: consecutive heads share keys
    shared = torch.arange(shape[1], device=key.device).mul(key.shape[1]).div(shape[1], rounding_mode="floor")
    key = key if key.shape[1] == heads else key.index_select(1, every(shared, 0, heads))
    scale = query.shape[-1] ** -0.5 if attention.scale is None else attention.scale
    logits = query.float().mul(scale) @ key.float().transpose(-2, -1)
    visible: Tensor | None = None
    mask = attention.mask
    if mask is not None:
        mask = _four(mask.detach().expand(whole))
        mask = every(every(every(mask, 0, samples), 2, queries), 1, heads)
        if mask.dtype is torch.bool:
            visible = mask
        else:
            logits, visible = logits + mask.float(), ~(mask <= MASKED)
    if attention.is_causal:
        causal = torch.arange(shape[3], device=logits.device) <= every(asked, 0, queries)[:, None]
        visible = causal.expand(logits.shape) if visible is None else visible & causal
    return logits, visible


def _four(x: Tensor) -> Tensor:
    """Return a tensor as [samples, heads, rows, columns]. Three axes have a single head."""
    if x.dim() == 2:
        return x[None, None]
    return x[:, None] if x.dim() == 3 else x if x.dim() == 4 else x.flatten(0, -4)


def _sums(logits: Tensor, visible: Tensor | None) -> Tensor:
    magnitude = logits.abs()
    if visible is not None:
        magnitude = magnitude.masked_fill(~visible, 0)
        logits = logits.masked_fill(~visible, -math.inf)
    sums = _entropies(torch.softmax(logits, -1), visible)
    return torch.cat([sums, magnitude.amax().reshape(1)])


def _entropies(weights: Tensor, visible: Tensor | None) -> Tensor:
    """Return the sums of relative entropies by head, then the number of queries in each."""
    samples, heads, queries, keys = weights.shape
    entropies = torch.special.entr(weights).sum(-1)
    if visible is None:
        number = samples * queries if keys > 1 else 0
        sums = entropies.sum((0, 2)) / math.log(max(keys, 2))
        return torch.cat([sums, sums.new_full((1,), float(number))])
    count = visible.sum(-1).expand(entropies.shape)
    several = count > 1
    relative = torch.where(several, entropies / count.clamp(min=2).log(), 0.0)
    # heads see equally many queries, unless a mask differs between them
    return torch.cat([relative.sum((0, 2)), several.sum().float().reshape(1) / heads])
