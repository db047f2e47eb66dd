"""Odd models, and plain accounts of what their modules put out: by hooks of their own, sharing no code with us.

Nothing of the package is imported here: models of these classes are loaded where it is not installed.
"""

import contextlib
import dataclasses
import sys
import threading
import types
import unittest
import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, parametrize
from torch.nn.utils.rnn import pack_sequence
from torch.utils.checkpoint import checkpoint


def module_database():
    """torch's own list of modules with sample inputs. Its helpers import a package that this needs nothing of."""
    stub = types.ModuleType("expecttest")
    stub.TestCase = unittest.TestCase
    with warnings.catch_warnings(), contextlib.ExitStack() as undo:
        warnings.simplefilter("ignore")
        if "expecttest" not in sys.modules:
            sys.modules["expecttest"] = stub
            undo.callback(sys.modules.pop, "expecttest")
        from torch.testing._internal.common_modules import module_db
    return module_db


# What modules put out


def tensors(output, depth=8):
    """All tensors in an output, in the order in which they stand there."""
    if isinstance(output, torch.Tensor):
        return [output]
    if isinstance(output, Mapping):
        output = list(output.values())
    elif dataclasses.is_dataclass(output):
        output = [getattr(output, part.name) for part in dataclasses.fields(output)]
    if not isinstance(output, list | tuple) or not depth:
        return []
    return [tensor for item in output for tensor in tensors(item, depth - 1)]


def fractions(output):
    """Those of them that hold fractions."""
    return [tensor for tensor in tensors(output) if tensor.is_floating_point() or tensor.is_complex()]


def values(tensor):
    """All numbers of a tensor, as float64 on one axis."""
    tensor = tensor.detach().cpu()
    tensor = tensor if tensor.layout == torch.strided else tensor.to_dense()
    tensor = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return tensor.double().clone().flatten()


def is_observed(model, module):
    """Whether a module's calls have rows, as the schema's readers expect: what has nothing within, or parameters."""
    inner = [name for name, _ in module.named_children() if name != "parametrizations"]
    return not inner or (module is not model and bool(list(module.parameters(recurse=False))))


class Silent:
    """In place of an account, where none is kept."""

    accounting = False

    def new_pass(self, counts=True):
        pass

    def gradients(self, count):
        pass


class Account:
    """What every call of a pass put out, and the gradients that reached it, as lists of float64 by the row's name."""

    accounting = True

    def __init__(self, models, most_calls=8):
        self.activation, self.activation_gradient = {}, {}
        self._most, self._handles, self._leaves = most_calls, [], []
        self._gradients = True
        self._models = {"": models} if isinstance(models, nn.Module) else models
        self.new_pass()
        self.look()

    def look(self):
        """Hook the modules that there are now."""
        self.close()
        self._handles = [
            module.register_forward_hook(self._hook(".".join(filter(None, [prefix, name]))))
            for prefix, model in self._models.items()
            for name, module in model.named_modules()
            if is_observed(model, module)
            and not isinstance(module, torch.jit.ScriptModule)
            and not name.startswith(getattr(model, "unobserved", "-"))
        ]

    def new_pass(self, counts=True):
        self._calls, self._counts = {}, counts
        while self._leaves:  # parameters outlive the pass, and hooks on them would too
            self._leaves.pop().remove()

    def gradients(self, count):
        self._gradients = count

    def close(self):
        for handle in self._handles:
            handle.remove()

    def take(self):
        """What a step had, and begin the next."""
        taken = {"activation": self.activation, "activation_gradient": self.activation_gradient}
        self.activation, self.activation_gradient = {}, {}
        return taken

    def _hook(self, name):
        def hook(module, args, output):
            found = fractions(output)
            if not found or not self._counts:
                return
            number = min(self._calls.get(name, 0), self._most - 1)
            self._calls[name] = self._calls.get(name, 0) + 1
            row = f"{name}#{number}" if number else name
            self.activation.setdefault(row, []).append(values(found[0]))
            if found[0].requires_grad:
                handle = found[0].register_hook(lambda g: self._reached(row, g))
                self._leaves += [handle] if found[0].is_leaf else []

        return hook

    def _reached(self, row, gradient):
        if gradient is not None and self._gradients:
            self.activation_gradient.setdefault(row, []).append(values(gradient))


