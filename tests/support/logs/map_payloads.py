"""Maps for synthetic logs, quantized as docs/schema.md says, without code of ``tb_nnviz.record``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_nnviz import schema

#: Axes that consist of units.
UNIT_AXES = ("channel", "feature", "head", "unit")


def encode(values: np.ndarray, axes: list[str], **more: Any) -> np.ndarray:
    """Encode float values as a payload. NaN and Inf have the code 255. Units that have any get no statistics."""
    finite = np.isfinite(values)
    bad = int((~finite).sum())
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 0.0)
    most = 254 if bad else 255
    scale = (high - low) / most or 1.0
    codes = np.rint((np.where(finite, values, low) - low) / scale).astype(np.uint8)
    codes[~finite] = schema.NONFINITE_CODE
    header: dict[str, Any] = {
        "shape": list(values.shape),
        "axes": axes,
        "scale": scale,
        "offset": low,
        "downsampled": None,
        "unit_order": None,
        "nonfinite": bad,
        "mode": "eval",
    }
    unit = next((axes.index(axis) for axis in UNIT_AXES if axis in axes), None)
    if unit is not None:
        flat = np.moveaxis(values, unit, 0).reshape(values.shape[unit], -1)
        whole = np.isfinite(flat).all(axis=1)
        header["units"] = {
            name: [float(value) if ok else None for value, ok in zip(getattr(flat, name)(axis=1), whole, strict=True)]
            for name in ("min", "max", "mean")
        }
    return schema.encode_map({**header, **more}, codes)


def entry(tag: str, values: np.ndarray, axes: list[str], **more: Any) -> schema.Entry:
    """Return a map as a writer writes it."""
    return schema.Entry(tag, encode(values, axes, **more), schema.PLUGIN_MAPS)


def decode(payload: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    """Return the header and the dequantized values, NaN for a value that is not finite."""
    header, codes = schema.decode_map(payload)
    values = header["offset"] + header["scale"] * codes.astype(np.float64)
    if header.get("nonfinite"):
        values[codes == schema.NONFINITE_CODE] = np.nan
    return header, values
