"""The logged dataflow of models of each kind, against edges written by hand."""

import itertools
import json
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import tb_nnviz
from tests.support.event_reader import Run


def graph_of(models, run, tmp_path, **options):
    """Return the graph of a training of two steps."""
    several = models if isinstance(models, dict) else {"": models}
    optimizers = [torch.optim.SGD(model.parameters(), 0.1) for model in several.values()]
    with tb_nnviz.watch(models, optimizers, logdir=tmp_path, **options) as monitor:
        for _ in range(2):
            run()
            for optimizer in optimizers:
                optimizer.step()
        (capture,) = [one for one in monitor._session._collectors._all if one.part == "the graph"]
        left = list(capture._hooks._hooks)
    (document,) = Run(tmp_path).tensors["nnviz/graph"].values()  # once
    graph = json.loads(document.tobytes())
    assert not (graph["observed"] and left)  # the first step removes the hooks
    return graph


def edges(graph):
    """Return the edges as pairs of names. Operators are name@scope, with a number from the second one on."""
    names, seen = [], {}
    for node in graph["nodes"]:
        name = node["name"] if node["kind"] != "operator" else f"{node['name']}@{node['module']}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 or node["kind"] != "operator" else f"{name}.{seen[name]}")
    return {(names[e["from"]], names[e["to"]]) for e in graph["edges"]}


def chain(*names):
    return set(itertools.pairwise(names))


class Residual(nn.Module):
    def __init__(self, inplace):
        super().__init__()
        self.a, self.act, self.b = nn.Linear(4, 4), nn.ReLU(inplace=inplace), nn.Linear(4, 4)

    def forward(self, x):
        return F.relu(self.b(self.act(self.a(x))) + x)


@pytest.mark.parametrize("inplace", [False, True])
def test_graph_residual_blocks_have_both_paths(tmp_path, inplace):
    model = nn.Sequential(nn.Linear(4, 4), Residual(inplace), Residual(inplace), nn.Linear(4, 1))
    x = torch.randn(3, 4)
    graph = graph_of(model, lambda: model(x).sum().backward(), tmp_path)
    assert edges(graph) == (
        chain("input", "0", "1.a", "1.act", "1.b", "add@1", "2.a", "2.act", "2.b", "add@2", "3", "output")
        | {("0", "add@1"), ("add@1", "add@2")}
    )
    assert [edge["via"] for edge in graph["edges"] if "via" in edge] == [["relu"]] * 3
    groups = [node["name"] for node in graph["nodes"] if node["kind"] == "group"]
    assert groups == ["1", "2", ""]


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right, self.out = nn.Linear(4, 2), nn.Linear(4, 3), nn.Linear(5, 1)

    def forward(self, x, *, scale):
        return {"y": self.out(torch.cat([self.left(x), self.right(x).tanh()], -1)) * scale, "extra": [x]}


def test_graph_branches_keywords_and_dict_are_followed(tmp_path):
    model, x = Branches(), torch.randn(3, 4)
    graph = graph_of(model, lambda: model(x, scale=torch.tensor(2.0))["y"].sum().backward(), tmp_path)
    found = edges(graph)
    assert found >= {("x", "left"), ("x", "right"), ("left", "cat@"), ("right", "cat@"), *chain("cat@", "out")}
    assert ("x", "output") in found
    shapes = {node["name"]: [one["shape"] for one in node.get("outputs", ())] for node in graph["nodes"]}
    assert shapes["left"] == [[3, 2]] and shapes["cat"] == [[3, 5]] and shapes["output"] == [[3, 1], [3, 4]]
    assert {node["name"]: node.get("bytes") for node in graph["nodes"]}["right"] == 3 * 3 * 4


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(3, 4))
        self.q, self.k, self.v, self.proj = (nn.Linear(4, 4) for _ in range(4))

    def forward(self, x):
        x = x + self.position
        weights = torch.softmax(self.q(x) @ self.k(x).transpose(1, 2), -1)
        return self.proj(weights @ self.v(x))


