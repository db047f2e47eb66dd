"""What flows from which module call to which: read off autograd's graph while a forward pass runs."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

#: Beyond so many nodes of autograd's graph, or of ours, a pass is not drawn: nobody could read it.
MOST_WALKED, MOST_NODES = 500_000, 20_000
#: Nodes of autograd's graph that are looked through for another model's output.
_NEAR = 64
#: Operators that are named on one edge.
MOST_VIA = 8
#: Operators that only say how the same numbers lie.
_QUIET = frozenset(
    """view reshape unsafe_view reshape_alias t transpose permute expand unsqueeze squeeze slice select split
    split_with_sizes unbind chunk clone alias contiguous to_copy as_strided detach narrow copy_slices""".split()  # noqa: SIM905
)
_ALIASES = {
    "bmm": "matmul",
    "mm": "matmul",
    "baddbmm": "matmul",
    "addmm": "linear",
    "native_dropout": "dropout",
    "native_layer_norm": "layer_norm",
    "native_batch_norm": "batch_norm",
    "cudnn_batch_norm": "batch_norm",
    "mkldnn_convolution": "convolution",
    "safe_softmax": "softmax",
}
#: Operators in which something without gradients can meet something that has them.
_JOINING = frozenset(("add", "sub", "mul", "div", "cat"))


class Flow(NamedTuple):
    """Where a tensor comes from: a node of ours (None: of none), what it went through, whose parameters joined.

    ``unknown``: it was computed without gradients outside of any module, so nobody knows; ``assumed``: it may be.
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
    """The graph of one pass: ``nodes`` and ``edges`` as they stand in ``nnviz/graph``.

    A tensor is known again by itself, or by the node of autograd's graph that made it. Nodes are held while
    the pass runs, which holds nothing that its loss does not; ``release`` lets them go. Tensors never are.

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
        self._flows: dict[int, tuple[Any, Flow]] = {}  # by the id of autograd's node, which lives as long
        self._tensors: dict[int, _Seen] = {}
        self._loose: dict[int, None] = {}  # made without gradients, and not taken up by anything yet
        self._earlier: int | None = None
        self._scope = ""
        self._known: set[tuple[int, int, tuple[str, ...]]] = set()
        self._start = _sequence_number()

    def add(self, kind: str, name: str, tensors: Sequence[Tensor] = (), flows: Iterable[Flow] = (), **more: Any) -> int:
        """A node that these flows reach and that makes these tensors (of a group: that has them); its index."""
        outputs = [described(tensor) for tensor in tensors]
        index = self._node(kind, name, **more, outputs=outputs, bytes=bytes_of(tensors))
        for flow in flows:
            self._connect(flow, index)
        if kind not in ("input", "call"):
            return index
        for tensor in tensors:
            version = None if tensor.is_inference() else tensor._version
            self._tensors[id(tensor)] = _Seen(weakref.ref(tensor), version, index)
            if (node := tensor.grad_fn) is not None:
                self._flows[id(node)] = node, Flow(index)
        if all(tensor.grad_fn is None for tensor in tensors):
            self._loose[index] = None
        return index

    def trace(self, tensors: Iterable[Tensor], scope: str = "") -> list[Flow]:
        """Where each tensor comes from; operators that are new on the way ran in this scope."""
        self._scope = scope
        return [self.origin(tensor)._replace(shape=_shape(tensor)) for tensor in tensors]

    def is_new(self, tensor: Tensor) -> bool:
        """Whether nothing here has made this tensor: it was given."""
        return tensor.grad_fn is None and self._find(tensor) is None and tensor not in self._names

    def release(self) -> None:
        """Let go of autograd's nodes."""
        self._flows.clear()
        self._tensors.clear()
        self._known.clear()

    def origin(self, tensor: Tensor) -> Flow:
        """Where a tensor comes from."""
        seen = self._find(tensor)
        node = tensor.grad_fn
        if seen is not None and (node is None or tensor.is_inference() or tensor._version == seen.version):
            return Flow(seen.source)
        if node is not None:
            return self._resolve(node)
        if isinstance(tensor, nn.Parameter) and tensor in self._names:
            return Flow(None, (), (self._names[tensor],))
        base = None if tensor.is_inference() else tensor._base
        if base is not None and (seen := self._find(base)) is not None:
            return Flow(seen.source)
        return Flow(None, unknown=tensor.is_floating_point() or tensor.is_complex())

    def _find(self, tensor: Tensor) -> _Seen | None:
        seen = self._tensors.get(id(tensor))
        return seen if seen is not None and seen.tensor() is tensor else None

    def _resolve(self, wanted: Any) -> Flow:
        """Walk back from one of autograd's nodes to what is known; by hand, as a chain may be long."""
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
                    # held here too: the id of one that nobody holds could come again
                    waiting.extend(new)
                    continue
                flow = self._join(node, before)
            if len(self._flows) >= MOST_WALKED:
                raise TooLargeError(f"more than {MOST_WALKED} operators")
            self._flows[id(node)] = node, flow
            waiting.pop()
        return self._flows[id(wanted)][1]

    def _leaf(self, node: Any) -> Flow | None:
        """Where there is nothing to walk on to: a parameter, a leaf of the user's, what an earlier pass made."""
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
        """What comes out of an operator: a node of its own where several flows meet, or parameters come in."""
        name, output = operator_name(node.name()), _metadata(node)
        flows = [self._flows[id(other)][1]._replace(shape=_shape_at(other)) for other in before]
        if name in _JOINING and len(before) < len(node.next_functions):
            flows += self._taken_up(name, output)
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
        more = {} if output is None else {"outputs": [_described(*output)]}
        index = self._node("operator", name, module=self._scope, type=name, **more)
        for flow in flows:
            self._connect(flow, index)
        return Flow(index)

    def _taken_up(self, name: str, output: tuple[Any, torch.dtype] | None) -> list[Flow]:
        """An operator takes a tensor without gradients, or a number: what nothing has taken up yet, if it fits."""
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
        """An edge; the same one twice is one. Where nobody knows, from what nothing has taken up: it is assumed."""
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


