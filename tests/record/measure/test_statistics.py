import numpy as np
import pytest
import torch

from tb_nnviz.record.measure.stats import SATURATION, finish, measure, merge_units, unit_fractions
from tests.support import oracle
from tests.support.backends import backend  # noqa: F401

pytestmark = pytest.mark.usefixtures("backend")

SIZES = (1, 7, 8, 9, 1023, 4097, 5000, 65537, 200_003, 1 << 20)
SHAPES = {
    "normal": lambda x: x,
    "tiny": lambda x: x * 1e-30,
    "huge": lambda x: x * 1e30,
    "denormal": lambda x: x * 1e-41,
    "far from zero": lambda x: 1 + x * 1e-4,
    "rectified": lambda x: torch.relu(x),
    "constant": lambda x: torch.full_like(x, 3.3),
    "zero": lambda x: torch.zeros_like(x),
    "sorted": lambda x: x.sort().values,
    "shifted": lambda x: x + 5,
    "an outlier": lambda x: torch.cat([x[:-1] * 1e-3 + 1, x.new_full((1,), -30.0)]),
    "one of many": lambda x: torch.cat([x[:1] * 1e-11, torch.zeros_like(x[1:])]),
}


def finished(*tensors, **options):
    parts = [measure(tensor, **options) for tensor in tensors]
    values = np.stack([part.values.numpy() for part in parts])
    return {name: value[0] for name, value in finish(1, [0] * len(parts), [p.numel for p in parts], values).items()}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_finish_any_distribution_equals_float64(size, shape):
    x = SHAPES[shape](torch.randn(size, generator=torch.Generator().manual_seed(size)))
    oracle.assert_statistics(finished(x), x)


@pytest.mark.parametrize("size", [50, 100_000])
@pytest.mark.parametrize("values", [[np.nan], [np.inf], [-np.inf], [np.inf, -np.inf], [np.nan, np.inf, 0.0]])
def test_finish_nonfinite_elements_are_counted_and_propagate(size, values):
    x = torch.randn(size, generator=torch.Generator().manual_seed(0))
    x[3 : 3 + len(values)] = torch.tensor(values)
    oracle.assert_statistics(finished(x), x)


def test_measure_as_on_other_devices_equals_cpu(monkeypatch):
    # elsewhere it is not known without waiting whether all is finite: everything is computed
    x = torch.relu(torch.randn(70_000, generator=torch.Generator().manual_seed(0)))
    expected = finished(x)
    monkeypatch.setattr("tb_nnviz.record.measure.torch_ops._known_absmax", lambda low, high: None)
    assert finished(x) == pytest.approx(expected, nan_ok=True, rel=1e-7)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("size", [100, 70_000])
def test_finish_other_dtypes_equals_float64(dtype, size):
    x = torch.randn(size, generator=torch.Generator().manual_seed(1)).to(dtype)
    oracle.assert_statistics(finished(x), x.double())


def test_finish_complex_equals_its_real_view():
    x = torch.randn(3, 5, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))
    oracle.assert_statistics(finished(x), torch.view_as_real(x))


def test_finish_sparse_includes_its_zeros():
    x = torch.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse()
    oracle.assert_statistics(finished(x), x.to_dense())


@pytest.mark.parametrize("view", [lambda x: x.t(), lambda x: x[::3], lambda x: x.expand(5, *x.shape)])
def test_finish_any_strides_equals_float64(view):
    x = view(torch.randn(300, 200, generator=torch.Generator().manual_seed(2)))
    oracle.assert_statistics(finished(x), x)


def test_finish_channels_last_equals_float64():
    x = torch.randn(8, 16, 20, 20, generator=torch.Generator().manual_seed(3)).to(memory_format=torch.channels_last)
    oracle.assert_statistics(finished(x, unit_axis=1), x)


@pytest.mark.parametrize("x", [torch.empty(0, 3), torch.tensor([1, 2]), torch.tensor([True])])
def test_measure_empty_or_integer_tensor_is_none(x):
    assert measure(x) is None


