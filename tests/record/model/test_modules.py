"""Modules that behave unlike the layers of a plain model."""

import gc
import threading
import warnings
import weakref

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.model.modules import named_modules, unwrap
from tests.support.event_reader import Run


def sgd(model):
    return torch.optim.SGD(model.parameters(), 0.1)


class Position(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.ones(1, 4))

    def forward(self):
        return self.table


class WithPosition(nn.Module):
    def __init__(self):
        super().__init__()
        self.position, self.head = Position(), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(x + self.position())


def test_watch_output_is_parameter_keeps_no_hook_counts_once(tmp_path):
    model = WithPosition()
    optimizer = sgd(model)
    monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1)
    for _ in range(3):
        optimizer.zero_grad()
        for _ in range(2):
            model(torch.ones(5, 4)).sum().backward()
        optimizer.step()
    monitor.close()
    assert not model.position.table._backward_hooks
    assert Run(tmp_path).statistics("activation_gradient", 2)["position"]["count"] == 8

    held = weakref.ref(monitor)
    del monitor
    gc.collect()
    assert held() is None, "the model must not hold the monitor"


def test_monitor_closed_keeps_no_model_alive(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) as monitor:
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    held = weakref.ref(model)
    del model, optimizer, monitor
    gc.collect()
    assert held() is None


def test_watch_nested_models_counts_each_once(tmp_path):
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.inner = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2))

        def forward(self, x):
            return self.a(self.inner(self.a(x)))

    model = Outer()
    optimizer = sgd(model)
    with tb_nnviz.watch({"all": model, "part": model.inner}, optimizer, logdir=tmp_path, every=1):
        model(torch.ones(3, 2)).sum().backward()
        optimizer.step()
    found = Run(tmp_path).statistics("activation", 0)
    assert {name: row["count"] for name, row in found.items()} == {"all.a": 6, "all.inner.0": 6, "all.a#1": 6}


def test_watch_per_sample_gradients_are_left_out(tmp_path, caplog):
    model = nn.Linear(2, 1)
    optimizer = sgd(model)
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(values, x):
        return torch.func.functional_call(model, values, (x,)).sum()

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, on_finding=None):
        torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(parameters, torch.ones(4, 2))
        model(torch.ones(3, 2)).sum().backward()
        optimizer.step()
    assert not caplog.records
    assert Run(tmp_path).statistics("activation", 0)[""]["count"] == 3


@pytest.mark.parametrize(
    "output", [lambda x: (x, 1), lambda x: {"ids": torch.ones(2).long(), "h": x}, lambda x: [None, x]]
)
def test_watch_outputs_of_other_types_measure_first_tensor(output, tmp_path):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, x):
            return output(x * self.weight)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Wrapped()

        def forward(self, x):
            found = self.inner(x)
            return (list(found.values()) if isinstance(found, dict) else found)[0 if isinstance(found, tuple) else 1]

    model = Net()
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model(torch.ones(3, 2)).sum().backward()
        optimizer.step()
    run = Run(tmp_path)
    assert run.statistics("activation", 0)["inner"]["count"] == 6
    assert run.statistics("activation_gradient", 0)["inner"]["count"] == 6


def test_watch_recurrent_and_attention_modules_have_rows(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.lstm = nn.Embedding(5, 4), nn.LSTM(4, 4, batch_first=True)
            self.attend = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, ids):
            x, _ = self.lstm(self.embed(ids))
            return self.attend(x, x, x)[0]

    model = Net()
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model(torch.ones(2, 3).long()).sum().backward()
        optimizer.step()
    run = Run(tmp_path)
    assert {name: row["count"] for name, row in run.statistics("activation", 0).items() if row["count"]} == {
        "embed": 24, "lstm": 24, "attend": 24,
    }  # fmt: skip
    roles = {row["name"]: row["role"] for row in run.rows("gradient", 0)}
    assert roles["embed.weight"] == "embedding" and roles["lstm.bias_hh_l0"] == "bias"
    assert roles["attend.in_proj_weight"] == "weight"


def test_unwrap_wrappers_and_subclasses_returns_model():
    class Mine(nn.DataParallel):
        pass

    inner = nn.Sequential(nn.Linear(1, 1))
    for wrapped in (nn.DataParallel(inner), Mine(inner), torch.compile(inner, backend="eager")):
        assert [name for name, _ in named_modules(unwrap(wrapped))] == ["", "0"]


@pytest.mark.parametrize("name", ["a.b", "", 3])
def test_unwrap_ambiguous_names_raise(name):
    with pytest.raises(ValueError, match="invalid model name"):
        unwrap({name: nn.Linear(1, 1)})


def test_watch_passes_on_many_threads_all_count(tmp_path, caplog):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = sgd(model)
    x = torch.ones(3, 4)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, rules={"*": None}):
        threads = [threading.Thread(target=lambda: [model(x).sum() for _ in range(50)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        model(x).sum().backward()
        optimizer.step()
    assert not caplog.records
    found = Run(tmp_path).statistics("activation", 0)
    assert {name: row["count"] for name, row in found.items()} == {"0": 201 * 12, "1": 201 * 12, "2": 201 * 3}


def test_watch_critic_called_twice_per_step_has_both_passes(tmp_path):
    models = nn.ModuleDict({"G": nn.Linear(2, 3), "D": nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))})
    optimizers = [sgd(models["G"]), sgd(models["D"])]
    with tb_nnviz.watch(dict(models), optimizers, logdir=tmp_path, every=1):
        fake = models["G"](torch.ones(5, 2))
        (models["D"](torch.ones(6, 3)).mean() - models["D"](fake.detach()).mean()).backward()
        optimizers[1].step()
        models["D"](fake).mean().backward()
        optimizers[0].step()
    run = Run(tmp_path)
    for kind in ("activation", "activation_gradient"):
        found = {name: row["count"] for name, row in run.statistics(kind, 0).items()}
        assert found == {"G": 15, "D.0": 16 * 4, "D.1": 16 * 4, "D.2": 16}


@pytest.mark.parametrize("kinds", [["activation"], None])
def test_watch_step_calls_models_parts_has_passes(kinds, tmp_path):
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 1)})
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, kinds=kinds):
        for _ in range(3):
            model["b"](model["a"](model["a"](torch.ones(4, 2)))).sum().backward()
        optimizer.step()
    found = Run(tmp_path).statistics("activation", 0)
    assert {name: row["count"] for name, row in found.items()} == {"a": 24, "a#1": 24, "b": 12}


def test_watch_scripted_model_has_no_activations(tmp_path, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.jit's future
        model = torch.jit.script(nn.Sequential(nn.Linear(4, 2), nn.ReLU()))
    optimizer = sgd(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model(torch.ones(3, 4)).sum().backward()
        optimizer.step()
    assert caplog.messages == ["no activations of 0, 1: RecursiveScriptModule takes no hooks"]
    assert Run(tmp_path).statistics("gradient", 0)["0.weight"]["count"] == 8
