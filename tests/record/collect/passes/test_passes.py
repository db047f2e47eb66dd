"""Inputs and outputs of models, and the spread over samples, against float64 numpy."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tests.support.event_reader import Run
from tests.support.oracle import assert_statistics, histogram, statistics


class Model(nn.Module):
    """A model with several arguments that returns a dict."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, ids, pair, more=None, mask=None):
        x = self.layer(pair[0]["x"]) * pair[1].mean()
        return {"ids": ids, "logits": x, "more": more}


def run_of(model, tmp_path, *calls, **settings):
    """Train one step with calls of ``(args, kwargs)`` and return the run and the outputs."""
    outputs = []
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None, **settings) as monitor:
        for args, kwargs in calls:
            out = model(*args, **kwargs)
            out = out["logits"] if isinstance(out, dict) else out
            outputs.append(out.detach().clone())
            out.square().mean().backward()
        monitor.step()
    return Run(tmp_path), outputs


def spread(x, axis=0):
    """Return the root mean square of the standard deviations over at most eight samples."""
    x = np.moveaxis(np.asarray(x, np.float64), axis, 0)
    size = len(x)
    chosen = x[[i * size // min(size, 8) for i in range(min(size, 8))]]
    return np.sqrt(np.mean(chosen.reshape(len(chosen), -1).std(0) ** 2))


def test_inputs_are_numbered_by_position_then_by_name(tmp_path):
    x, y, more, mask = torch.randn(5, 3), torch.randn(2), torch.randn(7), torch.rand(2, 2)
    call = (torch.arange(5), ({"x": x}, y)), {"mask": mask, "more": [more, torch.tensor([1])]}
    run, (out,) = run_of(Model(), tmp_path, call)
    found = run.statistics("input", 0)
    assert list(found) == ["input", "input#1", "input#2", "input#3"]
    for name, tensor in zip(found, (x, y, mask, more), strict=True):
        assert_statistics(found[name], tensor.numpy(), set(statistics(tensor)) & set(found[name]), name)
    assert_statistics(run.statistics("output", 0)["output"], out.numpy(), ["count", "norm", "mean", "std", "max"])
    (row,) = run.rows("output", 0)
    assert (row["module"], row["type"], row["shape"], row["call"]) == ("", "Model", [4], 0)
    assert [row["shape"] for row in run.rows("input", 0)] == [[3], [], [2], []]


def test_inputs_and_outputs_merge_micro_batches(tmp_path):
    model, batches = nn.Linear(3, 2), [torch.randn(4, 3), torch.randn(2, 3)]
    run, outputs = run_of(model, tmp_path, *(((x,), {}) for x in batches), histograms_every=1)
    for kind, parts in (("input", batches), ("output", outputs)):
        whole = torch.cat(parts).numpy()
        assert_statistics(run.statistics(kind, 0)[kind], whole, ["count", "norm", "rms", "mean", "std", "min", "max"])
        counts = schema.decode_histograms(run.tensors[f"nnviz/{kind}/histogram"][0])
        assert np.array_equal(np.asarray(counts).reshape(-1), histogram(whole))


def test_inputs_of_several_models_have_their_names(tmp_path):
    models = {"G": nn.Linear(2, 3), "D": nn.Sequential(nn.Linear(3, 1))}
    with tb_nnviz.watch(models, logdir=tmp_path, on_finding=None) as monitor:
        models["D"](models["G"](torch.randn(4, 2))).sum().backward()
        monitor.step()
    run = Run(tmp_path)
    assert [row["name"] for row in run.rows("input", 0)] == ["G.input", "D.input"]
    assert [row["module"] for row in run.rows("output", 0)] == ["G", "D"]


def test_passes_that_do_not_train_have_no_values(tmp_path):
    model = nn.Sequential(nn.Linear(3, 2))
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None, every=2, probe=torch.ones(2, 3)) as monitor:
        for _ in range(4):
            model.eval()
            model(torch.full((9, 3), 7.0))
            model.train()
            model(torch.ones(4, 3)).sum().backward()
            monitor.step()
    run = Run(tmp_path)
    assert sorted(run.tensors["nnviz/input/max"]) == [0, 2]
    assert [run.statistics("input", step)["input"]["max"] for step in (0, 2)] == [1, 1]
    assert [run.statistics("output", step)["output"]["count"] for step in (0, 2)] == [8, 8]


def test_input_is_measured_before_the_model_changes_it(tmp_path):
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2))
    x = torch.randn(50, 3)
    before = x.clone().numpy()
    run, _ = run_of(model, tmp_path, ((x,), {}))
    assert run.statistics("input", 0)["input"]["min"] == before.min() < 0