def test_graph_attention_and_container_parameter_are_nodes(tmp_path):
    model, x = nn.Sequential(nn.Linear(4, 4), Attention()), torch.randn(2, 3, 4)
    graph = graph_of(model, lambda: model(x).sum().backward(), tmp_path)
    add, first, second = "add@1", "matmul@1", "matmul@1.2"
    assert edges(graph) == (
        chain("input", "0", add, "1.q", first, second, "1.proj", "output")
        | {(add, "1.k"), ("1.k", first), (add, "1.v"), ("1.v", second)}
    )
    assert {node["name"]: node.get("parameters") for node in graph["nodes"]}["add"] == ["1.position"]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.rnn, self.out = nn.Linear(4, 4), nn.LSTM(4, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x):
        for _ in range(3):
            x = self.cell(x)
        return self.out(self.rnn(x)[0][:, -1])


def test_graph_shared_module_has_one_node_per_call(tmp_path):
    model, x = Recurrent(), torch.randn(2, 5, 4)
    graph = graph_of(model, lambda: model(x).sum().backward(), tmp_path)
    assert edges(graph) == chain("x", "cell", "cell#1", "cell#2", "rnn", "out", "output")
    modules = {module["name"]: module for module in graph["modules"]}
    assert modules["cell"]["calls"] == 3 and modules["cell"]["parameters"] == 20
    assert sum(one["parameters"] for one in graph["modules"]) == sum(p.numel() for p in model.parameters())


class Checkpointed(nn.Module):
    def __init__(self, reentrant):
        super().__init__()
        self.first, self.last, self.reentrant = nn.Linear(4, 4), nn.Linear(4, 1), reentrant
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))

    def forward(self, x):
        return self.last(checkpoint(self.body, self.first(x), use_reentrant=self.reentrant))


@pytest.mark.parametrize("reentrant", [False, True])
def test_graph_checkpointed_layers_are_drawn_once(tmp_path, reentrant):
    model, x = Checkpointed(reentrant), torch.randn(2, 4)
    graph = graph_of(model, lambda: model(x).sum().backward(), tmp_path)
    assert edges(graph) == chain("x", "first", "body.0", "body.1", "body.2", "last", "output")


def test_graph_frozen_layers_have_certain_edges(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Flatten(), nn.Linear(4, 4), nn.Linear(4, 1))
    model[0].requires_grad_(False)
    x = torch.randn(2, 4)
    graph = graph_of(model, lambda: model(x).sum().backward(), tmp_path)
    assert edges(graph) == chain("input", "0", "1", "2", "3", "output")
    assert not any(edge.get("assumed") for edge in graph["edges"])


class Unseen(nn.Module):
    def __init__(self):
        super().__init__()
        self.frozen, self.last = nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 1)

    def forward(self, x):
        return self.last(self.frozen(x) * 3)


def test_graph_operator_without_gradients_is_assumed(tmp_path):
    model, x = Unseen(), torch.randn(2, 4)
    graph = graph_of(model, lambda: model(x).sum().backward(), tmp_path)
    assert edges(graph) == chain("x", "frozen", "last", "output")
    assert [edge.get("assumed", False) for edge in graph["edges"]] == [False, True, False]


def test_graph_two_models_are_linked(tmp_path):
    g, d = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), nn.Sequential(nn.Linear(3, 1))

    def run():
        d(torch.randn(4, 3)).sum().backward()
        d(g(torch.randn(4, 2))).sum().backward()

    graph = graph_of({"G": g, "D": d}, run, tmp_path)
    by_name = {(node.get("model"), node["kind"]): node["name"] for node in graph["nodes"]}
    assert by_name["D", "input"] == by_name["G", "input"] == "input"
    named = [(node["model"], node["name"]) if node["kind"] in ("input", "output") else node["name"]
             for node in graph["nodes"]]  # fmt: skip
    found = {(named[edge["from"]], named[edge["to"]]) for edge in graph["edges"]}
    assert found == (
        chain(("D", "input"), "D.0", ("D", "output"))
        | chain(("G", "input"), "G.0", "G.1", ("G", "output"))
        | {(("G", "output"), ("D", "input"))}
    )


def test_graph_without_pass_is_empty_and_has_a_reason(tmp_path):
    model = nn.Linear(3, 1)

    def run():
        F.linear(torch.randn(2, 3), model.weight, model.bias).sum().backward()

    graph = graph_of(model, run, tmp_path)
    assert (graph["observed"], graph["nodes"], graph["edges"]) == (False, [], [])
    assert "no training pass" in graph["reason"]
    assert [(one["name"], one["parameters"]) for one in graph["modules"]] == [("", 4)]


