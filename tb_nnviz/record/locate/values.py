"""The values of tensors, as a finding describes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.model.sharding import is_distributed

#: Tensors of one list that are described.
MOST_TENSORS = 8
#: Indices of samples that are listed.
MOST_SAMPLES = 64


def is_read(x: Tensor) -> bool:
    """Return True if the tensor has floating elements whose values can be read."""
    return (x.is_floating_point() or x.is_complex()) and not (x.is_meta or x.is_nested or is_distributed(x))


def _elements(x: Tensor) -> Tensor:
    x = x.detach()
    x = x.coalesce().values() if x.is_sparse else x
    return torch.view_as_real(x) if x.is_complex() else x


def is_nonfinite(x: Tensor) -> bool:
    """Return True if an element is NaN or Inf."""
    return is_read(x) and not bool(torch.isfinite(_elements(x)).all())


def is_mask(x: Tensor) -> bool:
    """Return True if the tensor is an additive mask: 0 where something is visible, and -Inf elsewhere.

    >>> is_mask(torch.tensor([0.0, float("-inf")])), is_mask(torch.tensor([0.5, float("-inf")]))
    (True, False)
    """
    if not is_read(x) or x.is_complex():
        return False
    x = _elements(x)
    hidden = x == float("-inf")
    return bool(((x == 0) | hidden).all()) and bool(hidden.any()) and not bool(hidden.all())


def has_only_negative_infinity(x: Tensor) -> bool:
    """Return True if all nonfinite elements are -Inf, as in scores that are masked, or in log(0)."""
    x = _elements(x)
    return bool((torch.isfinite(x) | (x == float("-inf"))).all())


def describe(tensors: Iterable[Tensor]) -> list[dict[str, Any]]:
    """Return shape, dtype, smallest, largest and largest absolute finite value, and number of nonfinite elements.

    >>> describe([torch.tensor([1.0, -3.0, float("nan")])])[0]["absmax"]
    3.0
    """
    return [_described(x) for x in list(tensors)[:MOST_TENSORS]]


def _described(x: Tensor) -> dict[str, Any]:
    found: dict[str, Any] = {"shape": list(x.shape), "dtype": str(x.dtype).removeprefix("torch.")}
    if not is_read(x):
        return found
    x = _elements(x)
    finite = x[torch.isfinite(x)].double()
    lowest, highest = (finite.min().item(), finite.max().item()) if finite.numel() else (None, None)
    absmax = None if lowest is None or highest is None else max(abs(lowest), abs(highest))
    nan, inf = int(torch.isnan(x).sum()), int(torch.isinf(x).sum())
    return {**found, "min": lowest, "max": highest, "absmax": absmax, "nonfinite": nan + inf, "nan": nan, "inf": inf}


def samples(tensors: Sequence[Tensor], batch: int | None) -> list[int]:
    """Return the indices of the samples that have a nonfinite element, at most `MOST_SAMPLES`.

    Args:
        tensors: those whose first axis has one index per sample are read.
        batch: the number of samples, None if it is unknown.
    """
    found: set[int] = set()
    for x in tensors:
        if batch is not None and is_read(x) and not x.is_sparse and x.dim() and x.shape[0] == batch:
            bad = ~torch.isfinite(_elements(x)).reshape(batch, -1).all(1)
            found.update(torch.nonzero(bad).reshape(-1)[:MOST_SAMPLES].tolist())
    return sorted(found)[:MOST_SAMPLES]


def of_samples(found: Sequence[int]) -> str:
    """Return a phrase that names samples, "" if there are none.

    >>> of_samples([3]), of_samples([])
    (', in sample 3 of the batch', '')
    """
    if not found:
        return ""
    listed = ", ".join(map(str, found[:5])) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    return f", in sample{'s' if len(found) > 1 else ''} {listed} of the batch"


def problem_of(x: Tensor) -> str:
    """Return a phrase such as ``3 NaN and 1 Inf of 640``."""
    about = _described(x)
    parts = [f"{about[name]} {word}" for name, word in (("nan", "NaN"), ("inf", "Inf")) if about.get(name)]
    return f"{' and '.join(parts) or 'no NaN or Inf'} among {x.numel()} values"
