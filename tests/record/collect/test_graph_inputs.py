"""The inputs of the logged dataflow if one tensor is passed several times."""

import pytest
import torch
from torch import nn

from tests.record.collect.test_graph import edges, graph_of


class Pair(nn.Module):
    """A model of two layers, one per argument."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x, labels=None, *more, extra=(), **rest):
        others = [labels, *more, *extra, *rest.values()]
        return (self.first(x) + sum(self.second(y) for y in others if y is not None)).square().mean()


class Words(nn.Module):
    """A language model that computes its own loss, as those of transformers do."""

    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(9, 4), nn.Linear(4, 9)

    def forward(self, input_ids, attention_mask=None, labels=None):
        logits = self.head(self.embedding(input_ids))
        return nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


def inputs(graph):
    return [node["name"] for node in graph["nodes"] if node["kind"] == "input"]


X = torch.randn(3, 4)
CALLS = {
    "keyword": (lambda m: m(X, labels=X), {"x = labels": {"first", "second"}}),
    "positional": (lambda m: m(X, X), {"x = labels": {"first", "second"}}),
    "order of keywords": (lambda m: m(labels=X, x=X), {"x = labels": {"first", "second"}}),
    "all arguments": (lambda m: m(X, X, X, extra=[X], other=X), None),
    "tuple": (lambda m: m(X, extra=(X, X)), {"x = extra[0] = extra[1]": {"first", "second", "second#1"}}),
    "dict": (lambda m: m(X, extra={"a": X}.values()), {"x": {"first", "second"}}),
    "twice in a list": (lambda m: (lambda y: m(X, extra=[y, y]))(X * 2), None),
    "two tensors": (lambda m: m(X, labels=X.clone()), {"x": {"first"}, "labels": {"second"}}),
}


@pytest.mark.parametrize("call", CALLS)
def test_graph_of_tensor_passed_twice_has_a_wire_of_each_name(call, tmp_path):
    model = Pair()
    run, wires = CALLS[call]
    graph = graph_of(model, lambda: run(model).backward(), tmp_path)
    found = edges(graph)
    assert all(any(source == name for source, _ in found) for name in inputs(graph)), "every input is connected"
    for name, layers in (wires or {}).items():
        assert {target for source, target in found if source == name} == layers, found


class Rows(nn.Module):
    """A model that reads views of its arguments."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x, labels):
        return self.first(x[:1]).sum() + self.second(labels[-1:].t().t()).sum()


@pytest.mark.parametrize("arguments", [(X[:2], X[1:]), (X[:1], X), (X, X[2:]), (X[0:1], X[1:2])])
def test_graph_of_views_of_one_tensor_wires_each_by_its_memory(arguments, tmp_path):
    model = Rows()
    graph = graph_of(model, lambda: model(*arguments).backward(), tmp_path)
    assert {edge for edge in edges(graph) if edge[0] in ("x", "labels")} == {("x", "first"), ("labels", "second")}


def test_graph_of_labels_that_are_the_input_reaches_the_embedding(tmp_path):
    model, ids = Words(), torch.randint(0, 9, (2, 5))
    graph = graph_of(model, lambda: model(ids, labels=ids).backward(), tmp_path)
    assert inputs(graph) == ["input_ids = labels"]
    assert ("input_ids = labels", "embedding") in edges(graph)


def test_graph_of_unused_labels_leaves_the_input_connected(tmp_path):
    model, ids = Words(), torch.randint(0, 9, (2, 5))
    graph = graph_of(model, lambda: model(ids, labels=ids.clone()).backward(), tmp_path)
    assert inputs(graph) == ["input_ids", "labels"]
    assert {(source, target) for source, target in edges(graph) if source in ("input_ids", "labels")} == {
        ("input_ids", "embedding")
    }


def test_graph_of_output_returned_twice_has_one_wire(tmp_path):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            y = self.fc(x)
            return y, {"same": y}

    model = Twice()
    graph = graph_of(model, lambda: model(X)[0].sum().backward(), tmp_path)
    assert [(graph["nodes"][e["from"]]["name"], graph["nodes"][e["to"]]["name"]) for e in graph["edges"]] == [
        ("x", "fc"),
        ("fc", "output"),
    ]


def test_graph_of_second_model_links_a_tensor_passed_twice(tmp_path):
    first, second = nn.Linear(4, 4), Pair()

    def run():
        y = first(X)
        second(y, labels=y).backward()

    graph = graph_of({"a": first, "b": second}, run, tmp_path)
    names = [(node["model"], node["kind"], node["name"]) for node in graph["nodes"] if node["kind"] != "operator"]
    place = {name: i for i, name in enumerate(names)}
    assert ("b", "input", "x = labels") in place
    pairs = {(graph["nodes"][e["from"]]["name"], graph["nodes"][e["to"]]["name"]) for e in graph["edges"]}
    assert ("output", "x = labels") in pairs and ("x = labels", "b.first") in pairs


def test_graph_of_object_that_holds_tensors_has_its_wire(tmp_path):
    class Batch:
        def __init__(self):
            self._data = {"x": X}

        def __getitem__(self, key):
            return self._data[key]

    class Takes(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, batch):
            return self.fc(batch["x"])

    model = Takes()
    graph = graph_of(model, lambda: model(Batch()).sum().backward(), tmp_path)
    assert edges(graph) == {("batch", "fc"), ("fc", "output")}
