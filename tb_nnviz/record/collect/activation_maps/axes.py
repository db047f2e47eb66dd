"""The meaning of the axes of a layer's output: sample, unit or position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules import activation

#: Axes whose indices are units. A unit keeps its index from step to step.
UNIT_AXES = ("channel", "feature", "unit", "head")

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

    @property
    def output_unit(self) -> int | None:
        """Axis of the output that the axis of units comes from."""
        source = self.source[self.unit]
        return source if source is None or self.fold is None else source - 1

    @property
    def is_attention(self) -> bool:
        """True for the axes of attention weights, whose units are heads."""
        return "head" in self.names


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
    units: int | None,
    samples: int,
    sequence_first: bool | None,
    before: Mapping[tuple[int, ...], Axes],
) -> Axes | None:
    """Return the axes of a layer's output, or None if it has no map (more than five axes, or none).

    Args:
        module: the layer.
        shape: shape of its output.
        units: the output's axis of units, or None if nothing determines it.
        samples: number of samples of the probe.
        sequence_first: whether its output is [token, sample, feature], or None if that is unknown.
        before: by shape, the axes of the latest output before this one. An elementwise module such as ReLU or
            dropout keeps the axes of its input.
    """
    dims = len(shape)
    over_last = isinstance(module, nn.Softmax) and module.dim in (-1, dims - 1)
    if over_last and (dims == 4 or (dims == 3 and shape[1] == shape[2])):  # another softmax may be over a vocabulary
        return attention_axes(shape)
    if units is not None and units < dims - 1:
        return _channels(dims, units)
    known = None if isinstance(module, _FEATURES) else before.get(shape)
    if known is not None and (units is None or known.is_attention or known.output_unit == units):
        return known
    if dims == 1:
        return Axes(("sample", "unit"), (0, None) if units is None else (None, 0))
    if dims == 2:
        return _rows(module, shape, samples)
    if dims == 3:
        swapped = sequence_first if sequence_first is not None else shape[0] != samples == shape[1]
        return Axes(("sample", "token", "feature"), (1, 0, 2) if swapped else (0, 1, 2))
    return _channels(dims, 1 if units is None else units)


def _channels(dims: int, units: int) -> Axes | None:
    """Return the axes of an output with channels, or None if it has no map."""
    names = _OF_CHANNELS.get(dims + (units == 0))
    if names is None:
        return None
    others = tuple(axis for axis in range(dims) if axis not in (0, units))
    return Axes(names, (None, 0, *others) if units == 0 else (0, units, *others))


def _rows(module: nn.Module, shape: tuple[int, ...], samples: int) -> Axes:
    """Return the axes of a matrix: samples by units, tokens of all samples by features, or tokens without a sample."""
    rows = shape[0]
    if rows == samples or rows < 2:
        return plain(("sample", "unit"))
    if rows % samples == 0 and not isinstance(module, nn.Embedding):
        return Axes(("sample", "token", "feature"), (0, 1, 2), fold=rows // samples)
    return Axes(("sample", "token", "feature"), (None, 0, 1))


def reads_sequence_first(module: nn.Module) -> bool | None:
    """Return whether a module declares that tokens precede samples, or None if it declares no order."""
    for declaring in (module, getattr(module, "self_attn", None)):
        batch_first = getattr(declaring, "batch_first", None)
        if isinstance(batch_first, bool):
            return not batch_first
    return None
