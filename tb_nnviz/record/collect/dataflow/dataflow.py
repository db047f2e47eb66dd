"""The flow of tensors between module calls, read from autograd's graph while a forward pass runs."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.dataflow.autograd import next_sequence_number, operator_name, output_of, shape_at
from tb_nnviz.record.collect.dataflow.tensors import bytes_of, described, described_as, shape_of

#: A pass with more nodes, of autograd or in the graph, is not drawn: the picture would be unreadable.
MOST_WALKED, MOST_NODES = 500_000, 20_000
#: Most operators that are named on one edge.
MOST_VIA = 8
#: Operators that only change the layout of the same values. They are not shown.
_QUIET = frozenset(
    """view reshape unsafe_view reshape_alias t transpose permute expand unsqueeze squeeze slice select split
    split_with_sizes unbind chunk clone alias contiguous to_copy as_strided detach narrow copy_slices""".split()  # noqa: SIM905
)
#: Operators that can combine an operand without gradients with one that has them.
_JOINING = frozenset(("add", "sub", "mul", "div", "cat"))


class Flow(NamedTuple):
    """The origin of a tensor.

    Args:
        source: index of the node that it comes from, or None if it comes from no node.
        via: the operators between that node and the tensor.
        parameters: the parameters that these operators combined it with.
        unknown: it was computed without gradients and outside of all modules, so its origin cannot be read.
        shape: its shape.
        assumed: the origin is a guess.
    """

    source: int | None
    via: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    unknown: bool = False
    shape: tuple[int, ...] | None = None
    assumed: bool = False


@dataclass(eq=False)
class _Seen:
    tensor: weakref.ref[Tensor]
    version: int | None
    source: int


class TooLargeError(Exception):
    """The pass has more nodes than can be drawn."""


class Dataflow:
    """The graph of one pass: ``nodes`` and ``edges`` in the form of ``nnviz/graph``.

    A tensor is recognized by its identity, or by the autograd node that made it. Autograd nodes are held while the
    pass runs, as the loss holds them too, until ``release``. Tensors are never held.

    >>> flow, layer = Dataflow({}), nn.Linear(2, 2)
    >>> x = torch.ones(1, 2)
    >>> first = flow.add("input", "x", [x])
    >>> y = layer(x)
    >>> second = flow.add("call", "fc", [y], flow.trace([x]))
    >>> z = y.relu()
    >>> third = flow.add("output", "output", [z], flow.trace([z]))
    >>> [(edge["from"], edge["to"], edge.get("via")) for edge in flow.edges]
    [(0, 1, None), (1, 2, ['relu'])]
    """

    def __init__(self, parameters: Mapping[nn.Parameter, str]) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self._names = parameters
        self._flows: dict[int, tuple[Any, Flow]] = {}  # by the id of the autograd node, which is held here
        self._tensors: dict[int, _Seen] = {}
        self._views: dict[int, list[_Seen]] = {}  # inputs, by the id of the tensor that they are views of
        self._loose: dict[int, None] = {}  # nodes whose outputs have no gradients and are not used yet
        self._earlier: int | None = None
        self._scope = ""
        self._known: set[tuple[int, int, tuple[str, ...]]] = set()
        self._start = next_sequence_number()

    def add(self, kind: str, name: str, tensors: Sequence[Tensor] = (), flows: Iterable[Flow] = (), **more: Any) -> int:
        """Add a node and return its index.

        Args:
            kind: of ``nnviz/graph``.
            name: the node's name.
            tensors: its outputs.
            flows: the origins of its inputs.
            more: further keys of the node.
        """
        outputs = [described(tensor) for tensor in tensors]
        index = self._node(kind, name, **more, outputs=outputs, bytes=bytes_of(tensors))
        for flow in flows:
            self._connect(flow, index)
        if kind not in ("input", "call"):
            return index
        for tensor in tensors:
            version = None if tensor.is_inference() else tensor._version
            seen = self._tensors[id(tensor)] = _Seen(weakref.ref(tensor), version, index)
            if (base := _base_of(tensor)) is not None and tensor.grad_fn is None:
                self._views.setdefault(id(base), []).append(seen)
            if (node := tensor.grad_fn) is not None:
                self._flows[id(node)] = node, Flow(index)
        if all(tensor.grad_fn is None for tensor in tensors):
            self._loose[index] = None
        return index

    def trace(self, tensors: Iterable[Tensor], scope: str = "") -> list[Flow]:
        """Return the origin of each tensor. Operators seen for the first time are placed in the module ``scope``."""
        self._scope = scope
        return [self.origin(tensor)._replace(shape=shape_of(tensor)) for tensor in tensors]

    def is_new(self, tensor: Tensor) -> bool:
        """Return True if no node made this tensor, so that it is an input."""
        return tensor.grad_fn is None and self._find(tensor) is None and tensor not in self._names

    def release(self) -> None:
        """Release the autograd nodes."""
        self._flows.clear()
        self._tensors.clear()
        self._views.clear()
        self._known.clear()

    def origin(self, tensor: Tensor) -> Flow:
        """Return the origin of a tensor."""
        seen = self._find(tensor)
        node = tensor.grad_fn
        if seen is not None and (node is None or tensor.is_inference() or tensor._version == seen.version):
            return Flow(seen.source)
        if node is not None:
            return self._resolve(node)
        if isinstance(tensor, nn.Parameter) and tensor in self._names:
            return Flow(None, (), (self._names[tensor],))
        if (seen := self._viewed(tensor)) is not None:
            return Flow(seen.source)
        return Flow(None, unknown=tensor.is_floating_point() or tensor.is_complex())

    def _find(self, tensor: Tensor) -> _Seen | None:
        seen = self._tensors.get(id(tensor))
        return seen if seen is not None and seen.tensor() is tensor else None

    def _viewed(self, view: Tensor) -> _Seen | None:
        """Return the tensor that another one is a view of: of several in the same memory, the smallest around it."""
        if (base := _base_of(view)) is None:
            return None
        whole = self._find(base)
        known = [*self._views.get(id(base), ()), *([] if whole is None else [whole])]
        around = [
            (one, seen)
            for seen in known
            if (one := seen.tensor()) is not None and (one is base or _base_of(one) is base)
        ]
        inside = [(one.numel(), place) for place, (one, _) in enumerate(around) if _covers(one, view)]
        return around[min(inside)[1]][1] if inside else None

    def _resolve(self, wanted: Any) -> Flow:
        """Walk back from an autograd node to known ones. Iterative, because a chain can exceed the recursion limit."""
        waiting = [wanted]
        while waiting:
            node = waiting[-1]
            if id(node) in self._flows:
                waiting.pop()
                continue
            flow = self._leaf(node)
            if flow is None:
                before = [other for other, _ in node.next_functions if other is not None]
                new = [other for other in before if id(other) not in self._flows]
                if new:
                    # They are held here too, because the id of a freed node can be used again.
                    waiting.extend(new)
                    continue
                flow = self._join(node, before)
            if len(self._flows) >= MOST_WALKED:
                raise TooLargeError(f"more than {MOST_WALKED} operators")
            self._flows[id(node)] = node, flow
            waiting.pop()
        return self._flows[id(wanted)][1]

    def _leaf(self, node: Any) -> Flow | None:
        """Return the flow of a node at which the walk ends: a parameter, a user's leaf, or an earlier pass."""
        variable = getattr(node, "variable", None)
        if variable is not None:
            if (name := self._names.get(variable)) is not None:
                return Flow(None, (), (name,))
            seen = self._find(variable)
            return Flow(None if seen is None else seen.source)
        number = getattr(node, "_sequence_nr", None)
        if number is None or self._start is None or number() >= self._start:
            return None
        if self._earlier is None:
            self._earlier = self._node("input", "earlier")
        return Flow(self._earlier)

    def _join(self, node: Any, before: Sequence[Any]) -> Flow:
        """Return the flow out of an operator. It is a node if it combines several flows, or one with parameters."""
        name, output = operator_name(node.name()), output_of(node)
        flows = [self._flows[id(other)][1]._replace(shape=shape_at(other)) for other in before]
        if name in _JOINING and len(before) < len(node.next_functions):
            flows += self._assumed_operands(name, output)
        data = [flow for flow in flows if flow.source is not None]
        parameters = tuple(dict.fromkeys(name for flow in flows for name in flow.parameters))
        if not data:
            return Flow(None, (), parameters)
        one = len({flow.source for flow in data}) == 1
        if one and name in _QUIET:
            return Flow(data[0].source, data[0].via, parameters, assumed=data[0].assumed)
        if one and not parameters and not (name == "attention" or (name == "matmul" and len(data) > 1)):
            via = max((flow.via for flow in data), key=len)
            return Flow(data[0].source, via if len(via) > MOST_VIA else (*via, name), assumed=data[0].assumed)
        more = {} if output is None else {"outputs": [described_as(*output)]}
        index = self._node("operator", name, module=self._scope, type=name, **more)
        for flow in flows:
            self._connect(flow, index)
        return Flow(index)

    def _assumed_operands(self, name: str, output: tuple[Any, torch.dtype] | None) -> list[Flow]:
        """Return the unused outputs without gradients whose shape fits the operator's other operand."""
        if output is None:
            return []
        shape = tuple(output[0])
        fitting = []
        for loose in self._loose:
            for made in self.nodes[loose]["outputs"]:
                same = len(made["shape"]) == len(shape) if name == "cat" else tuple(made["shape"]) == shape
                if same and "int" not in made["dtype"] and made["dtype"] != "bool":
                    fitting.append(Flow(loose, shape=tuple(made["shape"]), assumed=True))
                    break
        return fitting

    def _node(self, kind: str, name: str, **more: Any) -> int:
        if len(self.nodes) >= MOST_NODES:
            raise TooLargeError(f"more than {MOST_NODES} nodes")
        self.nodes.append({"kind": kind, "name": name, **more})
        return len(self.nodes) - 1

    def _connect(self, flow: Flow, to: int) -> None:
        """Add an edge, or assumed edges from all unused outputs if the origin is unknown. Duplicates are merged."""
        if flow.unknown:
            for loose in list(self._loose):
                self._edge(flow._replace(source=loose, via=(), assumed=True), to)
            return
        if flow.parameters:
            known = self.nodes[to].setdefault("parameters", [])
            known += [name for name in flow.parameters if name not in known]
        if flow.source is not None:
            self._edge(flow, to)

    def _edge(self, flow: Flow, to: int) -> None:
        assert flow.source is not None
        self._loose.pop(flow.source, None)
        if (key := (flow.source, to, flow.via)) in self._known:
            return
        self._known.add(key)
        edge: dict[str, Any] = {"from": flow.source, "to": to}
        if flow.shape is not None:
            edge["shape"] = list(flow.shape)
        if flow.via:
            edge["via"] = [*flow.via[:MOST_VIA], *(["..."] if len(flow.via) > MOST_VIA else [])]
        if flow.assumed:
            edge["assumed"] = True
        self.edges.append(edge)


def _base_of(tensor: Tensor) -> Tensor | None:
    """Return the tensor that another one is a view of."""
    return None if tensor.is_inference() else tensor._base


def _covers(outer: Tensor, inner: Tensor) -> bool:
    """Return True if a tensor spans the memory of another one in the same storage."""
    first, last = _span(outer)
    start, end = _span(inner)
    return first <= start and end <= last


def _span(x: Tensor) -> tuple[int, int]:
    first = int(x.storage_offset())
    return first, first + sum((int(size) - 1) * int(stride) for size, stride in zip(x.shape, x.stride(), strict=True))
