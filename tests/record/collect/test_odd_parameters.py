"""One odd parameter or optimizer state among sound ones: its row is absent and says why, and all others are right."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support import oracle
from tests.support.cases.odd_tensors import ODD_PARAMETERS, Quantized, Strict
from tests.support.event_reader import Run
from tests.support.map_oracle import read
from tests.support.same_runs import histograms

STEPS = 3


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def quiet():
    """Ignore torch's own warnings about prototype layouts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def model_with(name):
    torch.manual_seed(0)
    return nn.ModuleDict({"first": nn.Linear(4, 6), "odd": ODD_PARAMETERS[name][0](), "last": nn.Linear(6, 2)})


def forward(model, x):
    return model["last"](model["odd"](torch.relu(model["first"](x))))


class Whole(nn.Module):
    """A model that calls its parts, so that its own call is the pass."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, x):
        return forward(self.parts, x)


def train(name, logdir=None, **options):
    """Return the losses, the sound parameters and, per step and name, what a step changed."""
    model = Whole(model_with(name))
    sound = {n: p for n, p in model.named_parameters() if n != "parts.odd.weight"}
    odd = model.parts["odd"]._parameters["weight"]
    trained = name in ("trained", "tagged")
    optimizer = torch.optim.SGD([*sound.values(), *([odd] if trained else [])], 0.1, foreach=False)
    monitor = logdir and tb_nnviz.watch(
        model, optimizer, logdir=logdir, every=1, histograms_every=1, weights_every=1, on_finding=None, window=True,
        tracked_weights=2, **options,
    )  # fmt: skip
    torch.manual_seed(1)
    losses, steps = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(torch.randn(5, 4)).square().mean()
        loss.backward()
        before = {n: p.detach().clone() for n, p in sound.items()}
        gradients = {n: p.grad.detach().clone() for n, p in sound.items()}
        own = None if not trained else odd.grad.detach().clone()
        dense = whole(odd) if ODD_PARAMETERS[name][2] else None
        optimizer.step()
        after = {n: p.detach().double() - before[n].double() for n, p in sound.items()}
        steps.append({"parameter": before, "gradient": gradients, "update": after, "odd": own, "dense": dense})
        losses.append(loss.item())
    if monitor:
        monitor.close()
    return losses, [p.detach().clone() for p in sound.values()], steps, model


def whole(x):
    """Return all numbers of a tensor in float64 numpy."""
    x = x.detach() if x.layout == torch.strided else x.detach().to_dense()
    return torch.view_as_real(x).double().numpy() if x.is_complex() else np.array(x.to(torch.float64).tolist())


@pytest.mark.parametrize("name", ODD_PARAMETERS)
def test_odd_parameter_is_absent_and_others_are_right(name, tmp_path, caplog):
    plain = train(name)
    losses, parameters, steps, _ = train(name, tmp_path, probe=torch.randn(3, 4), maps_every=1)
    assert losses == plain[0] and all(map(torch.equal, parameters, plain[1]))
    lazy = ["no activation maps of steps in which the model has lazy parameters, which the probe would initialize"]
    assert caplog.messages == (lazy if name == "uninitialized" else [])
    run, maps = Run(tmp_path), read(tmp_path)
    _, dtype, measured = ODD_PARAMETERS[name]
    for step, truth in enumerate(steps):
        for kind in ("parameter", "gradient", "update"):
            found = run.statistics(kind, step)
            for row, tensor in truth[kind].items():
                statistics = {key: found[row][key] for key in oracle.statistics(tensor) if key in found[row]}
                oracle.assert_statistics(statistics, tensor.numpy(), statistics, f"{kind} of {row}")
        total = [g.double().square().sum() for g in truth["gradient"].values()]
        total += [] if truth["odd"] is None else [truth["odd"].double().square().sum()]
        assert run.scalars["nnviz/global/gradient_norm"][step] == pytest.approx(float(sum(total)) ** 0.5, rel=1e-5)
        if dtype is None:
            assert "parts.odd.weight" not in run.statistics("parameter", step)
            continue
        row = next(row for row in run.rows("parameter", step) if row["name"] == "parts.odd.weight")
        values = run.statistics("parameter", step)["parts.odd.weight"]
        assert row["dtype"] == dtype
        assert (values["count"] > 0) == measured
        assert measured or all(np.isnan(value) for key, value in values.items() if key != "count")
        if measured and truth["dense"] is not None:
            oracle.assert_statistics(values, truth["dense"], set(values) & set(oracle.statistics(truth["dense"])))
        counts = histograms(run, "parameter", step)
        assert np.array_equal(counts["parts.first.weight"], oracle.histogram(truth["parameter"]["parts.first.weight"]))
        assert counts["parts.odd.weight"].sum() == values["count"]
    if name in ("trained", "tagged"):
        gradient = run.statistics("gradient", 0)["parts.odd.weight"]
        assert gradient["norm"] == pytest.approx(float(steps[0]["odd"].norm()), rel=1e-5), "its gradient is plain"
    # the outputs behind a class that keeps its type have no map, and a lazy model has none at all
    behind = () if name == "tagged" else ("map/parts.odd", "map/parts.last")
    assert {"map/parts.first", *behind} <= set(maps) if name != "uninitialized" else not maps
    assert {"nnviz/weight/parts.first.weight", "nnviz/weight/parts.last.weight"} <= set(run.tensors)
    assert "parts.first.weight[0, 0]" in run.statistics("tracked", 1)


@pytest.mark.parametrize("name", [name for name in ODD_PARAMETERS if name != "uninitialized"])
def test_summary_of_odd_parameter_counts_it(name, capsys):
    model = Whole(model_with(name))
    table = tb_nnviz.summary(model, torch.randn(2, 4))
    row = next(row for row in table.rows if row["name"] == "parts.odd")
    assert row["calls"] == 1 and row["shape"] == (2, 6)


def test_graph_of_odd_parameter_is_observed(tmp_path):
    import json

    train("dispatch", tmp_path)
    graph = json.loads(bytes(Run(tmp_path).tensors["nnviz/graph"][0]))
    calls = [node["name"] for node in graph["nodes"] if node["kind"] == "call"]
    assert graph["observed"] and calls == ["parts.first", "parts.odd", "parts.last"]


@pytest.mark.parametrize("name", ["dispatch", "function", "meta", "integers", "nested"])
def test_window_norm_leaves_the_odd_parameter_out(name, tmp_path):
    train(name, tmp_path, kinds=["activation"])
    run = Run(tmp_path)
    assert run.scalars["nnviz/global/gradient_norm"][2] > 0
    assert run.scalars["nnviz/window/nonfinite"][2] == 0


def test_tracked_weights_of_odd_parameter_are_refused_by_name(tmp_path):
    model = Whole(model_with("function"))
    with pytest.raises(ValueError, match=r"invalid tracked_weights: 'parts.odd.weight' is Strict of float32, strided"):
        tb_nnviz.watch(model, logdir=tmp_path, tracked_weights={"parts.odd.weight": [(0, 0)]})


def compress(optimizer, odd, replace):
    """Replace the state of a parameter after each step, and put it back before the next."""
    kept = {}

    def before(*args):
        if kept:
            optimizer.state[odd].clear()
            optimizer.state[odd].update(kept)

    def after(*args):
        kept.update(optimizer.state[odd])
        replace(optimizer.state[odd])

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)


def wrapped(state):
    state["exp_avg"] = Quantized(torch.zeros(6, 4, dtype=torch.int8))
    state["exp_avg_sq"] = Quantized(torch.zeros(6, 4, dtype=torch.int8))


def strict(state):
    state["exp_avg"] = Strict.make(torch.zeros(6, 4))


#: By name: what replaces the state, and the dtype of the row.
ODD_STATES = {
    "wrapped": (wrapped, "Quantized float32"),
    "strict": (strict, "Strict float32"),
    "codes": (lambda state: state.update(exp_avg=torch.zeros(6, 4, dtype=torch.uint8)), "uint8"),
    "meta": (lambda state: state.update(exp_avg=torch.zeros(6, 4, device="meta")), "meta float32"),
    "other shape": (lambda state: state.update(exp_avg=torch.zeros(3)), "float32"),
    "none": (lambda state: state.update(exp_avg=None), "float32"),
    "number": (lambda state: state.update(exp_avg_sq=1.0), "float32"),
    "empty": (lambda state: state.clear(), "float32"),
}


@pytest.mark.parametrize("name", ODD_STATES)
def test_odd_state_is_absent_and_others_are_right(name, tmp_path, caplog):
    replace, dtype = ODD_STATES[name]

    def run_it(logdir=None):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        compress(optimizer, model[0].weight, replace)
        monitor = logdir and tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, on_finding=None)
        moments = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            model(torch.randn(5, 4)).square().mean().backward()
            optimizer.step()
            states = {n: optimizer.state[p] for n, p in model.named_parameters() if n != "0.weight"}
            moments.append({n: (float(s["exp_avg"].norm()), float(s["exp_avg_sq"].norm())) for n, s in states.items()})
        if monitor:
            monitor.close()
        return [p.detach().clone() for p in model.parameters()], moments

    plain, _ = run_it()
    parameters, moments = run_it(tmp_path)
    assert all(map(torch.equal, parameters, plain))
    assert caplog.messages == []
    run = Run(tmp_path)
    for step, truth in enumerate(moments):
        found = run.statistics("optimizer", step)
        for row, (first, second) in truth.items():
            assert found[row]["first_moment_norm"] == pytest.approx(first, rel=1e-5)
            assert found[row]["second_moment_norm"] == pytest.approx(second, rel=1e-5)
            assert found[row]["effective_step_size"] > 0
        assert found["0.weight"]["count"] == 0 and np.isnan(found["0.weight"]["first_moment_norm"])
        rows = {row["name"]: row["dtype"] for row in run.rows("optimizer", step)}
        assert rows == {"0.weight": dtype, "0.bias": "float32", "2.weight": "float32", "2.bias": "float32"}
        assert run.statistics("parameter", step)["0.weight"]["count"] == 24


def test_odd_factors_of_adam_leave_the_moments(tmp_path, caplog):
    model = nn.Linear(4, 2)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    optimizer.register_step_post_hook(lambda *args: optimizer.state[model.weight].pop("step") and None)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        model(torch.ones(1, 4)).sum().backward()
        optimizer.step()
    found = Run(tmp_path).statistics("optimizer", 0)["weight"]
    assert found["first_moment_norm"] > 0 and np.isnan(found["effective_step_size"])
    assert caplog.messages == []
