"""Colours of heat maps, as on the page."""

from __future__ import annotations

import numpy as np

#: Viridis at nine even positions, from small to large.
_VIRIDIS = (0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725)
_ZERO, _NONFINITE = (150, 153, 160, 255), (200, 30, 160, 255)


def colour(values: np.ndarray, absent: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the colours of magnitudes on a logarithmic scale: uint8 [..., 4].

    A zero is grey, a NaN or Inf is pink, and an absent value is transparent.

    Args:
        values: the values [...].
        absent: bool [...].
        low, high: the magnitudes at the ends of the scale.
    """
    stops = np.array([[code >> 16, code >> 8 & 255, code & 255] for code in _VIRIDIS], np.float64)
    magnitude = np.abs(values)
    regular = np.isfinite(values) & (magnitude > 0)
    place = np.log(np.where(regular, magnitude, low) / low) / max(np.log(high / low), 1e-9)
    place = np.clip(place, 0, 1) * (len(stops) - 1)
    result = np.full((*values.shape, 4), 255, np.uint8)
    for channel in range(3):
        result[..., channel] = np.round(np.interp(place, np.arange(len(stops)), stops[:, channel]))
    result[np.isfinite(values) & (magnitude == 0)] = _ZERO
    result[~np.isfinite(values)] = _NONFINITE
    result[absent] = 0
    return result