def same(a, b):
    """Whether two lists of tensors (or None) are equal in every bit that counts: NaN equals NaN."""
    return len(a) == len(b) and all(
        (x is y is None) or (x is not None and y is not None and x.dtype == y.dtype and _same_bits(x, y))
        for x, y in zip(a, b, strict=True)
    )


def _same_bits(x, y):
    if x.layout != y.layout or x.shape != y.shape:
        return False
    x, y = (t.detach() if t.layout == torch.strided else t.detach().to_dense() for t in (x, y))
    x, y = (torch.view_as_real(t.resolve_conj()) if t.is_complex() else t for t in (x, y))
    return bool(torch.equal(x, y) or torch.equal(x.nan_to_num(), y.nan_to_num()))


# The animals. Each is made anew from a seed, and `train(account, step)` is one step's passes: it says when one
# begins, and returns the loss. `rows` are those with a gradient, `without` those that have an activation only.


class Odd(nn.Module):
    rows = without = ()
    unobserved = "-"

    def train_step(self, account, step):
        loss = 0.0
        for x in self.batches(step):
            account.new_pass()
            part = self(x).square().mean()
            part.backward()
            loss += part.item()
        return loss

    def batches(self, step):
        return [torch.randn(5, 4)]

    def change(self, step):
        """What happens to the model between steps: new parameters, or None."""


class Shared(Odd):
    rows = ("fc", "fc#1", "act", "act#1", "act#2")

    def __init__(self):
        super().__init__()
        self.fc, self.act = nn.Linear(4, 4), nn.Tanh()

    def forward(self, x):
        return self.act(self.fc(self.act(self.fc(self.act(x.requires_grad_())))))


class Unrolled(Odd):
    rows = ("cell", *(f"cell#{i}" for i in range(1, 8)), "head")

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRUCell(4, 3), nn.Linear(3, 1)

    def forward(self, x):
        h = torch.zeros(5, 3)
        for _ in range(100):
            h = self.cell(x, h)
        return self.head(h)


class Dynamic(Odd):
    """Other layers at each step, other shapes at each batch."""

    rows = ("stem", "head")

    def __init__(self):
        super().__init__()
        self.stem, self.head = nn.Linear(4, 4), nn.Linear(4, 1)
        self.branches = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def batches(self, step):
        return [torch.randn(2 + step, 3 + part, 4) + step for part in range(2)]

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.branches[int(x.shape[0]) % 3](x))


class Tree(Odd):
    """A model that calls itself."""

    rows = ("leaf", "leaf#1", "leaf#2", "leaf#3", "join", "join#1", "join#2")

    def __init__(self):
        super().__init__()
        self.leaf, self.join = nn.Linear(4, 4), nn.Linear(8, 4)

    def forward(self, x, depth=2):
        if depth == 0:
            return self.leaf(x)
        return self.join(torch.cat([self(x, depth - 1), self(x + 1, depth - 1)], -1))


@dataclasses.dataclass
class Plain:
    ids: torch.Tensor
    hidden: list


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    hidden: torch.Tensor


Named = namedtuple("Named", "mask hidden")


class ModelOutput(OrderedDict):
    """As transformers has it: a dict whose items are attributes."""

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)


def endless(x):
    items = []
    items += [items, x]
    return items


