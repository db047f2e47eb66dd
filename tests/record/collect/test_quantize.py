"""Quantization to one byte per value, by the fast and the general path, against float64 numpy."""

import numpy as np
import pytest
import torch

from tb_nnviz.record.collect.activation_maps import quantize as module
from tb_nnviz.record.collect.activation_maps.quantize import quantize

NAN, INF = float("nan"), float("inf")
CASES = {
    "one": [3.5],
    "equal": [-2.0, -2.0, -2.0],
    "zeros": [0.0, -0.0],
    "small range far from zero": [1e6, 1e6 + 0.25, 1e6 + 0.5],
    "float32's largest": [-3.4e38, 0.0, 3.4e38],
    "float32's smallest": [0.0, 1e-45, 7e-45],
    "a NaN": [1.0, NAN, 2.0],
    "infinities": [INF, 1.0, -INF, 5.0],
    "nothing finite": [NAN, INF],
    "one is finite": [NAN, 4.0],
    "many": np.random.default_rng(0).normal(size=1000).tolist(),
}


@pytest.mark.parametrize("general", [False, True], ids=["quick", "general"])
@pytest.mark.parametrize("case", CASES)
def test_quantize_restored_values_are_within_half_a_scale(case, general, monkeypatch):
    if general:
        monkeypatch.setattr(module, "_quantize_finite", lambda x: None)
    x = torch.tensor(CASES[case])
    codes, (offset, scale, nonfinite) = quantize(x)
    assert codes.dtype == torch.uint8 and codes.shape == x.shape
    values, finite = x.double().numpy(), x.isfinite().numpy()
    assert nonfinite == (~finite).sum() and np.isfinite([offset, scale]).all() and scale >= 0
    if nonfinite:
        assert ((codes == 255).numpy() == ~finite).all()
    back = float(offset) + float(scale) * codes.numpy().astype(np.float64)
    size = np.abs(values[finite]).max(initial=0)
    assert (np.abs(back - values)[finite] <= float(scale) / 2 + 1e-12 * size).all()
    if len(set(values[finite])) > 1:
        assert codes[torch.from_numpy(finite)].min() == 0
        assert codes[torch.from_numpy(finite)].max() == (254 if nonfinite else 255), "all codes are used"


def test_quantize_float64_beyond_float32_is_finite():
    x = torch.tensor([-1.7e308, 0.0, 1.7e308], dtype=torch.float64)
    codes, (offset, scale, _) = quantize(x)
    assert codes.tolist()[0] == 0 and codes.tolist()[1] in (127, 128) and codes.tolist()[2] == 255
    assert float(offset) == -1.7e308 and float(scale) == pytest.approx(1.7e308 / 127.5)
