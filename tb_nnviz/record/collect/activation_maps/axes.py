"""The meaning of the axes of a layer's output: sample, unit or position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules import activation, batchnorm, conv, dropout, instancenorm, padding, pooling, upsampling

#: Axes whose indices are units. A unit keeps its index from step to step.
UNIT_AXES = ("channel", "feature", "unit", "head")

_CHANNELS = (
    conv._ConvNd,
    batchnorm._BatchNorm,
    instancenorm._InstanceNorm,
    nn.GroupNorm,
    nn.LocalResponseNorm,
    pooling._MaxPoolNd,
    pooling._AvgPoolNd,
    pooling._AdaptiveMaxPoolNd,
    pooling._AdaptiveAvgPoolNd,
    pooling._LPPoolNd,
    padding._ConstantPadNd,
    padding._ReflectionPadNd,
    padding._ReplicationPadNd,
    upsampling.Upsample,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    nn.Softmax2d,
    dropout.Dropout1d,
    dropout.Dropout2d,
    dropout.Dropout3d,
)
_FEATURES = (nn.Linear, nn.Bilinear, nn.Embedding, nn.EmbeddingBag, nn.RNNBase, activation.MultiheadAttention)

_OF_CHANNELS = {
    3: ("sample", "channel", "length"),
    4: ("sample", "channel", "height", "width"),
    5: ("sample", "channel", "depth", "height", "width"),
}


@dataclass(frozen=True)
class Axes:
    """The axes of a map, and the axis of the output that each comes from.

    Args:
        names: names of the map's axes. Only one slice along "depth" is kept.
        source: for each name, the axis of the output, or None for a new axis of size 1.
        fold: rows per sample, if the first axis of the output contains the rows of all samples. It is split first.
    """

    names: tuple[str, ...]
    source: tuple[int | None, ...]
    fold: int | None = None

    def arrange(self, x: Tensor) -> Tensor:
        """Return the output in the order of ``names``, as a view if possible."""
        if self.fold is not None:
            x = x.reshape(-1, self.fold, *x.shape[1:])
        x = x.permute([axis for axis in self.source if axis is not None])
        for i, axis in enumerate(self.source):
            if axis is None:
                x = x.unsqueeze(i)
        return x

    @property
    def unit(self) -> int:
        """Index of the axis of units."""
        return next(i for i, name in enumerate(self.names) if name in UNIT_AXES)


def plain(names: tuple[str, ...]) -> Axes:
    """Return axes of these names in the order of the output."""
    return Axes(names, tuple(range(len(names))))


ATTENTION = plain(("sample", "head", "query", "key"))
#: Attention weights averaged over heads, or of a single head.
MEAN_ATTENTION = Axes(("sample", "head", "query", "key"), (0, None, 1, 2))


def attention_axes(shape: tuple[int, ...]) -> Axes | None:
    """Return the axes of attention weights: [sample, head, query, key], or the same without heads."""
    return {3: MEAN_ATTENTION, 4: ATTENTION}.get(len(shape))


def output_axes(
    module: nn.Module,
    shape: tuple[int, ...],
    samples: int,
    sequence_first: bool | None,
    before: Mapping[tuple[int, ...], Axes],
) -> Axes | None:
    """Return the axes of a layer's output, or None if it has no map (more than five axes, or none).

    Args:
        module: the layer.
        shape: shape of its output.
        samples: number of samples of the probe.
        sequence_first: whether its output is [token, sample, feature], or None if that is unknown.
        before: by shape, the axes of the latest output before this one. An elementwise module such as ReLU or
            dropout keeps the axes of its input.
    """
    dims = len(shape)
    over_last = isinstance(module, nn.Softmax) and module.dim in (-1, dims - 1)
    if over_last and (dims == 4 or (dims == 3 and shape[1] == shape[2])):  # another softmax may be over a vocabulary
        return attention_axes(shape)
    if dims >= 3 and isinstance(module, _CHANNELS):
        return plain(_OF_CHANNELS[dims]) if dims in _OF_CHANNELS else None
    if not isinstance(module, _FEATURES) and (known := before.get(shape)) is not None:
        return known
    if dims == 1:
        return Axes(("sample", "unit"), (0, None))
    if dims == 2:
        return _rows(module, shape, samples)
    if dims == 3:
        swapped = sequence_first if sequence_first is not None else shape[0] != samples == shape[1]
        return Axes(("sample", "token", "feature"), (1, 0, 2) if swapped else (0, 1, 2))
    if dims == 4 and _units_last(module, shape):
        return Axes(_OF_CHANNELS[4], (0, 3, 1, 2))
    return plain(_OF_CHANNELS[dims]) if dims in _OF_CHANNELS else None


def _rows(module: nn.Module, shape: tuple[int, ...], samples: int) -> Axes:
    """Return the axes of a matrix: samples by units, tokens of all samples by features, or tokens without a sample."""
    rows = shape[0]
    if rows == samples or rows < 2:
        return plain(("sample", "unit"))
    if rows % samples == 0 and not isinstance(module, nn.Embedding):
        return Axes(("sample", "token", "feature"), (0, 1, 2), fold=rows // samples)
    return Axes(("sample", "token", "feature"), (None, 0, 1))


def _units_last(module: nn.Module, shape: tuple[int, ...]) -> bool:
    if isinstance(module, _FEATURES):
        return True
    normalized = getattr(module, "normalized_shape", None)
    return isinstance(normalized, tuple) and normalized[-1:] == shape[-1:] and shape[1:2] != normalized[:1]


def reads_sequence_first(module: nn.Module) -> bool | None:
    """Return whether a module declares that tokens precede samples, or None if it declares no order."""
    for declaring in (module, getattr(module, "self_attn", None)):
        batch_first = getattr(declaring, "batch_first", None)
        if isinstance(batch_first, bool):
            return not batch_first
    return None
