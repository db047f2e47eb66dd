"""The probe itself as a map, to be shown beside the activation maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from tb_nnviz.record.collect.activation_maps import layer_map
from tb_nnviz.record.collect.activation_maps.axes import Axes, plain
from tb_nnviz.record.collect.activation_maps.labels import Labels
from tb_nnviz.record.collect.activation_maps.layer_map import Plan
from tb_nnviz.record.collect.activation_maps.plan import is_mappable
from tb_nnviz.record.collect.activation_maps.sizes import MOST_BYTES, MOST_SAMPLES, fit
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy

#: Makes the payload of a tag from the values that have arrived on the host.
Payload = Callable[[HostArrays], np.ndarray]

_NAMES = {2: ("sample", "unit"), 3: ("sample", "token", "feature"), 4: ("sample", "channel", "height", "width")}


def input_payload(x: Tensor, plans: Sequence[Plan], labels: Labels | None, copy: HostCopy) -> Payload | None:
    """Return the function that makes the payload of a probe's first tensor, or None if it cannot be shown as a map.

    Args:
        x: the probe's first tensor.
        plans: plans of its model's maps, in order of execution. The input keeps as many samples as these.
        labels: labels of its samples or tokens.
        copy: takes the tensor to the host.
    """
    samples = max((plan.kept["sample"] for plan in plans), default=MOST_SAMPLES)
    swapped = any(plan.axes.source[:2] == (1, 0) for plan in plans)
    if not (x.is_floating_point() or x.is_complex()):
        if x.dim() == 2:
            return _tokens(x.t() if swapped else x, samples, labels)
        x = x.float()  # for example images as integers
    axes = _axes(x, plans, swapped)
    if axes is None or not is_mappable(x):
        return None
    sizes = layer_map.sizes_of(tuple(x.shape), axes)
    cut = {name: size for name, size in sizes.items() if name != "depth"} | {"sample": min(sizes["sample"], samples)}
    kept = fit(cut, MOST_BYTES)
    if kept is None:
        return None
    plan = Plan(tuple(x.shape), axes, sizes, kept)
    codes, numbers = (copy.add(part.reshape(-1)) for part in layer_map.take(x, plan))
    more = _labels(labels, kept["sample"], kept.get("token"))
    return lambda arrays: layer_map.encode(plan, arrays(codes), arrays(numbers), **more)


def _axes(x: Tensor, plans: Sequence[Plan], swapped: bool) -> Axes | None:
    """Return the axes of the first layer output with as many dimensions, or else the usual ones of inputs."""
    if swapped and x.dim() == 3:
        return Axes(_NAMES[3], (1, 0, 2))
    for plan in plans:
        if len(plan.shape) == x.dim() and plan.axes.fold is None and plan.axes.names[0:1] == ("sample",):
            unbatched = plan.axes.source[0] is None and "channel" in plan.axes.names
            if not plan.axes.is_attention and (unbatched or None not in plan.axes.source):
                return plan.axes
            break
    return plain(_NAMES[x.dim()]) if x.dim() in _NAMES else None


def _tokens(x: Tensor, samples: int, labels: Labels | None) -> Payload | None:
    """Return the function that makes the payload of token ids, [sample, token]."""
    if not x.numel() or x.is_meta:
        return None
    sizes = dict(zip(("sample", "token"), x.shape, strict=True))
    # Ids that do not fit into a byte are listed in the header, with a few digits each.
    kept = x[:samples, : MOST_BYTES // (8 * max(1, min(samples, len(x))))].cpu().numpy().astype(np.int64)
    return lambda arrays: layer_map.encode_tokens(kept, sizes, **_labels(labels, *kept.shape))


def _labels(labels: Labels | None, samples: int, tokens: int | None) -> dict[str, Any]:
    """Return the labels of the samples and tokens that are kept, as keys of the header."""
    if labels is None:
        return {}
    return {"labels": [label if isinstance(label, str) else list(label[:tokens]) for label in labels[:samples]]}