def test_graph_evaluation_before_training_is_not_observed(tmp_path):
    model, x = nn.Sequential(nn.Linear(4, 4), nn.Dropout()), torch.randn(2, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path):
        model.eval()
        with torch.no_grad():
            model[0](x), model(x[:1])
        model.train()
        model(x).sum().backward()
        optimizer.step()
    (document,) = Run(tmp_path).tensors["nnviz/graph"].values()
    graph = json.loads(document.tobytes())
    assert edges(graph) == chain("input", "0", "1", "output")
    assert graph["nodes"][1]["outputs"] == [{"shape": [2, 4], "dtype": "float32"}]


def test_graph_rollout_by_parts_holds_no_tensor(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    inputs = []
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path):
        for _ in range(40):  # a rollout, which no backward pass ends
            x = torch.randn(2, 4)
            inputs.append(weakref.ref(x))
            model[1](model[0](x)).argmax()
            del x
        alive = sum(x() is not None for x in inputs)
        model(torch.randn(2, 4)).sum().backward()
        optimizer.step()
    assert alive == 0
    (document,) = Run(tmp_path).tensors["nnviz/graph"].values()
    assert ("0", "1") in edges(json.loads(document.tobytes()))


def test_graph_cell_unrolled_by_parts_is_complete(tmp_path):
    model = nn.ModuleDict({"cell": nn.RNNCell(3, 4), "head": nn.Linear(4, 1)})
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path):
        h = torch.zeros(2, 4)
        for _ in range(20):
            h = model["cell"](torch.randn(2, 3), h)
        model["head"](h).sum().backward()
        optimizer.step()
    (document,) = Run(tmp_path).tensors["nnviz/graph"].values()
    assert sum(node["kind"] == "call" for node in json.loads(document.tobytes())["nodes"]) == 21


class Fails(nn.Linear):
    """A layer that raises in its first calls, after it has computed something that autograd keeps."""

    times = 1

    def forward(self, x):
        result = super().forward(x * x)
        if self.times:
            self.times -= 1
            raise RuntimeError("a mistake of the user's")
        return result


class Raising(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), Fails(4, 1)
        self.kept = None

    def forward(self, x):
        product = self.a(x) * self.b(x)
        self.kept = weakref.ref(product)
        return self.c(product)


def raises(call, *args):
    try:
        call(*args)
    except RuntimeError as error:
        return "mistake" in str(error)
    return False


def test_graph_pass_that_raises_holds_no_autograd_node(tmp_path):
    model, x = Raising(), torch.ones(2, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        assert raises(model, x)
        assert model.kept() is None  # what a square needs lives as long as that node
        loss = model(x).sum()
        assert model.kept() is not None
        loss.backward()
        optimizer.step()
    (document,) = Run(tmp_path).tensors["nnviz/graph"].values()
    graph = json.loads(document.tobytes())
    assert edges(graph) == {("x", "a"), ("x", "b"), ("a", "mul@"), ("b", "mul@"), ("mul@", "c"), ("c", "output")}
    assert [module["calls"] for module in graph["modules"]] == [1, 1, 1, 1]


def test_graph_part_that_raises_holds_no_autograd_node(tmp_path):
    model = Raising()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        hidden = model.a(torch.ones(2, 4))
        kept = weakref.ref(hidden)
        assert raises(model.c, hidden * hidden)
        del hidden
        assert kept() is None


class Recovers(nn.Module):
    """A model that takes another path if a layer raises."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Sequential(nn.Linear(4, 4), Fails(4, 4)), nn.Linear(4, 1)
        self.first[1].times = 10

    def forward(self, x):
        assert raises(self.first, x)
        return self.second(x)


def test_graph_layer_that_raises_is_left_out(tmp_path):
    model = Recovers()
    graph = graph_of(model, lambda: model(torch.ones(2, 4)).sum().backward(), tmp_path)
    assert edges(graph) == {("x", "first.0"), ("x", "second"), ("second", "output")}


class Recursive(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x, depth=2):
        return self.layer(self(x, depth - 1) if depth else x)


def test_graph_recursive_module_has_one_node_per_call(tmp_path):
    model = Recursive()
    graph = graph_of(model, lambda: model(torch.ones(2, 4)).sum().backward(), tmp_path)
    assert edges(graph) == chain("x", "layer", "layer#1", "layer#2", "output")
