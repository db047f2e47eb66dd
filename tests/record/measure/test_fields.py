"""The table of fields, which unscaling and merging follow, even for fields that are added to it."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from tb_nnviz.record.measure import native
from tb_nnviz.record.measure.fields import FIELDS, INDEX, UNIT_FIELDS, Field, describe
from tb_nnviz.record.measure.stats import finish, measure, merge, unscale
from tests.support import oracle
from tests.support.backends import backend, use_backend  # noqa: F401

#: The table with two more powers, as a statistic such as kurtosis would need them.
EXTENDED = (*FIELDS, Field("third_power", "sum", 3), Field("fourth_power", "sum", 4))
#: By field, the factor by which its value changes if all elements are multiplied by 2.
FACTORS = {
    "min": 2,
    "max": 2,
    "ieee_sum": 2,
    "sum": 2,
    "sum_sq": 4,
    "nonzero": 1,
    "nonfinite": 1,
    "finite_absmax": 2,
    "saturated": 1,
}


def field_values(x, fields=EXTENDED):
    """Return the fields of an array by float64 numpy, as the table's comments define them."""
    x = np.asarray(x, np.float64)
    finite = x[np.isfinite(x)]
    with np.errstate(all="ignore"):
        values = {
            "min": x.min(),
            "max": x.max(),
            "ieee_sum": x.sum(),
            "sum": np.sum(finite),
            "sum_sq": np.sum(finite**2),
            "nonzero": np.count_nonzero(finite),
            "nonfinite": x.size - finite.size,
            "finite_absmax": np.max(np.abs(finite), initial=0.0),
            "saturated": np.nan,
            "third_power": np.sum(finite**3),
            "fourth_power": np.sum(finite**4),
        }
    return np.array([values[field.name] for field in fields])


@pytest.mark.parametrize("scale", [2.0**16, 2.0**-3, 10.0])
def test_unscale_third_and_fourth_powers_equals_float64(scale):
    x = np.random.default_rng(0).normal(size=1000) * 1e-3
    found = unscale(field_values(x * scale), scale, EXTENDED)
    assert found == pytest.approx(field_values(x), rel=1e-12, nan_ok=True)


def test_unscale_of_several_tensors_takes_each_power():
    values = np.arange(2.0 * len(FIELDS)).reshape(2, -1)
    assert (unscale(values, 2.0) == values / [FACTORS[field.name] for field in FIELDS]).all()


@pytest.mark.parametrize("odd", [[], [np.nan], [np.inf], [-np.inf, np.inf]])
def test_merge_of_parts_equals_one_tensor(odd):
    random = np.random.default_rng(1)
    parts = [random.normal(loc, size=n) for loc, n in ((0, 50), (3, 7), (-2, 300))]
    parts[1] = np.concatenate([parts[1], odd])
    values = np.stack([field_values(part) for part in parts])
    merged = merge(2, [1, 1, 1], values, EXTENDED)
    assert list(merged) == [field.name for field in EXTENDED]
    found, empty = np.stack(list(merged.values()), -1)[[1, 0]]
    assert found == pytest.approx(field_values(np.concatenate(parts)), rel=1e-12, nan_ok=True)
    assert empty.tolist() == [field.empty for field in EXTENDED]


def test_merge_of_minimum_and_maximum_propagates_nan():
    names = [field.name for field in FIELDS if field.merge != "sum"]
    for order in ([0, 1], [1, 0]):
        values = np.array([[np.nan] * len(FIELDS), [1.0] * len(FIELDS)])[order]
        assert all(np.isnan(merge(1, [0, 0], values)[name][0]) for name in names)


@pytest.mark.usefixtures("backend")
def test_every_field_equals_float64():
    for odd in ([], [np.nan], [np.inf], [-np.inf, np.inf]):
        x = torch.tensor([3.0, -4.0, 0.0, *odd])
        expected = field_values(x.numpy(), FIELDS)
        assert measure(x).values.numpy() == pytest.approx(expected, nan_ok=True)