INTEGERS = torch.ones(2, dtype=torch.int64)
OUTPUTS = {
    "tuple": (lambda x: (3, INTEGERS, x, x * 2), lambda o: o[2] + o[3]),
    "nested": (lambda x: [[None, "x"], [{"a": (INTEGERS, [x])}]], lambda o: o[1][0]["a"][1][0]),
    "dict": (lambda x: {"ids": INTEGERS, "h": x}, lambda o: o["h"]),
    "dataclass": (lambda x: Plain(INTEGERS, [x]), lambda o: o.hidden[0]),
    "frozen": (Frozen, lambda o: o.hidden),
    "namedtuple": (lambda x: Named(x > 0, x), lambda o: o.hidden),
    "modeloutput": (lambda x: ModelOutput(hidden=x), lambda o: o.hidden),
    "packed": (lambda x: pack_sequence(list(x)), lambda o: o.data.reshape(-1, 4)),
    "endless": (endless, lambda o: o[1]),
    "none": (lambda x: None, None),
    "integers": (lambda x: (x > 0).long(), None),
    "bools": (lambda x: x > 0, None),
    "object": (lambda x: object(), None),
}


class Giving(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind, self.weight = kind, nn.Parameter(torch.randn(4))

    def forward(self, x):
        return OUTPUTS[self.kind][0](x * self.weight)


class Outputs(Odd):
    rows = tuple(f"giving.{kind}" for kind in OUTPUTS if OUTPUTS[kind][1])

    def __init__(self):
        super().__init__()
        self.giving = nn.ModuleDict({kind: Giving(kind) for kind in OUTPUTS})

    def forward(self, x):
        total = 0
        for kind, module in self.giving.items():
            output, read = module(x), OUTPUTS[kind][1]
            total = total + read(output) if read else total
        return total


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, 4))

    def forward(self):
        return self.table


class View(nn.Module):
    def forward(self, *, x):
        return x.view(-1, 2)


class Passing(Odd):
    """Modules that return what they were given, a view of it, a parameter, a leaf; arguments by name only."""

    rows = ("same", "view", "table", "head", "leaf")

    def __init__(self):
        super().__init__()
        self.same, self.view, self.table, self.leaf = nn.Identity(), View(), Table(), nn.Identity()
        self.head = nn.Linear(2, 1)

    def batches(self, step):
        return [torch.randn(3, 4), torch.randn(5, 4)]

    def forward(self, x):
        return self.head(self.view(x=self.same(self.leaf(x.requires_grad_()) + self.table())))


class InPlace(Odd):
    rows = ("conv", "relu", "conv2", "norm", "chunk")

    def __init__(self):
        super().__init__()
        self.conv, self.conv2, self.norm = nn.Conv1d(1, 4, 3), nn.Conv1d(4, 4, 1), nn.BatchNorm1d(4)
        self.relu, self.chunk = nn.ReLU(inplace=True), Giving("tuple")

    def forward(self, x):
        x = self.conv(x[:, None])
        x = self.conv2(self.relu(x)).view(5, 4, 2)
        x[:, 0].relu_()
        x = self.norm(x).mul_(2).relu_()
        return self.chunk(x.transpose(1, 2))[2].add_(1)


class Unused(Odd):
    """Outputs of which only a part is used, or none: no gradient reaches the rest."""

    rows = ("embed", "attend")
    without = ("lstm", "split", "beside")

    def __init__(self):
        super().__init__()
        self.embed, self.lstm, self.attend = nn.Embedding(7, 4), nn.LSTM(4, 4), nn.MultiheadAttention(4, 2)
        self.split, self.beside = Split(), nn.Linear(4, 4)

    def batches(self, step):
        return [torch.randint(0, 7, (6, 5))]

    def forward(self, ids):
        _, (h, _) = self.lstm(self.embed(ids))
        h, _ = self.attend(h, h, h)
        self.beside(h.detach())
        return self.split(h)[1]


class Split(nn.Module):
    def forward(self, x):
        return x.chunk(2, -1)


