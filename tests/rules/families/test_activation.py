"""Rules of layer outputs, on hand-written values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tb_nnviz.rules.families.activation import Collapse, Dead, Outlier, Saturated
from tb_nnviz.rules.families.activation_scale import Scale
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row
from tests.support.step_values import call, findings_of, joined, step_values

NAN = np.nan
#: Linear and ReLU in turn, of 4 units each.
NET = [call(f"{'act' if i % 2 else 'fc'}{i // 2}", i, "ReLU" if i % 2 else "Linear", 4) for i in range(6)]


def rows(*types: str) -> list[Row]:
    """Return the rows of calls of some types, whose layers have the names of the types and their places."""
    weighted = ("Linear", "Conv2d")
    return [
        replace(call(f"{type.lower()}{i}", i, type, 4), trainable=type in weighted, role=_role(type))
        for i, type in enumerate(types)
    ]


def _role(type: str) -> str:
    return "norm" if "Norm" in type else "embedding" if "Embedding" in type else "other"


def activations(step: int, of: list[Row], samples: int = 64, **statistics: list[float]) -> StepValues:
    arrays = {name.replace("spread", "batch_std~"): np.array(values, float) for name, values in statistics.items()}
    return step_values(step, of, "activation", **{"count": np.full(len(of), samples * 4.0), **arrays})


def steps(of: list[Row], count: int = 10, first: int = 0, **statistics: list[float]) -> list[StepValues]:
    return [activations(first + 10 * i, of, **statistics) for i in range(count)]


def test_dead_layer_is_named_itself() -> None:
    found = findings_of(Dead(), steps(NET, dead_fraction=[0, 0.1, 0, 1, 0, 0.5]))
    assert [(one.severity, one.layer, one.since, one.step) for one in found] == [("severe", "act1", 0, 20)]
    assert found[0].usual == pytest.approx(0.3) and "bias" in found[0].advice[0]


def test_dead_later_than_the_start_advises_on_learning_rate() -> None:
    healthy = steps(NET, 3, dead_fraction=[0, 0.1, 0, 0.2, 0, 0.1])
    dying = steps(NET, 5, 30, dead_fraction=[0, 0.1, 0, 0.7, 0, 0.6])
    found = findings_of(Dead(), healthy + dying)
    assert [(one.severity, one.layer, one.since) for one in found] == [("warning", "act1", 30)]
    assert "learning rate" in found[0].advice[0] and found[0].details["layers"] == ["act1", "act2"]


def test_dead_warning_becomes_severe_once() -> None:
    dying = steps(NET, 4, dead_fraction=[0, 0, 0, 0.7, 0, 0]) + steps(NET, 4, 40, dead_fraction=[0, 0, 0, 1, 0, 0])
    assert [one.severity for one in findings_of(Dead(), dying)] == ["warning", "severe"]


@pytest.mark.parametrize(
    "share",
    [[0, 0.45, 0, 0.3, 0, 0.4], [1, 0, 1, 0, 0, 0], [NAN] * 6],
    ids=["few dead units", "zeros of linear layers", "nothing known"],
)
def test_dead_healthy_layers_find_nothing(share: list[float]) -> None:
    assert findings_of(Dead(), steps(NET, dead_fraction=share)) == []


def test_dead_half_of_all_layers_finds_nothing() -> None:
    assert findings_of(Dead(), steps(NET, dead_fraction=[0, 0.55, 0, 0.5, 0, 0.52])) == []


def test_dead_few_samples_find_nothing() -> None:
    share = [0, 0.6, 0, 0.7, 0, 0.5]
    assert findings_of(Dead(), [activations(i, NET, samples=1, dead_fraction=share) for i in range(9)]) == []


def test_dead_recovery_and_absence_find_nothing() -> None:
    dead, healthy = [0, 1, 0, 0, 0, 0], [0.0] * 6
    turns = [activations(i, NET, dead_fraction=healthy if i % 3 == 2 else dead) for i in range(9)]
    assert findings_of(Dead(), turns) == []
    absent = [activations(i, NET, dead_fraction=[0, NAN if i % 3 == 2 else 1, 0, 0, 0, 0]) for i in range(9)]
    assert findings_of(Dead(), absent) == []


def test_dead_appended_row_is_found() -> None:
    before = steps(NET[:4], 3, dead_fraction=[0, 0, 0, 0])
    after = steps(NET, 3, 30, dead_fraction=[0, 0, 0, 0, 0, 1])
    assert [one.layer for one in findings_of(Dead(), before + after)] == ["act2"]


def functional(nonpositive: list[float], zero: list[float]) -> list[StepValues]:
    layers = [row for row in NET if row.type == "Linear"]
    found = []
    for step in range(5):
        share = activations(step, layers, dead_fraction=[0, 0, 0], nonpositive_unit_fraction=nonpositive)
        found.append(joined(share, step_values(step, layers, "activation_gradient", zero_fraction=np.array(zero))))
    return found


def test_dead_function_behind_a_layer_is_found_by_its_gradient() -> None:
    found = findings_of(Dead(), functional([0, 1, 0.2], [0.5, 1, 0]))
    assert [(one.severity, one.layer) for one in found] == [("severe", "fc1")]


def test_dead_negative_outputs_with_gradient_find_nothing() -> None:
    assert findings_of(Dead(), functional([1, 1, 1], [0, 0, 0])) == []


@pytest.mark.parametrize("type", ["LeakyReLU", "ELU", "PReLU", "Tanh", "Sigmoid", "Softplus"])
def test_dead_negative_outputs_before_activation_and_pool(type: str) -> None:
    layers, found = rows("Conv2d", type, "MaxPool2d", "Linear"), []
    for step in range(5):
        share = activations(step, layers, dead_fraction=[0] * 4, nonpositive_unit_fraction=[0.6, 0, 0, 0])
        zero = step_values(step, layers, "activation_gradient", zero_fraction=np.array([0.75, 0.75, 0.0, 0.0]))
        found.append(joined(share, zero))
    assert findings_of(Dead(), found) == []


@pytest.mark.parametrize("type", ["Tanh", "Sigmoid", "Softsign"])
def test_saturated_hidden_layer_is_found(type: str) -> None:
    of = rows("Linear", type, "Linear", type, "Linear")
    found = findings_of(Saturated(), steps(of, saturated_fraction=[NAN, 0.2, NAN, 0.8, NAN]))
    assert [(one.severity, one.layer, one.since) for one in found] == [("warning", of[3].module, 0)]
    assert "Xavier" in found[0].advice[0]


def test_saturated_output_and_softmax_find_nothing() -> None:
    of = rows("Linear", "Softmax", "Linear", "Sigmoid")
    assert findings_of(Saturated(), steps(of, saturated_fraction=[NAN, 0.99, NAN, 0.95])) == []


def test_saturated_output_of_each_model_finds_nothing() -> None:
    of = [replace(row, module=f"{name}.{row.module}") for name in "GD" for row in rows("Linear", "Sigmoid")]
    outputs = [Row(f"{name}.output", name, 0, "Net", (4,), 4, "float32", "other", True) for name in "GD"]
    both = [joined(one, step_values(one.step, outputs, "output")) for one in steps(of, saturated_fraction=[NAN, 1] * 2)]
    assert findings_of(Saturated(), both) == []
    assert len(findings_of(Saturated(), steps(of, saturated_fraction=[NAN, 1] * 2))) == 1


def test_saturated_gates_are_found() -> None:
    of = rows("LSTM", "Linear")
    found = findings_of(Saturated(), steps(of, saturated_fraction=[NAN, NAN], gate_saturated_fraction=[0.95, NAN]))
    assert [(one.severity, one.layer) for one in found] == [("severe", "lstm0")]
    healthy = steps(of, saturated_fraction=[NAN, NAN], gate_saturated_fraction=[0.3, NAN])
    assert findings_of(Saturated(), healthy) == []


def test_saturated_gates_that_learn_find_nothing() -> None:
    of, none = rows("LSTM", "Linear"), [NAN, NAN]
    first = steps(of, 1, saturated_fraction=none, gate_saturated_fraction=[0.1, NAN])
    later = steps(of, 9, 10, saturated_fraction=none, gate_saturated_fraction=[0.7, NAN])
    assert findings_of(Saturated(), first + later) == []


def test_outlier_unit_is_found() -> None:
    of = rows("Linear", "ReLU", "Linear", "ReLU", "Linear")
    found = findings_of(Outlier(), steps(of, outlier_ratio=[2, 3, 5000, 6000, 4]))
    assert [(one.severity, one.layer, one.usual) for one in found] == [("warning", "linear2", 4)]


@pytest.mark.parametrize("ratio", [[2, 9999, 3, 9999, 4], [90, 1, 70, 1, 20], [NAN] * 5, [200, 1, 150, 1, 180]])
def test_outlier_sparse_or_equal_layers_find_nothing(ratio: list[float]) -> None:
    assert findings_of(Outlier(), steps(rows("Linear", "ReLU", "Linear", "ReLU", "Linear"), outlier_ratio=ratio)) == []


def test_collapse_names_the_first_layer_of_the_rest() -> None:
    of = rows("Embedding", "Linear", "Tanh", "Linear", "Linear")
    found = findings_of(Collapse(), steps(of, rms=[1, 1, 1, 1, 0], spread=[0, 0.5, 1e-8, 0, 0]))
    assert [(one.severity, one.layer, one.since) for one in found] == [("severe", "tanh2", 0)]


@pytest.mark.parametrize(
    ("rms", "spread"),
    [
        ([1, 1, 1], [0, 0, 0.5]),
        ([1, 1, 1], [0, 0, 0]),
        ([1, 1, 1], [NAN, NAN, NAN]),
        ([1e-6, 1e-6, 1e-6], [1e-7, 1e-7, 1e-7]),
    ],
    ids=["constant positions", "constant input", "one sample", "small"],
)
def test_collapse_healthy_or_other_cause_finds_nothing(rms: list[float], spread: list[float]) -> None:
    assert findings_of(Collapse(), steps(rows("Embedding", "Linear", "Linear"), rms=rms, spread=spread)) == []


def test_collapse_zero_at_the_start_only_finds_nothing() -> None:
    of = rows("Linear", "Linear")
    first = steps(of, 1, rms=[1, 0], spread=[0.5, 0])
    assert findings_of(Collapse(), first + steps(of, 9, 10, rms=[1, 1], spread=[0.5, 0.5])) == []


def with_input(values: StepValues, rms: float) -> StepValues:
    row = Row("input", "", 0, "Net", (4,), 4, "float32", "other", True)
    return joined(values, step_values(values.step, [row], "input", rms=np.array([rms])))


def scale(std: list[float], types: str = "LLLLL", rms: float = 1.0) -> list[tuple[str, str]]:
    names = {"L": "Linear", "N": "LayerNorm", "A": "ReLU", "E": "Embedding", "R": "LSTM"}
    of = rows(*(names[one] for one in types))
    found = findings_of(Scale(), [with_input(one, rms) for one in steps(of, 3, std=std)])
    return [(one.layer, one.title.split()[1]) for one in found]


def test_scale_growth_and_shrinking_name_the_first_layer() -> None:
    assert scale([8, 60, 500, 4000, 30000]) == [("linear0", "grow")]
    assert scale([0.5, 0.05, 0.005, 5e-4, 5e-5]) == [("linear1", "shrink")]
    assert scale([2.0**i for i in range(1, 21)], "L" * 20) == [("linear0", "grow")]


def test_scale_single_layer_is_named() -> None:
    assert scale([60, 50, 40, 30, 20]) == [("linear0", "grow")]
    assert scale([1, 1, 90, 80, 80]) == [("linear2", "grow")]
    assert scale([1, 1, 0.01, 0.01, 0.01]) == [("linear2", "shrink")]


def test_scale_part_of_a_path_is_judged_by_itself() -> None:
    assert scale([6, 36, 200, 100, 50, 25], "LLLLLL") == [("linear0", "grow")]
    assert scale([0.9, 0.8, 0.1, 0.01, 0.001, 0.0008, 0.0007], "LLLLLLL") == [("linear2", "shrink")]


def test_scale_small_branches_of_a_residual_network_find_nothing() -> None:
    assert scale([1, 0.01, 1, 0.01, 1, 0.01, 1, 0.5], "LLLLLLLL") == []


def test_scale_recurrent_layer_and_head_begin_small() -> None:
    assert scale([0.1, 0.008], "RL") == scale([0.5, 0.05, 0.004], "LRL") == []


@pytest.mark.parametrize(
    ("std", "types"),
    [
        ([0.5, 0.3, 0.2, 0.1, 0.06], "LLLLL"),
        ([1.4, 2, 2.8, 4, 5.6], "LLLLL"),
        ([0.5, 0.4, 0.4, 0.4, 1e-4], "LLLLL"),
        ([0.5, 0.4, 0.4, 0.4, 0.0], "LLLLL"),
        ([90, 1, 90, 1, 90], "LNLNL"),
        ([0.02, 1, 0.1, 1, 0.003], "ENLNL"),
        ([NAN] * 5, "LLLLL"),
        ([0.5], "L"),
    ],
    ids=["default", "residual", "small head", "zero head", "normalized", "transformer", "unknown", "one layer"],
)
def test_scale_healthy_initialization_finds_nothing(std: list[float], types: str) -> None:
    assert scale(std, types) == []


def test_scale_inputs_that_the_model_normalizes_find_nothing() -> None:
    assert scale([0.5, 0.4, 0.3, 0.2], "LLLL", rms=130.0) == []
    assert scale([0.5, 0.4, 0.3, 0.2], "LLLL", rms=0.002) == []


def test_scale_later_growth_finds_nothing() -> None:
    of = rows("Linear", "Linear", "Linear")
    assert findings_of(Scale(), steps(of, 2, std=[1, 1, 1]) + steps(of, 2, 20, std=[10, 1e3, 1e5])) == []


@pytest.mark.parametrize("rule", [Dead, Saturated, Outlier, Collapse, Scale])
def test_all_one_step_or_nothing_present_finds_nothing(rule: type[Rule]) -> None:
    names = ("dead_fraction", "saturated_fraction", "outlier_ratio", "rms", "std", "spread")
    nothing = [activations(i, NET, **{name: [NAN] * 6 for name in names}) for i in range(9)]
    assert findings_of(rule(), nothing) == []
