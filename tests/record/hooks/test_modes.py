"""Tracers, and modes that see operators: nnviz's are not among them, and the step is in the log."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call, grad, jacrev, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts
from torch.utils.flop_counter import FlopCounterMode

import tb_nnviz
from tb_nnviz.record.measure import native
from tests.support.event_reader import Run

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
X = torch.ones(2, 3)


class Seen(TorchDispatchMode):
    """The operators that ran under the mode."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


class Called(TorchFunctionMode):
    """The functions that were called under the mode."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.append(getattr(function, "__name__", ""))
        return function(*args, **(kwargs or {}))


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))


def graph(model, **options):
    return [str(node.target) for node in make_fx(lambda x: model(x), **options)(X).graph.nodes]


def backward(model):
    def run(x):
        return torch.autograd.grad(model(x).sum(), list(model.parameters()))

    return [str(node.target) for node in make_fx(run)(X).graph.nodes]


def parameters(model):
    return dict(model.named_parameters())


def fake(model):
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        out = model(mode.from_tensor(X))
        out.sum().backward()
    model.zero_grad()
    return tuple(out.shape)


TRACERS = {
    "make_fx": graph,
    "symbolic": lambda model: graph(model, tracing_mode="symbolic", _allow_non_fake_inputs=True),
    "pre-dispatch": lambda model: graph(model, pre_dispatch=True),
    "backward": backward,
    "fake": fake,
    "functional_call": lambda model: functional_call(model, parameters(model), (X,)).tolist(),
    "vmap": lambda model: vmap(model)(X).tolist(),
    "grad": lambda model: grad(lambda p: functional_call(model, p, (X,)).sum())(parameters(model))["0.bias"].tolist(),
    "jacrev": lambda model: jacrev(model)(X).tolist(),
    "export": lambda model: [str(node.target) for node in torch.export.export(model, (X,)).graph.nodes],
    "trace": lambda model: str(torch.jit.trace(model, X).graph).count("aten::"),
}


@pytest.fixture(params=["c", "operators"])
def backend(request, monkeypatch):
    """Measure in C, and with torch's operators as on other devices."""
    if request.param == "operators":
        for name in ("measure", "norms", "moments"):
            monkeypatch.setattr(native, name, lambda *args: None)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("name", TRACERS)
def test_traced_program_is_as_unwatched(name, tmp_path, caplog):
    plain, model = net(), net()
    expected = TRACERS[name](plain)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, tmp_path, every=1) as monitor:
        for _ in range(2):
            found = TRACERS[name](model)
            assert found == expected
            with torch.no_grad():
                for parameter, same in zip(model.parameters(), plain.parameters(), strict=True):
                    same.copy_(parameter)
            model(X).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
            with torch.no_grad():
                for parameter, same in zip(model.parameters(), plain.parameters(), strict=True):
                    same.copy_(parameter)
            expected = TRACERS[name](plain)
        assert monitor.state_dict()["step"] == 2
    run = Run(tmp_path)
    for step in (0, 1):
        for kind in ("activation", "activation_gradient", "gradient", "update"):
            assert all(row["count"] > 0 for row in run.statistics(kind, step).values()), (kind, step)
    assert not [message for message in caplog.messages if "turned off" in message]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("kind", [Seen, Called], ids=["dispatch", "function"])
def test_mode_sees_the_operators_of_the_program_only(kind, tmp_path):
    def run(model, watched):
        optimizer = torch.optim.Adam(model.parameters())
        monitor = tb_nnviz.watch(model, optimizer, tmp_path, every=1) if watched else None
        model(X).sum().backward()
        optimizer.step()
        with kind() as mode:
            model(X).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        if monitor is not None:
            monitor.close()
        return mode.names

    assert run(net(), True) == run(net(), False)
    assert Run(tmp_path).statistics("activation", 1)["0"]["count"] == 8


@pytest.mark.usefixtures("backend")
def test_flops_are_those_of_the_program(tmp_path):
    def count(model):
        with FlopCounterMode(display=False) as mode:
            model(X).sum().backward()
        return mode.get_total_flops()

    model = net()
    with tb_nnviz.watch(model, logdir=tmp_path, every=1):
        assert count(model) == count(net())


@pytest.mark.usefixtures("backend")
def test_selective_checkpoint_is_as_unwatched(tmp_path):
    """The checkpoint caches the results of operators in order. One of nnviz's would shift them."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.out = net(), nn.Linear(1, 1)

        def forward(self, x):
            def contexts():
                return create_selective_checkpoint_contexts(lambda *args, **kwargs: CheckpointPolicy.MUST_SAVE)

            return self.out(checkpoint(self.inner, x, use_reentrant=False, context_fn=contexts))

    def run(watched):
        torch.manual_seed(1)
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        monitor = tb_nnviz.watch(model, optimizer, tmp_path, every=1) if watched else None
        for _ in range(3):
            model(X).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        if monitor is not None:
            monitor.close()
        return [parameter.tolist() for parameter in model.parameters()]

    assert run(True) == run(False)
    assert Run(tmp_path).statistics("activation", 2)["inner.0"]["count"] == 8


def test_default_device_does_not_move_measurements(tmp_path):
    model = net()
    monitor = tb_nnviz.watch(model, torch.optim.Adam(model.parameters()), tmp_path, every=1)
    with torch.device("meta"):
        model(X).sum().backward()
        monitor.clip_grad_norm_(1.0)
        monitor.log(loss=0.5)
        monitor.step()
    monitor.close()
    assert Run(tmp_path).statistics("activation", 0)["0"]["count"] == 8