@pytest.mark.parametrize("kinds", [("input",), ("output",), ("gradient", "input"), ("activation",)])
def test_kinds_select_inputs_and_outputs(kinds, tmp_path):
    run, _ = run_of(nn.Linear(3, 2), tmp_path, ((torch.ones(4, 3),), {}), kinds=kinds)
    assert {tag.split("/")[2] for tag in run.tensors if tag.startswith("nnviz/layout_id/")} == {*kinds, "tracked"}


def test_model_of_token_ids_has_no_input(tmp_path):
    run, _ = run_of(nn.Embedding(9, 3), tmp_path, ((torch.arange(4),), {}))
    assert "nnviz/layout/input" not in run.tensors
    assert "nnviz/output/norm" in run.tensors


def test_more_than_eight_inputs_are_left_out(tmp_path):
    class Many(nn.Linear):
        def forward(self, *xs):
            return super().forward(sum(xs))

    run, _ = run_of(Many(3, 2), tmp_path, ([torch.ones(2, 3)] * 11, {}))
    assert [row["name"] for row in run.rows("input", 0)] == ["input", *(f"input#{i}" for i in range(1, 8))]


# Of outputs


@pytest.mark.parametrize("shape", [(40, 5), (6, 7, 5), (3, 70, 2)])
def test_largest_share_and_sum_equal_float64(shape, tmp_path):
    torch.manual_seed(0)
    model, x = nn.Linear(4, shape[-1]), torch.randn(*shape[:-1], 4)
    run, (out,) = run_of(model, tmp_path, ((x,), {}))
    values = out.double().numpy().reshape(-1, shape[-1])
    found = run.statistics("output", 0)["output"]
    assert found["largest_share"] == pytest.approx(np.bincount(values.argmax(1)).max() / len(values))
    assert found["sum_deviation"] == pytest.approx(np.abs(values.sum(1) - 1).mean(), rel=1e-5)
    assert found["batch_std~"] == pytest.approx(spread(out), rel=1e-5)


def test_largest_share_of_convolution_is_over_channels(tmp_path):
    torch.manual_seed(0)
    run, (out,) = run_of(nn.Sequential(nn.Conv2d(2, 3, 1)), tmp_path, ((torch.randn(4, 2, 5, 6),), {}))
    values = out.double().numpy()
    found = run.statistics("output", 0)["output"]
    assert found["largest_share"] == pytest.approx(np.bincount(values.argmax(1).ravel()).max() / (4 * 30))
    assert found["sum_deviation"] == pytest.approx(np.abs(values.sum(1) - 1).mean(), rel=1e-5)


def test_largest_share_merges_micro_batches(tmp_path):
    torch.manual_seed(0)
    calls = [((torch.randn(n, 4),), {}) for n in (10, 30)]
    run, outputs = run_of(nn.Linear(4, 3), tmp_path, *calls)
    values = torch.cat(outputs).numpy()
    found = run.statistics("output", 0)["output"]
    assert found["largest_share"] == pytest.approx(np.bincount(values.argmax(1)).max() / 40)
    assert found["batch_std~"] == pytest.approx(spread(outputs[0]), rel=1e-5)


def test_softmax_output_sums_to_one(tmp_path):
    model = nn.Sequential(nn.Linear(4, 6), nn.Softmax(-1))
    run, _ = run_of(model, tmp_path, ((torch.randn(10, 4),), {}))
    assert run.statistics("output", 0)["output"]["sum_deviation"] < 1e-6


def test_constant_output_has_share_one_and_no_spread(tmp_path):
    model = nn.Linear(4, 6)
    nn.init.zeros_(model.weight)
    run, _ = run_of(model, tmp_path, ((torch.randn(10, 4),), {}))
    found = run.statistics("output", 0)["output"]
    assert (found["largest_share"], found["batch_std~"]) == (1, 0)


@pytest.mark.parametrize("units", [1, 5000])
def test_largest_share_of_one_or_too_many_units_is_undefined(units, tmp_path):
    run, _ = run_of(nn.Linear(4, units), tmp_path, ((torch.randn(10, 4),), {}))
    found = run.statistics("output", 0)["output"]
    assert "largest_share" not in found
    assert found["batch_std~"] > 0