class Parametrized(Odd):
    # a parametrization is a module whose calls make a weight
    rows = tuple(
        f"{name}{part}"
        for name in ("norm", "spectral", "own")
        for part in ("", ".parametrizations.weight", ".parametrizations.weight.0")
    )

    def __init__(self):
        super().__init__()
        self.norm = parametrizations.weight_norm(nn.Linear(4, 4, bias=False))
        self.spectral = parametrizations.spectral_norm(nn.Linear(4, 4))
        self.own = nn.Linear(4, 4, bias=False)
        parametrize.register_parametrization(self.own, "weight", Symmetric())

    def forward(self, x):
        return self.own(self.spectral(self.norm(x)))


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT


class Lazy(Odd):
    rows = ("conv", "norm", "head")

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.head = nn.LazyConv1d(3, 2), nn.LazyBatchNorm1d(), nn.LazyLinear(2)
        self.never = nn.LazyLinear(3)

    def forward(self, x):
        return self.head(self.norm(self.conv(x[:, None])))


class Numbers(Odd):
    """float64, bfloat16, float16 and complex numbers; a sparse output."""

    rows = ("f64", "bf16", "f16", "c64", "sparse")

    def __init__(self):
        super().__init__()
        self.f64, self.bf16 = nn.Linear(4, 4).double(), nn.Linear(4, 4).bfloat16()
        self.f16, self.c64 = nn.Linear(4, 4).half(), nn.Linear(4, 4, dtype=torch.complex64)
        self.sparse = Sparse()

    def forward(self, x):
        x = self.bf16(self.f64(x.double()).bfloat16())
        x = self.c64(self.f16(x.half()).to(torch.complex64))
        return self.sparse(x.abs()).to_dense()


class Sparse(nn.Module):
    def forward(self, x):
        return (x * (x > 0.5)).to_sparse()


class Contrary(nn.Linear):
    """Answers no question that Python asks a module."""

    def __len__(self):
        raise RuntimeError("no length")

    def __bool__(self):
        raise RuntimeError("neither")

    def __eq__(self, other):
        raise RuntimeError("beyond compare")

    __hash__ = nn.Module.__hash__

    def __repr__(self):
        raise RuntimeError("no words")

    def __getattr__(self, name):
        if name in ("weight", "bias") or name.startswith("__"):
            return super().__getattr__(name)
        raise RuntimeError(f"do not ask for {name}")


class Questions(Odd):
    rows = ("contrary", "slots")

    def __init__(self):
        super().__init__()
        self.contrary, self.slots = Contrary(4, 4), Slotted(4, 4)

    def forward(self, x):
        return self.slots(self.contrary(x))


class Slotted(nn.Linear):
    __slots__ = ("seen",)

    def forward(self, x):
        self.seen = True
        return super().forward(x)


class Replaced(Odd):
    """Layers that are exchanged and added between steps."""

    rows = ("body.0", "body.1")

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        return self.body(x)

    def change(self, step):
        if step == 0:
            self.body[1] = nn.Sigmoid()
        if step == 1:
            self.body.append(nn.Linear(4, 2))
            self.rows = (*self.rows, "body.2")
            return self.body[2].parameters()
        return None


class Interrupted(Odd):
    """A pass that raises half way, then one that the user interrupts, then a whole one."""

    rows = ("a", "b")

    def __init__(self):
        super().__init__()
        self.a, self.b, self.error = nn.Linear(4, 4), nn.Linear(4, 1), None

    def forward(self, x):
        x = self.a(x)
        if self.error is not None:
            raise self.error
        return self.b(x)

    def train_step(self, account, step):
        for self.error in (RuntimeError("out of memory"), KeyboardInterrupt()):
            account.new_pass()
            with contextlib.suppress(RuntimeError, KeyboardInterrupt):
                self(torch.randn(5, 4))
        self.error = None
        return super().train_step(account, step)


class Hooked(Odd):
    """The user's hooks replace outputs and gradients."""

    rows = ("a", "b")

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 1)
        self.a.register_forward_hook(double)
        self.a.register_full_backward_hook(halve)

    def forward(self, x):
        return self.b(self.a(x.requires_grad_()))


def double(module, args, output):
    return output * 2


