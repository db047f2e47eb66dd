import numpy as np

from tb_nnviz import schema
from tb_nnviz.rules.gradient_norm import PATIENCE, GradientNormRule
from tb_nnviz.schema import Row


def rows(*names):
    return [Row(f"{name}.weight", name, 0, "Linear", (1,), 1, "float32", "weight", True) for name in names]


def findings(*norms_by_step, limits=(1e-6, 100.0), names=("a", "b")):
    rule = GradientNormRule(*limits)
    return [
        str(f) for step, norms in enumerate(norms_by_step) for f in rule.update(step, rows(*names), np.array(norms))
    ]


def test_each_trouble_is_told_once_a_layer():
    assert findings(*[[1e-9, 200.0]] * 10) == [
        "vanishing gradient in a since step 0: norm 1e-09 at step 2",
        "exploding gradient in b since step 0: norm 200 at step 2",
    ]


def test_a_spike_is_not_told_but_nonfinite_is_at_once():
    assert findings([1, 1], [1, 500], [1, 1], [np.nan, 1], [np.nan, np.inf]) == [
        "nonfinite gradient in a: norm nan at step 3",
        "nonfinite gradient in b: norm inf at step 4",
    ]


def test_since_counts_from_the_last_time_it_was_well():
    assert findings(*[[v, 1.0] for v in (0.0, 1.0, 0.0, 0.0, 0.0)]) == [
        "vanishing gradient in a since step 2: norm 0 at step 4"
    ]


def test_a_layer_is_judged_by_all_its_parameters():
    layer = [*rows("a"), Row("a.bias", "a", 0, "Linear", (1,), 1, "float32", "bias", True)]
    rule = GradientNormRule(1e-6, 100.0)
    assert not [f for step in range(PATIENCE) for f in rule.update(step, layer, np.array([1.0, 0.0]))]


def test_limits_are_settable():
    assert len(findings(*[[0.5, 2.0]] * PATIENCE, limits=(1.0, 1.5))) == 2
    assert not findings(*[[0.5, 2.0]] * PATIENCE)


def test_what_is_logged_says_how_bad_it_is_and_what_to_try():
    rule = GradientNormRule(1e-6, 100.0)
    bias = Row("v.bias", "v", 0, "Linear", (1,), 1, "float32", "bias", True, depth=4)
    layers = [bias, *rows("v", "stands", "zero", "e", "n")]
    norms = np.array([1e-8, 1e-7, 1e-12, 0.0, 1e3, np.inf])
    found = {}
    for step in range(0, 10 * PATIENCE, 10):
        for finding in rule.update(step, layers, norms):
            found[finding.layer] = finding.document()
    assert {layer: one["severity"] for layer, one in found.items()} == {
        "v": "warning",
        "stands": "severe",
        "zero": "severe",
        "e": "warning",
        "n": "severe",
    }
    assert found["v"]["row"] == "v.weight"  # though its bias comes first
    assert found["v"]["evidence"] == "norm 1e-07 at step 20, below 1e-06 since step 0, at 3 logged steps in a row"
    assert (found["v"]["since"], found["v"]["step"], found["n"]["step"]) == (0, 20, 0)
    assert found["n"]["value"] is None and found["n"]["evidence"] == "norm inf at step 0"
    assert len({one["title"] for one in found.values()}) == 4
    assert all(one["advice"].endswith(".") for one in found.values())
    encoded = schema.encode_findings(list(found.values()))
    assert schema.decode_findings(encoded) == list(found.values())