def leads_to(node: Any, wanted: Any) -> bool:
    """Whether one of autograd's nodes is reached from another in a few operators."""
    if node is None or wanted is None:
        return False
    seen, waiting = {node: None}, [node]
    while waiting and len(seen) < _NEAR:
        if (found := waiting.pop(0)) is wanted:
            return True
        new = [other for other, _ in found.next_functions if other is not None and other not in seen]
        seen |= dict.fromkeys(new)
        waiting += new
    return False


def operator_name(name: str) -> str:
    """What a user calls the operator that a node of autograd's graph belongs to.

    >>> [operator_name(name) for name in ("AddBackward0", "MaxPool2DWithIndicesBackward0", "BmmBackward0")]
    ['add', 'max_pool2d', 'matmul']
    >>> operator_name("ScaledDotProductFlashAttentionForCpuBackward0"), operator_name("MyFunctionBackward")
    ('attention', 'MyFunction')
    """
    name = name.rpartition("::")[2]
    match = re.fullmatch(r"(.+?)Backward(\d+)", name)
    if match is None:
        return "copy_slices" if name == "CopySlices" else name.removesuffix("Backward") or name
    if "Attention" in match[1]:
        return "attention"
    text = re.sub(r"(\d)D(?![a-z])", r"\1d", match[1])
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower().strip("_")
    text = text.removesuffix("_with_indices")
    return _ALIASES.get(text, text)


def tensors_of(value: object, depth: int = 8) -> list[Tensor]:
    """All tensors in what a module is given or gives, in the order in which they stand there."""
    if isinstance(value, Tensor):
        return [value]
    parts: Iterable[object] = ()
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, tuple | list):
        parts = value
    elif is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, part.name, None) for part in fields(value)]
    return [tensor for part in parts for tensor in tensors_of(part, depth - 1)] if depth else []


def _shape(tensor: Tensor) -> tuple[int, ...] | None:
    """The whole shape, None where its rows have shapes of their own."""
    return None if tensor.is_nested else tuple(int(size) for size in tensor.shape)


def described(tensor: Tensor) -> dict[str, Any]:
    """Shape and dtype of a tensor as they stand in ``nnviz/graph``."""
    return _described(_shape(tensor), tensor.dtype)


def _described(shape: Iterable[int] | None, dtype: torch.dtype) -> dict[str, Any]:
    known = None if shape is None else [int(size) for size in shape]
    return {"shape": known, "dtype": str(dtype).removeprefix("torch.")}


def _metadata(node: Any) -> tuple[Any, torch.dtype] | None:
    """Shape and dtype of what a node of autograd's graph has made, where this torch tells."""
    metadata = getattr(node, "_input_metadata", None)
    return (metadata[0].shape, metadata[0].dtype) if metadata else None


def _shape_at(node: Any) -> tuple[int, ...] | None:
    metadata = _metadata(node)
    return None if metadata is None else tuple(int(size) for size in metadata[0])


def bytes_of(tensors: Iterable[Tensor]) -> int:
    """Memory that these tensors take, each once."""
    distinct = {id(tensor): tensor for tensor in tensors}
    return sum(x.numel() * x.element_size() for x in distinct.values() if x.layout == torch.strided and not x.is_nested)


def _sequence_number() -> int | None:
    """The number that autograd gives its next node; None where this torch does not tell."""
    number = getattr(torch._C._autograd, "_get_sequence_nr", None)
    return None if number is None else int(number())
