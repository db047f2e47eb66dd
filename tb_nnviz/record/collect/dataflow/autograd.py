"""Nodes of autograd's graph: their operators, outputs and connections."""

from __future__ import annotations

import re
from typing import Any

import torch

#: Most nodes that are searched for another model's output.
_NEAR = 64
_ALIASES = {
    "bmm": "matmul",
    "mm": "matmul",
    "baddbmm": "matmul",
    "addmm": "linear",
    "native_dropout": "dropout",
    "native_layer_norm": "layer_norm",
    "native_batch_norm": "batch_norm",
    "cudnn_batch_norm": "batch_norm",
    "mkldnn_convolution": "convolution",
    "safe_softmax": "softmax",
}


def leads_to(node: Any, wanted: Any) -> bool:
    """Return True if ``wanted`` is reached from ``node`` within a few operators."""
    if node is None or wanted is None:
        return False
    seen, waiting = {node: None}, [node]
    while waiting and len(seen) < _NEAR:
        if (found := waiting.pop(0)) is wanted:
            return True
        new = [other for other, _ in found.next_functions if other is not None and other not in seen]
        seen |= dict.fromkeys(new)
        waiting += new
    return False


def operator_name(name: str) -> str:
    """Return the user's name of the operator that a node belongs to.

    >>> [operator_name(name) for name in ("AddBackward0", "MaxPool2DWithIndicesBackward0", "BmmBackward0")]
    ['add', 'max_pool2d', 'matmul']
    >>> operator_name("ScaledDotProductFlashAttentionForCpuBackward0"), operator_name("MyFunctionBackward")
    ('attention', 'MyFunction')
    """
    name = name.rpartition("::")[2]
    match = re.fullmatch(r"(.+?)Backward(\d+)", name)
    if match is None:
        return "copy_slices" if name == "CopySlices" else name.removesuffix("Backward") or name
    if "Attention" in match[1]:
        return "attention"
    text = re.sub(r"(\d)D(?![a-z])", r"\1d", match[1])
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower().strip("_")
    text = text.removesuffix("_with_indices")
    return _ALIASES.get(text, text)


def output_of(node: Any, number: int = 0) -> tuple[Any, torch.dtype] | None:
    """Return shape and dtype of a node's output, or None if torch does not expose them."""
    metadata = getattr(node, "_input_metadata", None)
    if not metadata or metadata[number].is_nested_tensor:
        return None
    return metadata[number].shape, metadata[number].dtype


def shape_at(node: Any, number: int = 0) -> tuple[int, ...] | None:
    """Return the shape of a node's output, or None if it is unknown."""
    output = output_of(node, number)
    return None if output is None else tuple(int(size) for size in output[0])


def next_sequence_number() -> int | None:
    """Return the number that the next node will have, or None if this version of torch does not expose it."""
    number = getattr(torch._C._autograd, "_get_sequence_nr", None)
    return None if number is None else int(number())
