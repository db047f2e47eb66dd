"""Counts of lost elements and ratios of gradients, against float64 numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tb_nnviz.record.measure import native
from tb_nnviz.record.measure.moments import gradient_ratio
from tb_nnviz.record.measure.stats import measure, measure_any
from tests.support.backends import backend  # noqa: F401

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.complex64]
#: One element, less than a block of the kernel, several blocks, and several parts of threads.
SIZES = [(1,), (7, 5), (3, 1000), (600, 700)]
EDGES = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e-7, -1e-3, 6e-8]

pytestmark = pytest.mark.usefixtures("backend")


def values(shape: tuple[int, ...], dtype: torch.dtype, seed: int, zeros: float = 0.3) -> torch.Tensor:
    """Return random numbers of very different sizes, many of them 0."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator) * 10 ** torch.randint(-3, 2, shape, generator=generator).float()
    x = (x * (torch.rand(shape, generator=generator) >= zeros)).to(dtype)
    return x * (1 - 1j) if dtype.is_complex else x


def array(x: torch.Tensor) -> np.ndarray:
    """Return the elements in float64, a complex element as two."""
    x = torch.view_as_real(x.detach().resolve_conj()) if x.is_complex() else x.detach()
    return x.double().numpy().ravel()


def lost(x: torch.Tensor, before: torch.Tensor, gradient: torch.Tensor) -> list[float]:
    g, update = array(gradient.to_dense()), array(x) - array(before)
    return [float(np.sum(g != 0)), float(np.sum((g != 0) & (update == 0)))]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_lost_elements_equal_numpy(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    before, gradient = values(shape, dtype, 0), values(shape, dtype, 1)
    x = before - 2e-3 * gradient  # rounded away where the weight is large, more so in 16 bits
    stats = measure(x, minus=before, gradient=gradient)
    assert stats is not None and stats.lost is not None
    assert stats.lost.dtype == torch.float64
    assert stats.lost.tolist() == lost(x, before, gradient)
    plain = measure(x, minus=before)
    assert (
        plain is not None
        and torch.equal(
            plain.values,
            stats.values,
        )
        | plain.values.isnan().any()
    )
    assert plain.lost is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_lost_elements_nonfinite_gradient_is_one(dtype: torch.dtype) -> None:
    gradient = torch.tensor(EDGES, dtype=dtype)
    before = torch.ones(len(EDGES), dtype=dtype)
    after = before.clone()
    after[1:3] = math.nan
    for x, count in ((before, 6.0), (after, 5.0)):
        stats = measure(x, minus=before, gradient=gradient)
        assert stats is not None and stats.lost is not None
        assert stats.lost.tolist() == [6.0, count]


def test_lost_elements_follow_the_order_of_memory() -> None:
    before = values((5, 6, 4, 3), torch.float32, 0).contiguous(memory_format=torch.channels_last)
    gradient = values((5, 6, 4, 3), torch.float32, 1)  # of another order
    x = before - (gradient > 0).float()
    for g in (gradient, gradient.contiguous(memory_format=torch.channels_last), gradient.to(torch.float16)):
        stats = measure(x, minus=before, gradient=g)
        assert stats is not None and stats.lost is not None
        assert stats.lost.tolist() == lost(x, before, g)
    view = values((40, 30), torch.float32, 2)[::2, 3:17]
    stats = measure(view, minus=view.clone(), gradient=view)
    assert stats is not None and stats.lost is not None
    assert stats.lost.tolist() == [float((view != 0).sum())] * 2


def test_lost_elements_of_sparse_gradient_equal_dense() -> None:
    before, at = values((50, 4), torch.float32, 0), torch.tensor([[3, 7, 3, 9]])
    gradient = torch.sparse_coo_tensor(at, values((4, 4), torch.float32, 1), (50, 4), check_invariants=True)
    x = before.clone()
    x[3] -= 1.0
    stats = measure(x, minus=before, gradient=gradient)
    assert stats is not None and stats.lost is not None
    assert stats.lost.tolist() == lost(x, before, gradient)


def test_lost_elements_with_histogram_are_counted() -> None:
    before, gradient = values((300, 20), torch.float32, 0), values((300, 20), torch.float32, 1)
    x = before - 1e-3 * gradient
    stats = measure(x, minus=before, gradient=gradient, bin_counts=True)
    assert stats is not None and stats.lost is not None and stats.bin_counts is not None
    assert stats.lost.tolist() == lost(x, before, gradient)


def test_lost_elements_without_gradient_values_are_none() -> None:
    x = torch.ones(3)
    for gradient in (torch.ones(3, device="meta"), torch.ones(4)):
        stats = measure_any(x, minus=torch.zeros(3), gradient=gradient)
        assert stats is not None
        assert stats.lost is None


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("epsilon", [0.0, 1e-8, 0.5])
def test_gradient_ratio_equals_numpy(dtype: torch.dtype, shape: tuple[int, ...], epsilon: float) -> None:
    gradient = values(shape, dtype, 1)
    second = values(shape, dtype, 2, zeros=0.0)
    second = torch.complex(second.real**2, second.imag**2) if dtype.is_complex else second**2 + second.abs() / 100
    found = gradient_ratio(gradient, second, 1.25, epsilon)
    assert found is not None
    numel, sum_sq = found
    g, v = array(gradient), array(second)
    with np.errstate(all="ignore"):
        ratio = np.where(g == 0, 0, g / np.maximum(np.sqrt(1.25 * v), epsilon))
    assert (numel, sum_sq.dtype, sum_sq.shape) == (g.size, torch.float64, (1,))
    assert sum_sq.item() == pytest.approx(np.sum(ratio**2), rel=1e-5)


@pytest.mark.parametrize(
    ("gradient", "second", "epsilon", "expected"),
    [
        (0.0, 0.0, 0.0, 0.0),
        (3.0, 0.0, 0.0, math.inf),
        (3.0, 0.0, 0.5, 36.0),
        (0.0, math.nan, 0.5, 0.0),
        (1.0, math.nan, 0.5, math.nan),
        (math.nan, 1.0, 0.5, math.nan),
        (math.inf, 1.0, 0.5, math.inf),
        (1.0, math.inf, 0.5, 0.0),
        (1.0, -1.0, 0.5, 4.0),
        (2.0**66, 1.0, 1e-8, 2.0**132),
        (2.0**-100, 0.0, 2.0**-26, 2.0**-148),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_gradient_ratio_of_edges_is_as_ieee_divides(
    dtype: torch.dtype, gradient: float, second: float, epsilon: float, expected: float
) -> None:
    found = gradient_ratio(torch.tensor([gradient], dtype=dtype), torch.tensor([second], dtype=dtype), 1.0, epsilon)
    assert found is not None
    assert found[1].item() == pytest.approx(expected, nan_ok=True)


def test_gradient_ratio_of_other_order_or_dtype_equals_numpy() -> None:
    gradient, second = values((6, 5, 4, 3), torch.float32, 0), values((6, 5, 4, 3), torch.float32, 1, 0.0) ** 2
    last = torch.channels_last
    pairs: list[tuple[Any, Any]] = [
        (gradient.contiguous(memory_format=last), second),
        (gradient.contiguous(memory_format=last), second.contiguous(memory_format=last)),
        (gradient.to(torch.bfloat16), second),
        (gradient[::2, 1:], second[::2, 1:]),
    ]
    for g, v in pairs:
        found = gradient_ratio(g, v, torch.tensor(1.0), 1e-8)
        assert found is not None
        expected = np.sum((array(g.contiguous()) / np.maximum(np.sqrt(array(v.contiguous())), 1e-8)) ** 2)
        assert found[1].item() == pytest.approx(expected, rel=1e-5)


def test_gradient_ratio_of_sparse_gradient_equals_dense() -> None:
    at = torch.tensor([[3, 7, 3, 9]])
    gradient = torch.sparse_coo_tensor(at, values((4, 4), torch.float32, 1), (50, 4), check_invariants=True)
    second = values((50, 4), torch.float32, 2, 0.0) ** 2
    found, dense = (gradient_ratio(g, second, 1.0, 1e-3) for g in (gradient, gradient.to_dense()))
    assert found is not None and dense is not None
    assert found[0] == dense[0] == 200
    assert found[1].item() == pytest.approx(dense[1].item(), rel=1e-6)


def test_gradient_ratio_without_values_is_none() -> None:
    for g, v in ((torch.ones(3, device="meta"), torch.ones(3)), (torch.ones(3), torch.ones(4))):
        assert gradient_ratio(g, v, 1.0, 0.0) is None


def test_native_results_do_not_depend_on_threads() -> None:
    if native.library is None:
        pytest.skip("torch's operators may")
    before, gradient = values((2000, 700), torch.float32, 0), values((2000, 700), torch.float32, 1)
    found = []
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            stats = measure(before - 1e-3 * gradient, minus=before, gradient=gradient)
            ratio = gradient_ratio(gradient, gradient.square(), 1.0, 1e-8)
            assert stats is not None and stats.lost is not None and ratio is not None
            found.append((stats.lost.tolist(), ratio[1].item()))
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1]
