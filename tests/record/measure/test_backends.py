"""The C extension and torch's operators against float64 numpy, on every kind of tensor."""

import numpy as np
import pytest
import torch

from tb_nnviz.record.measure import native
from tb_nnviz.record.measure.fields import INDEX, SATURATION
from tb_nnviz.record.measure.histogram import to_bins
from tb_nnviz.record.measure.moments import moments
from tb_nnviz.record.measure.norms import norms
from tb_nnviz.record.measure.stats import measure, merge_units
from tests.support import oracle
from tests.support.backends import backend, finished  # noqa: F401

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, -1),
    "rotated": lambda x: x.movedim(0, -1),
    "channels last": lambda x: x.to(memory_format=torch.channels_last) if x.dim() == 4 else x,
    "every other": lambda x: x[..., ::2],
    "expanded": lambda x: x[:1].expand(x.shape),
    "offset": lambda x: x.flatten()[1:] if x.numel() > 1 else x,
    "negated": lambda x: torch._neg_view(x),
}


def field(part, name):
    return part.values[INDEX[name]].item()


@pytest.mark.parametrize("seed", range(120))
@pytest.mark.usefixtures("backend")
def test_measure_random_tensor_equals_float64(seed):
    random, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    dtype = DTYPES[seed % len(DTYPES)]
    shape = tuple(int(random.choice([1, 2, 3, 7, 8, 33, 64])) for _ in range(random.integers(1, 5)))
    if seed % 5 == 0:
        shape = (int(random.choice([1, 7, 8, 9, 1023, 4095, 4096, 4097])), *shape[:1])[: 1 + seed % 2]
    scale = 10.0 ** random.integers(-3, 3) if dtype == torch.float16 else 10.0 ** random.integers(-30, 30)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    if random.random() < 0.5:
        x = torch.relu(x) * random.choice([-1, 1])
    x = (x * scale).to(dtype)
    for value in random.choice([np.nan, np.inf, -np.inf, -0.0], random.integers(0, 4)):
        x.view(-1)[int(random.integers(x.numel()))] = value
    x = LAYOUTS[random.choice(list(LAYOUTS))](x)
    if x.numel() == 0:
        return
    axis = int(random.integers(-x.dim(), x.dim())) if random.random() < 0.6 else None
    bounds = [(), (0.0, 1.0), (-scale,)][random.integers(3)]
    bin_counts, copy = random.random() < 0.5, torch.empty_like(x) if random.random() < 0.5 else None
    minus = None
    if random.random() < 0.4:
        minus = torch.randn(x.shape, generator=generator, dtype=torch.float64).mul_(scale).to(dtype)
        minus = torch.empty_like(x).copy_(minus) if random.random() < 0.7 else minus

    part = measure(x, axis, bounds, minus=minus, copy_to=copy, bin_counts=bin_counts)

    with np.errstate(all="ignore"):
        array = x.double().resolve_neg().numpy() - (0 if minus is None else minus.double().numpy())
        assert part.numel == x.numel()
        oracle.assert_statistics(finished(part), array, context=f"{seed}")
        if minus is not None and dtype != torch.float64 and native.library is not None:
            array = array.astype(np.float32).astype(np.float64)  # in C a difference is rounded, once
        if axis is not None:
            oracle.assert_units(part.units, array, axis)
        if bin_counts and array.size < 20_000:
            assert (to_bins(part.bin_counts.numpy()) == oracle.histogram(array)).all()
        near = np.zeros(array.shape, bool)
        for bound in bounds:
            near |= np.abs(array - bound) <= SATURATION
        assert field(part, "saturated") == near.sum() if bounds else np.isnan(field(part, "saturated"))
    assert copy is None or torch.equal(copy.nan_to_num(9.0), x.nan_to_num(9.0))
    assert (part.units is None, part.bin_counts is None) == (axis is None, not bin_counts)


@pytest.mark.parametrize("at", [0, 7, 4095, 4096, 4097, 8191, 9999])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-42, 3e38])
@pytest.mark.usefixtures("backend")
def test_measure_one_odd_element_equals_float64(at, value):
    x = torch.randn(10_000, generator=torch.Generator().manual_seed(at))
    x[at] = value
    oracle.assert_statistics(finished(measure(x)), x)
    array = x.double().numpy()
    finite = array[np.isfinite(array)]
    counts = [array.size - finite.size, np.isnan(array).sum()]
    assert norms([x])[0].sums.tolist() == [pytest.approx([np.sum(finite**2), *counts])]
    for shape, axis in (((100, 100), 1), ((2, 50, 100), 1), ((2, 5000), 1)):
        oracle.assert_units(measure(x.view(shape), axis).units, x.view(shape).double().numpy(), axis)


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((5, 3), -1),
        ((70, 1000, 3), 0),
        ((3, 5000), -1),
        ((4, 6, 7, 7), 1),
        ((2, 3, 100, 100), 1),
        ((9, 1), 1),
        ((), -1),
        ((2500,), 0),
        ((300, 8, 2, 2), 1),
        ((7, 1024), 1),
        ((2000, 5), -1),
        ((33, 4096), -1),
        ((33, 4097), -1),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("backend")
