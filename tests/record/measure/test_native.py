"""The C extension: what it reads, its threads, and the conditions of its use."""

import importlib
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from tb_nnviz.record.measure import native
from tb_nnviz.record.measure.fields import FIELDS, UNIT_FIELDS, describe
from tb_nnviz.record.measure.moments import moments
from tb_nnviz.record.measure.native.team import find_team
from tb_nnviz.record.measure.norms import norms
from tb_nnviz.record.measure.stats import measure
from tests.support import oracle
from tests.support.backends import finished, use_backend


class Twice(torch.Tensor):
    """A subclass whose elements are not the values in its memory."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunctionSubclass():
            args = [2 * x.as_subclass(torch.Tensor) if isinstance(x, cls) else x for x in args]
            return function(*args, **(kwargs or {}))


def measured_inside(transform):
    found = []

    def observe(x):
        found.append(measure(x, copy_to=None))
        return x.sum()

    transform(observe)(torch.ones(3, 2))
    return found


def test_measure_tensor_without_memory_is_not_read(monkeypatch):
    def refuse(*arguments):
        raise AssertionError(f"read: {arguments}")

    monkeypatch.setattr(native, "library", SimpleNamespace(measure=refuse, norms=refuse, moments=refuse))
    with pytest.raises(AssertionError, match="read"):
        measure(torch.ones(3))
    assert measured_inside(torch.func.vmap) == [None]
    assert measured_inside(torch.func.grad) == [None]
    with FakeTensorMode() as mode:
        for fake in (torch.ones(3), mode.from_tensor(torch.ones(3))):
            assert measure(fake).numel == 3
            assert measure(fake, unit_axis=0, bin_counts=True, minus=fake, copy_to=torch.empty_like(fake)).numel == 3
            norms([fake])
            moments(fake, fake, 1.0, 1.0, 1e-8)
    assert measure(torch.ones(3, device="meta")) is None
    assert measure(torch._efficientzerotensor(3)).numel == 3
    freed = torch.ones(3)
    freed.untyped_storage().resize_(0)
    assert native.measure(freed, None, (), None, None, False) is None
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    assert measure(nested) is None


def test_measure_tensor_subclass_uses_its_operators():
    assert finished(measure(torch.ones(3).as_subclass(Twice)))["norm"] == pytest.approx(12**0.5)


def test_measure_under_mode_without_memory_still_works():
    x = torch.ones(3)
    native._pool.clear()
    with FakeTensorMode(allow_non_fake_inputs=True):
        for options in ({}, {"bin_counts": True}, {"unit_axis": 0}):
            assert measure(x, **options).numel == 3
    assert all(type(row) is torch.Tensor for row, _ in native._pool)
    native._pool.clear()
    with torch.inference_mode():
        measure(x)
    measure(x).values.add_(1)
    native._pool.clear()
    with torch.device("meta"):
        assert finished(measure(x, bin_counts=True))["norm"] == pytest.approx(3**0.5)


@pytest.mark.parametrize(("shape", "axis"), [((3_000_001,), None), ((700, 5, 300), -1), ((7, 64, 40, 33), 1)])
def test_measure_any_number_of_threads_gives_same_bits(shape, axis, monkeypatch):
    use_backend("native", monkeypatch)
    assert not sys.platform.startswith("linux") or find_team() is not None, "torch's threads are not found"
    x, y = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    threads, found = torch.get_num_threads(), []
    try:
        for number in (1, 2, 5):
            torch.set_num_threads(number)
            copy = torch.empty_like(x)
            part = measure(x, axis, minus=y, bin_counts=True, copy_to=copy)
            assert copy.equal(x)
            moved = [moments(x, y.abs(), 1.0, 1.0, 1e-8), norms([x, y[:3], y])[0].sums]
            units = [] if part.units is None else [part.units]
            found.append([part.values[:8], part.bin_counts, *units, *moved])
    finally:
        torch.set_num_threads(threads)
    assert all(a.equal(b) for parts in found for a, b in zip(parts, found[0], strict=True))
    if axis is not None:
        oracle.assert_units(part.units, (x - y).double().numpy(), axis)


def test_measure_on_many_threads_at_once_is_right():
    tensors = [torch.full((50_000,), float(i)) for i in range(8)]
    found = {}

    def work(i):
        found[i] = {finished(measure(tensors[i]))["mean"] for _ in range(200)}

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: {float(i)} for i in range(8)}


def test_measure_plain_tensor_runs_no_operator(monkeypatch):
    use_backend("native", monkeypatch)
    measure(x := torch.ones(3))  # memory for the next results is there now
    with torch.profiler.profile() as profile:
        measure(x)
    assert [event.name for event in profile.events() if event.name.startswith("aten")] == []


def test_library_with_nnviz_native_0_is_none():
    program = "from tb_nnviz.record.measure import native; print(native.library)"
    environment = {**os.environ, "NNVIZ_NATIVE": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


@pytest.mark.parametrize("change", [{"FIELDS": "min:min"}, {"UNIT_FIELDS": "min:max"}, {"INTERFACE": -1}, {}])
def test_load_extension_of_other_sources_is_none(change, monkeypatch):
    tables = {"FIELDS": describe(FIELDS), "UNIT_FIELDS": describe(UNIT_FIELDS)}
    own = {**tables, "INTERFACE": native.INTERFACE, "use_team": lambda *addresses: None}
    built = SimpleNamespace(**{**own, **change})
    monkeypatch.setattr(importlib, "import_module", lambda name: built)
    assert native.load() is (None if change else built)


def test_library_invalid_arguments_raise(monkeypatch):
    use_backend("native", monkeypatch)
    with pytest.raises(TypeError, match="invalid number of arguments: 2"):
        native.library.measure(1, 2)
    with pytest.raises(ValueError, match="invalid tensor"):
        native.library.measure(0, 1, 1, 0, 1)
    with pytest.raises(TypeError, match="invalid list"):
        native.library.norms(3, 0, 1, False)
    with pytest.raises(TypeError):
        native.library.moments(*"abcdefghij")
