"""The log of a training loop, against an independent record of the same loop in float64."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz
from tb_nnviz import schema
from tests.support import oracle
from tests.support.event_reader import Run

#: The kinds that measure tensors. The kind ``optimizer`` has tests of its own.
KINDS = tuple(kind for kind in schema.KINDS if kind not in ("optimizer", *schema.PASS_KINDS))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(12, 5)  # registered first, called last
        self.conv = nn.Conv2d(1, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.gate = nn.Sigmoid()
        self.scale = nn.Parameter(torch.ones(12))
        self.unused = nn.Linear(2, 2)
        self.frozen = nn.Linear(12, 12).requires_grad_(False)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        x = self.relu(self.pool(x) - 0.1).flatten(1)
        return self.head(self.gate(self.frozen(x) * 4) * self.scale)


class Record:
    """Copies of all tensors of a loop, taken by plain hooks."""

    def __init__(self, model, layers):
        self.now, self.steps, self.passes = {kind: {} for kind in KINDS}, [], 0
        for name in layers:
            model.get_submodule(name).register_forward_hook(self._hook(name))

    def _hook(self, name):
        def hook(module, args, output):
            if not module.training or not torch.is_grad_enabled():
                return
            calls = self.calls.setdefault(name, 0)
            self.calls[name] += 1
            row = f"{name}#{calls}" if calls else name
            self.now["activation"].setdefault(row, []).append(output.detach().clone())
            if output.requires_grad:
                keep = self.now["activation_gradient"]
                output.register_hook(lambda g: keep.setdefault(row, []).append(g.detach().clone()))

        return hook

    def new_pass(self):
        self.calls = {}

    def before(self, model):
        for name, parameter in model.named_parameters():
            self.now["parameter"][name] = [parameter.detach().clone()]
            if parameter.grad is not None:
                self.now["gradient"][name] = [parameter.grad.clone()]

    def after(self, model):
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                self.now["update"][name] = [parameter.detach() - self.now["parameter"][name][0]]
        self.steps.append(self.now)
        self.now = {kind: {} for kind in KINDS}


LAYERS = ("conv", "norm", "relu", "pool", "frozen", "gate", "head")


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """Train for six steps of two micro-batches, with an evaluation between them. Every second step is logged."""
    logdir = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    record = Record(model, LAYERS)
    x, y = torch.randn(2, 16, 1, 8, 8), torch.randint(0, 5, (2, 16))
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=2, histograms_every=4) as monitor:
        for _ in range(6):
            optimizer.zero_grad()
            for part in range(2):
                record.new_pass()
                loss = F.cross_entropy(model(x[part]), y[part]) / 2
                loss.backward()
            record.before(model)
            optimizer.step()
            record.after(model)
            monitor.log(loss=loss, accuracy=0.5)
            model.eval()
            model(x[0])
            model.train()
            with torch.no_grad():
                model(x[0])
    return Run(logdir), record, model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [0, 2, 4])
def test_watch_every_row_equals_float64(logged, kind, step):
    run, record, _ = logged
    found, expected = run.statistics(kind, step), record.steps[step][kind]
    assert expected, "the record is empty"
    assert {name for name in found if found[name]["count"] > 0} == set(expected)
    for name, tensors in expected.items():
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        names = set(oracle.statistics(flat)) - {"finite_norm", "finite_absmax"}
        oracle.assert_statistics(found[name], flat, names, f"{kind} {name} at step {step}")


def test_watch_writes_logged_steps_only(logged):
    run, _, _ = logged
    assert all(list(steps) == [0, 2, 4] for tag, steps in run.tensors.items() if tag.endswith("/norm"))


def test_layout_rows_are_in_order_of_execution(logged):
    run, _, _ = logged
    assert [row["name"] for row in run.rows("parameter", 0)] == [
        "scale", "conv.weight", "conv.bias", "norm.weight", "norm.bias", "frozen.weight", "frozen.bias",
        "head.weight", "head.bias", "unused.weight", "unused.bias",
    ]  # fmt: skip
    calls = ["conv", "norm", "relu", "pool", "relu#1", "frozen", "gate", "head"]
    assert [row["name"] for row in run.rows("activation", 0)] == calls
    assert [row["name"] for row in run.rows("activation_gradient", 0)] == calls


def test_layout_rows_describe_parameters_and_calls(logged):
    run, _, _ = logged
    rows = {row["name"]: row for row in run.rows("gradient", 0)}
    assert rows["conv.weight"]["shape"] == [3, 1, 3, 3] and rows["conv.weight"]["numel"] == 27
    assert rows["conv.weight"]["module"] == "conv" and rows["conv.weight"]["type"] == "Conv2d"
    assert [rows[f"{name}"]["role"] for name in ("conv.weight", "conv.bias", "norm.bias", "scale")] == [
        "weight", "bias", "norm", "other",
    ]  # fmt: skip
    assert rows["unused.weight"]["depth"] is None and not rows["frozen.weight"]["trainable"]
    calls = {row["name"]: row for row in run.rows("activation", 0)}
    assert calls["conv"]["shape"] == [3, 6, 6] and calls["conv"]["unit_axis"] == 1
    assert calls["relu"]["shape"] == [3, 6, 6] and calls["relu#1"]["call"] == 1 and calls["head"]["unit_axis"] == -1


def test_absent_row_has_nan_in_all_other_statistics(logged):
    run, _, _ = logged
    row = run.statistics("gradient", 2)["unused.weight"]
    assert row.pop("count") == 0 and all(np.isnan(value) for value in row.values())


@pytest.mark.parametrize("step", [0, 2, 4])
def test_statistics_of_one_kind_are_in_that_kind_only(logged, step):
    run, record, _ = logged
    now = record.steps[step]
    for name, row in run.statistics("update", step).items():
        if row["count"]:
            norms = [np.linalg.norm(now[kind][name][0].double().numpy()) for kind in ("update", "parameter")]
            with np.errstate(divide="ignore"):  # biases of batch norms begin as 0
                assert row["ratio"] == pytest.approx(norms[0] / norms[1], rel=1e-5)
    for name, row in run.statistics("activation", step).items():
        x = torch.cat(now["activation"][name]).numpy()
        units = np.moveaxis(x, 1 if x.ndim == 4 else -1, 0)
        units = units.reshape(len(units), -1)
        assert row["dead_fraction"] == pytest.approx((units == 0).all(1).mean())
        assert row["nonpositive_unit_fraction"] == pytest.approx((units <= 0).all(1).mean())
        rms = np.sqrt((units.astype(np.float64) ** 2).mean(1))
        if np.median(rms):
            assert row["outlier_ratio"] == pytest.approx(rms.max() / np.median(rms), rel=1e-5)
        else:
            assert np.isnan(row["outlier_ratio"])
        if name == "gate":
            assert row["saturated_fraction"] == pytest.approx(((x <= 0.01) | (x >= 0.99)).mean())
        else:
            assert np.isnan(row["saturated_fraction"])


def test_histograms_equal_float64(logged):
    run, record, _ = logged
    for kind in ("parameter", "gradient"):
        tag = schema.histogram_tag(kind)
        assert list(run.tensors[tag]) == [0, 4]
        counts = schema.decode_histograms(run.tensors[tag][4].tobytes())
        assert int(run.tensors[schema.histogram_layout_id_tag(kind)][4][0]) in run.layouts(kind)
        for row, found in zip(run.rows(kind, 4), counts, strict=True):
            tensors = record.steps[4][kind].get(row["name"], [torch.empty(0)])
            assert (found == oracle.histogram(tensors[0])).all()
    stock = run.tensors["gradients/conv.weight"][0]
    assert stock[:, 2].sum() == 27 and "parameters/head.bias" in run.tensors


def test_watch_writes_global_and_logged_scalars(logged):
    run, record, _model = logged
    assert list(run.scalars["nnviz/log/loss"]) == list(run.scalars["nnviz/log/accuracy"]) == list(range(6))
    assert run.scalars["nnviz/log/accuracy"][3] == 0.5
    gradients = [p[0].flatten().double() for p in record.steps[2]["gradient"].values()]
    norm = torch.linalg.vector_norm(torch.cat(gradients))
    assert run.scalars["nnviz/global/gradient_norm"][2] == pytest.approx(float(norm), rel=1e-5)
    assert run.scalars["nnviz/global/learning_rate/0"][0] == np.float32(1e-2)
    assert run.scalars["nnviz/global/overhead_seconds"][0] > 0


def test_step_is_one_event_with_metadata_on_every_value(logged):
    run, _, _ = logged
    with_statistics = [e for e in run.events if any(v.tag == "nnviz/gradient/norm" for v in e.summary.value)]
    assert [event.step for event in with_statistics] == [0, 2, 4]
    for event in with_statistics:
        tags = {value.tag for value in event.summary.value}
        assert {f"nnviz/{kind}/norm" for kind in KINDS} < tags
        for value in event.summary.value:
            if value.tag.startswith("nnviz/") and value.metadata.plugin_data.plugin_name != "scalars":
                assert value.metadata.plugin_data.content == b'{"version": 1}' and value.metadata.data_class == 2


def test_layout_precedes_the_events_that_use_it(logged):
    run, _, _ = logged
    known = set()
    for event in run.events:
        for value in event.summary.value:
            if value.tag.startswith("nnviz/layout/"):
                known.add(value.tag.rpartition("/")[2])
            elif value.tag.startswith("nnviz/layout_id/"):
                assert value.tag.rpartition("/")[2] in known
