"""Round trip: torch -> event file -> both of TensorBoard's loaders -> route -> numbers, against float64 numpy."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz
from tests.support import oracle
from tests.support.tensorboards import TensorBoard

STEPS = 400
RESUMED = 200


class Odd(nn.Module):
    """A model with an empty parameter, one without gradient, and a layer that is called from step 3 on."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 5), nn.Linear(5, 2)
        self.empty = nn.Parameter(torch.empty(0, 3))
        self.unused = nn.Parameter(torch.ones(3))
        self.late = nn.Tanh()
        self.steps = 0

    def forward(self, x):
        x = F.relu(self.a(x))
        return self.b(self.late(x) if self.steps >= 3 else x)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    return tmp_path_factory.mktemp("round_trip")


def _train_odd(logdir):
    """Train for six steps, the last ones with Inf and NaN, and return the tensors of every step."""
    torch.manual_seed(0)
    model = Odd()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    kept, outputs = [], {}
    for name in ("a", "b", "late"):
        model.get_submodule(name).register_forward_hook(
            lambda module, args, output, name=name: outputs.__setitem__(name, output.detach().clone())
        )
    with tb_nnviz.watch(model, optimizer, logdir=logdir / "odd", every=1, on_finding=None):
        for step in range(6):
            model.steps = step
            outputs.clear()
            optimizer.zero_grad()
            model(torch.randn(4, 6)).square().mean().backward()
            if step >= 4:
                model.a.weight.grad[0, :2] = torch.tensor([float("inf"), -1.0])
            if step == 5:
                model.b.weight.grad[1, 1] = float("nan")
            before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
            gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
            optimizer.step()
            updates = {n: p.detach() - before[n] for n, p in model.named_parameters() if n in gradients}
            kept.append({"parameter": before, "gradient": gradients, "update": updates, "activation": dict(outputs)})
    return kept


def _train_plain(logdir, steps, start=0):
    torch.manual_seed(start)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    norms = {}
    with tb_nnviz.watch(
        model, optimizer, logdir=logdir, every=1, histograms_every=None, start_step=start, on_finding=None
    ) as monitor:
        for step in range(start, steps):
            optimizer.zero_grad()
            loss = model(torch.randn(4, 3)).square().mean()
            loss.backward()
            norms[step] = float(torch.linalg.vector_norm(model.weight.grad.double()))
            optimizer.step()
            monitor.log(loss=loss)
    return norms


@pytest.fixture(scope="module")
def trained(logdir):
    odd = _train_odd(logdir)
    plain = _train_plain(logdir / "plain", STEPS)
    resumed = _train_plain(logdir / "resumed", STEPS) | _train_plain(logdir / "resumed", STEPS, RESUMED)
    g, d = nn.Linear(3, 3), nn.Linear(3, 1)
    optimizers = [torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())]
    with tb_nnviz.watch({"G": g, "D": d}, optimizers, logdir=logdir / "gan", every=1, on_finding=None):
        for _ in range(STEPS):
            for optimizer in optimizers:
                optimizer.zero_grad()
                d(g(torch.randn(2, 3))).sum().backward()
                optimizer.step()
    return odd, plain, resumed


@pytest.fixture(scope="module")
def board(loader, logdir, trained):
    with TensorBoard(loader, logdir) as tensorboard:

        def loaded():
            runs = tensorboard.runs()
            steps = {name: run["steps"] for name, run in runs.items()}
            return steps == {"odd": 5, "plain": STEPS - 1, "resumed": STEPS - 1, "gan": STEPS - 1} and all(
                "gradient" in run["kinds"] for run in runs.values()
            )

        tensorboard.until(loaded)
        yield tensorboard


def one(answer):
    assert not answer["missing"], answer["missing"]
    (series,) = answer["series"]
    return series, [row["name"] for row in answer["layouts"][str(series["layout"])]]


ALL = tuple(oracle.statistics([1.0]))