@pytest.mark.usefixtures("backend")
def test_finite_absmax_counts_blocks_without_nonfinite_elements():
    x, zeros = torch.ones(200_000), torch.zeros(200_000)
    x[5], x[-1] = 100.0, torch.nan
    for part in (measure(x), measure(x, minus=zeros)):
        assert part.values[INDEX["finite_absmax"]] == 100
        values = np.stack([part.values.numpy(), measure(torch.tensor([-200.0])).values.numpy()])
        assert finish(1, [0, 0], [part.numel, 1], values)["finite_absmax"] == 200


def test_extension_holds_the_same_tables(monkeypatch):
    use_backend("native", monkeypatch)
    found = [native.library.FIELDS.strip(), native.library.UNIT_FIELDS]
    assert found == [describe(FIELDS), describe(UNIT_FIELDS)]


#: Extends the table before anything reads it, then trains a step with a fused optimizer under a scaler.
SCALED_STEP = """if True:
    from tb_nnviz.record.measure import fields
    fields.FIELDS = (*fields.FIELDS, fields.Field("third_power", "sum", 3), fields.Field("fourth_power", "sum", 4))
    fields.INDEX = {field.name: i for i, field in enumerate(fields.FIELDS)}

    import pickle, sys
    import numpy as np, torch, tb_nnviz
    from torch.linalg import vector_norm
    from tb_nnviz.record import assemble
    from tb_nnviz.record.measure import native, stats, torch_ops
    assert native.library is None, "the extension has been built of another table"
    cubed = lambda x: (x * x.square()).sum()
    torch_ops._SUMS["third_power"] = torch_ops._Sum(cubed, lambda rows: (rows * rows.square()).sum(1), torch.sum)
    torch_ops._SUMS["fourth_power"] = torch_ops._Sum(
        lambda x: x.square().dot(x.square()), lambda rows: vector_norm(rows, 4, dim=1), lambda x: x.pow(4).sum()
    )
    merged = []
    def finish(rows, row, count, values):
        if len(row):
            merged.append(stats.merge(rows, row, values, fields.FIELDS))
        return stats.finish(rows, row, count, values)
    assemble.finish = finish

    torch.manual_seed(0)
    model = torch.nn.Linear(400, 600, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    options = {"every": 1, "kinds": ["gradient"], "histograms_every": None}
    with tb_nnviz.watch(model, optimizer, logdir=sys.argv[1], scaler=scaler, **options):
        x = torch.randn(8, 400)
        scaler.scale((model(x) ** 2).mean()).backward()
        gradient = model.weight.grad / 1024
        scaler.step(optimizer)
        scaler.update()
    names = ["sum", "sum_sq", "third_power", "fourth_power", "finite_absmax", "nonzero"]
    found = [merged[0][name][0] for name in names]
    sys.stdout.buffer.write(pickle.dumps((found, gradient.double().numpy())))
"""


def test_third_and_fourth_powers_under_a_fused_scaler(tmp_path):
    """A fused optimizer unscales by itself. The scaled gradient is measured, and its fields are unscaled."""
    done = subprocess.run([sys.executable, "-c", SCALED_STEP, str(tmp_path)], capture_output=True, check=True)
    found, gradient = pickle.loads(done.stdout)
    powers = [(gradient**power).sum() for power in (1, 2, 3, 4)]
    expected = [*powers, np.abs(gradient).max(), np.count_nonzero(gradient)]
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.usefixtures("backend")
def test_fields_of_a_scaled_tensor_unscale_to_its_statistics():
    x = torch.randn(5000, generator=torch.Generator().manual_seed(0))
    part = measure(x * 512)
    values = unscale(part.values.numpy(), 512.0)
    found = {name: value[0] for name, value in finish(1, [0], [part.numel], values[None]).items()}
    oracle.assert_statistics(found, x)
