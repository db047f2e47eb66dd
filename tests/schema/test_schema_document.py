"""Tests that docs/schema.md is complete: a reader that follows nothing else reads real logs."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.map_oracle import CHANNELS, HEADS, UNITS, assert_map
from tests.support.oracle import assert_statistics
from tests.support.schema_document import reader
from tests.support.schema_document.oracle import assert_units, assert_weight_map, outputs
from tests.support.schema_document.reader import Log, count_bins
from tests.support.schema_document.training import (
    STEPS,
    Text,
    TrainingRecord,
    Vision,
    array,
    train_scaled,
    train_text,
    train_vision,
)


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, TrainingRecord]:
    logdir = tmp_path_factory.mktemp("vision")
    record = train_vision(logdir)
    return Log(logdir), record


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, TrainingRecord]:
    logdir = tmp_path_factory.mktemp("text")
    record = train_text(logdir)
    return Log(logdir), record


def undocumented(log: Log) -> list[str]:
    """Return the tags of a log that the document does not describe with their plugin and type."""
    lines, statistics = reader.tags(), reader.statistics()
    wrong = set()
    for event in log.events:
        for tag, kinds in event.kinds.items():
            found = [(line, names) for line in lines if (names := line.match(tag)) is not None]
            of_kind = [statistics[names["kind"]] for _, names in found if "statistic" in names]
            known = any((line.plugin, line.type) == kinds for line, _ in found)
            if not known or (of_kind and not tag.endswith("/histogram") and tag.rpartition("/")[2] not in of_kind[0]):
                wrong.add(tag)
    return sorted(wrong)


def test_tags_of_logs_are_documented(
    vision: tuple[Log, TrainingRecord], text: tuple[Log, TrainingRecord], tmp_path: Path
) -> None:
    train_scaled(tmp_path)
    skipped = Log(tmp_path)
    seen = [tag for log in (vision[0], text[0], skipped) for event in log.events for tag in event.values]
    assert [undocumented(log) for log in (vision[0], text[0], skipped)] == [[], [], []]
    # Each tag in the document is written by some run.
    never = [line.pattern for line in reader.tags() if not any(line.match(tag) is not None for tag in seen)]
    assert never == []


@pytest.mark.parametrize(
    "tag", ["nnviz/gradient/kurtosis", "nnviz/global/surprise", "nnviz/surprise", "nnviz/layout/surprise"]
)
def test_tag_unknown_to_document_is_reported(tag: str, text: tuple[Log, TrainingRecord]) -> None:
    event = text[0].events[-1]
    log = copy.copy(text[0])
    log.events = [event._replace(kinds={tag: ("", "scalar") if "global" in tag else ("nnviz", "f32")})]
    assert undocumented(log) == [tag]


def test_events_of_a_step_are_in_the_documented_order(vision: tuple[Log, TrainingRecord]) -> None:
    starts = ["map_input", "map", "graph", "weight", "layout", "layout_id", "log"]
    found = []
    for event in vision[0].events:
        parts = {tag.split("/")[1] for tag in event.values if tag.startswith("nnviz/")}
        if event.step == 0:
            found.append("layout_id" if "layout_id" in parts else "/".join(parts))
        if "layout_id" in parts:
            statistics = {*reader.statistics(), "layout_id", "histogram_layout_id"}
            assert parts <= statistics | {"global", "window", "findings", "optimizers"}
    assert found == starts


@pytest.mark.parametrize("run", ["vision", "text"])
def test_statistics_equal_float64_numpy(run: str, request: pytest.FixtureRequest) -> None:
    log, record = request.getfixturevalue(run)
    prefix = "t." if run == "text" else ""
    for kind in ("parameter", "gradient", "update", "activation", "activation_gradient"):
        logged = [step for step in log.steps(kind) if step in log.values[f"nnviz/{kind}/mean"]]
        assert logged == list(range(0, len(record.steps), 2))
        for step in logged:
            expected = record.steps[step][0][kind]
            found = log.statistics(kind, step)
            assert set(found) == {prefix + row for row in expected}
            for row, parts in expected.items():
                x = np.concatenate([part.ravel() for part in parts])
                one = found[prefix + row]
                assert_statistics(one, x, context=f"{kind} {row} {step}")
                if kind == "activation":
                    layout = {row["name"]: row for row in log.rows(kind, step)}[prefix + row]
                    assert_units(one, np.concatenate(parts), layout)
                if kind == "update":
                    before = np.linalg.norm(record.steps[step][0]["parameter"][row][0])
                    with np.errstate(divide="ignore"):
                        np.testing.assert_allclose(one["ratio"], np.linalg.norm(x) / before, rtol=1e-5)
                    with_gradient = record.steps[step][0]["gradient"][row][0].ravel() != 0
                    lost = np.mean(x[with_gradient] == 0) if with_gradient.any() else np.nan
                    np.testing.assert_equal(one["lost_fraction"], np.float32(lost))


def test_window_steps_have_the_norms_of_gradients(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    found = [step for step in log.steps("gradient") if step not in log.values["nnviz/gradient/mean"]]
    documents = {step: reader.document(payload) for step, payload in log.values["nnviz/findings"].items()}
    severe = [step for step, one in documents.items() if {f["severity"] for f in one["findings"]} != {"notice"}]
    assert found
    assert {step + 1 for step in found} <= set(severe)  # one of the loss comes after the event of its step
    for step in found:
        expected = record.steps[step][0]["gradient"]
        rows = log.statistics("gradient", step)
        assert set(rows) == set(expected)
        for name, parts in expected.items():
            x = np.concatenate([part.ravel() for part in parts])
            norm = np.linalg.norm(x)
            values = {"count": x.size, "norm": norm, "rms": norm / x.size**0.5, "nonfinite": 0, "finite_norm": norm}
            assert {key: rows[name][key] for key in values} == pytest.approx(values, rel=1e-5)


def test_optimizer_statistics_follow_from_adam_state(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    for step in log.steps("optimizer"):
        found = log.statistics("optimizer", step)
        assert list(found) == [row["name"] for row in log.rows("parameter", step)]
        for row, state in record.steps[step][1].items():
            m, v, k = array(state["exp_avg"]), array(state["exp_avg_sq"]), float(state["step"])
            s = 0.01 * (m / (1 - 0.8**k)) / (np.sqrt(v / (1 - 0.95**k)) + 1e-4)
            norms = {"first_moment_norm": np.linalg.norm(m), "second_moment_norm": np.linalg.norm(v)}
            expected = {"count": m.size, **norms, "effective_step_size": np.sqrt(np.mean(s**2))}
            if step:  # before the first step there is no second moment
                earlier, g = record.steps[step - 1][1][row], record.steps[step][0]["gradient"][row][0]
                root = np.sqrt(array(earlier["exp_avg_sq"]) / (1 - 0.95 ** float(earlier["step"])))
                expected["gradient_ratio"] = np.sqrt(np.mean((g / np.maximum(root, 1e-4)) ** 2))
            assert found[row] == pytest.approx(expected, rel=1e-5)


def test_layouts_describe_the_model(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    rows = {row["name"]: row for row in log.rows("activation", 0)}
    assert list(rows) == ["conv", "norm", "act", "deep", "act#1", "pool", "wide", "bound", "head"]
    assert rows["act#1"]["module"] == "act"
    assert rows["act#1"]["call"] == 1
    assert rows["conv"]["shape"] == [6, 12, 12]
    assert rows["conv"]["unit_axis"] == rows["norm"]["unit_axis"] == 1
    parameters = log.rows("parameter", 0)
    assert [row["name"] for row in parameters][:4] == ["conv.weight", "conv.bias", "norm.weight", "norm.bias"]
    assert [row["role"] for row in parameters][:4] == ["weight", "bias", "norm", "norm"]
    for row, parameter in zip(parameters, record.model.parameters(), strict=True):
        assert (row["shape"], row["numel"]) == (list(parameter.shape), parameter.numel())
    for layout in log.layouts.values():
        assert reader.layout_id(layout["rows"]) == layout["id"]
    tracked = log.rows("tracked", 0)
    assert sum(row["parameter"] == "wide.weight" for row in tracked) == 10
    for row, value in zip(tracked, log.values["nnviz/tracked/value"][4], strict=True):
        assert row["name"] == f"{row['parameter']}{row['index']}"
        assert value == record.steps[4][0]["parameter"][row["parameter"]][0][tuple(row["index"])]


def test_histograms_equal_counts_by_definition(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    for kind in ("parameter", "gradient", "update", "activation", "activation_gradient"):
        for step in (0, 10):
            found = log.histograms(kind, step)
            for row, parts in record.steps[step][0][kind].items():
                x = np.concatenate([part.ravel() for part in parts])
                assert found[row].tolist() == count_bins(x).tolist(), (kind, row, step)


def test_stock_histograms_equal_counts_in_buckets(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    for kind, prefix in (("parameter", "parameters/"), ("gradient", "gradients/")):
        for row in ("wide.weight", "conv.bias"):
            assert sorted(log.values[prefix + row]) == [0, 10]
            buckets = log.values[prefix + row][10]
            x = record.steps[10][0][kind][row][0].ravel()
            left, right, count = buckets.T
            assert len(buckets) <= 60
            assert (left[1:] == right[:-1]).all()
            # Bins are half-open in magnitude: a bucket includes its end nearer to zero only.
            inside = [np.sum((x > a if a < 0 else x >= a) & (x <= b if b < 0 else x < b)) for a, b, _ in buckets]
            assert inside == count.tolist()
            assert count.sum() == x.size


def test_scalars_equal_those_of_the_loop(vision: tuple[Log, TrainingRecord], text: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    extras = [extra for _, _, extra in record.steps]
    factors = [min(1.0, 0.5 / (extra["before"] + 1e-6)) for extra in extras]
    for step in range(0, STEPS, 2):
        window = range(max(0, step - 1), step + 1)
        top = max(window, key=lambda t: extras[t]["norm"])
        expected = {
            "global/gradient_norm": extras[step]["norm"],
            "global/gradient_norm_before_clipping": extras[step]["before"],
            "global/clip_factor": factors[step],
            "global/clip_rate": np.mean([factors[t] < 1 for t in window]),
            "global/learning_rate/0": 0.01,
            "window/steps": len(window),
            "window/nonfinite": 0,
            "window/nonfinite_steps": 0,
            "window/skipped_steps": 0,
            "window/gradient_norm_max": extras[top]["norm"],
            "window/gradient_norm_max_step": top,
        }
        if step:
            late = max(range(max(0, step - 2), step), key=lambda t: extras[t]["loss"])
            expected |= {"window/loss_max": extras[late]["loss"], "window/loss_max_step": late}
        found = {tag: log.values[f"nnviz/{tag}"][step] for tag in expected}
        assert found == pytest.approx(expected, rel=1e-5)
        assert 0 < log.values["nnviz/global/overhead_seconds"][step] < 60
    assert log.values["nnviz/log/loss"] == pytest.approx({t: e["loss"] for t, e in enumerate(extras)})
    assert list(log.values["nnviz/log/val_loss"].values()) == list(range(STEPS))
    assert text[0].values["nnviz/global/learning_rate/slow"][2] == pytest.approx(0.1)
    assert text[0].values["nnviz/global/learning_rate/1"][2] == pytest.approx(0.5)


def test_optimizers_hold_the_options_of_the_loop(
    vision: tuple[Log, TrainingRecord], text: tuple[Log, TrainingRecord]
) -> None:
    ((step, payload),) = vision[0].values["nnviz/optimizers"].items()
    (found,) = reader.document(payload)["optimizers"]
    assert (step, found["name"], found["foreign"]) == (0, "Adam", 0)
    (group,) = found["groups"]
    assert {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-4, "amsgrad": False}.items() <= group["options"].items()
    assert group["parameters"] == [name for name, _ in vision[1].model.named_parameters()]
    ((_, payload),) = text[0].values["nnviz/optimizers"].items()
    (found,) = reader.document(payload)["optimizers"]
    assert [(one["name"], one["parameters"]) for one in found["groups"]] == [
        ("slow", ["t.embed.weight"]),
        ("1", ["t.out.weight", "t.out.bias"]),
    ]


def test_findings_name_the_first_step_beyond_a_limit(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    found = {}
    for step, payload in log.values["nnviz/findings"].items():
        for finding in reader.document(payload)["findings"]:
            assert finding["step"] == step and finding["since"] <= step
            assert finding["severity"] in ("severe", "warning", "notice")
            assert finding["advice"] and all(isinstance(one, str) for one in finding["advice"])
            found[finding["rule"]] = finding
    norms = {2 * i: extra["before"] for i, (_, _, extra) in enumerate(record.steps[::2])}
    step = next(step for step, norm in norms.items() if norm > 2.3)  # the limit of the training
    one = found["gradient/exploding"]
    assert (one["since"], one["step"], one["limit"], one["usual"]) == (step, step, 2.3, None)
    assert one["value"] == pytest.approx(norms[step], rel=1e-5)
    assert (one["kind"], one["statistic"]) == ("gradient", "norm")
    gradients = record.steps[step][0]["gradient"]
    largest = max(gradients, key=lambda row: float(np.sum(gradients[row][0] ** 2)))
    assert (one["row"], one["layer"]) == (largest, largest.rpartition(".")[0])


def test_activation_maps_equal_the_model_in_evaluation(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    maps = log.maps("nnviz/map/")
    assert set(maps) == {row["name"] for row in log.rows("activation", 0)}
    (probe,) = log.maps("nnviz/map_input")[""].values()
    torch.manual_seed(0)
    Vision()
    x = torch.randn(12, 1, 12, 12)[:10]
    assert_map(probe.header, probe.codes, array(x), CHANNELS)
    assert probe.header["labels"] == [f"digit {i}" for i in range(probe.header["shape"][0])]
    shortened = set()
    for step in (0, 5, 10):
        whole = outputs(record.copies[step], x)
        for name, by_step in maps.items():
            header, codes = by_step[step]
            axes = CHANNELS if whole[name].ndim == 4 else UNITS
            assert_map(header, codes, whole[name], axes)
            shortened |= {how for _, _, how in (header["downsampled"] or {}).values()}
    assert shortened == {"every", "mean", "slice"}
    size = sum(e.values[t].size for e in log.events for t in e.values if t.startswith("nnviz/map/") and e.step == 5)
    assert size <= 14_000


def test_attention_maps_and_token_ids_are_read(text: tuple[Log, TrainingRecord]) -> None:
    log, record = text
    torch.manual_seed(0)
    Text()
    ids = torch.randint(700, (3, 4))
    maps = log.maps("nnviz/map/")
    assert set(maps) == {"t.embed", "t.mix@attention", "t.out"}
    for step in (0, 2):
        whole = outputs(record.copies[step], ids)
        header, codes = maps["t.mix@attention"][step]
        assert_map(header, codes, whole["mix"][:, None], HEADS)
        assert_map(*maps["t.out"][step], whole["out"], ("sample", "token", "feature"))
    (probe,) = log.maps("nnviz/map_input")["/t"].values()
    assert probe.header["axes"] == ["sample", "token"]
    assert probe.header["values"] == ids.tolist()
    assert probe.header["units"] is None
    assert np.abs(probe.values - ids.numpy()).max() <= probe.header["scale"] / 2 + 1e-9
    assert probe.header["labels"] == [["a", "b", "c", "d"]] * 3
    assert log.values["nnviz/tracked/value"][2].tolist() == [record.steps[2][0]["parameter"]["out.weight"][0][4, 7]]


def test_weight_maps_equal_the_weights(vision: tuple[Log, TrainingRecord], text: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    maps = log.maps("nnviz/weight/")
    assert set(maps) == {"conv.weight", "deep.weight", "wide.weight", "head.weight"}
    for step in (0, 4, 8):
        for name, by_step in maps.items():
            assert_weight_map(by_step[step], record.steps[step][0]["parameter"][name][0])
    assert maps["wide.weight"][0].header["axes"] == ["reduction", "row", "column"]
    assert maps["head.weight"][0].header["axes"] == ["row", "column"]
    assert maps["conv.weight"][0].header["axes"] == ["out", "in", "height", "width"]


@pytest.mark.parametrize("values", [[0.0, 1e-9, -1e-9, 1.0], [math.nan, math.inf, -3.0, 0.0], [0.0] * 4])
def test_weight_map_codes_keep_zero_and_nonfinite(values: list[float], tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor(values).reshape(2, 2))
    with tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.0), tmp_path, on_finding=None) as monitor:
        model(torch.ones(1, 2)).sum().backward()
        monitor.step()
    (found,) = Log(tmp_path).maps("nnviz/weight/")["weight"].values()
    codes, x = found.codes.ravel(), np.array(values)
    assert (codes == 127).tolist() == (x == 0).tolist()
    assert (codes == 255).tolist() == (~np.isfinite(x)).tolist()
    assert found.header["nonfinite"] == np.sum(~np.isfinite(x))
    finite = np.isfinite(x)
    assert (np.abs(found.values.ravel() - x)[finite] <= found.header["scale"]).all()
    assert found.header["scale"] == (
        1 if not x[finite].any() else pytest.approx(np.abs(x[finite]).max() / 127, rel=0.25)
    )


def test_graph_is_the_dataflow_of_the_model(vision: tuple[Log, TrainingRecord]) -> None:
    log, record = vision
    ((step, payload),) = log.values["nnviz/graph"].items()
    graph = reader.document(payload)
    assert (step, graph["observed"], graph["reason"]) == (0, True, None)
    nodes = graph["nodes"]
    assert [n["name"] for n in nodes if n["kind"] == "call"] == [row["name"] for row in log.rows("activation", 0)]
    flows = {(nodes[edge["from"]]["name"], nodes[edge["to"]]["name"]): edge for edge in graph["edges"]}
    chain = [("x", "conv"), ("conv", "norm"), ("norm", "act"), ("act", "deep"), ("deep", "act#1"), ("act#1", "add")]
    chain += [("act", "add"), ("add", "pool"), ("pool", "wide"), ("wide", "bound"), ("bound", "head")]
    assert set(flows) == {*chain, ("head", "output")}
    modules = {module["name"]: module for module in graph["modules"]}
    for name, module in record.model.named_modules():
        own = list(module.parameters(recurse=False))
        assert modules[name]["parameters"] == sum(p.numel() for p in own)
        assert modules[name]["parameter_bytes"] == 4 * modules[name]["parameters"]
        assert modules[name]["type"] == type(module).__name__
        assert modules[name]["calls"] == (2 if name == "act" else 1)
    (conv,) = [node for node in nodes if node["name"] == "conv"]
    assert conv["inputs"] == [{"shape": [7, 1, 12, 12], "dtype": "float32"}]
    assert conv["bytes"] == 4 * 7 * 6 * 12 * 12


def test_skipped_step_has_an_event_of_its_gradients(tmp_path: Path) -> None:
    train_scaled(tmp_path)
    log = Log(tmp_path)
    assert log.values["nnviz/global/skipped"] == {0: 0, 1: 1, 2: 0}
    assert log.values["nnviz/global/loss_scale"] == {0: 8, 1: 8, 2: 4}
    (event,) = [event for event in log.events if event.step == 1 and "nnviz/global/skipped" in event.values]
    assert {tag.split("/")[1] for tag in event.values} == {"layout_id", "gradient", "global"}
    assert log.statistics("gradient", 1)["weight"]["nonfinite"] == 2
    window = {tag.rpartition("/")[2]: s[2] for tag, s in log.values.items() if tag.startswith("nnviz/window/")}
    assert (window["steps"], window["nonfinite"], window["nonfinite_steps"], window["skipped_steps"]) == (2, 3, 1, 1)
    assert window["loss_max_step"] == 1
    assert math.isinf(window["loss_max"])


def test_resumed_run_abandons_what_was_written_before(tmp_path: Path) -> None:
    train_text(tmp_path, steps=7)
    record = train_text(tmp_path, steps=2, start_step=4, rate=0.25)
    log = Log(tmp_path)
    assert log.steps("gradient") == [0, 2, 4]
    expected = record.steps[0][0]["gradient"]["out.weight"][0]
    assert_statistics(log.statistics("gradient", 4)["t.out.weight"], expected)
    assert sorted(log.maps("nnviz/map/")["t.out"]) == [0, 2, 4]
    assert log.values["nnviz/global/learning_rate/1"] == {0: 0.5, 2: 0.5, 4: 0.25}
