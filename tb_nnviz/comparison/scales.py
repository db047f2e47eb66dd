"""Scales on which the values of a statistic are compared, so that equal differences mean equal changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Values below this share of the usual one are compared as if they had it, so that 0 has a logarithm.
LEAST = 1e-6
#: Statistics that are shares from 0 to 1.
_SHARES = ("fraction", "share", "entropy", "entropy_min")
#: Statistics that may be negative.
_SIGNED = ("mean", "min", "max")
#: Statistics that are near 0 by chance: a median over units, and a distance from 1.
_UNSTEADY = ("outlier_ratio", "sum_deviation")
#: Statistics that count elements.
_COUNTS = ("nonfinite",)


@dataclass(frozen=True)
class Scale:
    """A scale of values.

    Attributes:
        name: ``ratio`` (natural logarithm), ``share`` (angle whose sine's square is the value), ``signed`` (area
            hyperbolic sine of the value in units of the row's usual size) or ``number`` (logarithm of the value + 1).
        least: differences below this on the scale are not told from 0.
    """

    name: str
    least: float


RATIO, SHARE = Scale("ratio", 0.004), Scale("share", 0.1)
SIGNED, NUMBER = Scale("signed", 0.01), Scale("number", 0.05)
_UNSTEADY_RATIO = Scale("ratio", 0.3)


def scale_of(statistic: str, values: Sequence[np.ndarray] = ()) -> Scale:
    """Return the scale of a statistic. An unknown one is signed if it has negative values.

    >>> scale_of("rms").name, scale_of("zero_fraction").name, scale_of("mean").name
    ('ratio', 'share', 'signed')
    """
    name = statistic.removesuffix("~")
    if name in _COUNTS:
        return NUMBER
    if name in _UNSTEADY:
        return _UNSTEADY_RATIO
    if name in _SIGNED:
        return SIGNED
    if name.endswith(_SHARES):
        return SHARE
    return SIGNED if any(bool((one < 0).any()) for one in values) else RATIO


def on_scale(
    scale: Scale,
    values: Sequence[np.ndarray],
    reference: slice = slice(None),
    sizes: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Return the values of several runs on a scale: float32 [n, rows] each. A nonfinite value is NaN.

    Args:
        scale: the scale.
        values: one array [n, rows] per run.
        reference: the runs that tell the usual size of each row.
        sizes: of a signed statistic, values with its unit that tell the size of the row, such as ``rms``.
    """
    finite = [np.where(np.isfinite(one), one, np.float32(np.nan)) for one in values]
    if scale is SHARE:
        return [2 * np.arcsin(np.sqrt(np.clip(one, 0, 1))) for one in finite]
    if scale is NUMBER:
        return [np.log1p(np.maximum(one, 0)) for one in finite]
    like = finite if sizes is None else [np.where(np.isfinite(one), one, np.float32(np.nan)) for one in sizes]
    usual = _usual(like[reference])
    usual = np.where(usual > 0, usual, _usual(like))
    usual = np.where(usual > 0, usual, 1.0).astype(np.float32)
    if scale is SIGNED:
        return [np.arcsinh(one / usual) for one in finite]
    return [np.log(np.maximum(one, np.float32(LEAST) * usual)) for one in finite]


def _usual(values: Sequence[np.ndarray]) -> np.ndarray:
    """Return the median size of each row, 0 if all its values are 0 or missing: float64 [rows]."""
    sizes = np.abs(np.concatenate([one[:: max(1, len(one) // 64)] for one in values]))
    sizes = np.where(sizes > 0, sizes, np.nan)
    found = np.zeros(sizes.shape[1])
    known = ~np.isnan(sizes).all(0)
    found[known] = np.nanmedian(sizes[:, known], axis=0)
    return found