def halve(module, given, taken):
    return (given[0] / 2,)


class Twice(Odd):
    """Two backward passes over one graph."""

    rows = ("a", "b")

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.b(self.a(x))

    def train_step(self, account, step):
        account.new_pass()
        loss = self(torch.randn(5, 4)).square().mean()
        loss.backward(retain_graph=True)
        (loss * 3).backward()
        return loss.item()


class Penalty(Twice):
    """A critic with a gradient penalty: the pass that only differentiates is none."""

    def train_step(self, account, step):
        total = 0
        for sign in (1, -1):
            account.new_pass()
            total = total + sign * self(torch.randn(5, 4)).mean()
        x = torch.randn(5, 4, requires_grad=True)
        account.new_pass()
        output = self(x).tanh().sum()
        account.gradients(False)
        (slope,) = torch.autograd.grad(output, x, create_graph=True)
        account.gradients(True)
        loss = total + 10 * (slope.norm(dim=1) - 1).square().mean()
        loss.backward()
        return loss.item()


class Second(Twice):
    """A backward pass with a graph of its own, as optimizers of second order need it."""

    def train_step(self, account, step):
        account.new_pass()
        loss = self(torch.randn(5, 4)).square().mean()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the cycle between parameter and gradient
            loss.backward(create_graph=True)
        for parameter in self.parameters():
            parameter.grad = parameter.grad.detach()
        return loss.item()


class Asked(Twice):
    """torch.autograd.grad in place of backward."""

    def train_step(self, account, step):
        account.new_pass()
        loss = self(torch.randn(5, 4)).square().mean()
        for parameter, gradient in zip(
            self.parameters(), torch.autograd.grad(loss, list(self.parameters())), strict=True
        ):
            parameter.grad = gradient
        return loss.item()


class Between(Twice):
    """Evaluations, transforms and traces between the passes of a step."""

    def train_step(self, account, step):
        x = torch.randn(3, 4)
        account.new_pass(counts=False)
        self.eval()
        self(x)
        self.train()
        for mode in (torch.no_grad, torch.inference_mode):
            with mode():
                self(x)
        parameters = {name: p.detach() for name, p in self.named_parameters()}
        torch.func.grad(lambda p: torch.func.functional_call(self, p, (x,)).sum())(parameters)
        torch.func.vmap(self.b)(x)
        torch.jit.trace(self, x, check_trace=False)
        loss = super(Twice, self).train_step(account, step)
        account.new_pass()
        other = torch.func.functional_call(self, {"a.bias": self.a.bias * 2}, (x,)).mean()
        other.backward()
        return loss + other.item()


class Parts(Twice):
    """A training step that calls the model's parts, never the model; two micro-batches."""

    def train_step(self, account, step):
        for _ in range(2):
            account.new_pass()
            loss = self.b(self.a(torch.randn(5, 4))).square().mean()
            loss.backward()
        return loss.item()


class Part(Odd):
    """A frozen part in evaluation mode, inside a model that trains."""

    rows = ("head",)
    without = ("body.0", "body.1")

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), nn.Linear(4, 1)
        self.body.requires_grad_(False).eval()

    def forward(self, x):
        return self.head(self.body(x))


class Checkpointed(Odd):
    """Segments within segments, with dropout, and a layer that several of them share."""

    rows = ("stem", "inner.0", "inner.1", "inner.0#1", "inner.1#1", "inner.0#2", "inner.1#2", "tail", "tail#1")

    def __init__(self, outer, inner):
        super().__init__()
        self.outer_reentrant, self.inner_reentrant, self.direct = outer, inner, False
        self.stem, self.tail = nn.Linear(4, 4), nn.Linear(4, 4)
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.double()  # the order of sums is another

    def _run(self, function, x, reentrant):
        # the account is of the same model without any checkpoint
        return function(x) if self.direct else checkpoint(function, x, use_reentrant=reentrant, preserve_rng_state=True)

    def _segment(self, x):
        x = F.dropout(self.tail(self._run(self.inner, x, self.inner_reentrant)), 0.2)
        return self._run(self.inner, x, self.inner_reentrant)

    def forward(self, x):
        x = self._run(self._segment, self.stem(x), self.outer_reentrant)
        return self.tail(self._run(self.inner, x, self.outer_reentrant))

    def batches(self, step):
        return [torch.randn(5, 4).double(), torch.randn(3, 4).double()]

    def train_step(self, account, step):
        self.direct = account.accounting
        loss = super().train_step(account, step)
        self.direct = False
        return loss


