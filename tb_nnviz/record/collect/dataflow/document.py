"""The document of ``nnviz/graph``.

It is UTF-8 JSON in a uint8 tensor of plugin ``nnviz``. Every writer of a run writes it once::

    {"version": 1, "observed": true, "reason": null | why not,
     "modules": [{"name", "type", "model", "calls", "parameters", "trainable", "shared", "buffers",
                  "parameter_bytes", "buffer_bytes"}],
     "nodes": [{"kind": "input" | "call" | "group" | "operator" | "output", "name", "model", "module", "type",
                "inputs": [{"shape", "dtype"}], "outputs": [...], "bytes", "parameters": [names]}],
     "edges": [{"from", "to": indices of nodes, "shape", "via": [operators], "assumed": true}]}

``modules`` contains every module once, in order of first call, with those not called last. Its counts are of the
module's own parameters (elements). A shared parameter counts where it is registered first, and as ``shared``
elsewhere. A ``call`` has the name of its activation row. ``module`` is the name of the module, and for an operator
that of the module in which it ran. A ``group`` is a call that contains other observed calls: it has shapes and no
edges. ``bytes`` is the memory of a call's outputs for the observed batch. Shapes are whole. ``via`` lists the
operators between both ends. An edge is ``assumed`` if a tensor was computed without gradients and outside
of all modules. Such an edge starts at an output that had not been used yet. Unknown keys of a node or an edge are
left out.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

from tb_nnviz import schema
from tb_nnviz.record.collect.dataflow.dataflow import Dataflow
from tb_nnviz.record.collect.dataflow.tensors import tensors_of
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.nested import tensors_in


def graph_document(
    modules: list[dict[str, Any]],
    flows: Mapping[nn.Module | None, Dataflow],
    links: Iterable[tuple[nn.Module, nn.Module, str]],
    reason: str | None,
) -> dict[str, Any]:
    """Return the document.

    Args:
        modules: the table of all modules.
        flows: by model, its observed pass. None stands for calls outside of any model's call.
        links: model that gives, model that takes, name of the argument.
        reason: the reason why nothing was observed, or None.
    """
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    ends: dict[tuple[nn.Module | None, str, str], int] = {}
    for root, flow in flows.items():
        first = len(nodes)
        nodes += flow.nodes
        edges += [{**edge, "from": edge["from"] + first, "to": edge["to"] + first} for edge in flow.edges]
        ends |= {(root, node["kind"], node["name"]): first + place for place, node in enumerate(flow.nodes)}
    for giver, taker, name in links:
        link = ends.get((giver, "output", "output")), ends.get((taker, "input", name))
        if None not in link:
            edges.append({"from": link[0], "to": link[1]})
    return {
        "version": schema.VERSION,
        "observed": reason is None,
        "reason": reason,
        "modules": modules,
        "nodes": nodes,
        "edges": edges,
    }


def graph_entry(document: dict[str, Any]) -> schema.Entry:
    """Return the document as the entry of its tag: uint8 [bytes of JSON]."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    return schema.Entry(schema.TAG_GRAPH, np.frombuffer(text, np.uint8), schema.PLUGIN)


def arguments_of(module: nn.Module, args: Any, kwargs: Any) -> dict[str, Tensor]:
    """Return the tensors of a call by the names of the module's arguments, in the order of its signature.

    A tensor that is passed several times is there once, by all its names.

    >>> class Model(nn.Module):
    ...     def forward(self, x, labels=None): ...
    >>> import torch
    >>> x = torch.ones(2)
    >>> list(arguments_of(Model(), (), {"labels": x, "x": x})), list(arguments_of(Model(), ((x, torch.ones(1)),), {}))
    (['x = labels'], ['x[0]', 'x[1]'])
    """
    names: dict[int, tuple[Tensor, list[str]]] = {}
    for name, value in _arguments(module, args, kwargs):
        tensors = tensors_of(value) or list(tensors_in(value))
        for i, tensor in enumerate(tensors):
            names.setdefault(id(tensor), (tensor, []))[1].append(name if len(tensors) == 1 else f"{name}[{i}]")
    return {" = ".join(known): tensor for tensor, known in names.values()}


def _arguments(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the arguments of a call with their names. Those without a name of their own are numbered."""
    try:
        signature = inspect.signature(module.forward)
        bound = signature.bind(*args, **kwargs).arguments
    except (TypeError, ValueError) as error:  # the call may change its arguments in a hook
        if is_interrupt(error):
            raise
        return [*((f"input {number}", value) for number, value in enumerate(args)), *kwargs.items()]
    found: list[tuple[str, Any]] = []
    for name, value in bound.items():
        kind = signature.parameters[name].kind
        found += value.items() if kind is inspect.Parameter.VAR_KEYWORD else [(name, value)]
    return found
