"""Parameters of which a process holds a part only, and the process's rank.

An operator on a DTensor may be a collective, for which one rank would wait for ever if the others do not call it. So
nothing here calls one. Ranks are read from torch.distributed or the environment, without communication.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from tb_nnviz.record.interrupts import is_interrupt

#: Classes by the name of which tensors of torch.distributed are known, because importing it takes time.
_DISTRIBUTED = frozenset({"DTensor", "AsyncCollectiveTensor", "ShardedTensor"})
#: The wrappers of models that were unwrapped, of which FSDP's know the shapes of their parameters.
wrappers: WeakKeyDictionary[nn.Module, list[nn.Module]] = WeakKeyDictionary()


class Rank(NamedTuple):
    """The place of this process among those that train together."""

    number: int
    size: int


def rank() -> Rank:
    """Return the rank of this process, which is 0 of 1 if it trains alone."""
    if _initialized():
        return Rank(torch.distributed.get_rank(), torch.distributed.get_world_size())
    try:
        return Rank(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    except (KeyError, ValueError):
        return Rank(0, 1)


def claim(run: str) -> None:
    """Tell the other ranks that this one, the first, writes a run. It is one message to the store, no collective."""
    if _initialized() and rank().number == 0 and rank().size > 1:
        _store().set(_key(run), "1")


def refusal(run: str) -> Callable[[], str] | None:
    """Return None if this rank may write a run: it is the first, or trains alone.

    Otherwise return a function that returns why this rank may not write the run too, or an empty string as long as the
    first rank has not claimed it. Each rank begins at its own time, so one empty string decides nothing.
    """
    own, known = rank(), _initialized()
    if own.number == 0 or own.size < 2:
        return None

    def reason() -> str:
        try:
            if known and not _store().check([_key(run)]):
                return ""
        except Exception as error:
            # The store has ended with the first rank: whether it wrote the run is unknown, so refuse.
            if is_interrupt(error):
                raise
        return (
            f"rank {own.number} of {own.size} records nothing into {run}, because the first rank does: watch on the "
            "first rank only, or give each rank a directory of its own after init_process_group"
        )

    return reason


def _initialized() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _store() -> Any:
    return torch.distributed.distributed_c10d._get_default_store()


def _key(run: str) -> str:
    return "tb_nnviz/" + hashlib.sha1(run.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()


def is_distributed(tensor: Tensor) -> bool:
    """Return True if an operator on the tensor may be a collective.

    >>> is_distributed(torch.ones(2))
    False
    """
    return type(tensor) not in (Tensor, nn.Parameter) and any(
        base.__name__ in _DISTRIBUTED and base.__module__.startswith("torch.") for base in type(tensor).__mro__
    )


def is_sharded(parameter: Tensor) -> bool:
    """Return True if the process holds a part of the parameter, or a copy behind an interface that communicates."""
    return is_distributed(parameter) or bool(getattr(parameter, "_fsdp_flattened", False))


def any_sharded(models: Iterable[nn.Module]) -> bool:
    """Return True if a parameter or a buffer of the models is sharded."""
    tensors = (tensor for model in models for group in (model.parameters(), model.buffers()) for tensor in group)
    return any(map(is_sharded, tensors))


def splits_outputs(models: Iterable[nn.Module]) -> bool:
    """Return True if layers may compute a part of their output, as with tensor parallelism.

    Data parallelism (FSDP2, also hybrid) shards parameters along one axis of the mesh of a module that it manages. The
    module then computes with whole parameters. All other DTensors split what is computed.
    """
    return any(_splits(model, False) for model in models)


def _splits(module: nn.Module, managed: bool) -> bool:
    managed = managed or any(base.__name__ == "FSDPModule" for base in type(module).__mro__)
    for parameter in module.parameters(recurse=False):
        if is_distributed(parameter):
            placements = getattr(parameter, "placements", ())
            if not managed or sum(not placement.is_replicate() for placement in placements) > 1:
                return True
    return any(_splits(child, managed) for child in module.children())


def whole_shapes(models: Iterable[nn.Module]) -> dict[Tensor, tuple[int, ...]]:
    """Return the shapes of the parameters of which FSDP1 left a part in the models, without its parts."""
    found: dict[Tensor, tuple[int, ...]] = {}
    for flat in _flat_parameters(models):
        shapes = [tuple(shape) for shape in getattr(flat, "_shapes", ())]
        found[flat] = (sum(map(math.prod, shapes)),)
        found.update(zip(getattr(flat, "_params", None) or (), shapes, strict=False))
    return found


def _flat_parameters(models: Iterable[nn.Module]) -> Iterator[Any]:
    for model in models:
        for module in (*wrappers.get(model, ()), *model.modules()):
            handle = vars(module).get("_handle")
            if getattr(handle, "flat_param", None) is not None:
                yield handle.flat_param
