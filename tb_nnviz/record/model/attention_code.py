"""The modules whose code computes attention, known without running it."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch
from torch import nn

#: Functions of torch that are attention.
_ATTENTION = frozenset({"scaled_dot_product_attention", "multi_head_attention_forward"})
#: Ways to exchange the last two axes of the keys before the product with the queries.
_TRANSPOSED = frozenset({"transpose", "mT", "T", "permute", "swapaxes", "movedim", "rearrange"})
_PRODUCTS = frozenset({"matmul", "bmm", "baddbmm"})
#: Calls of functions that are followed from ``forward``.
_DEPTH = 3


def computes_attention(module: nn.Module) -> bool:
    """Return True if the code of a module computes attention: by a function of torch, or by a softmax of q k^T.

    Functions and methods that it calls are followed, and modules within are not.

    >>> computes_attention(nn.MultiheadAttention(4, 2)), computes_attention(nn.Linear(4, 4))
    (True, False)
    """
    names: set[str] = set()
    multiplies = softmax = False
    for function in _functions(module):
        for code in _codes(function.__code__):
            own = set(code.co_names)
            names |= own
            multiplies |= _multiplies(code)
            softmax |= "softmax" in own and ("functional" in own or function.__globals__.get("F") is nn.functional)
    if names & _ATTENTION:
        return True
    softmax |= any(isinstance(child, nn.Softmax) for child in module.children())
    return softmax and ("einsum" in names or bool((multiplies or names & _PRODUCTS) and names & _TRANSPOSED))


def _functions(module: nn.Module) -> Iterator[FunctionType]:
    """Yield the function ``forward`` and those that it calls, as far as their names tell, each once."""
    waiting = [(_function(module.forward), 0)]
    known: set[FunctionType] = set()
    while waiting:
        function, depth = waiting.pop()
        if function is None or function in known or _is_base(function):
            continue
        known.add(function)
        yield function
        if depth < _DEPTH:
            names = {name for code in _codes(function.__code__) for name in code.co_names}
            known_here = [function.__globals__.get(name) for name in names]
            homes: list[Mapping[str, Any]] = [vars(kind) for kind in type(module).__mro__ if kind is not nn.Module]
            homes += [vars(one) for one in known_here if isinstance(one, ModuleType)]
            found = [*known_here, *(home.get(name) for home in homes for name in names)]
            waiting += [(_function(one), depth + 1) for one in found]


def _function(given: Any) -> FunctionType | None:
    """Return the Python function behind a function, a method or a decorator, None if there is none."""
    given = getattr(given, "__func__", given)
    seen = 0
    while hasattr(given, "__wrapped__") and seen < _DEPTH:
        given, seen = given.__wrapped__, seen + 1
    return given if isinstance(given, FunctionType) else None


def _is_base(function: FunctionType) -> bool:
    """Return True if a function is torch's, but for the code of its layers, or nnviz's."""
    name = function.__module__ or ""
    return (name.startswith(("torch.", "tb_nnviz.")) and not name.startswith("torch.nn.modules.")) or name in _BASES


_BASES = ("torch.nn.modules.module", torch.__name__)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a function's code and that of the functions within."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _multiplies(code: CodeType) -> bool:
    """Return True if the code has the operator ``@``."""
    return any(
        one.opname == "BINARY_MATRIX_MULTIPLY" or (one.opname == "BINARY_OP" and one.argrepr.startswith("@"))
        for one in dis.get_instructions(code)
    )
