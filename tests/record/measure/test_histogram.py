import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.collect import activations
from tb_nnviz.record.measure.histogram import count_codes, to_bins
from tb_nnviz.record.measure.stats import measure
from tests.support import oracle
from tests.support.backends import backend  # noqa: F401
from tests.support.event_reader import Run

pytestmark = pytest.mark.usefixtures("backend")

EDGES = schema.bin_edges()


def bins(x):
    counted = count_codes(x)
    assert (measure(x, bin_counts=True).bin_counts == counted).all()
    return to_bins(counted.numpy())


def test_count_codes_normal_tensor_equals_oracle():
    x = torch.randn(5000, generator=torch.Generator().manual_seed(0))
    assert (bins(x) == oracle.histogram(x)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_count_codes_at_every_edge_equals_oracle(dtype):
    edges = torch.tensor(EDGES, dtype=dtype)
    up, down = torch.full_like(edges, np.inf), torch.zeros_like(edges)
    x = torch.cat([edges, torch.nextafter(edges, up), torch.nextafter(edges, down)])
    x = torch.cat([x, -x])
    assert (bins(x) == oracle.histogram(x)).all()


def test_count_codes_outside_scale_takes_outer_bins():
    x = torch.tensor([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -1e-45, 1e-39, 3e38, -3e38, 2.0**-40, -(2.0**24)])
    found = bins(x)
    assert (found == oracle.histogram(x)).all()
    assert found[260] == 2 and found[0] == 1 and found[519] == 1 and found[1] == 1
    assert found[261] == 2 and found[259] == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_count_codes_half_precision_equals_oracle(dtype):
    x = torch.randn(500, generator=torch.Generator().manual_seed(1)).to(dtype)
    assert (bins(x) == oracle.histogram(x.double())).all()


def test_count_codes_float64_beyond_float32_takes_outer_bins():
    x = torch.tensor([1e-300, -1e300, 0.0], dtype=torch.float64)
    assert bins(x).nonzero()[0].tolist() == [2, 260, 261]


@pytest.mark.parametrize("x", [torch.empty(0), torch.tensor([1])])
def test_count_codes_without_fractions_is_none(x):
    assert count_codes(x) is None


def test_encode_histograms_decoded_again_is_equal():
    counts = np.random.default_rng(0).integers(0, 1000, (3, schema.BINS))
    assert (schema.decode_histograms(schema.encode_histograms(counts)) == counts).all()
    with pytest.raises(ValueError, match=r"invalid histogram counts: shape \(3, 519\)"):
        schema.encode_histograms(counts[:, 1:])


def test_stock_histogram_keeps_every_finite_element():
    x = torch.cat([torch.randn(1000, generator=torch.Generator().manual_seed(2)), torch.tensor([0.0, np.nan, np.inf])])
    buckets = schema.stock_histogram(bins(x))
    assert buckets[:, 2].sum() == 1001 and len(buckets) <= 60
    assert (buckets[:, 0] < buckets[:, 1]).all() and (buckets[1:, 0] == buckets[:-1, 1]).all()
    for left, right, count in schema.stock_histogram(bins(x), max_buckets=600):
        # only the middle bucket, around zero, is closed on both sides
        inside = (x > left) & (x < right) | ((x == left) & bool(left >= 0)) | ((x == right) & bool(right <= 0))
        assert inside.sum() == count, (left, right)


def test_stock_histogram_of_no_elements_is_empty():
    assert schema.stock_histogram(np.zeros(520, int))[:, 2].tolist() == [0]


def test_watch_micro_batches_beyond_int32_count_in_int64(tmp_path, monkeypatch):
    measure = activations.measure_any

    def large(x, *args, bin_counts=False, **more):  # as if the layer's output had a billion more zeros
        part = measure(x, *args, bin_counts=bin_counts, **more)
        if part is not None and part.bin_counts is not None:
            part.bin_counts[-1] += 10**9
        return part

    monkeypatch.setattr(activations, "measure_any", large)
    model = nn.Linear(4, 4)
    with tb_nnviz.watch(model, logdir=tmp_path, every=1, histograms_every=1, kinds=["activation"]) as monitor:
        for _ in range(3):
            model(torch.ones(5, 4)).sum().backward()
        monitor.step()
    (payload,) = Run(tmp_path).tensors["nnviz/activation/histogram"].values()
    counts = schema.decode_histograms(payload)[0]
    assert counts[260] == 2**31 - 1, "the most that is written"
    assert counts.sum(dtype=np.int64) == 2**31 - 1 + 60 and (counts >= 0).all()