def test_measure_units_of_any_shape_equals_float64(shape, axis, dtype):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    oracle.assert_units(measure(x, axis).units, x.double().numpy(), axis)
    if x.dim() == 4:
        oracle.assert_units(measure(x.to(memory_format=torch.channels_last), axis).units, x.double().numpy(), axis)


@pytest.mark.usefixtures("backend")
def test_measure_all_half_precision_numbers_equals_float64():
    for dtype in (torch.float16, torch.bfloat16):
        x = torch.arange(-(1 << 15), 1 << 15, 3, dtype=torch.int32).to(torch.int16).view(dtype)
        part = measure(x, bin_counts=True)
        with np.errstate(all="ignore"):
            oracle.assert_statistics(finished(part), x.double())
        # signalling NaNs, which no arithmetic makes, look like infinity
        quiet = x[~x.isnan()]
        assert (to_bins(measure(quiet, bin_counts=True).bin_counts.numpy()) == oracle.histogram(quiet.double())).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("backend")
def test_measure_difference_keeps_digits_beyond_its_dtype(dtype):
    before = torch.full((5000,), 128.0, dtype=dtype)
    after, small = before + 1, torch.full_like(before, 2.0**-10)
    assert finished(measure(after, minus=before))["mean"] == 1
    assert finished(measure(before, minus=small))["max"] == np.float32(128 - 2.0**-10)


@pytest.mark.usefixtures("backend")
def test_measure_copy_to_receives_elements():
    x = torch.randn(3, 5, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    for copy in (torch.empty_like(x), torch.empty(x.shape), torch.empty(4, 4, 5, 3).permute(3, 2, 0, 1)):
        assert measure(x, copy_to=copy).numel == x.numel()
        assert torch.equal(copy, x) and not copy.grad_fn
    for other in (torch.tensor([1, 2]), torch.randn(3, dtype=torch.complex64), torch.empty(0)):
        measure(other, copy_to=(copy := torch.zeros_like(other)))
        assert torch.equal(copy, other)
    leaf = torch.nn.Parameter(torch.randn(4))
    measure(leaf, copy_to=(copy := torch.empty_like(leaf)))
    assert torch.equal(copy, leaf)


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.usefixtures("backend")
def test_measure_sparse_equals_dense():
    indices = torch.tensor([[0, 2, 2], [1, 0, 0]])
    x = torch.sparse_coo_tensor(indices, torch.tensor([3.0, 1.0, 1.5]), (4, 3), check_invariants=True)
    for other in (x, x * 0, x * -1, torch.sparse_coo_tensor(torch.tensor([[2]]), torch.full((1, 3), np.nan), (9, 3))):
        dense = other.to_dense()
        part = measure(other, bin_counts=True)
        oracle.assert_statistics(finished(part), dense)
        assert (to_bins(part.bin_counts.numpy()) == oracle.histogram(dense)).all()
        oracle.assert_statistics(finished(measure(dense.to_sparse_csr())), dense)
    assert norms([x, torch.tensor([np.inf])])[0].sums.tolist() == [[9 + 6.25, 0, 0], [0, 1, 0]]
    oracle.assert_statistics(finished(measure(torch.sparse_coo_tensor((4, 3)))), np.zeros((4, 3)))


def test_measure_sparse_beyond_int32_counts_in_int64():
    rows, width = 3_000_000, 1000
    x = torch.sparse_coo_tensor(torch.tensor([[0, 7]]), torch.full((2, width), -2.0), (rows, width))
    part = measure(x, bin_counts=True)
    assert part.numel == 3_000_000_000 and finished(part)["zero_fraction"] == (rows - 2) / rows
    bins = to_bins(part.bin_counts.numpy())
    assert bins[260] == 2_999_998_000 and bins.sum() == 3_000_000_000 and (bins > 0).sum() == 2
    few = measure(torch.ones(3), bin_counts=True)
    assert to_bins(np.stack([part.bin_counts.numpy(), few.bin_counts.numpy()])).sum(1).tolist() == [3_000_000_000, 3]


@pytest.mark.usefixtures("backend")
def test_measure_beyond_int32_counts_codes_in_int64(monkeypatch):
    x = torch.randn(1001, generator=torch.Generator().manual_seed(0))
    narrow = measure(x, bin_counts=True)
    monkeypatch.setattr("tb_nnviz.record.measure.histogram.MOST", 1000)
    wide = measure(x, bin_counts=True)
    assert (narrow.bin_counts.dtype, wide.bin_counts.dtype) == (torch.int32, torch.int64)
    assert (narrow.bin_counts == wide.bin_counts).all() and narrow.values.tolist()[:2] == wide.values.tolist()[:2]
    assert measure(x[1:], bin_counts=True).bin_counts.dtype == torch.int32


@pytest.mark.usefixtures("backend")
def test_norms_of_many_tensors_equals_float64():
    generator = torch.Generator().manual_seed(0)
    tensors = [torch.randn(n, generator=generator).to(DTYPES[n % 4]) for n in (1, 2, 3, 4, 100, 4096, 70_001)]
    tensors += [torch.empty(0), torch.randn(30, 20).t()[::3], torch.tensor(-2.0), torch.tensor([1, 2])]
    tensors[5].view(-1)[[3, 4000]] = torch.tensor([np.nan, np.inf], dtype=tensors[5].dtype)
    (found,) = norms(tensors)
    assert found.sums.dtype == torch.float64
    assert found.at == [i for i, x in enumerate(tensors) if x.numel() and x.is_floating_point()]
    for place, sums in zip(found.at, found.sums.tolist(), strict=True):
        x = tensors[place].double().numpy().ravel()
        expected = (x[np.isfinite(x)] ** 2).sum(), (~np.isfinite(x)).sum(), np.isnan(x).sum()
        assert sums == pytest.approx(expected, rel=1e-6), place
    assert norms([]) == norms([torch.empty(0)]) == norms([torch.ones(2, device="meta")]) == []


@pytest.mark.usefixtures("backend")
def test_norms_of_dense_tensors_equal_one_by_one():
    tensors = [torch.randn(n, generator=torch.Generator().manual_seed(n)) for n in (1, 4096, 4097, 300_000, 17)]
    (together,) = norms(tensors)
    alone = [norms([x])[0].sums for x in tensors]
    assert together.at == [0, 1, 2, 3, 4] and together.sums.equal(torch.cat(alone))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 7, 4097, 70_001])