def test_large_output_is_read_in_part(tmp_path):
    torch.manual_seed(0)
    run, (out,) = run_of(nn.Linear(4, 300), tmp_path, ((torch.randn(64, 200, 4),), {}))
    values = out.double().numpy().reshape(-1, 300)
    found = run.statistics("output", 0)["output"]
    assert found["largest_share"] == pytest.approx(np.bincount(values.argmax(1)).max() / len(values), abs=0.02)
    assert found["sum_deviation"] == pytest.approx(np.abs(values.sum(1) - 1).mean(), rel=0.1)


# Of activations


@pytest.mark.parametrize("samples", [2, 3, 8, 12, 13, 64])
def test_spread_over_samples_equals_float64(samples, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 4))
    x = torch.randn(samples, 2, 5, 5).contiguous(memory_format=torch.channels_last)
    outputs = {}
    for name, module in model.named_children():

        def keep(module, args, output, name=name):
            outputs[name] = output.detach().clone()

        module.register_forward_hook(keep)
    run, _ = run_of(model, tmp_path, ((x,), {}))
    found = run.statistics("activation", 0)
    assert set(found) == set(outputs)
    for name, output in outputs.items():
        assert found[name]["batch_std~"] == pytest.approx(spread(output), rel=1e-5), name


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_spread_of_any_magnitude_and_dtype_equals_float64(scale, dtype, tmp_path):
    x = (torch.randn(6, 5, dtype=torch.float64) * scale).to(dtype)
    model = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(5, 1).to(dtype))
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None) as monitor:
        model(x).sum().backward()
        monitor.step()
    found = Run(tmp_path).statistics("activation", 0)["0"]["batch_std~"]
    assert found == pytest.approx(spread(x.double()), rel=1e-5)


def test_spread_of_equal_samples_is_exactly_zero(tmp_path):
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    run, _ = run_of(model, tmp_path, ((torch.full((7, 3), 0.1),), {}))
    assert [row["batch_std~"] for row in run.statistics("activation", 0).values()] == [0, 0, 0]


def test_spread_of_large_layer_is_near_the_whole(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    x = torch.randn(16, 3, 40, 40)
    model(x)
    outputs = []
    model[1].register_forward_hook(lambda module, args, output: outputs.append(output.detach()))
    run, _ = run_of(model, tmp_path, ((x,), {}))
    assert run.statistics("activation", 0)["1"]["batch_std~"] == pytest.approx(spread(outputs[0]), rel=0.03)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_spread_of_sequences_first_is_over_samples(kind, tmp_path):
    class Sequences(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.out = kind(3, 4), nn.Linear(4, 2)

        def forward(self, x):
            self.hidden = self.rnn(x)[0]
            return self.out(self.hidden)

    model = Sequences()
    run, (out,) = run_of(model, tmp_path, ((torch.randn(5, 6, 3),), {}))
    found = run.statistics("activation", 0)
    assert found["rnn"]["batch_std~"] == pytest.approx(spread(model.hidden.detach(), 1), rel=1e-5)
    assert found["out"]["batch_std~"] == pytest.approx(spread(out, 1), rel=1e-5)


def test_spread_of_one_sample_or_no_batch_is_undefined(tmp_path):
    run, _ = run_of(nn.Sequential(nn.Linear(3, 2)), tmp_path / "one", ((torch.randn(1, 3),), {}))
    assert "batch_std~" not in run.statistics("activation", 0)["0"]
    run, _ = run_of(nn.Sequential(nn.Conv2d(3, 2, 1)), tmp_path / "image", ((torch.randn(3, 4, 4),), {}))
    assert "batch_std~" not in run.statistics("activation", 0)["0"]


def test_spread_is_that_of_the_first_pass_of_each_step(tmp_path):
    model, batches = nn.Linear(3, 2), [torch.randn(4, 3), torch.randn(4, 3) * 9]
    run, outputs = run_of(model, tmp_path, *(((x,), {}) for x in batches))
    assert run.statistics("activation", 0)[""]["batch_std~"] == pytest.approx(spread(outputs[0]), rel=1e-5)


def test_inputs_spread_is_that_of_the_first_axis(tmp_path):
    class First(nn.Linear):
        def forward(self, x, *others):
            return super().forward(x)

    x, same, times = torch.randn(5, 3), torch.ones(5, 2, 2), torch.randn(7)
    run, _ = run_of(First(3, 2), tmp_path, ([x, same, times], {}))
    found = run.statistics("input", 0)
    assert found["input"]["batch_std~"] == pytest.approx(spread(x), rel=1e-5)
    assert found["input#1"]["batch_std~"] == 0 and np.isnan(found["input#2"]["batch_std~"])
