"""Objects of any class as the probe: taken, or refused by a message that names the class."""

import collections
import copy
import dataclasses
import weakref
from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from transformers import BatchEncoding
from transformers.utils import ModelOutput

import tb_nnviz
from tb_nnviz.record.model.nested import tensors_in, with_tensors
from tests.support.map_oracle import read


@dataclasses.dataclass
class Batch:
    x: torch.Tensor
    name: str = "batch"


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: torch.Tensor


@dataclasses.dataclass
class Output(ModelOutput):
    x: torch.Tensor | None = None


class Slots:
    __slots__ = ("__weakref__", "empty", "x")

    def __init__(self, x):
        self.x = x


class Named(NamedTuple):
    x: torch.Tensor
    y: torch.Tensor


class Items:
    """An object that gives its tensors by name, as a graph library's does."""

    def __init__(self, x):
        self._data = {"x": x}

    def __getitem__(self, key):
        return self._data[key]

    def __getattr__(self, key):
        if key.startswith("_"):
            raise AttributeError(key)
        return self._data[key]


class Store(collections.abc.MutableMapping):
    """A mapping that knows the object that it belongs to."""

    def __init__(self, parent, **items):
        self.parent, self.items_ = weakref.ref(parent), items

    def __getitem__(self, key):
        return self.items_[key]

    def __setitem__(self, key, value):
        self.items_[key] = value

    def __delitem__(self, key):
        del self.items_[key]

    def __iter__(self):
        return iter(self.items_)

    def __len__(self):
        return len(self.items_)

    def __copy__(self):
        return Store(self.parent(), **self.items_)


class Graph:
    """An object that delegates to a store, which refers to it in turn."""

    def __init__(self, **items):
        self.store = Store(self, **items)

    @property
    def x(self):
        assert self.store.parent() is self, "a store of another object"
        return self.store["x"]

    def __copy__(self):
        return Graph(**self.store.items_)


class Refusing:
    def __init__(self, x):
        self.x = x

    def __copy__(self):
        raise RuntimeError("not me")


class Unspeakable:
    def __repr__(self):
        raise RuntimeError("no words")


class Reads(nn.Module):
    """A model that takes one object. ``read`` gets its tensor."""

    def __init__(self, read):
        super().__init__()
        self.fc, self.read = nn.Linear(3, 2), read

    def forward(self, batch):
        x = self.read(batch)
        y = self.fc(x)
        x.zero_()  # a model may overwrite its input
        return y


class ByName(Reads):
    def forward(self, x, mask=None):
        return self.fc(x)


class Pair(Reads):
    def forward(self, first, second):
        return self.fc(first) + self.fc(second)


X = torch.arange(12.0).reshape(4, 3)
OBJECTS = {
    "dataclass": (Batch, lambda batch: batch.x),
    "frozen dataclass": (Frozen, lambda batch: batch.x),
    "slots": (Slots, lambda batch: batch.x),
    "items": (Items, lambda batch: batch["x"]),
    "attributes": (Items, lambda batch: batch.x),
    "graph": (lambda x: Graph(x=x, edges=torch.zeros(2, 1, dtype=torch.long)), lambda batch: batch.x),
    "nested": (lambda x: Batch(x=[{"a": Frozen(x)}]), lambda batch: batch.x[0]["a"].x),
    "namedtuple": (lambda x: Named(x, x + 1), lambda batch: batch.x),
    "packed": (lambda x: pack_sequence(list(x[:, None])), lambda batch: batch.data),
    "in a tuple": (lambda x: (Batch(x),), lambda batch: batch.x),
    "encoding in a tuple": (lambda x: (BatchEncoding({"x": x}),), lambda batch: batch.x),
    "list in a tuple": (lambda x: ([x],), lambda batch: batch[0]),
}


def watched(model, probe, logdir):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    weight = model.fc.weight.detach().clone(), model.fc.bias.detach().clone()
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, probe=probe, maps_every=1):
        for _ in range(2):
            model.fc(torch.ones(1, 3)).sum().backward()
            optimizer.step()
    return read(logdir)["map/fc"], weight