@pytest.mark.usefixtures("backend")
def test_moments_of_adam_equals_float64(dtype, size):
    generator = torch.Generator().manual_seed(size)
    first = torch.randn(size, generator=generator).to(dtype)
    second, most = (torch.rand(size, generator=generator).to(dtype) for _ in range(2))
    m, v, w = first.double().numpy(), second.double().numpy(), most.double().numpy()
    for scale, correction in ((0.1, 1.5), (torch.tensor(0.1), torch.tensor(1.5, dtype=torch.float64))):
        for root, denominator in ((v, None), (w, most)):
            found = moments(first, second, scale, correction, 1e-8, denominator)
            step = float(scale) * m / (np.sqrt(root) * 1.5 + 1e-8)
            assert found.dtype == torch.float64
            assert found.tolist() == pytest.approx([(m**2).sum(), (v**2).sum(), (step**2).sum()], rel=1e-6)


@pytest.mark.usefixtures("backend")
def test_moments_in_different_memory_orders_equals_float64():
    first = torch.randn(4, 3, 5, 5).to(memory_format=torch.channels_last)
    second = torch.rand(4, 3, 5, 5)
    step = first.double() / (second.double().sqrt() + 1e-8)
    expected = [x.double().square().sum().item() for x in (first, second, step)]
    assert moments(first, second, 1.0, 1.0, 1e-8).tolist() == pytest.approx(expected)


def test_merge_units_of_two_parts_equals_one():
    a, b = (measure(torch.tensor(x), -1).units for x in ([[0.0, 2.0]], [[-1.0, float("nan")], [3.0, 1.0]]))
    merged = merge_units(a, b)
    assert merged[:, 0].tolist() == [-1, 3, 10, 3]
    assert torch.isnan(merged[:2, 1]).all() and merged[2:, 1].tolist() == [5, 3]
    assert merge_units(a, measure(torch.ones(1, 5), -1).units).shape == (4, 7)


@pytest.mark.usefixtures("backend")
def test_measure_conjugate_and_negative_views_equals_float64():
    x = torch.randn(40, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))
    for view in (x.conj(), x.conj().imag, torch._neg_view(x.real), x.real):
        array = torch.view_as_real(view.resolve_conj()) if view.is_complex() else view
        part = measure(view, bin_counts=True)
        oracle.assert_statistics(finished(part), array.resolve_neg())
        assert (to_bins(part.bin_counts.numpy()) == oracle.histogram(array.resolve_neg())).all()