@pytest.mark.parametrize("kind", ["parameter", "gradient", "update", "activation"])
def test_reader_every_statistic_equals_float64(board, trained, kind):
    names = [name for name in ALL if not name.startswith("finite") or kind == "gradient"]
    series, rows = one(board.series("odd", kind=kind, statistics=tuple(names)))
    assert series["steps"].tolist() == list(range(6))
    for step, kept in enumerate(trained[0]):
        for i, row in enumerate(rows):
            tensor = kept[kind].get(row)
            if tensor is None or tensor.numel() == 0:
                assert series["absent"][step, i] == 1, (step, row)
                continue
            assert series["absent"][step, i] == 0, (step, row)
            found = {name: series["values"][name][step, i] for name in names}
            present = [name for name in names if not (name.startswith("finite") and step < 4)]
            oracle.assert_statistics(found, tensor, present, f"{kind} {row} at step {step}")
    if kind == "activation":
        assert rows == ["a", "b", "late"], "the row of the layer that came later is appended"
    if kind == "gradient":
        assert np.isnan(series["values"]["norm"][5, rows.index("b.weight")])
        assert np.isinf(series["values"]["norm"][5, rows.index("a.weight")])


@pytest.mark.parametrize("run", ["plain", "resumed"])
def test_reader_has_all_of_400_steps(board, trained, run):
    series, rows = one(board.series(run, statistics=("norm",)))
    assert series["steps"].tolist() == list(range(STEPS))
    expected = trained[1 if run == "plain" else 2]
    found = series["values"]["norm"][:, rows.index("weight")]
    assert found == pytest.approx([expected[step] for step in range(STEPS)], rel=1e-5)


def test_reader_has_all_steps_of_two_models(board):
    series, rows = one(board.series("gan", statistics=("norm",)))
    assert series["steps"].tolist() == list(range(STEPS))
    assert rows == ["G.weight", "G.bias", "D.weight", "D.bias"] and not series["absent"].any()


def test_reader_has_tracked_weights_and_maps(board, trained):
    series, rows = one(board.series("odd", kind="tracked", statistics=("value",)))
    assert series["steps"].tolist() == list(range(6))
    assert rows == [f"a.weight[{i // 6}, {i % 6}]" for i in range(10)] + [
        f"b.weight[{i // 5}, {i % 5}]" for i in range(10)
    ]
    for step, kept in enumerate(trained[0]):
        true = torch.cat([kept["parameter"][name].flatten()[:10] for name in ("a.weight", "b.weight")])
        np.testing.assert_array_equal(series["values"]["value"][step], true.numpy())
    assert "tracked" not in board.runs()["odd"]["kinds"]

    (found,) = board.maps("odd", tag="nnviz/weight/a.weight")["maps"]
    header, values = found["header"], found["header"]["offset"] + found["header"]["scale"] * found["values"]
    assert found["step"] == 0 and header["axes"] == ["row", "column"]
    assert np.abs(values - trained[0][0]["parameter"]["a.weight"].double().numpy()).max() < header["scale"]


def test_reader_has_the_loss(board):
    (series,) = board.scalars("plain", tags=["nnviz/log/loss"])["series"]
    assert series["steps"][-1] == STEPS - 1 and (series["values"] > 0).all()


def test_stock_tabs_show_weights_gradients_and_loss(board):
    tags = board.client.get("/data/plugin/histograms/tags").get_json()["odd"]
    assert {"parameters/a.weight", "gradients/a.weight"} <= set(tags)
    answer = board.client.get("/data/plugin/histograms/histograms?run=odd&tag=gradients/a.weight").get_json()
    assert sum(bucket[2] for bucket in answer[0][2]) == pytest.approx(30)
    scalars = board.client.get("/data/plugin/scalars/tags").get_json()["plain"]
    assert {"nnviz/log/loss", "nnviz/global/gradient_norm", "nnviz/global/learning_rate/0"} <= set(scalars)
