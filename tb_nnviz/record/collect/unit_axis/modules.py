"""The axis of units as a module's type determines it."""

from __future__ import annotations

import re

from torch import nn
from torch.nn.modules import activation, batchnorm, dropout

from tb_nnviz.record.collect.unit_axis.moves import Shape

_AT_ONE = (batchnorm._BatchNorm, nn.GroupNorm, nn.LocalResponseNorm, nn.Upsample, nn.ChannelShuffle)
_IMAGES = (nn.PixelShuffle, nn.PixelUnshuffle, nn.Fold)
_FEATURES = (nn.Linear, nn.Bilinear, nn.Embedding, nn.EmbeddingBag, nn.RNNBase, nn.RNNCellBase)
_LAST = (*_FEATURES, activation.MultiheadAttention)


def declared_units(module: nn.Module, shape: Shape) -> int | None:
    """Return the axis of units of an output if the module takes no other layout.

    >>> declared_units(nn.Conv2d(3, 8, 3), (8, 14, 14)), declared_units(nn.Linear(3, 8), (2, 5, 8))
    (0, 2)
    >>> declared_units(nn.ReLU(), (2, 5, 8))
    """
    if isinstance(module, _LAST):
        return len(shape) - 1 if shape else None
    if isinstance(module, _AT_ONE):
        return 1 if len(shape) > 1 else None
    places = None if isinstance(module, dropout._DropoutNd) else _places(module)
    axis = None if places is None else len(shape) - 1 - places
    if axis is None or axis < 0:
        return None
    channels = getattr(module, "out_channels", None)
    if isinstance(channels, int) and shape[axis] != channels:  # a subclass that returns another layout
        return len(shape) - 1 if shape[-1] == channels else None
    return axis


def normalized_units(module: nn.Module, shape: Shape) -> int | None:
    """Return the last axis if the module normalizes it alone, which are then usually units.

    >>> normalized_units(nn.LayerNorm(8), (2, 5, 5, 8)), normalized_units(nn.LayerNorm([8, 5]), (2, 8, 5))
    (3, None)
    """
    normalized = getattr(module, "normalized_shape", None)
    return len(shape) - 1 if isinstance(normalized, tuple) and len(normalized) == 1 else None


def usual_units(module: nn.Module, shape: Shape) -> int | None:
    """Return the axis of units of an output in the usual layout of a module that takes several.

    >>> usual_units(nn.Dropout2d(), (2, 8, 5, 5))
    1
    """
    if isinstance(module, nn.Unflatten) and isinstance(module.dim, int):
        return module.dim % len(shape) if len(shape) > 3 else None
    places = _places(module)
    return len(shape) - 1 - places if places is not None and places < len(shape) else None


def _places(module: nn.Module) -> int | None:
    """Return the number of axes behind the channels, such as 2 for images."""
    if isinstance(module, _IMAGES):
        return 2
    kernel = getattr(module, "kernel_size", None)
    if isinstance(kernel, tuple) and isinstance(getattr(module, "out_channels", None), int):
        return len(kernel)  # a convolution, also a quantized one
    for base in type(module).__mro__:  # a pooling, a padding or an instance norm
        if base.__module__.startswith("torch.nn.modules.") and (match := re.search(r"(\d)d$", base.__name__)):
            return int(match[1])
    return None