@pytest.mark.parametrize("name", OBJECTS)
def test_probe_that_is_an_object_is_taken_and_not_changed(name, tmp_path, caplog):
    make, get = OBJECTS[name]
    x = X.clone()
    probe = make(x)
    maps, (weight, bias) = watched(Reads(get), probe, tmp_path)
    assert caplog.messages == [] and sorted(maps) == [0, 1]
    inner = probe[0] if name.endswith("in a tuple") else probe
    assert torch.equal(get(inner).reshape(4, 3), X), "the user's tensor is not overwritten"
    largest = (X @ weight.T + bias).max(0).values
    assert maps[0][0]["units"]["max"] == pytest.approx(largest.tolist(), rel=1e-5)
    assert tb_nnviz.summary(Reads(get), make(X.clone())).rows[0]["calls"] == 1


KEYWORDS = {
    "encoding": BatchEncoding({"x": X}),
    "user dict": collections.UserDict(x=X),
    "model output": Output(x=X),
    "named after the arguments": collections.namedtuple("Inputs", "x mask")(X, None),
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_probe_that_names_the_arguments_is_spread(name, tmp_path, caplog):
    maps, _ = watched(ByName(None), KEYWORDS[name], tmp_path)
    assert caplog.messages == [] and len(maps) == 2


def test_probe_that_is_a_namedtuple_of_all_arguments_is_spread(tmp_path, caplog):
    maps, _ = watched(Pair(None), Named(X, X + 1), tmp_path)
    assert caplog.messages == [] and len(maps) == 2


REFUSED = {
    "an object without tensors": (object(), TypeError, r"invalid {}: object <object .*a tensor, a tuple"),
    "a dataclass without tensors": (Batch(1), TypeError, r"invalid {}: Batch Batch\(x=1.*an object that holds tensors"),
    "one that refuses to be copied": (Refusing(X), TypeError, r"invalid {}: Refusing .*cannot be copied.*not me"),
    "one in a tuple": ((Batch(1),), ValueError, r"invalid {}: there is no tensor in tuple \(Batch\(x=1"),
    "one that has no text": (Unspeakable(), TypeError, r"invalid {}: Unspeakable \(a tensor"),
    "a string": ("x", TypeError, r"invalid {}: str 'x' \(a tensor"),
    "a list": ([X], TypeError, r"invalid {}: list \[tensor.*\(a tensor, a tuple"),
    "a generator": ((x for x in [X]), TypeError, r"invalid {}: generator"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_probe_without_tensors_is_refused_by_its_class(name, tmp_path):
    value, error, message = REFUSED[name]
    with pytest.raises(error, match=f"(?s){message.format('probe')}"):
        tb_nnviz.watch(Reads(None), logdir=tmp_path, probe=value)
    with pytest.raises(error, match=f"(?s){message.format('inputs')}"):
        tb_nnviz.summary(Reads(None), value)


def test_tensors_of_shared_and_circular_objects_are_found_once():
    batch = Batch(X)
    batch.name = {"same": X, "self": batch, "module": nn.Linear(2, 2)}
    assert [id(x) for x in tensors_in(batch)] == [id(X)]
    made = with_tensors(batch, torch.clone)
    assert made is not batch and made.x is made.name["same"] and made.x is not X
    assert made.name["self"] is made and made.name["module"] is batch.name["module"]


def test_value_without_tensors_is_not_copied():
    value = {"a": [1, object()]}
    assert with_tensors(value, torch.clone) is value


def test_packed_sequence_keeps_its_sizes_on_the_cpu():
    packed = pack_sequence([torch.ones(3, 2), torch.ones(1, 2)], enforce_sorted=False)
    made = with_tensors(packed, lambda x: x.to("meta"))
    assert isinstance(made, PackedSequence) and made.data.is_meta and made.sorted_indices.is_meta
    assert made.batch_sizes.device.type == "cpu"


def test_copies_of_objects_leave_the_original_alone():
    for make, get in OBJECTS.values():
        value = make(X.clone())
        kept = copy.copy(vars(value)) if hasattr(value, "__dict__") else None
        with_tensors(value, lambda x: x + 1)
        assert kept is None or vars(value) == kept
        assert torch.equal(get(value[0] if type(value) is tuple else value).reshape(4, 3), X)
