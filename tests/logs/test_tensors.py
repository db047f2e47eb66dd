"""Decoding of tensors, compared with TensorBoard's decoder."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tensorboard.compat.proto import tensor_pb2
from tensorboard.data import grpc_provider
from tensorboard.util import tensor_util

from tb_nnviz.logs.points import Invalid
from tb_nnviz.logs.tensors import decode_number, decode_tensor, decoding


def tensor(
    dtype: int, sizes: tuple[int, ...] = (), content: bytes = b"", **values: list[float]
) -> tensor_pb2.TensorProto:
    """Return a tensor."""
    made = tensor_pb2.TensorProto(dtype=dtype, tensor_content=content, **values)
    for size in sizes:
        made.tensor_shape.dim.add(size=size)
    return made


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u1", "i1", "u2", "i2", "i4", "i8", "?"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (0,), (2, 2)])
def test_decode_tensor_is_as_tensorboard_decodes(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    proto = tensor_util.make_tensor_proto(array)
    found, expected = decode_tensor(proto), tensor_util.make_ndarray(proto)
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.shape, found.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())


@pytest.mark.parametrize(
    ("proto", "problem"),
    [
        (tensor(1, (10**13,), float_val=[1.0]), r"shape \[10000000000000\] \(at most 8 axes and"),
        (tensor(1, (10**9,), float_val=[1.0]), r"1 values of shape \[1000000000\]"),
        (tensor(1, (4097,), float_val=[1.0]), r"1 values of shape \[4097\]"),
        (tensor(1, (2,), content=bytes(4)), r"4 bytes of shape \[2\] \(expected 8 of float32\)"),
        (tensor(1, (2,), content=bytes(12)), "12 bytes"),
        (tensor(1, (-1,), content=bytes(4)), "shape"),
        (tensor(1, (0, 2**62)), "shape"),
        (tensor(1, (1,) * 9, content=bytes(4)), "shape"),
        (tensor(7, (1,), string_val=[b"a"]), "dtype DT_STRING"),  # type: ignore[list-item]
        (tensor(8, (1,), scomplex_val=[1.0, 2.0]), "dtype DT_COMPLEX64"),
        (tensor(99, (1,), content=b"a"), "dtype 99"),
    ],
)
def test_decode_tensor_wrong_claim_is_invalid(proto: tensor_pb2.TensorProto, problem: str) -> None:
    found = decode_tensor(proto)
    assert isinstance(found, Invalid)
    assert found.reason.startswith("invalid tensor: ")
    assert re.search(problem, found.reason), found.reason


def test_decode_number_several_numbers_are_invalid() -> None:
    assert decode_number(tensor(2, (1, 1), double_val=[0.5])) == 0.5
    assert isinstance(decode_number(tensor(2, (2,), double_val=[0.5, 1])), Invalid)
    assert isinstance(decode_number(tensor(2, (0,))), Invalid)


def test_decoding_other_plugins_decode_as_before() -> None:
    """The stand-in in TensorBoard's module decodes nnviz's reads only."""
    provider = grpc_provider.GrpcDataProvider("nowhere", None)
    bomb = tensor(1, (5000,), float_val=[1.0])
    with decoding(provider, decode_tensor):
        assert isinstance(grpc_provider.tensor_util.make_ndarray(bomb), Invalid)
    assert grpc_provider.tensor_util.make_ndarray(bomb).shape == (5000,)
    assert grpc_provider.tensor_util.make_tensor_proto is tensor_util.make_tensor_proto


@pytest.mark.parametrize("value", [0.1, -0.0, np.nan, np.inf, 3e38, 1e-45])
def test_decode_number_float_is_read_without_numpy(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    proto = tensor_util.make_tensor_proto(np.float32(value))
    expected = tensor_util.make_ndarray(proto)
    monkeypatch.setattr("tb_nnviz.logs.tensors.decode_tensor", None)
    found = decode_number(proto)
    assert isinstance(found, float) and np.float32(found).tobytes() == expected.tobytes()


def test_decode_tensor_vector_is_read_without_other_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    proto = tensor_util.make_tensor_proto(np.arange(5))
    monkeypatch.setattr("tb_nnviz.logs.tensors.math", None)
    assert np.array_equal(decode_tensor(proto), np.arange(5))


@pytest.mark.parametrize("size", [-1, 0, 1, 3, 10**13])
def test_decode_tensor_vector_of_another_size_is_invalid(size: int) -> None:
    assert isinstance(decode_tensor(tensor(1, (size,), b"\0" * 8)), Invalid)
