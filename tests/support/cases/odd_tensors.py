"""Tensor classes that know few operators, and parameters of unusual kinds.

This module imports nothing from the package.
"""

import torch
import torch.nn.functional as F
from torch import nn

ATEN = torch.ops.aten


class Quantized(torch.Tensor):
    """Codes and a scale behind a wrapper that can be multiplied with, and nothing else."""

    @staticmethod
    def __new__(cls, codes, scale=0.01):
        return torch.Tensor._make_wrapper_subclass(cls, codes.shape, dtype=torch.float32)

    def __init__(self, codes, scale=0.01):
        self.codes, self.scale = codes, scale

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        if func is ATEN.detach.default:
            return cls(args[0].codes, args[0].scale)
        if func is ATEN.t.default:
            return cls(args[0].codes.t(), args[0].scale)
        if func is ATEN.addmm.default:
            return torch.addmm(args[0], args[1], args[2].codes.float() * args[2].scale)
        if func is ATEN.mm.default:  # the gradient with respect to the input
            return torch.mm(args[0], args[1].codes.float() * args[1].scale)
        raise NotImplementedError(f"{cls.__name__}: {func}")

    __torch_function__ = torch._C._disabled_torch_function_impl


class Silent(Quantized):
    """A class that refuses everything but its product, with an error of another type."""

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        if func in (ATEN.t.default, ATEN.addmm.default, ATEN.mm.default, ATEN.detach.default):
            return super().__torch_dispatch__(func, types, args, kwargs)
        raise AttributeError(f"{cls.__name__} has no {func}")


class Strict(torch.Tensor):
    """Values behind a class that intercepts all functions, also attributes, and knows ``linear`` alone.

    Its memory has no values.
    """

    @staticmethod
    def make(values):
        made = torch.Tensor._make_subclass(Strict, torch.full_like(values, 7.0), False)
        made.__dict__["values"] = values
        return made

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is F.linear:
            x, weight, *bias = args
            return F.linear(x, weight.__dict__["values"], *bias)
        raise TypeError(f"{cls.__name__}: {func}")


class Trained(torch.Tensor):
    """A wrapper of values that an optimizer can update, but that cannot be reduced."""

    @staticmethod
    def __new__(cls, values):
        return torch.Tensor._make_wrapper_subclass(cls, values.shape, dtype=values.dtype, requires_grad=False)

    def __init__(self, values):
        self.held = values

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        plain = [x.held if isinstance(x, Trained) else x for x in args]
        if func in (ATEN.detach.default, ATEN.t.default):
            return cls(func(*plain))
        if func is ATEN.add_.Tensor:
            func(*plain, **(kwargs or {}))
            return args[0]
        if func in (ATEN.addmm.default, ATEN.mm.default):
            return func(*plain)
        raise NotImplementedError(f"{cls.__name__}: {func}")

    __torch_function__ = torch._C._disabled_torch_function_impl


class Tagged(torch.Tensor):
    """A class that keeps its type through all operators, and has values in memory."""


def parameter(x, trained=False):
    """Return a parameter without changing the tensor's class."""
    return nn.Parameter(x, requires_grad=trained)


class Extra(nn.Module):
    """A module that holds a parameter which its forward pass does not read."""

    def __init__(self, extra):
        super().__init__()
        self.weight = extra

    def forward(self, x):
        return x * 1.0


def linear(weight, bias=True):
    """Return a linear layer of size 6 with another weight."""
    layer = nn.Linear(6, 6, bias=bias)
    layer._parameters["weight"] = weight
    return layer


def codes():
    return torch.randint(-127, 127, (6, 6), dtype=torch.int8)


#: By name: a function that makes the odd layer, the dtype of its row, and whether its values can be measured.
ODD_PARAMETERS = {
    "dispatch": (lambda: linear(parameter(Quantized(codes()))), "Quantized float32", False),
    "other error": (lambda: linear(parameter(Silent(codes()))), "Silent float32", False),
    "function": (lambda: linear(Strict.make(torch.randn(6, 6))), "Strict float32", False),
    "trained": (lambda: linear(parameter(Trained(torch.randn(6, 6)), True)), "Trained float32", False),
    "tagged": (lambda: linear(parameter(torch.randn(6, 6).as_subclass(Tagged), True)), "float32", True),
    "meta": (lambda: Extra(parameter(torch.empty(3, 4, device="meta"))), "meta float32", False),
    "empty": (lambda: Extra(parameter(torch.empty(0, 4), True)), "float32", False),
    "integers": (lambda: Extra(parameter(torch.arange(12).reshape(3, 4))), "int64", False),
    "bool": (lambda: Extra(parameter(torch.ones(3, 4, dtype=torch.bool))), "bool", False),
    "float8": (lambda: Extra(parameter(torch.randn(3, 4).to(torch.float8_e4m3fn))), "float8_e4m3fn", True),
    "qint8": (
        lambda: Extra(parameter(torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 0, torch.qint8))),
        "qint8",
        False,
    ),
    "complex": (lambda: Extra(parameter(torch.randn(3, 4, dtype=torch.complex64), True)), "complex64", True),
    "sparse": (lambda: Extra(parameter(torch.eye(4).to_sparse())), "float32", True),
    "csr": (lambda: Extra(parameter(torch.eye(4).to_sparse_csr())), "float32", True),
    "scalar": (lambda: Extra(parameter(torch.tensor(3.0), True)), "float32", True),
    "nested": (
        lambda: Extra(parameter(torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]))),
        "nested float32",
        False,
    ),
    "uninitialized": (lambda: Extra(nn.parameter.UninitializedParameter()), None, False),
}
