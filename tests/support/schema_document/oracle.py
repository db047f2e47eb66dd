"""Oracles of unit statistics and weight maps, written from docs/schema.md in float64 numpy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.schema_document.reader import Map
from tests.support.schema_document.training import array


def assert_units(found: dict[str, float], x: np.ndarray, row: dict[str, Any]) -> None:
    units = np.moveaxis(x, row["unit_axis"], 0).reshape(x.shape[row["unit_axis"]], -1)
    rms = np.sqrt(np.mean(units**2, 1))
    bounds = {"Tanh": (-1, 1), "Softmax": (0, 1)}.get(row["type"])
    near = np.nan if bounds is None else np.mean([any(abs(v - b) <= 0.01 for b in bounds) for v in x.ravel()])
    expected = {
        "dead_fraction": np.mean((units == 0).all(1)),
        "nonpositive_unit_fraction": np.mean((units <= 0).all(1)),
        "saturated_fraction": near,
        "outlier_ratio": rms.max() / np.median(rms) if np.median(rms) > 0 else np.nan,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-7, err_msg=f"{name} of {row['name']}")


def outputs(model: nn.Module, x: torch.Tensor) -> dict[str, np.ndarray]:
    """Return the output of every module call in evaluation, by the row's name."""
    found: dict[str, np.ndarray] = {}
    calls: dict[str, int] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, output: torch.Tensor) -> None:
            call = calls[name] = calls.get(name, -1) + 1
            found[f"{name}#{call}" if call else name] = array(output)

        return hook

    for name, module in model.named_modules():
        module.register_forward_hook(keep(name))
    with torch.no_grad():
        model.eval()(x)
    return found


def assert_weight_map(found: Map, weight: np.ndarray) -> None:
    header, codes = found
    cut, axes = header["downsampled"] or {}, header["axes"]
    assert header["tensor"] == {"shape": list(weight.shape), "dtype": "float32"}
    others = [tuple(range(1, weight.ndim)), (0, *range(2, weight.ndim))]
    norms = {axis: np.sqrt((weight**2).sum(other)) for axis, other in zip(axes[-weight.ndim :], others, strict=False)}
    if axes[0] == "reduction":
        sides = [math.ceil(cut[axis][0] / cut[axis][1]) if axis in cut else 1 for axis in ("row", "column")]
        tiles = [
            [weight[i : i + sides[0], j : j + sides[1]] for j in range(0, weight.shape[1], sides[1])]
            for i in range(0, weight.shape[0], sides[0])
        ]
        whole = np.array([[[how(tile) for tile in line] for line in tiles] for how in (np.mean, np.min, np.max)])
        expected = {}
        for axis, side in zip(("row", "column"), sides, strict=True):
            parts = [norms[axis][i : i + side] for i in range(0, len(norms[axis]), side)]
            expected[axis] = {"min": [p.min() for p in parts], "max": [p.max() for p in parts]}
            if side == 1:
                del expected[axis]["min"]
    else:
        whole, order = weight, header["unit_order"] or {}
        assert set(order) == set(cut)
        expected = {axis: {"max": norm[order.get(axis, slice(None))].tolist()} for axis, norm in norms.items()}
        for axis, kept in order.items():
            assert kept == [i * cut[axis][0] // cut[axis][1] for i in range(cut[axis][1])]
            whole = whole.take(kept, axes.index(axis))
    for axis, by_end in expected.items():
        assert header["norms"][axis] == {end: pytest.approx(list(v), rel=6e-4) for end, v in by_end.items()}
    assert codes.shape == whole.shape
    error = np.abs(found.values - whole)
    assert (error <= header["scale"] * np.where(np.isin(codes, (126, 128)), 1, 0.5) + 1e-7).all()
    assert ((codes == header["zero"]) == (whole == 0)).all()
    least = np.abs(whole).max() / 127
    ladder = [q * 2.0**e for e in range(-40, 10) for q in (1, 1.25, 1.5, 1.75)]
    assert header["scale"] == next(step for step in ladder if step >= least * (1 - 1e-6))