def test_finish_several_parts_equals_one_tensor():
    generator = torch.Generator().manual_seed(4)
    parts = [
        torch.randn(n, generator=generator) * s + m for n, s, m in ((50_000, 1e-3, 5), (10, 30, -2), (40_000, 1, 0))
    ]
    oracle.assert_statistics(finished(*parts), torch.cat(parts))


def test_finish_row_without_parts_is_absent():
    part = measure(torch.ones(2))
    found = finish(3, [1], [part.numel], part.values[None].numpy())
    assert found["count"].tolist() == [0, 2, 0]
    assert all(np.isnan(found[name][[0, 2]]).all() for name in found if name != "count")


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("shape", [(4, 3), (4, 6, 5, 5), (6, 7, 2048)])
def test_unit_fractions_equals_float64(axis, shape):
    x = torch.relu(torch.randn(*shape, generator=torch.Generator().manual_seed(5)))
    x.select(axis, 0).zero_()
    x.select(axis, 1).neg_()
    part = measure(x, unit_axis=axis)
    others = tuple(i for i in range(x.dim()) if i != axis % x.dim())
    assert part.units[0].tolist() == x.numpy().min(others).tolist()
    assert part.units[1].tolist() == x.numpy().max(others).tolist()
    by_hand = np.moveaxis(x.double().numpy(), axis, 0).reshape(x.shape[axis], -1)
    assert part.units[2].tolist() == pytest.approx((by_hand**2).sum(1))
    assert part.units[3].tolist() == [by_hand.shape[1]] * len(by_hand)
    rms = np.sqrt((by_hand**2).mean(1))
    outlier_ratio = rms.max() / np.median(rms) if np.median(rms) else np.nan
    expected = (by_hand == 0).all(1).mean(), (by_hand <= 0).all(1).mean(), outlier_ratio
    assert unit_fractions(part.units.numpy()) == pytest.approx(expected, nan_ok=True)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("units", "dead", "nonpositive"),
    [
        ([[NAN, NAN], [NAN, NAN]], NAN, NAN),
        ([[0.0, NAN], [0.0, 0.0]], NAN, NAN),
        ([[0.0, NAN], [1.0, 0.0]], NAN, NAN),
        ([[INF, INF], [0.0, 0.0]], 0.5, 0.5),
        ([[-INF, 0.0], [0.0, 0.0]], 0.5, 1.0),
        ([[-INF, INF], [0.0, 0.0]], 0.5, 0.5),
        ([[-INF, NAN], [0.0, 0.0]], NAN, NAN),
        ([[-0.0, 0.0], [0.0, -0.0]], 1.0, 1.0),
    ],
)
@pytest.mark.parametrize("repeats", [1, 3000])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_unit_fractions_of_nonfinite_units_are_exact_or_nan(units, dead, nonpositive, repeats, axis, dtype):
    x = torch.tensor(units, dtype=dtype).repeat(1, repeats)
    found = unit_fractions(measure(x if axis == 0 else x.T.contiguous(), unit_axis=axis).units.numpy())
    np.testing.assert_array_equal(found[:2], (dead, nonpositive))


def test_unit_fractions_of_merged_passes_are_nan_after_one_nan():
    parts = [measure(torch.tensor([[0.0, value], [0.0, 0.0]]), unit_axis=0).units for value in (0.0, NAN, 0.0)]
    merged = merge_units(merge_units(parts[0], parts[1]), parts[2])
    assert np.isnan(unit_fractions(merged.numpy())[:2]).all()


@pytest.mark.parametrize("size", [100, 70_000])
@pytest.mark.parametrize("first", [0.5, INF, NAN])
def test_finish_saturated_fraction_equals_float64(size, first):
    x = torch.sigmoid(torch.randn(size, generator=torch.Generator().manual_seed(6)) * 5)
    x[0] = first
    expected = np.mean((x.numpy() <= SATURATION) | (np.abs(x.numpy() - 1) <= SATURATION))
    expected = np.nan if np.isnan(first) else expected
    assert finished(x, bounds=(0.0, 1.0))["saturated_fraction"] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("size", [300, 70_000])
def test_finish_under_autocast_equals_float64(size):
    x = torch.randn(size, generator=torch.Generator().manual_seed(7))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        oracle.assert_statistics(finished(x), x)
