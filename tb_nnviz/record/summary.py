"""The function ``tb_nnviz.summary``, which prints the modules of a model as a table."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.parameter import UninitializedBuffer, is_lazy

from tb_nnviz.record.collect.activation_maps.probe import Probe
from tb_nnviz.record.collect.dataflow.tensors import bytes_of, tensors_of
from tb_nnviz.record.model.evaluation import evaluation, is_uninitialized
from tb_nnviz.record.model.modules import named_modules, takes_hooks, unwrap
from tb_nnviz.record.model.sharding import any_sharded
from tb_nnviz.record.model.table import module_table

_HEAD = ("Layer", "Type", "Output shape", "Parameters", "Trainable", "Calls", "Memory")


@dataclass(frozen=True)
class Summary:
    """The table of a model's modules. ``str`` returns the text that is printed.

    ``rows`` has one dict per module, in order of execution. A row has ``name``, ``type``, ``depth``, ``shape`` (the
    whole shape of the first tensor of the first call's output, None if the module was not called), ``calls``, and
    ``bytes`` of all its outputs. ``parameters``, ``trainable`` and ``buffers`` count the module's own elements.
    ``shared`` counts elements that belong to an earlier row too, and are counted there.
    """

    rows: tuple[dict[str, Any], ...]
    parameters: int
    trainable: int
    buffers: int
    parameter_bytes: int
    buffer_bytes: int
    forward_bytes: int

    def __str__(self) -> str:
        lines = [_HEAD, *(_line(row) for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        shown = ["  ".join(_padded(text, width, i) for i, (text, width) in enumerate(zip(line, widths, strict=True)))
                 for line in lines]  # fmt: skip
        shared = sum(row["shared"] for row in self.rows)
        held = f"{memory(self.parameter_bytes)}, buffers {memory(self.buffer_bytes)}"
        totals = [
            f"Parameters: {self.parameters:,}" + (f" ({shared:,} shared ones are counted once)" if shared else ""),
            f"Trainable: {self.trainable:,}, not trainable: {self.parameters - self.trainable:,}",
            f"Buffers: {self.buffers:,}",
            f"Memory: parameters {held}, outputs of one forward pass {memory(self.forward_bytes)}",
        ]
        return "\n".join(line.rstrip() for line in [shown[0], rule, *shown[1:], rule, *totals])

    __repr__ = __str__


def summary(model: nn.Module, inputs: Any) -> Summary:
    """Print and return a table of a model's modules: shapes, parameters, calls, memory, and their sums.

    >>> import torch
    >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    >>> table = summary(model, torch.ones(2, 3))
    Layer        Type        Output shape  Parameters  Trainable  Calls  Memory
    ---------------------------------------------------------------------------
    (the model)  Sequential  [2, 1]                                   1     8 B
      0          Linear      [2, 4]                16         16      1    32 B
      1          ReLU        [2, 4]                                   1    32 B
      2          Linear      [2, 1]                 5          5      1     8 B
    ---------------------------------------------------------------------------
    Parameters: 21
    Trainable: 21, not trainable: 0
    Buffers: 0
    Memory: parameters 84 B, buffers 0 B, outputs of one forward pass 72 B
    >>> table.parameters
    21

    The model runs once, in evaluation mode and without gradients. Its modes, its buffers and all random states are
    restored afterwards. If it has lazy parameters, a copy runs in its place. A model inside a wrapper (DDP, compile) is
    unwrapped.

    Args:
        model: the model.
        inputs: the model's inputs: a tensor, a tuple of positional arguments, a dict of arguments by name, or another
            object that holds tensors.

    Raises:
        TypeError: the inputs are none of these.
        ValueError: the model is sharded over ranks, or has lazy parameters and cannot be copied.
    """
    models = unwrap(model)
    if list(models) != [""]:
        raise TypeError(f"invalid model: {type(model).__name__} (one torch.nn.Module)")
    if is_uninitialized(models[""]):
        models = _copied(models[""])
    inner = models[""]
    if any_sharded(models.values()):
        raise ValueError(
            f"invalid model: {type(inner).__name__} is sharded over ranks (make its summary before it is, because all "
            "ranks would have to run it)"
        )
    probe = Probe.of(inputs, inner, "inputs")
    table = _observe(models, inner, probe)
    print(table)
    return table


def _copied(model: nn.Module) -> dict[str, nn.Module]:
    """Return a copy of a model with lazy parameters, which the pass would initialize."""
    # torch cannot copy lazy buffers
    memo: dict[int, Any] = {
        id(buffer): UninitializedBuffer(requires_grad=False, device=buffer.device, dtype=buffer.dtype)  # type: ignore[call-arg]
        for buffer in model.buffers()
        if is_lazy(buffer)
    }
    try:
        return {"": copy.deepcopy(model, memo)}
    except Exception as error:
        raise ValueError(
            f"invalid model: {type(model).__name__} has lazy parameters and cannot be copied: {error!r:.200} (run it "
            "on a batch before)"
        ) from error


def _observe(models: Mapping[str, nn.Module], model: nn.Module, probe: Probe) -> Summary:
    names = {module: name for name, module in named_modules(models)}
    calls: dict[nn.Module, int] = {}
    shapes: dict[nn.Module, tuple[int, ...]] = {}
    sizes: dict[nn.Module, int] = {}

    def called(module: nn.Module, args: Any) -> None:
        calls[module] = calls.get(module, 0) + 1

    def returned(module: nn.Module, args: Any, output: Any) -> None:
        tensors = tensors_of(output)
        sizes[module] = sizes.get(module, 0) + bytes_of(tensors)
        if tensors and not tensors[0].is_nested:
            shapes.setdefault(module, tuple(tensors[0].shape))

    hooks = []
    with evaluation(model):
        try:
            for module in names:
                if takes_hooks(module):
                    hooks += [module.register_forward_pre_hook(called), module.register_forward_hook(returned)]
            probe.call(model)
        finally:
            for hook in hooks:
                hook.remove()
    by_name = {name: module for module, name in names.items()}
    rows = []
    for row in module_table(models, calls):
        module = by_name[row["name"]]
        depth = len(row["name"].split(".")) if row["name"] else 0
        more = {"depth": depth, "shape": shapes.get(module), "bytes": sizes.get(module, 0)}
        rows.append({**row, **more, "holds": any(True for _ in module.children())})
    rows = _nested(rows)

    def total(key: str) -> int:
        return sum(row[key] for row in rows)

    return Summary(
        rows=tuple(rows),
        parameters=total("parameters"),
        trainable=total("trainable"),
        buffers=total("buffers"),
        parameter_bytes=total("parameter_bytes"),
        buffer_bytes=total("buffer_bytes"),
        forward_bytes=sum(row["bytes"] for row in rows if not row["holds"]),
    )


def _nested(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort rows so that each module follows the one that contains it, in order of first call."""
    first = {row["name"]: place for place, row in enumerate(rows)}

    def key(row: dict[str, Any]) -> list[tuple[int, str]]:
        # A ModuleList is never called. It takes the place of the first module in it.
        parts = row["name"].split(".") if row["name"] else []
        outer = [".".join(parts[: i + 1]) for i in range(len(parts))]
        return [(min(at for name, at in first.items() if f"{name}.".startswith(f"{one}.")), one) for one in outer]

    return sorted(rows, key=key)


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    name = "  " * row["depth"] + (row["name"].rpartition(".")[2] or "(the model)")
    shape = "" if row["shape"] is None else str(list(row["shape"]))
    own = f"{row['parameters']:,}" if row["parameters"] else "(shared)" if row["shared"] else ""
    trainable = f"{row['trainable']:,}" if row["parameters"] else ""
    held = memory(row["bytes"]) if row["bytes"] else ""
    return name, row["type"], shape, own, trainable, str(row["calls"] or "-"), held


def _padded(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column < 3 else text.rjust(width)


def memory(size: int) -> str:
    """Return a number of bytes as text.

    >>> memory(84), memory(2_000_000)
    ('84 B', '1.91 MiB')
    """
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"