class Scripted(Odd):
    """A scripted part takes no hooks."""

    rows = ("head",)

    def __init__(self):
        super().__init__()
        self.body, self.head = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU())), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.body(x))


class Threaded(Twice):
    """The model called from threads, one after the other for the same sums; then replicas, as of DataParallel."""

    def train_step(self, account, step):
        x, losses = torch.randn(2, 5, 4), []

        def work(model, x):
            account.new_pass()
            losses.append(model(x).square().mean())

        models = [self, self]
        if step:  # hooks of the account are of the models themselves
            models = [self, self] if account.accounting else [replica(self), replica(self)]
        for model, part in zip(models, x, strict=True):
            thread = threading.Thread(target=work, args=(model, part))
            thread.start()
            thread.join()
        loss = losses[0] + losses[1]
        loss.backward()
        return loss.item()


def replica(module):
    """What torch.nn.parallel.replicate makes, which needs devices."""
    twin = module._replicate_for_data_parallel()
    twin._modules = {name: replica(child) for name, child in module._modules.items()}
    for name, parameter in module._parameters.items():
        setattr(twin, name, parameter.view_as(parameter))
    return twin


class Encoder(Odd):
    """Encoder layers, trained and evaluated: in evaluation they take a fast path where nothing is hooked.

    A frozen one does so in training too, and an account of it would be felt.
    """

    rows = tuple(f"trained.layers.0.{name}" for name in ("self_attn", "linear1", "linear2", "norm1", "norm2"))
    unobserved = "frozen"

    def __init__(self):
        super().__init__()
        layers = [nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True) for _ in range(2)]
        self.frozen, self.trained = (nn.TransformerEncoder(layer, 1, enable_nested_tensor=False) for layer in layers)
        self.frozen.requires_grad_(False).eval()
        self.rows = (*self.rows, *(f"trained.layers.0.dropout{i}" for i in ("", "1", "2")))

    def batches(self, step):
        return [torch.randn(3, 5, 4)]

    def forward(self, x):
        return self.trained(self.frozen(x))

    def train_step(self, account, step):
        x = torch.randn(3, 5, 4)
        account.new_pass(counts=False)
        self.trained.eval()
        with torch.no_grad():
            found = self.trained(x).sum() + self.eval()(x).sum()
        self.train()
        self.frozen.eval()
        return super().train_step(account, step) + found.item()


ZOO = {
    "shared": Shared,
    "unrolled": Unrolled,
    "dynamic": Dynamic,
    "tree": Tree,
    "outputs": Outputs,
    "passing": Passing,
    "in place": InPlace,
    "unused": Unused,
    "parametrized": Parametrized,
    "lazy": Lazy,
    "numbers": Numbers,
    "questions": Questions,
    "replaced": Replaced,
    "interrupted": Interrupted,
    "hooked": Hooked,
    "twice": Twice,
    "penalty": Penalty,
    "second order": Second,
    "asked": Asked,
    "between": Between,
    "parts": Parts,
    "frozen part": Part,
    "checkpoint TT": lambda: Checkpointed(True, True),
    "checkpoint TF": lambda: Checkpointed(True, False),
    "checkpoint FT": lambda: Checkpointed(False, True),
    "checkpoint FF": lambda: Checkpointed(False, False),
    "scripted": Scripted,
    "threads and replicas": Threaded,
    "encoder": Encoder,
}
